"""``python -m tests.bench.crowd FILE HOSTS WORKERS CLIP``: a crowd of hosts in one program.

Their lines, certificates, messages and files are those of real hosts; each worker takes about ``CLIP_S`` for
a clip and sends the same file for every one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import random
from pathlib import Path

import msgspec

from kinetics_tui import __version__
from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.base.machine import version_on_disk
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.line import Line, LineLost
from kinetics_tui.engine.wire.messages import (
    PING_S,
    Bye,
    Hello,
    HostNetwork,
    Ping,
    ProgressNow,
    ProgressOf,
    Result,
    ToHost,
    Welcome,
    Work,
    WorkerUp,
)
from kinetics_tui.engine.wire.reach import NotReached, connect
from kinetics_tui.engine.workers.messages import Finished, Progress
from kinetics_tui.model.events import Phase
from tests.bench.instant import made

CLIP_S = 9.0
PROGRESS_S = 1.0
AT_ONCE = 16
"""Hosts that call at once; the engine lets no more in than it can greet."""


class Stranger:
    """One host of the crowd."""

    def __init__(self, number: int, workers: int, file: bytes, path: Path) -> None:
        self._name = f"host{number:02d}"
        self._network = f"10.0.{number}.2"
        self._workers = workers
        self._path = path
        self._size_bytes, self._sha256 = len(file), hashlib.sha256(file).hexdigest()
        self._in_hand: dict[int, Work] = {}
        self._chance = random.Random(number)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take_part(self, file: ConnectFile, calling: asyncio.Semaphore) -> None:
        """Until the engine says good-bye."""
        async with calling:
            while True:
                try:
                    line = await connect(file, _reader)
                    break
                except NotReached:
                    await asyncio.sleep(0.5)
        network = HostNetwork(key="default", name=self._network, label=f"eth0 {self._network}")
        line.send(
            Hello(
                version=__version__,
                yt_dlp=version_on_disk("yt_dlp"),
                name=self._name,
                workers=self._workers,
                networks=(network,),
                instance=self._name,
            )
        )
        progress = asyncio.create_task(self._tell_progress(line))
        with contextlib.suppress(LineLost):
            while not isinstance(message := await line.read(), Bye):
                if isinstance(message, Welcome):
                    for place in range(1, self._workers + 1):
                        line.send(WorkerUp(place=place, pid=1000 + place))
                elif isinstance(message, Work):
                    self._in_hand[message.place] = message
                    task = asyncio.create_task(self._make(line, message))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        progress.cancel()
        await line.close()

    async def _make(self, line: Line[ToHost], work: Work) -> None:
        await asyncio.sleep(CLIP_S * self._chance.uniform(0.5, 1.5))
        said = made(work.assign.clip_id)
        self._in_hand.pop(work.place, None)
        if finished := isinstance(said, Finished):
            said = msgspec.structs.replace(said, seen_as=self._network)  # as YouTube tells it
        with contextlib.suppress(LineLost):
            line.send(
                Result(
                    place=work.place,
                    lease=work.lease,
                    said=said,
                    size_bytes=self._size_bytes if finished else 0,
                    sha256=self._sha256,
                )
            )
            if finished:
                await line.send_file(work.lease, self._path)

    async def _tell_progress(self, line: Line[ToHost]) -> None:
        told_s = 0.0
        while True:
            await asyncio.sleep(PROGRESS_S)
            clips = tuple(
                ProgressOf(
                    place,
                    work.lease,
                    Progress(
                        clip_id=work.assign.clip_id,
                        phase=Phase.DOWNLOAD,
                        fraction=self._chance.random(),
                        wire_bytes=700_000,
                        bytes_per_s=90_000.0,
                    ),
                )
                for place, work in self._in_hand.items()
            )
            if clips:
                line.send(ProgressNow(clips=clips))
            told_s += PROGRESS_S
            if told_s >= PING_S:
                told_s = 0.0
                line.send(Ping())


_reader = JsonReader[ToHost](ToHost)


async def _all(file: ConnectFile, hosts: int, workers: int, path: Path) -> None:
    content = path.read_bytes()
    calling = asyncio.Semaphore(AT_ONCE)
    crowd = [Stranger(number, workers, content, path) for number in range(1, hosts + 1)]
    await asyncio.gather(*(one.take_part(file, calling) for one in crowd))


def main() -> None:
    """Have a crowd of hosts take part in a run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.crowd", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("hosts", type=int)
    parser.add_argument("workers", type=int)
    parser.add_argument("clip", type=Path)
    given = parser.parse_args()
    asyncio.run(_all(ConnectFile.read(given.file), given.hosts, given.workers, given.clip))


if __name__ == "__main__":
    main()
