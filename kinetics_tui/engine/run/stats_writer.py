"""When ``stats.csv`` and ``failed.csv`` are written: by a program of its own, never in the run's way."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from kinetics_tui.base.programs import run_program
from kinetics_tui.dataset.folder import RECORDS, half_made, remove

WRITER = "kinetics_tui.dataset.stats_csv"
FINISH_WITHIN_S = 60.0

log = logging.getLogger(__name__)


class StatsWriter:
    """Has the records written; ``stale`` says whether there is anything new for them."""

    def __init__(self, dataset: Path) -> None:
        self.stale = False
        self._dataset = dataset.absolute()
        self._writing: asyncio.Task[None] | None = None

    def write(self) -> None:
        """Begin to write them from what the ledger holds now, unless that is being done."""
        if self._writing is None or self._writing.done():
            self.stale = False
            self._writing = asyncio.create_task(self._write())

    async def finish(self) -> None:
        """Write them a last time, and wait for it."""
        try:
            async with asyncio.timeout(FINISH_WITHIN_S):
                if self._writing is not None:
                    await self._writing
                await self._write()
        except TimeoutError:
            log.warning("stats.csv and failed.csv take too long to write")

    async def _write(self) -> None:
        try:
            ended = await run_program(WRITER, str(self._dataset))
        except OSError as error:
            log.warning("stats.csv and failed.csv could not be written: %s", error)
            return
        finally:
            remove(half_made(self._dataset, RECORDS))  # of a writer that was killed
        if ended.code:
            text = ended.err.decode("utf-8", "replace").strip()
            log.warning("stats.csv and failed.csv could not be written: %s", text[-500:])
