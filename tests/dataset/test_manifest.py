"""Manifests as they are written and read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.manifest import (
    COLUMNS,
    UNKNOWN,
    Entry,
    Listed,
    Shape,
    Status,
    read_manifest,
    write_entry,
    write_header,
)
from kinetics_tui.model.clip import Clip
from tests.clip_figures import file_of

CLIP = Clip("-bbbbbbbbbb", 10.5, 20, "val", "massaging person's head")
SHA = "0123456789abcdef" * 4
HERE = Entry(
    clip=CLIP,
    status=Status.HERE,
    path="val/x.mp4",
    sha256=SHA,
    size_bytes=1234,
    shape=Shape(285, 9.5, 640, 360, 29.97002997, True),
    made=file_of(
        source_itags="134+140",
        source_height_px=360,
        source_fps=29.97,
        made_with="kinetics-tui 1, x264 core 165 crf=23",
    ),
)
MISSING = Entry(clip=Clip("ccccccccccc", 0, 10, "train", ""), status=Status.MISSING, why="private: Gone.")


def text_of(*entries: Entry) -> str:
    text = io.StringIO()
    write_header(text)
    for entry in entries:
        write_entry(text, entry)
    return text.getvalue()


def cells(entry: Entry) -> dict[str, str]:
    (row,) = csv.DictReader(io.StringIO(text_of(entry)))
    return row


def test_a_row_says_what_is_there_and_how_it_was_made() -> None:
    assert cells(HERE) == {
        "label": "massaging person's head",
        "youtube_id": "-bbbbbbbbbb",
        "time_start": "10.5",
        "time_end": "20",
        "split": "val",
        "status": "here",
        "why": "",
        "path": "val/x.mp4",
        "sha256": SHA,
        "bytes": "1234",
        "frames": "285",
        "duration_s": "9.500",
        "width_px": "640",
        "height_px": "360",
        "fps": "29.97",
        "sound": "yes",
        "short": "no",
        "exact": "yes",
        "source_itags": "134+140",
        "source_height_px": "360",
        "source_fps": "29.97",
        "made_with": "kinetics-tui 1, x264 core 165 crf=23",
        "archive": "",
    }


def test_what_was_not_recorded_is_unknown_and_what_is_missing_has_a_reason() -> None:
    old = cells(Entry(clip=CLIP, status=Status.HERE, sha256=SHA, size_bytes=1, shape=HERE.shape))
    names = ("short", "exact", "source_itags", "source_height_px", "source_fps", "made_with", "archive")
    assert [old[name] for name in names] == [UNKNOWN] * 7
    gone = cells(MISSING)
    assert (gone["status"], gone["why"]) == ("missing", "private: Gone.")
    assert {gone[name] for name in COLUMNS[7:]} == {""}


def test_a_manifest_comes_back_and_is_an_annotation_file_too(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text(text_of(HERE, MISSING))
    assert list(read_manifest(path)) == [
        Listed(CLIP, Status.HERE, SHA, 1234),
        Listed(MISSING.clip, Status.MISSING, "", 0),
    ]
    assert read_annotations([path]).clips == [CLIP, MISSING.clip]


def test_the_archive_of_a_clip_comes_back_and_an_older_manifest_knows_of_none(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    made = file_of(archive="train/part_3.tar.gz")
    one = Entry(clip=CLIP, status=Status.HERE, sha256=SHA, size_bytes=1, shape=HERE.shape, made=made)
    for entry, archive in (
        (one, "train/part_3.tar.gz"),
        (HERE, ""),
        (msgspec.structs.replace(one, made=None), ""),
    ):
        path.write_text(text_of(entry))
        assert [listed.archive for listed in read_manifest(path)] == [archive]
    older = [line.rpartition(",")[0] for line in text_of(one).splitlines()]
    path.write_text("\n".join(older))
    assert [(listed.sha256, listed.archive) for listed in read_manifest(path)] == [(SHA, "")]


@pytest.mark.parametrize("label", ["a,b", 'a "b"', "a\nb", "a\0b", "x" * 10_000, "=1+1", "\u202ea"])
def test_any_label_comes_back(tmp_path: Path, label: str) -> None:
    path = tmp_path / "manifest.csv"
    clip = Clip("aaaaaaaaaaa", 0, 10, "val", label)
    with path.open("w", encoding="utf-8", newline="") as text:
        write_header(text)
        write_entry(text, Entry(clip=clip, status=Status.HERE, sha256=SHA))
    assert [listed.clip for listed in read_manifest(path)] == [clip]


GOOD = text_of(HERE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: there is no column label"),
        ("label,youtube_id,time_start,time_end,split\n", "line 1: there is no column status"),
        (GOOD.replace(",here,", ",there,"), "line 2: the status 'there' is none of here, damaged, missing"),
        (GOOD.replace(SHA, "abc"), "line 2: 'abc' is not a SHA-256"),
        (GOOD.replace(",10.5,", ",soon,"), "line 2: could not convert string to float: 'soon'"),
        (GOOD.replace(",10.5,", ",nan,"), "line 2: a time is out of all bounds"),
        (GOOD + "short,row\n", "line 3: 2 cells where the header has 23"),
        (GOOD + '"left open', "line 3: unexpected end of data"),
        ("\udcff\udcfe", "not text in UTF-8"),
    ],
)
def test_what_is_no_manifest_is_refused_by_file_and_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DatasetError) as caught:
        list(read_manifest(path))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "give a dataset folder or what kinetics-tui manifest wrote" in str(caught.value)


def test_a_manifest_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        list(read_manifest(tmp_path / "none.csv"))
