"""Manifests of a dataset of real clips."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.manifest import Entry, Status
from kinetics_tui.media.verify import verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName
from kinetics_tui.upkeep import manifest
from kinetics_tui.upkeep.manifest import Tally, make_manifest
from tests.upkeep.conftest import CLIPS, DONE, FAILED, PENDING, SHORT, attempt_for
from tests.upkeep.tree import tree


def path_of(dataset: Path, clip: Clip) -> Path:
    return dataset / clip_path(LayoutName.ACTIVITYNET, clip)


def entries_of(dataset: Path, tally: Tally | None = None, *, trust: bool = False) -> dict[Clip, Entry]:
    entries = make_manifest(dataset, tally or Tally(), trust_unchanged=trust, workers=2)
    return {entry.clip: entry for entry in entries}


def test_every_clip_has_a_row_in_the_order_of_the_keys(dataset: Path) -> None:
    tally = Tally()
    found = entries_of(dataset, tally)
    assert list(found) == sorted(CLIPS, key=lambda clip: clip.key)
    assert (tally.clips, tally.here, tally.damaged, tally.missing) == (7, 5, 0, 2)
    for clip in DONE:
        entry, path = found[clip], path_of(dataset, clip)
        assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (entry.path, entry.size_bytes) == (str(path.relative_to(dataset)), path.stat().st_size)
        facts = verify(path)
        assert entry.shape is not None
        assert (entry.shape.frames, entry.shape.duration_s) == (facts.frames, facts.duration_s)
        assert entry.made == facts.made_file(entry.size_bytes, short=clip == SHORT, exact=True)
    assert found[FAILED].why == "private: Private video."
    assert found[PENDING].why == "not tried to the end yet"


def test_what_a_clip_was_made_with_is_told_unless_its_file_is_another_one(dataset: Path) -> None:
    clip = DONE[0]
    path = path_of(dataset, clip)
    with Ledger.open(dataset) as ledger:
        attempt = attempt_for(1, clip, path)
        assert attempt.made is not None
        made = msgspec.structs.replace(attempt.made, source_itags="134+140", source_fps=25.0, made_with="x")
        ledger.record(msgspec.structs.replace(attempt, made=made))
    assert entries_of(dataset)[clip].made == made
    shutil.copyfile(path_of(dataset, DONE[1]), path)
    assert entries_of(dataset)[clip].made is None


def test_files_that_are_gone_or_damaged_are_told_as_that(dataset: Path) -> None:
    path_of(dataset, DONE[0]).unlink()
    path_of(dataset, DONE[1]).write_bytes(b"no clip at all")
    path_of(dataset, DONE[2]).unlink()
    path_of(dataset, DONE[2]).mkdir()
    found = entries_of(dataset)
    assert (found[DONE[0]].status, found[DONE[0]].why) == (Status.MISSING, "its file is gone")
    damaged = found[DONE[1]]
    assert (damaged.status, damaged.shape) == (Status.DAMAGED, None)
    assert damaged.sha256 == hashlib.sha256(b"no clip at all").hexdigest()
    assert "did not verify" in damaged.why
    assert (found[DONE[2]].status, found[DONE[2]].why) == (
        Status.MISSING,
        "what is in its place is not a file",
    )


def test_a_changed_file_is_trusted_only_if_that_is_asked_for(dataset: Path) -> None:
    path = path_of(dataset, DONE[0])
    before, about = entries_of(dataset), path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    tally = Tally()
    assert entries_of(dataset, tally, trust=True) == before
    assert tally.trusted == len(DONE)
    assert entries_of(dataset)[DONE[0]].sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_of_another_time_is_read_again_even_if_files_are_trusted(dataset: Path) -> None:
    entries_of(dataset)
    path = path_of(dataset, DONE[0])
    path.write_bytes(b"x" * path.stat().st_size)
    tally = Tally()
    assert entries_of(dataset, tally, trust=True)[DONE[0]].status is Status.DAMAGED
    assert tally.trusted == len(DONE) - 1


def test_one_that_was_broken_off_goes_on_where_it_was(dataset: Path) -> None:
    entries = make_manifest(dataset, Tally(), workers=1)
    for _ in range(4):
        next(entries)
    entries.close()
    tally = Tally()
    entries_of(dataset, tally, trust=True)
    assert 0 < tally.trusted < len(DONE)


def test_nothing_but_the_state_folder_is_written(dataset: Path) -> None:
    before = tree(dataset)
    entries_of(dataset)
    after = tree(dataset)
    new = set(after) - set(before)
    assert {Path(path).name for path in new} <= {"readings.sqlite3", "readings.sqlite3-journal"}
    assert {path: after[path] for path in before} == before


def test_no_more_is_read_ahead_than_is_bearable(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MOST_AHEAD", 1)
    assert len(entries_of(dataset)) == len(CLIPS)
