"""Started by the tests on a terminal of its own: the app on a made-up run.

It stands still, or is ``busy``: every worker has something to tell all the time; or is ``stuck``: it waits
for a thread that does not end.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import count

from kinetics_tui.model.events import ClipProgress, Phase
from kinetics_tui.tui.app import KineticsApp, run_app
from tests.tui.run_fakes import FakeLink, opened

WORKERS = 16


class BusyLink(FakeLink):
    """A run that goes on and on."""

    async def follow(self) -> None:
        for step in count():
            for slot in range(1, WORKERS + 1):
                fraction = (step * 7 + slot * 3) % 100 / 100
                event = ClipProgress(
                    at=time.time(), slot=slot, phase=Phase.DOWNLOAD, fraction=fraction, bytes_per_s=step * 9e3
                )
                self.fold(event)
            await asyncio.sleep(0.1)


class StuckLink(FakeLink):
    """A run whose folder is on a disk that does not answer."""

    async def follow(self) -> None:
        await asyncio.to_thread(time.sleep, 120)


if __name__ == "__main__":
    link = {"busy": BusyLink, "stuck": StuckLink}.get(sys.argv[-1], FakeLink)
    sys.exit(run_app(KineticsApp(link(opened(WORKERS, now=time.time())))))
