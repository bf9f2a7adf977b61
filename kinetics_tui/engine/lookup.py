"""What views want to know of the ledger, asked of a program of its own that only reads it.

So a view gets its answer whatever the engine is busy with, after the engine has ended too, and nobody's
loop stands still for it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

import msgspec

from kinetics_tui.model.errors import EngineError
from kinetics_tui.model.failed import Query
from kinetics_tui.programs import run_program

READER = "kinetics_tui.dataset.failed"
WITHIN_S = 60.0

_Answer = TypeVar("_Answer")


async def look_up(dataset: Path, query: Query, kind: type[_Answer]) -> _Answer:
    """The answer to a query. Raises EngineError with one sentence where there is none."""
    try:
        async with asyncio.timeout(WITHIN_S):
            ended = await run_program(READER, str(dataset.absolute()), told=msgspec.json.encode(query))
        if ended.code:
            lines = ended.err.decode("utf-8", "replace").strip().splitlines()
            raise EngineError(lines[-1] if lines else "The ledger could not be read.")
        return msgspec.json.decode(ended.out, type=kind)
    except TimeoutError as error:
        raise EngineError(f"The ledger could not be read within {WITHIN_S:.0f} s.") from error
    except (OSError, msgspec.DecodeError) as error:
        raise EngineError("The ledger could not be read; kinetics-tui check looks at it.") from error
