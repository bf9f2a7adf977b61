"""Two datasets side by side."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.manifest import Entry, Status, write_entry, write_header
from kinetics_tui.model.clip import Clip
from kinetics_tui.upkeep.compare import ClassCounts, Comparison, Sides
from tests.clip_figures import file_of as made_of
from tests.dataset.export.conftest import content_of, make_dataset

BOTH = [Clip(f"both{number:07}", 0, 10, "val", "archery") for number in range(4)]
TWICE = Clip("both0000000", 20, 30.5, "val", "yoga")
ONLY_A = [Clip(f"aaaa{number:07}", 0, 10, "val", "yoga") for number in range(3)]
ONLY_B = [Clip("bbbb0000000", 0, 10, "train", "archery")]
PENDING = Clip("cccc0000000", 0, 10, "val", "yoga")


@pytest.fixture
def a(tmp_path: Path) -> Path:
    done = [*BOTH, TWICE, *ONLY_A]
    return make_dataset(tmp_path / "a", [*done, PENDING], done)


@pytest.fixture
def b(tmp_path: Path) -> Path:
    done = [*ONLY_B, *BOTH, TWICE]
    return make_dataset(tmp_path / "b", [*done, PENDING], done)


def file_of(dataset: Path, clip: Clip) -> Path:
    return dataset / clip.split / clip.label / f"{clip.name}.mp4"


def compared(a: Path, b: Path) -> Comparison:
    with Sides(a, b) as sides:
        return sides.compare(workers=2)


def manifest_of(path: Path, clips: list[Clip], *, missing: list[Clip] = []) -> Path:  # noqa: B006 - only read
    with path.open("w", encoding="utf-8", newline="") as text:
        write_header(text)
        for clip in clips:
            data = content_of(clip)
            digest = hashlib.sha256(data).hexdigest()
            entry = Entry(clip=clip, status=Status.HERE, sha256=digest, size_bytes=len(data))
            write_entry(text, entry)
        for clip in missing:
            write_entry(text, Entry(clip=clip, status=Status.MISSING, why="private"))
    return path


def test_clips_that_are_there_are_compared_by_key(a: Path, b: Path) -> None:
    found = compared(a, b)
    assert (found.clips_a, found.clips_b, found.common) == (8, 6, 5)
    assert (found.only_a, found.only_b) == (3, 1)
    assert (found.same_bytes, found.other_bytes, found.unknown_bytes) == (5, 0, 0)


def test_classes_that_differ_most_come_first(a: Path, b: Path) -> None:
    assert compared(a, b).classes == [ClassCounts("yoga", 4, 1, 1), ClassCounts("archery", 4, 5, 4)]


def test_files_of_other_bytes_are_told_apart_by_size_and_by_digest(a: Path, b: Path) -> None:
    longer, changed = file_of(b, BOTH[0]), file_of(b, BOTH[1])
    longer.write_bytes(longer.read_bytes() + b"x")
    changed.write_bytes(changed.read_bytes()[::-1])
    found = compared(a, b)
    assert (found.common, found.same_bytes, found.other_bytes) == (5, 3, 2)


def test_two_names_of_one_file_need_not_be_read(a: Path, b: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for clip in (*BOTH, TWICE):
        file_of(b, clip).unlink()
        os.link(file_of(a, clip), file_of(b, clip))
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert compared(a, b).same_bytes == 5


def test_manifests_do_for_datasets_that_are_elsewhere(a: Path, tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "b.csv", [*BOTH, *ONLY_B], missing=[TWICE])
    for found in (compared(a, manifest), compared(manifest, a)):
        assert (found.common, found.same_bytes) == (4, 4)
    assert compared(manifest, manifest).same_bytes == 5


def test_other_bytes_out_of_an_archive_are_told_apart_from_others(a: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    with path.open("w", encoding="utf-8", newline="") as text:
        write_header(text)
        for number, archive in enumerate(("train/part_3.tar.gz", "", "train/part_3.tar.gz")):
            data = content_of(BOTH[number])
            size = len(data) + (number < 2)
            write_entry(
                text,
                Entry(
                    clip=BOTH[number],
                    status=Status.HERE,
                    sha256=hashlib.sha256(data).hexdigest(),
                    size_bytes=size,
                    made=made_of(archive=archive),
                ),
            )
    found = compared(a, path)
    assert (found.same_bytes, found.other_bytes, found.other_source) == (1, 2, 1)
    assert compared(path, a).other_source == 1


def test_what_cannot_be_told_is_neither_the_same_nor_another(tmp_path: Path, a: Path) -> None:
    path = manifest_of(tmp_path / "b.csv", BOTH)
    rows = path.read_text().splitlines()
    digest = hashlib.sha256(content_of(BOTH[0])).hexdigest()
    path.write_text("\n".join(row.replace(digest, "") for row in rows))
    found = compared(a, path)
    assert (found.common, found.same_bytes, found.other_bytes, found.unknown_bytes) == (4, 3, 0, 1)


def test_other_labels_and_splits_of_the_same_clip_are_counted(tmp_path: Path, a: Path) -> None:
    moved = [
        Clip(BOTH[0].youtube_id, 0, 10, "train", "archery"),
        Clip(BOTH[1].youtube_id, 0, 10, "val", "yoga"),
    ]
    found = compared(a, manifest_of(tmp_path / "b.csv", [*moved, BOTH[2]]))
    assert (found.common, found.relabelled) == (3, 2)


def test_a_file_that_is_gone_is_not_there(a: Path, b: Path) -> None:
    file_of(b, BOTH[0]).unlink()
    found = compared(a, b)
    assert (found.clips_b, found.common) == (5, 4)


def test_the_common_list_is_an_annotation_file(a: Path, b: Path, tmp_path: Path) -> None:
    text = io.StringIO()
    with Sides(a, b) as sides:
        sides.write_common(text)
    path = tmp_path / "common.csv"
    path.write_text(text.getvalue())
    common = sorted([*BOTH, TWICE], key=lambda clip: clip.key)
    assert read_annotations([path]).clips == common
    assert text.getvalue().splitlines()[2] == "yoga,both0000000,20,30.5,val"


def test_what_is_neither_a_dataset_nor_a_manifest_is_one_sentence(a: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.csv").write_text("label,youtube_id,time_start,time_end,split\n")
    for other, said in (
        ("empty", "holds no ledger"),
        ("list.csv", "no column status"),
        ("none", "cannot be read"),
    ):
        with pytest.raises(DatasetError, match=said):
            compared(a, tmp_path / other)
