"""Workers that cannot be started at first."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from kinetics_tui.engine.workers.messages import FromWorker, Ready
from kinetics_tui.engine.workers.pool import Death, Pool, Slot
from kinetics_tui.model.options import Options


async def test_workers_that_no_thread_came_for_are_told_of_and_started_once_when_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[FromWorker] = []
    started: list[Slot] = []
    deaths: list[Death | None] = []
    problems: list[str] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        problems.append(pool.problem)
        if len(problems) <= 3:
            raise RuntimeError("can't start new thread")
        start(thread)

    pool = Pool(
        dataset=tmp_path,
        scratch=tmp_path / "scratch",
        options=lambda: Options(),
        on_message=lambda _slot, message: heard.append(message),
        on_started=started.append,
        on_gone=lambda _slot, death: deaths.append(death),
    )
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        pool.resize(1)
        async with asyncio.timeout(30.0):
            while not pool.slots[1].ready:
                await asyncio.sleep(0.01)
    assert problems[-1].startswith("No worker can be started (can't start new thread): ")
    assert len(caplog.records) == 3
    assert pool.problem == ""
    await pool.close()
    assert heard == [Ready()]
    assert len(started) == 1
    assert deaths == [None]
