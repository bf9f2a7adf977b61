from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinetics_tui.annotations import read as readers
from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.annotations.selection import class_counts, split_counts
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from tests.annotations.annotation_files import (
    DATA,
    HEADER,
    ROW,
    entry,
    json_bytes,
    member,
    names,
    tar_bytes,
    where,
)


@pytest.mark.parametrize(
    ("file", "splits", "labels"),
    [
        ("kinetics-400_val.csv", {"val": 12}, 5),
        ("kinetics-400_test.csv", {"test": 8}, 1),
        ("kinetics-700_val.csv", {"val": 11}, 10),
        ("kinetics-700_val_headerless.csv", {"val": 11}, 10),
        ("kinetics-700_2020_val.csv", {"val": 10}, 10),
        ("val.txt", {"val": 8}, 3),
    ],
)
def test_excerpts_of_the_real_files_are_read_whole(file: str, splits: dict[str, int], labels: int) -> None:
    found = read_annotations([DATA / file])
    assert split_counts(found.clips) == splits
    assert len(class_counts(found.clips)) == labels
    assert found.bad_rows == []
    assert found.duplicate_rows == []
    assert found.files == (str(DATA / file),)


def test_real_quirks_come_out_right() -> None:
    clips = read_annotations([DATA / "kinetics-400_val.csv", DATA / "kinetics-700_val.csv"]).clips
    assert Clip("--nQbRBEz2s", 104, 114, "val", "air drumming") in clips
    assert Clip("-huT_p-r_zA", 1989, 1999, "val", "massaging person's head") in clips
    assert Clip("034KeIezQZ8", 0, 10, "val", "hurling (sport)") in clips
    assert Clip("m_3PtU97pFI", 7346, 7356, "val", "curling (sport)") in clips
    assert [clip.label for clip in clips if clip.youtube_id == "V0Ls9oGswqA"] == [
        "assembling bicycle",
        "fixing bicycle",
    ]


def test_several_files_are_one_and_duplicates_are_named_by_file_and_line() -> None:
    files = [DATA / "kinetics-700_val.csv", DATA / "kinetics-700_2020_val.csv"]
    found = read_annotations(files)
    # Both hold two clips of less than ten seconds.
    assert len(found.clips) == 11 + 10 - 2
    assert {row.file for row in found.duplicate_rows} == {str(files[1])}
    assert all(files[1].read_text().splitlines()[line - 1] for line in where(found.duplicate_rows))
    assert found.files == tuple(str(file) for file in files)


@pytest.mark.parametrize(
    ("file", "split"),
    [("val.csv", "val"), ("Validate.txt", "val"), ("holdout_test.csv", "test"), ("mine.csv", "all")],
)
def test_a_bare_list_takes_its_split_from_its_file_name(tmp_path: Path, file: str, split: str) -> None:
    (tmp_path / file).write_text("AAAAAAAAAAA,10,20\n")
    assert read_annotations([tmp_path / file]).clips[0].split == split


@pytest.mark.parametrize("file", ["a.json", "a.csv"])
def test_json_is_known_by_its_looks(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_bytes(b"\xef\xbb\xbf\n " + json_bytes({"AAAAAAAAAAA": entry()}))
    assert names(read_annotations([tmp_path / file])) == ["AAAAAAAAAAA_000010_000020"]


def test_marks_and_line_ends_of_windows_are_stripped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{ROW}\r\nbad\r\n".encode())
    found = read_annotations([path])
    assert found.clips == [Clip("AAAAAAAAAAA", 10, 20, "val", "archery")]
    assert where(found.bad_rows) == [3]


def test_archives_are_read_member_by_member(tmp_path: Path) -> None:
    path = tmp_path / "kinetics.tar.gz"
    path.write_bytes(
        tar_bytes(
            member("k/val.csv", f"{HEADER}\n{ROW}\nbad\n"),
            member("k/val.json", json_bytes({"AAAAAAAAAAA": entry()})),
            member("k/test.json", json_bytes({"BBBBBBBBBBB": {"annotations": {"segment": [1, 2]}}})),
            member("../evil\x1b.csv", f"{HEADER}\n{ROW}\n"),
        )
    )
    found = read_annotations([path])
    assert found.clips == [
        Clip("AAAAAAAAAAA", 10, 20, "val", "archery"),
        Clip("BBBBBBBBBBB", 1, 2, "test"),
    ]
    assert [(row.file, row.line) for row in found.bad_rows] == [
        (f"{path}:k/val.csv", 3),
        (f"{path}:../evil\\x1b.csv", 0),
    ]


def refused(path: Path) -> str:
    with pytest.raises(AnnotationError) as caught:
        read_annotations([DATA / "val.txt", path])
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.endswith(".")
    assert "\n" not in message
    assert ";" in message, "it says what to do next"
    return message


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "is empty"),
        (HEADER.encode(), "holds no annotation row"),
        (f"{HEADER}\n\narchery,AAA,10,20,val\n".encode(), "line 3: 'AAA' is not a YouTube id"),
        (f"{HEADER}\n{ROW}\n".encode() + b"caf\xe9,BBBBBBBBBBB,1,2,val\n", "line 3: byte 76 of the file"),
        (HEADER.encode("utf-16"), "is not text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0d", "is not text"),
        (b"\0" * 1000, "line 1 is neither"),
        (b"{}", "holds no annotation row"),
        (b"[" * 200 + b"]" * 200, "not JSON of the shape"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "key 'a'"),
        (b'{"AAAAAAAAAAA": {}}', "key 'AAAAAAAAAAA'"),
        (tar_bytes(member("readme.md", "x")), "holds no annotation row"),
        (tar_bytes(member("/val.csv", ROW)), "leads out of the archive"),
    ],
)
def test_a_file_without_a_usable_row_is_refused_with_place_and_remedy(
    tmp_path: Path, data: bytes, part: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    assert part in refused(path)


def test_a_member_without_a_usable_row_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(tar_bytes(member("val.csv", ROW), member("test.csv", "<html>")))
    assert "a.tar.gz:test.csv line 1" in refused(path)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "missing.csv")
    assert "is a folder" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "not a plain file" in refused(tmp_path / "pipe")
    assert "cannot be read" in refused(tmp_path / ("x" * 300))
    with pytest.raises(AnnotationError, match="cannot be read"):
        read_annotations([Path("a\0b")])


def test_a_file_beyond_all_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_MEMBER_BYTES", 10)
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n{ROW}\n")
    with pytest.raises(AnnotationError, match="more than any annotation file"):
        read_annotations([path])


def test_progress_ends_at_the_number_of_clips() -> None:
    told: list[int] = []
    read_annotations([DATA / "kinetics-400_val.csv", DATA / "val.txt"], told.append)
    assert told[-1] == 12 + 8


def test_no_files_are_no_annotations() -> None:
    assert read_annotations([]).clips == []
