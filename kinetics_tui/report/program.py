"""Has the report made by a program of its own, and waits for it without standing still."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from kinetics_tui.model.errors import ReportError
from kinetics_tui.programs import run_program
from kinetics_tui.report.figures import Report

MAKER = "kinetics_tui.report"
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
        return msgspec.json.decode(ended.out, type=Report)
    except msgspec.DecodeError as error:
        raise ReportError("The report could not be read; try again.") from error
