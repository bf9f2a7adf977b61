"""``python -m tests.bench [NAME...] [--json] [--seed N]``: all benches, or those named.

The benches of speed and memory come out as one table, those of the throttle's rules as one each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tests.bench.archives import archives
from tests.bench.encoding import encoding
from tests.bench.engine import engine
from tests.bench.figures import Figures, table
from tests.bench.fit import fit
from tests.bench.fixed import fixed
from tests.bench.growth import growth
from tests.bench.overhead import overhead
from tests.bench.policies import counting, penalties, policies
from tests.bench.presets import presets
from tests.bench.rate import rate
from tests.bench.reading import reading
from tests.bench.report import Report
from tests.bench.resolving import resolving
from tests.bench.scale import scale
from tests.bench.screen import screen
from tests.bench.several import several
from tests.bench.start import start
from tests.bench.wire import wire

Bench = Callable[[int], Report | Figures | tuple[Report, Figures]]
"""Is given a seed."""

BENCHES: dict[str, Bench] = {
    "wire": wire,
    "archives": archives,
    "resolving": resolving,
    "rate": rate,
    "overhead": overhead,
    "fixed": fixed,
    "encoding": encoding,
    "engine": engine,
    "reading": reading,
    "screen": screen,
    "start": start,
    "growth": growth,
    "presets": presets,
    "policies": policies,
    "counting": counting,
    "several": several,
    "scale": scale,
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
    found = {}
    for name in given.names or benches:
        one = benches[name](given.seed)
        found[name] = one if isinstance(one, tuple) else (one,)
    if given.json:
        plain = {name: _plain(ones) for name, ones in found.items()}
        sys.stdout.write(f"{msgspec.json.format(msgspec.json.encode(plain)).decode()}\n")
        return
    parts = [(name, one) for name, ones in found.items() for one in ones]
    figures = {name: one for name, one in parts if isinstance(one, Figures)}
    reports = [one for _, one in parts if isinstance(one, Report)]
    for report in ([table(figures)] if figures else []) + reports:
        sys.stdout.write(f"{report.markdown()}\n\n")


def _plain(found: Sequence[Report | Figures]) -> object:
    """What a bench found for JSON: one part as it is, several in a list."""
    plain = [one.plain() if isinstance(one, Report) else one for one in found]
    return plain[0] if len(plain) == 1 else plain


if __name__ == "__main__":
    main(sys.argv[1:])
