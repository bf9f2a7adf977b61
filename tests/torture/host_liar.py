"""A host that says whatever a test wants it to, over the real line, with the dataset's real certificate."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from typing import Any, Self, TypeVar

from kinetics_tui import __version__
from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.base.machine import version_on_disk
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.line import MIN_PIECE_BYTES, Line, LineLost
from kinetics_tui.engine.wire.messages import (
    Hello,
    HostNetwork,
    Ping,
    Refused,
    Result,
    ToHost,
    Welcome,
    Work,
    WorkerUp,
)
from kinetics_tui.engine.wire.reach import connect
from kinetics_tui.engine.workers.messages import Finished
from kinetics_tui.model.made import NOTHING_SPENT, MadeFile

READER = JsonReader[ToHost](ToHost)
PATIENCE_S = 30.0

_M = TypeVar("_M")


def hello(name: str, **changed: Any) -> Hello:
    """The first word of a host, that an engine believes unless something of it is changed."""
    said: dict[str, Any] = {
        "version": __version__,
        "yt_dlp": version_on_disk("yt_dlp"),
        "name": name,
        "workers": 1,
        "networks": (HostNetwork(key="default", name="127.0.0.9", label="lo 127.0.0.9"),),
        "instance": name,
    }
    return Hello(**{**said, **changed})


class Liar:
    """One line to the engine. What that says is in ``heard``; pings are answered. A context manager."""

    def __init__(self, line: Line[ToHost]) -> None:
        self.line = line
        self.heard: list[Any] = []
        self.over = asyncio.Event()
        """The engine has ended the line."""
        self._came = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def call(cls, file: ConnectFile) -> Self:
        """Be let in, and say nothing yet."""
        return cls(await connect(file, READER))

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._ping())]
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.line.abort()

    async def _listen(self) -> None:
        with contextlib.suppress(LineLost):
            while True:
                self.heard.append(await self.line.read())
                self._came.set()
        self.over.set()
        self._came.set()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(2.0)
            self.line.send(Ping())

    def say(self, message: Any) -> None:
        self.line.send(message)

    def say_bytes(self, kind: bytes, body: bytes, *, length: int | None = None) -> None:
        """Send a frame; ``length``: with another length in its head than that of the body."""
        size = len(body) if length is None else length
        self.line._transport.write(size.to_bytes(4) + kind + body)

    async def next(self, kind: type[_M], which: Callable[[_M], bool] = lambda _: True) -> _M:
        """The next message of a kind that there is, or will be; it is forgotten."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for number, message in enumerate(self.heard):
                    if isinstance(message, kind) and which(message):
                        del self.heard[number]
                        return message
                assert not self.over.is_set(), "the line has ended"
                self._came.clear()
                await self._came.wait()

    async def take_part(self, said: Hello) -> Work:
        """Be welcome with one worker, and get its first clip."""
        self.say(said)
        await self.next(Welcome)
        self.say(WorkerUp(place=1, pid=1001))
        return await self.next(Work)

    async def refused(self, said: Hello) -> str:
        """Be refused: why."""
        self.say(said)
        return (await self.next(Refused)).why

    def result(self, work: Work, data: bytes, made: MadeFile, **changed: Any) -> None:
        """Say that a clip is made, and of which file."""
        said: dict[str, Any] = {
            "place": work.place,
            "lease": work.lease,
            "said": Finished(clip_id=work.assign.clip_id, made=made, spent=NOTHING_SPENT),
            "size_bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        self.say(Result(**{**said, **changed}))

    def pieces(
        self,
        lease: int,
        data: bytes,
        at_a_time: int = MIN_PIECE_BYTES,
        *,
        size_bytes: int | None = None,
        begin: int = 0,
    ) -> None:
        """Send bytes of a file, as if it were of another size, or as if they began within it."""
        size_bytes = len(data) if size_bytes is None else size_bytes
        for at in range(0, len(data), at_a_time):
            head = b"".join(number.to_bytes(8) for number in (lease, size_bytes, begin + at))
            self.say_bytes(b"P", head + data[at : at + at_a_time])

    def deliver(self, work: Work, data: bytes, made: MadeFile, **changed: Any) -> None:
        """Say that a clip is made, and send its file."""
        self.result(work, data, made, **changed)
        self.pieces(work.lease, data)
