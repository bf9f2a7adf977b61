"""Readers survive the files they read, and say whose fault it was."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kinetics_tui.upkeep import verify_pool as module
from kinetics_tui.upkeep.verify_pool import Readers
from kinetics_tui.upkeep.verify_program import Job, Reading, ReadingKind
from tests.children import children_running
from tests.upkeep.conftest import DONE, make_clip

WITHIN_S = 30.0


def wait(readers: Readers[str], count: int) -> dict[str, Reading]:
    deadline = time.monotonic() + WITHIN_S
    came: dict[str, Reading] = {}
    while len(came) < count:
        assert time.monotonic() < deadline
        came.update(readers.wait(0.1))
    return came


def children() -> list[psutil.Process]:
    return children_running("kinetics_tui.upkeep.verify_program")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_clip(DONE[0], tmp_path / "good.mp4")
    return tmp_path


@pytest.fixture
def readers(folder: Path) -> Iterator[Readers[str]]:
    with Readers[str](folder, 2) as readers:
        yield readers
    assert children() == []


def test_what_plays_and_what_does_not_come_back_with_who_gave_them(
    folder: Path, readers: Readers[str]
) -> None:
    (folder / "bad.mp4").write_bytes(b"x" * 5000)
    readers.give("good", Job("./good.mp4", decode=True))
    readers.give("bad", Job("./bad.mp4", decode=True))
    assert not readers.free
    came = wait(readers, 2)
    assert (came["good"].kind, came["bad"].kind) == (ReadingKind.PLAYS, ReadingKind.UNPLAYABLE)
    assert came["good"].size_bytes == (folder / "good.mp4").stat().st_size
    assert came["good"].facts is not None
    assert came["good"].facts.duration_s == pytest.approx(2, abs=0.04)


@pytest.mark.parametrize(
    ("how", "kind"),
    [(signal.SIGSEGV, ReadingKind.UNPLAYABLE), (signal.SIGKILL, ReadingKind.UNREADABLE)],
)
def test_a_file_that_takes_its_reader_down_twice_is_given_up(
    folder: Path, readers: Readers[str], how: signal.Signals, kind: ReadingKind
) -> None:
    readers.give("good", Job("./good.mp4", decode=True))
    wait(readers, 1)
    os.kill(children()[0].pid, signal.SIGSTOP)
    readers.give("fatal", Job("./good.mp4", decode=True))
    killed: set[int] = set()
    deadline = time.monotonic() + WITHIN_S
    came: dict[str, Reading] = {}
    while not came:
        assert time.monotonic() < deadline
        for child in children():
            if child.pid not in killed:
                killed.add(child.pid)
                child.send_signal(how)
                child.send_signal(signal.SIGCONT)
        came.update(readers.wait(0.05))
    assert len(killed) == 2
    assert came["fatal"].kind is kind


def test_a_reader_that_died_for_anothers_sake_costs_nothing(folder: Path, readers: Readers[str]) -> None:
    readers.give("good", Job("./good.mp4", decode=True))
    wait(readers, 1)
    children()[0].kill()
    readers.give("next", Job("./good.mp4", decode=True))
    assert wait(readers, 1)["next"].kind is ReadingKind.PLAYS


def test_a_file_that_never_comes_to_an_end_is_given_up_and_nobody_is_left(folder: Path) -> None:
    with Readers[str](folder, 1, deadline_s=1.0) as readers:
        readers.give("good", Job("./good.mp4", decode=True))
        wait(readers, 1)
        children()[0].suspend()
        readers.give("stuck", Job("./good.mp4", decode=True))
        assert wait(readers, 1)["stuck"].kind is ReadingKind.UNREADABLE
        assert readers.free
    assert children() == []


def test_readers_are_renewed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_AFTER_FILES", 2)
    seen = set()
    with Readers[str](folder, 1) as readers:
        for _ in range(4):
            readers.give("good", Job("./good.mp4", decode=False))
            wait(readers, 1)
            seen |= {child.pid for child in children()}
    assert len(seen) == 2


def test_all_items_are_read_once_by_as_many_readers_as_there_may_be(
    folder: Path, readers: Readers[str]
) -> None:
    names = [str(number) for number in range(5)]
    given: list[str] = []

    def job_of(name: str) -> Job:
        given.append(name)
        assert readers.busy < 2
        return Job("./good.mp4", decode=False)

    came = [name for read in readers.read_all(iter(names), job_of) for name, _ in read]
    assert (given, sorted(came)) == (names, names)
    assert readers.busy == 0


def test_items_that_are_not_there_yet_are_asked_for_again(folder: Path, readers: Readers[str]) -> None:
    held_back = iter([None, "a", None, None, "b"])
    came = list(readers.read_all(held_back, lambda _name: Job("./good.mp4", decode=False)))
    assert came[0] == []  # nobody reads, so nothing is waited for
    assert {name for read in came for name, _ in read} == {"a", "b"}


def test_the_caller_has_its_turn_while_a_file_takes_long(folder: Path) -> None:
    with Readers[str](folder, 1) as readers:
        readers.give("good", Job("./good.mp4", decode=False))
        wait(readers, 1)
        children()[0].suspend()
        assert next(readers.read_all(iter(["stuck"]), lambda _name: Job("./good.mp4", decode=False))) == []
    assert children() == []
