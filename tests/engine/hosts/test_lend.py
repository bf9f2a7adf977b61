"""The host's side, with a real pool, and an engine that says what a test wants it to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.base.errors import EngineError
from kinetics_tui.engine.hosts.lend import Lender
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.wire.certificates import Authority
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.line import Line
from kinetics_tui.engine.wire.listener import Listener, bound
from kinetics_tui.engine.wire.messages import FromHost, Hello, LetGo, Result, Welcome, Work, WorkerUp
from kinetics_tui.engine.workers.messages import Assign, Cancelled
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.network import Way
from kinetics_tui.model.options import Options
from tests.host_program import free_port

CLIP = Clip(split="train", label="waving hand", youtube_id="dQw4w9WgXcQ", time_start=1, time_end=11)
HERE = Network(name="127.0.0.1", label="lo 127.0.0.1")
GIVES_UP_AFTER_S = 4.0

_M = TypeVar("_M")


class FarEngine:
    """The engine of one host: what it says comes up in ``heard``, and stays there."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.line: Line[FromHost] | None = None
        self._came = asyncio.Event()

    async def serve(self, line: Line[FromHost]) -> None:
        assert isinstance(await line.read(), Hello)
        self.line = line
        line.take_piece = lambda *_piece: None
        line.send(Welcome(options=Options(), workers=1))
        while True:
            self.heard.append(await line.read())
            self._came.set()

    async def next(self, kind: type[_M], which: Callable[[_M], bool] = lambda _: True) -> _M:
        """The next message of a kind that there is, or will be; it and what came before is forgotten."""
        async with asyncio.timeout(60):
            while True:
                for number, message in enumerate(self.heard):
                    if isinstance(message, kind) and which(message):
                        del self.heard[: number + 1]
                        return message
                self._came.clear()
                await self._came.wait()

    def say(self, message: Any) -> None:
        assert self.line is not None
        self.line.send(message)


def connect_file(authority: Authority, port: int) -> ConnectFile:
    """What lets a host in to an engine at a port of this machine."""
    return ConnectFile.make(
        title="set",
        folder="/nowhere",
        addresses=(f"127.0.0.1:{port}",),
        token="",
        credentials=authority.issue(),
    )


@pytest.fixture
async def engine(authority: Authority, tmp_path: Path) -> AsyncIterator[FarEngine]:
    """An engine with one host, which has one worker that is ready."""
    engine = FarEngine()
    context, reader = authority.engine_context(), JsonReader[FromHost](FromHost)
    listener = Listener(bound("127.0.0.1", 0), context, engine.serve, reader)
    file = connect_file(authority, listener.port)
    ways = Ways([Way()], look=lambda _way, _given_as: HERE, discover=list)
    lender = Lender(
        file,
        "lab2",
        1,
        ways,
        tmp_path / "spool",
        give_up_after_s=GIVES_UP_AFTER_S,
        say=lambda _text: None,
    )
    lending = asyncio.create_task(lender.run())
    yield engine
    lender.leave()
    await lending
    await listener.close()


def work(up: WorkerUp, *, lease: int, pid: int | None = None) -> Work:
    assign = Assign(clip_id=7, clip=CLIP, path=f"{lease}.mp4")
    return Work(
        place=up.place, pid=up.pid if pid is None else pid, lease=lease, network="default", assign=assign
    )


async def test_a_host_gives_up_where_the_run_was_not_reached_for_so_long(
    authority: Authority, tmp_path: Path
) -> None:
    file = connect_file(authority, free_port())
    said: list[str] = []
    ways = Ways([Way()], look=lambda _way, _given_as: HERE, discover=list)
    lender = Lender(file, "lab2", 1, ways, tmp_path / "spool", give_up_after_s=2.0, say=said.append)
    began = time.monotonic()
    with pytest.raises(EngineError, match="No engine was reached for 2 s: lab2 gives up"):
        await lender.run()
    assert time.monotonic() - began >= 2.0
    assert len(said) == 1  # however often it called


async def test_the_time_to_give_up_begins_as_the_line_is_cut(engine: FarEngine) -> None:
    await engine.next(WorkerUp)
    await asyncio.sleep(GIVES_UP_AFTER_S + 1.0)
    assert engine.line is not None
    engine.line.abort()
    assert await engine.next(WorkerUp)  # as it has called again


async def test_a_clip_that_crosses_the_end_of_its_worker_goes_back_at_once(engine: FarEngine) -> None:
    up = await engine.next(WorkerUp)
    engine.say(work(up, lease=1000000001, pid=up.pid + 1))
    result = await engine.next(Result)
    assert (result.lease, result.said) == (1000000001, Cancelled(clip_id=7))


async def test_a_worker_whose_clip_is_taken_away_as_its_result_is_on_its_way_gets_others(
    engine: FarEngine,
) -> None:
    up = await engine.next(WorkerUp)
    engine.say(LetGo(place=up.place, lease=1000000001, kill=True))  # the worker is through with that
    again = await engine.next(WorkerUp)
    assert again == up
