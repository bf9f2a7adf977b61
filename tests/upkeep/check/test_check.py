"""A check finds what is wrong with a dataset, and a repair puts it right; all else is left alone."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.dataset.folder import ledger_path, scratch_path, state_folder
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import ClipStatus
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName
from kinetics_tui.upkeep.check.check import Checking, check
from kinetics_tui.upkeep.check.findings import Fault, LedgerState, Report
from tests.upkeep.conftest import CLIPS, DONE, FAILED, PENDING, SHORT, WIRE_BYTES, make_clip
from tests.upkeep.tree import statuses, tree

QUARANTINE = Path(".kinetics-tui/quarantine")


def file_of(dataset: Path, clip: Clip) -> Path:
    return dataset / clip_path(LayoutName.ACTIVITYNET, clip)


def checked(dataset: Path, **how: Any) -> Report:
    return check(dataset, Checking(workers=2, **how))


def repaired(dataset: Path, **how: Any) -> Report:
    return checked(dataset, repair=True, **how)


def found(report: Report) -> dict[str, int]:
    return {fault.value: count for fault, count in report.counts.items() if count}


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def garble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + 3000
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)


def be_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def be_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def last_too_long(path: Path) -> None:
    make_clip(Clip("aaaaaaaaaaa", 5, 8), path)


def last_too_short(path: Path) -> None:
    make_clip(Clip("aaaaaaaaaaa", 5, 6), path)


def fall_silent(path: Path) -> None:
    make_clip(DONE[0], path, audio=False)


def be_empty(path: Path) -> None:
    path.write_bytes(b"")


HARMS: list[tuple[Callable[[Path], None], Fault]] = [
    (Path.unlink, Fault.MISSING),
    (cut_off, Fault.UNPLAYABLE),
    (garble, Fault.UNPLAYABLE),
    (be_empty, Fault.UNPLAYABLE),
    (be_a_folder, Fault.UNPLAYABLE),
    (be_a_pipe, Fault.UNPLAYABLE),
    (last_too_long, Fault.WRONG_LENGTH),
    (last_too_short, Fault.WRONG_LENGTH),
    (fall_silent, Fault.WRONG_SOUND),
]


def test_a_finished_run_is_whole_and_the_check_changes_nothing(dataset: Path) -> None:
    before = tree(dataset)
    report = checked(dataset)
    assert (found(report), report.whole, report.clips, report.left) == ({}, 5, 5, 0)
    assert tree(dataset) == before


def test_a_repair_of_a_finished_run_changes_nothing(dataset: Path) -> None:
    before, stood = tree(dataset, contents_of_ledger=False), statuses(dataset)
    assert repaired(dataset).left == 0
    assert tree(dataset, contents_of_ledger=False) == before
    assert statuses(dataset) == stood


@pytest.mark.parametrize(("harm", "fault"), HARMS, ids=[harm.__name__ for harm, _ in HARMS])
def test_harm_is_found_set_aside_and_its_clip_pending_again(
    dataset: Path, harm: Callable[[Path], None], fault: Fault
) -> None:
    path = file_of(dataset, DONE[0])
    harm(path)
    before = tree(dataset)
    report = checked(dataset)
    assert (found(report), report.whole, report.left) == ({fault.value: 1}, 4, 1)
    assert report.first[fault][0].path == str(path.relative_to(dataset))
    assert tree(dataset) == before

    assert repaired(dataset).left == 0
    assert not os.path.lexists(path)
    aside = dataset / QUARANTINE / path.relative_to(dataset)
    assert os.path.lexists(aside) is (fault is not Fault.MISSING)
    assert statuses(dataset)[DONE[0].name] == ("pending", 0)
    with Ledger.open(dataset, read_only=True) as ledger:
        assert [row.clip for row in ledger.next_pending("val", 0, 9)] == [DONE[0]]
        assert sum(settled.clip == DONE[0] for settled in ledger.settled()) == 0
        assert ledger.totals().wire_bytes == 5 * WIRE_BYTES
    assert (dataset / "stats.csv").read_text().count("success") == 4

    stood = statuses(dataset)
    again = repaired(dataset)
    assert (found(again), again.left) == ({}, 0)
    assert statuses(dataset) == stood


def test_nothing_in_quarantine_is_ever_overwritten(dataset: Path) -> None:
    path = file_of(dataset, PENDING)
    path.parent.mkdir(exist_ok=True)
    for text in (b"first", b"second", b"third"):
        path.write_bytes(text)
        assert repaired(dataset).quarantined == 1
    kept = (dataset / QUARANTINE / "train" / "archery").iterdir()
    assert {each.read_bytes() for each in kept} == {b"first", b"second", b"third"}


def test_another_file_of_the_right_length_has_the_ledger_corrected(dataset: Path) -> None:
    path = file_of(dataset, DONE[0])
    make_clip(DONE[0], path, short_side_px=None)
    assert found(checked(dataset)) == {"size differs": 1}
    assert repaired(dataset).left == 0
    assert statuses(dataset)[DONE[0].name] == ("done", path.stat().st_size)
    assert found(checked(dataset)) == {}
    with Ledger.open(dataset, read_only=True) as ledger:
        made = [settled.attempt.made for settled in ledger.settled() if settled.clip == DONE[0]]
    assert [(one.height_px, one.output_bytes) for one in made if one] == [(180, path.stat().st_size)]


@pytest.mark.parametrize("clip", [PENDING, FAILED])
def test_a_whole_file_of_a_clip_that_is_not_done_is_recorded_as_done(dataset: Path, clip: Clip) -> None:
    path = file_of(dataset, clip)
    make_clip(clip, path)
    assert found(checked(dataset)) == {"found though not done": 1}
    assert repaired(dataset).left == 0
    assert statuses(dataset)[clip.name] == ("done", path.stat().st_size)
    with Ledger.open(dataset, read_only=True) as ledger:
        last = list(ledger.settled())[-1]
        assert (last.clip, last.attempt.spent.wire_bytes, last.attempt.network) == (clip, 0, "")
        assert ledger.newest_done(9) == [each.youtube_id for each in reversed(DONE)]  # YouTube was not asked
    assert found(checked(dataset)) == {}


def test_a_file_of_a_failed_clip_that_is_not_whole_is_set_aside_and_the_failure_stands(dataset: Path) -> None:
    make_clip(Clip("x", 1, 2), file_of(dataset, FAILED))
    assert found(checked(dataset)) == {"wrong length": 1}
    assert repaired(dataset).left == 0
    assert statuses(dataset)[FAILED.name][0] == "failed"


def test_two_files_that_changed_places_are_both_told_by_their_sizes(dataset: Path) -> None:
    one, other = file_of(dataset, DONE[0]), file_of(dataset, DONE[1])
    between = dataset / "between"
    one.rename(between)
    other.rename(one)
    between.rename(other)
    assert found(checked(dataset)) == {"another clip's file": 2}
    assert repaired(dataset).left == 0
    assert [statuses(dataset)[clip.name][0] for clip in DONE[:2]] == ["pending", "pending"]


def test_a_file_under_the_name_of_another_clip_is_told_by_its_size(dataset: Path) -> None:
    file_of(dataset, DONE[0]).rename(file_of(dataset, PENDING))
    assert found(checked(dataset)) == {"missing": 1, "another clip's file": 1}


def test_strays_are_told_of_and_never_touched(dataset: Path) -> None:
    strays = ["notes.txt", "val/air drumming/extra.mp4", "val/stats.csv", "deep/er/file"]
    for name in strays:
        path = dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    (dataset / os.fsdecode(b"caf\xe9")).write_bytes(b"mine")
    report = repaired(dataset)
    assert (found(report), report.left) == ({"stray": 5}, 0)
    assert {one.path for one in report.first[Fault.STRAY]} == {*strays, os.fsdecode(b"caf\xe9")}
    assert all((dataset / name).read_bytes() == b"mine" for name in strays)


def test_scratch_that_nobody_makes_any_more_is_swept(dataset: Path) -> None:
    left = scratch_path(dataset) / "3-77" / "clip-x" / "clip.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    dead, alive = state_folder(dataset) / "stats.csv.1.new", state_folder(dataset) / "stats.csv.2.new"
    dead.write_bytes(b"half")
    alive.write_bytes(b"half")
    os.utime(dead, (time.time() - 7200,) * 2)
    assert found(checked(dataset)) == {"scratch": 2}
    assert left.exists()
    assert repaired(dataset).left == 0
    assert not scratch_path(dataset).exists()
    assert (dead.exists(), alive.exists()) == (False, True)


def test_a_file_that_cannot_be_read_is_told_of_and_left_alone(dataset: Path) -> None:
    path = file_of(dataset, DONE[0])
    path.unlink()
    path.symlink_to("/nowhere/at all")  # as when another disk is not there today
    report = repaired(dataset)
    assert (found(report), report.left) == ({"cannot be read": 1}, 1)
    assert path.is_symlink()
    assert statuses(dataset)[DONE[0].name][0] == "done"


def test_a_link_to_a_file_is_the_file(dataset: Path, tmp_path: Path) -> None:
    path = file_of(dataset, DONE[0])
    path.rename(tmp_path / "elsewhere.mp4")
    path.symlink_to(tmp_path / "elsewhere.mp4")
    split = dataset / "train"
    split.rename(tmp_path / "other disk")
    split.symlink_to(tmp_path / "other disk")
    assert found(checked(dataset)) == {}


def test_a_quick_check_finds_what_is_missing_or_has_another_size(dataset: Path) -> None:
    file_of(dataset, DONE[0]).unlink()
    cut_off(file_of(dataset, DONE[1]))
    garble(file_of(dataset, DONE[2]))  # of the same size: only decoding tells
    assert found(checked(dataset, quick=True)) == {"missing": 1, "does not play": 1}
    assert found(checked(dataset)) == {"missing": 1, "does not play": 2}


def test_no_repair_while_somebody_writes_the_ledger(dataset: Path) -> None:
    file_of(dataset, DONE[0]).unlink()
    with WriterLock(dataset):
        with pytest.raises(EngineError, match="already runs"):
            repaired(dataset)
        assert found(checked(dataset)) == {"missing": 1}
    assert statuses(dataset)[DONE[0].name][0] == "done"


def test_a_check_that_is_stopped_tells_what_it_found_so_far(dataset: Path) -> None:
    for clip in DONE:
        file_of(dataset, clip).write_bytes(b"")
    seen: list[int] = []

    def note(report: Report) -> None:
        seen.append(report.checked)

    report = checked(dataset, stopped=lambda: bool(seen and seen[-1]), on_progress=note, repair=True)
    assert report.interrupted
    assert 0 < report.checked < 5
    assert report.repaired[Fault.UNPLAYABLE] == report.checked
    pending = [status for status, _ in statuses(dataset).values()].count(ClipStatus.PENDING)
    assert pending == 1 + report.checked


def test_a_folder_that_never_was_a_dataset_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    for how in ({}, {"repair": True}):
        with pytest.raises(DatasetError, match="no ledger"):
            checked(tmp_path, **how)
    assert [path.name for path in tmp_path.rglob("*")] == ["photo.jpg"]
    with pytest.raises(DatasetError):
        checked(tmp_path / "nowhere", repair=True)


def test_a_file_that_cannot_be_moved_keeps_its_clip_as_it_is(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_empty(file_of(dataset, DONE[0]))
    (dataset / QUARANTINE).write_bytes(b"in the way")
    report = repaired(dataset)
    assert (report.left, len(report.not_repaired)) == (1, 1)
    assert statuses(dataset)[DONE[0].name][0] == "done"
    assert file_of(dataset, DONE[0]).exists()


def test_a_short_clip_may_be_replaced_by_all_of_it(dataset: Path) -> None:
    make_clip(Clip(SHORT.youtube_id, 10, 13), file_of(dataset, SHORT))
    assert found(checked(dataset)) == {"size differs": 1}
    repaired(dataset)
    with Ledger.open(dataset, read_only=True) as ledger:
        made = [one.attempt.made for one in ledger.settled() if one.clip == SHORT]
    assert [one.short for one in made if one] == [False]


def test_without_a_ledger_the_check_says_so_and_touches_nothing(dataset: Path) -> None:
    ledger_path(dataset).unlink()
    before = tree(dataset)
    report = checked(dataset)
    assert (report.ledger, report.left) == (LedgerState.MISSING, 1)
    assert tree(dataset) == before


def test_every_clip_is_accounted_for(dataset: Path) -> None:
    shutil.rmtree(dataset / "val")
    assert repaired(dataset).repaired[Fault.MISSING] == 2
    assert len(statuses(dataset)) == len(CLIPS)
