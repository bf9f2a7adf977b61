"""``python -m tests.bench [NAME...] [--json] [--seed N]``: all benches, or those named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tests.bench.fit import fit
from tests.bench.policies import penalties, policies
from tests.bench.report import Report

Bench = Callable[[int], Report]
"""Is given a seed."""

BENCHES: dict[str, Bench] = {
    "policies": policies,
    "penalties": penalties,
    "fit": fit,
}


def main(arguments: Sequence[str], benches: Mapping[str, Bench] = BENCHES) -> None:
    """Run those that are named, and write what they found to standard output."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(benches)}; none: all")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn by chance (default 1)")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in benches]
    if unknown:
        parser.error(f"no bench is called {unknown[0]}; there are {', '.join(benches)}")
    found: dict[str, object] = {}
    for name in given.names or benches:
        report = benches[name](given.seed)
        if given.json:
            found[name] = report.plain()
        else:
            sys.stdout.write(f"{report.markdown()}\n\n")
            sys.stdout.flush()
    if given.json:
        sys.stdout.write(f"{msgspec.json.format(msgspec.json.encode(found)).decode()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
