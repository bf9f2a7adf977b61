"""What a host has made is kept until the engine has it, and sent as often as it takes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

from kinetics_tui.engine.hosts.deliveries import Deliveries
from kinetics_tui.engine.wire.line import Line, LineLost
from kinetics_tui.engine.wire.messages import Result, ToHost
from kinetics_tui.engine.workers.messages import Cancelled
from tests.engine.scripted_worker import finished

LEASE = 1000000001
FINISHED = finished(7)


class Sent:
    """The line's end here: what was sent by it, until it is cut."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.files: list[tuple[int, bytes]] = []
        self.cut = False

    def send(self, result: Result) -> None:
        if self.cut:
            raise LineLost
        self.results.append(result)

    async def send_file(self, lease: int, path: Path) -> None:
        self.files.append((lease, path.read_bytes()))


class Sender:
    """Deliveries with a line that can be there or not."""

    def __init__(self, folder: Path) -> None:
        self.line: Sent | None = Sent()
        self.tasks: list[asyncio.Task[None]] = []
        self.deliveries = Deliveries(folder, lambda: cast("Line[ToHost] | None", self.line), self.begin)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def all_done(self) -> Sent:
        await asyncio.gather(*self.tasks)
        assert self.line is not None
        return self.line


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(tmp_path)


def made(folder: Path, content: bytes = b"clip") -> Path:
    path = folder / f"{LEASE}.mp4"
    path.write_bytes(content)
    return path


async def test_a_clip_goes_with_its_size_and_hash_and_stays_until_it_is_in_the_books(
    sender: Sender, tmp_path: Path
) -> None:
    path = made(tmp_path)
    sender.deliveries.add(1, LEASE, FINISHED)
    sent = await sender.all_done()
    [result] = sent.results
    assert (result.place, result.lease, result.size_bytes) == (1, LEASE, 4)
    assert result.sha256 == hashlib.sha256(b"clip").hexdigest()
    assert sent.files == [(LEASE, b"clip")]
    assert path.exists()
    assert sender.deliveries.done == 0
    sender.deliveries.forget(LEASE, done=True)
    assert not path.exists()
    assert sender.deliveries.done == 1
    assert not list(sender.deliveries)


async def test_without_a_line_a_result_waits_for_the_next(sender: Sender, tmp_path: Path) -> None:
    made(tmp_path)
    sender.line = None
    sender.deliveries.add(1, LEASE, FINISHED)
    await asyncio.gather(*sender.tasks)
    sender.line = Sent()
    sender.deliveries.send_again({LEASE})
    assert [file for file, _ in (await sender.all_done()).files] == [LEASE]


async def test_a_line_that_is_cut_loses_no_result(sender: Sender, tmp_path: Path) -> None:
    made(tmp_path)
    assert sender.line is not None
    sender.line.cut = True
    sender.deliveries.add(1, LEASE, FINISHED)
    await sender.all_done()
    assert [lease for lease, _ in sender.deliveries] == [LEASE]
    sender.line = Sent()
    sender.deliveries.send_again({LEASE})
    assert len((await sender.all_done()).results) == 1


async def test_what_the_engine_does_not_want_any_more_is_removed(sender: Sender, tmp_path: Path) -> None:
    path = made(tmp_path)
    sender.deliveries.add(1, LEASE, FINISHED)
    await sender.all_done()
    sender.deliveries.send_again(set())
    assert not path.exists()
    assert not list(sender.deliveries)
    assert sender.deliveries.done == 0


async def test_a_clip_whose_file_is_gone_goes_back(sender: Sender) -> None:
    sender.deliveries.add(1, LEASE, FINISHED)
    sent = await sender.all_done()
    assert [result.said for result in sent.results] == [Cancelled(clip_id=7)]
    assert not sent.files


async def test_what_the_engine_takes_from_the_folder_does_not_go_over_the_line(
    sender: Sender, tmp_path: Path
) -> None:
    made(tmp_path)
    sender.deliveries.in_place = True
    sender.deliveries.add(1, LEASE, FINISHED)
    sent = await sender.all_done()
    assert [result.in_place for result in sent.results] == [True]
    assert not sent.files
