"""When nothing should be written, and when again: on a real folder, with room as told."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from kinetics_tui.dataset.folder import ledger_path, make_state_folder, scratch_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.run import disk
from kinetics_tui.engine.run.disk import DiskWatch, floor_of
from tests.engine.engine_clips import context_of

MB = 1 << 20


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the file system says of itself."""
    room = SimpleNamespace(total=1 << 40, free=1 << 39)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: path.stat() and room)
    return room


@pytest.fixture
def watch(make_ledger: Callable[..., Ledger], tmp_path: Path, room: SimpleNamespace) -> DiskWatch:
    watch = DiskWatch(context_of(make_ledger([], workers=16), tmp_path / "set")[0])
    watch.measure()
    assert watch.problem == ""
    return watch


@pytest.mark.parametrize(
    ("total_bytes", "workers", "floor_bytes"),
    [
        (4 << 40, 16, 2 << 30),  # a large disk: 2 GiB
        (100 << 30, 16, 1 << 30),  # 1 %
        (8 << 30, 16, 128 * MB),  # room for every worker's clip
        (100 * MB, 16, 10 * MB),  # never more than a tenth
    ],
)
def test_the_floor_leaves_room_for_clips_in_the_making_and_small_disks_usable(
    total_bytes: int, workers: int, floor_bytes: int
) -> None:
    assert floor_of(total_bytes, workers) == pytest.approx(floor_bytes, rel=0.03)


def test_a_little_room_again_is_not_enough(watch: DiskWatch, room: SimpleNamespace) -> None:
    room.free = (2 << 30) - 1
    watch.measure()
    assert "make room" in watch.problem
    assert watch.full
    watch.hold("The ledger cannot be read.")
    assert "make room" in watch.problem
    room.free = (2 << 30) + MB
    watch.measure()
    assert "make room" in watch.problem
    room.free = (2 << 30) + 65 * MB
    watch.measure()
    assert watch.problem == ""


def test_another_folder_in_its_place_is_not_taken_for_it(watch: DiskWatch, tmp_path: Path) -> None:
    dataset, away = tmp_path / "set", tmp_path / "away"
    dataset.rename(away)
    watch.measure()
    assert "bring it back" in watch.problem
    assert not watch.full
    make_state_folder(dataset)
    ledger_path(dataset).touch()
    watch.measure()
    assert "no longer" in watch.problem
    shutil.rmtree(dataset)
    away.rename(dataset)
    watch.measure()
    assert watch.problem == ""


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EROFS, False)])
def test_a_hold_becomes_what_keeps_it(
    watch: DiskWatch, monkeypatch: pytest.MonkeyPatch, number: int, full: bool
) -> None:
    watch.hold("A clip cannot be written.", full=not full)
    assert watch.full is not full

    def refuse(fd: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    watch.look_again()
    assert (bool(watch.problem), watch.full) == (True, full)
    monkeypatch.undo()
    watch.look_again()
    assert (watch.problem, watch.full) == ("", False)


def test_a_hold_ends_only_once_something_can_be_written(
    watch: DiskWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "TRY_EVERY_S", 0.0)
    scratch = scratch_path(tmp_path / "set")
    scratch.write_text("in the way")
    watch.hold("A clip cannot be written.")
    watch.measure()
    assert watch.problem == "A clip cannot be written."
    watch.look_again()
    assert "Nothing can be written" in watch.problem
    scratch.unlink()
    watch.measure()
    assert watch.problem == ""
    assert list(scratch.iterdir()) == []


def test_holds_in_a_row_grow_longer(watch: DiskWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("kinetics_tui.engine.run.disk.time.monotonic", lambda: now)
    lengths = []
    for _ in range(9):
        began = now
        watch.hold("no")
        while watch.problem:
            now += 1.0
            watch.measure()
        lengths.append(now - began)
    assert lengths[:4] == [5.0, 10.0, 20.0, 40.0]
    assert lengths[-1] == disk.LONGEST_HOLD_S
    now += 2 * disk.LONGEST_HOLD_S
    watch.hold("no")
    now += 5.0
    watch.measure()
    assert watch.problem == ""
