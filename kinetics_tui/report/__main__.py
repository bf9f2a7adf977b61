"""``python -m kinetics_tui.report DATASET`` writes the report of a dataset as JSON to standard output.

A program of its own: a large ledger takes seconds of a processor, which a view must not stand still for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kinetics_tui.model.errors import UserError
from kinetics_tui.report.gather import gather


def main(arguments: Sequence[str] | None = None) -> int:
    """Write it; the exit code is 1, with a sentence on stderr, where it cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.report")
    parser.add_argument("dataset", type=Path, help="the dataset folder")
    try:
        report = gather(parser.parse_args(arguments).dataset)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
