"""The report made by a program of its own, and how a view waits for it.

``python -m kinetics_tui.report.program DATASET`` writes the report of a dataset as JSON to standard output.
A large ledger takes seconds of a processor, which a view must not stand still for.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import ReportError, UserError
from kinetics_tui.base.programs import run_program
from kinetics_tui.report.figures import Report
from kinetics_tui.report.gather import gather

MAKER = "kinetics_tui.report.program"
WITHIN_S = 300.0


async def make_report(dataset: Path) -> Report:
    """The report of a dataset as it stands. Raises ReportError with one sentence why there is none."""
    try:
        async with asyncio.timeout(WITHIN_S):
            ended = await run_program(MAKER, str(dataset.absolute()))
    except TimeoutError:
        raise ReportError(f"The report takes longer than {WITHIN_S:.0f} s; is the disk busy?") from None
    except OSError as error:
        raise ReportError(f"The report cannot be made: {error.strerror or error}.") from error
    if ended.code:
        said = ended.err.decode("utf-8", "replace").strip().splitlines()
        raise ReportError(said[-1] if said else "The report could not be made; try again.")
    try:
        return from_json(ended.out, Report)
    except msgspec.DecodeError as error:
        raise ReportError("The report could not be read; try again.") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Write it; the exit code is 1, with a sentence on stderr, where it cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.report.program")
    parser.add_argument("dataset", type=Path, help="the dataset folder")
    try:
        report = gather(parser.parse_args(arguments).dataset)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(to_json(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
