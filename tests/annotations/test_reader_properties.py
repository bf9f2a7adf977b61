from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kinetics_tui.annotations import csv_rows
from kinetics_tui.annotations.read import Annotations, read_annotations
from kinetics_tui.annotations.row_rules import Heap
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from tests.annotations.annotation_files import HEADER, ROW, json_bytes, member, tar_bytes, where

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

milliseconds = st.integers(min_value=0, max_value=24 * 3600 * 1000)
labels = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=0, max_size=60).map(
    str.strip
)
clips = st.builds(
    lambda youtube_id, start_ms, length_ms, split, label: Clip(
        youtube_id, start_ms / 1000, (start_ms + length_ms) / 1000, split, label
    ),
    st.text(ALPHABET, min_size=11, max_size=11),
    milliseconds | milliseconds.map(lambda ms: ms // 1000 * 1000),
    st.integers(min_value=1, max_value=600_000) | st.just(10_000),
    st.sampled_from(["train", "val", "test"]),
    labels,
)
clip_lists = st.lists(clips, min_size=1, max_size=20, unique_by=lambda clip: clip.key)

# Bytes that get past the first checks: real pieces in any order, with anything between them.
_PIECES = [
    *(b"\n%s,1,2,val" % (bytes([letter]) * 11) for letter in b"ABCAB"),
    *(b"\nx,%s,3,4.5,train" % (bytes([letter]) * 11) for letter in b"DEF"),
    *(
        HEADER.encode(),
        b"archery",
        b"AAAAAAAAAAA",
        b"10",
        b"20",
        b"1e9",
        b"-1",
        b"nan",
        b"val",
        b"holdout_test",
    ),
    *(
        b"\n",
        b"\r\n",
        b",",
        b'"',
        b'""',
        b" ",
        b"\t",
        b"\0",
        b"/..",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\x1f\x8b\x08\0",
    ),
    *(b"{", b"}", b"[", b"]", b":", b'{"AAAAAAAAAAA":', b'"annotations":', b'{"segment":[1,2]}'),
]
pieces = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=6), max_size=40).map(b"".join)


def read(data: bytes, name: str = "a.csv") -> Annotations:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read_annotations([path])


def read_or_refuse(data: bytes) -> Annotations | str:
    """The annotations, or the one line with which they were refused; other errors come through."""
    try:
        return read(data)
    except AnnotationError as error:
        message = str(error)
        assert message.isprintable()
        return message


def written(rows: Sequence[Clip], *, header: bool, quoting: int, end_of_line: str) -> bytes:
    buffer = io.StringIO()
    # csv.QUOTE_* are plain numbers to the type checker's stubs of some versions.
    writer = csv.writer(buffer, quoting=quoting, lineterminator=end_of_line)  # type: ignore[arg-type]
    if header:
        writer.writerow(HEADER.split(","))
    for clip in rows:
        writer.writerow([clip.label, clip.youtube_id, clip.time_start, clip.time_end, clip.split])
    return buffer.getvalue().encode()


@given(st.binary(max_size=200) | pieces)
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_annotations_or_a_plain_refusal(data: bytes) -> None:
    for content in (data, tar_bytes(member("val.csv", data)), b"\x1f\x8b" + data):
        found = read_or_refuse(content)
        if isinstance(found, Annotations):
            assert found.clips
            assert all(row.why.isprintable() for row in found.bad_rows + found.duplicate_rows)


@example("\nx,DDDDDDDDDDD,3,4.5,trainarchery\nx,DDDDDDDDDDD,3,4.5,train\r\x00", "")
@given(pieces.map(lambda data: data.decode("utf-8", "replace")), st.sampled_from(["", HEADER, ROW, ROW[8:]]))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_and_the_careful_way_read_the_same(text: str, first: str) -> None:
    def read_text() -> tuple[list[Clip], list[int], list[int]] | str:
        heap = Heap()
        try:
            csv_rows.read_csv(f"{first}\n{text}".encode(), "a.csv", "all", heap)
        except AnnotationError as error:
            return str(error)
        return heap.clips, where(heap.bad_rows), where(heap.duplicate_rows)

    quick = read_text()
    with mock.patch.object(csv_rows, "_cells_by_column", return_value=None):
        assert read_text() == quick


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_archive_is_annotations_or_a_plain_refusal(data: st.DataObject) -> None:
    whole = bytearray(
        tar_bytes(member("k/val.csv", f"{HEADER}\nx,AAAAAAAAAAA,1,2,val\n"), member("k/a.json", "{}"))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert read_or_refuse(bytes(whole))


@given(
    clip_lists,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
@settings(max_examples=150, deadline=None)
def test_rows_written_as_csv_read_back_equal(
    rows: list[Clip], quoting: int, end_of_line: str, mark: bytes
) -> None:
    found = read(mark + written(rows, header=True, quoting=quoting, end_of_line=end_of_line))
    assert found.clips == rows
    assert found.bad_rows == []
    assert found.duplicate_rows == []


@given(clip_lists)
@settings(max_examples=100, deadline=None)
def test_rows_written_as_json_read_back_equal(rows: list[Clip]) -> None:
    one_a_video = list({clip.youtube_id: clip for clip in rows}.values())
    entries = {
        clip.youtube_id: {
            "annotations": {"label": clip.label, "segment": [clip.time_start, clip.time_end]},
            "subset": clip.split,
        }
        for clip in one_a_video
    }
    for data in (json_bytes(entries), msgspec.json.encode(entries)):
        found = read(data, "a.json")
        assert found.clips == one_a_video
        assert found.bad_rows == []


@given(clip_lists, st.lists(st.text(max_size=30), max_size=5))
@settings(max_examples=100, deadline=None)
def test_no_line_is_lost_whatever_stands_between_the_rows(rows: list[Clip], noise: list[str]) -> None:
    good = written(rows, header=True, quoting=csv.QUOTE_MINIMAL, end_of_line="\n").decode().splitlines()[:1]
    noisy = [line.replace("\n", " ").replace("\r", " ") for line in noise]
    body = [f"archery,{clip.youtube_id},{clip.time_start},{clip.time_end},{clip.split}" for clip in rows]
    lines = good + [line for pair in zip(body, noisy + [""] * len(body), strict=False) for line in pair]
    found = read("\n".join(lines).encode("utf-8"))
    used = [line for line in lines[1:] if line.strip()]
    assert len(found.clips) + len(found.bad_rows) + len(found.duplicate_rows) == len(used)
