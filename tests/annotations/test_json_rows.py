from __future__ import annotations

import pytest

from kinetics_tui.annotations import json_rows
from kinetics_tui.annotations.json_rows import PROGRESS_EVERY_ROWS, read_json
from kinetics_tui.annotations.row_rules import Annotations, Heap
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from tests.annotations.annotation_files import entry, json_bytes


def read(data: bytes, default_split: str = "all") -> Annotations:
    heap = Heap()
    read_json(data, "a.json", default_split, heap)
    return heap.annotations(("a.json",))


def test_reads_entries_keyed_by_video_id() -> None:
    found = read(
        json_bytes({"AAAAAAAAAAA": entry(subset="validate"), "-BBBBBBBBBB": entry("yoga", 0.5, 10.5)})
    )
    assert found.clips == [
        Clip("AAAAAAAAAAA", 10, 20, "val", "archery"),
        Clip("-BBBBBBBBBB", 0.5, 10.5, "val", "yoga"),
    ]
    assert found.bad_rows == []


def test_unlabelled_entries_and_entries_without_subset_are_read() -> None:
    data = b'{"AAAAAAAAAAA": {"annotations": {"segment": [1, 2]}, "subset": "test"},'
    data += b'"BBBBBBBBBBB": {"annotations": {"label": null, "segment": [1, 2.0]}}}'
    assert read(data, default_split="train").clips == [
        Clip("AAAAAAAAAAA", 1, 2, "test"),
        Clip("BBBBBBBBBBB", 1, 2, "train"),
    ]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("too short", entry(), "not a YouTube id"),
        ("BBBBBBBBBBB", entry(subset="vale"), "'vale' is none of"),
        ("BBBBBBBBBBB", entry(start=30), "not after time_start"),
        ("BBBBBBBBBBB", entry(start="10"), "Expected `float`, got `str`"),
        ("BBBBBBBBBBB", entry("a\nb"), "control characters"),
        ("BBBBBBBBBBB", {"annotations": {"segment": [1, 2, 3]}}, "length 2"),
        ("BBBBBBBBBBB", {"annotations": {"label": "yoga"}}, "missing required field `segment`"),
        ("BBBBBBBBBBB", {}, "missing required field `annotations`"),
        ("BBBBBBBBBBB", {"annotations": [{"segment": [1, 2]}]}, "got `array`"),
        ("BBBBBBBBBBB", None, "got `null`"),
    ],
)
def test_an_entry_that_is_no_clip_is_named_by_key_and_the_rest_is_read(
    key: str, value: object, why: str
) -> None:
    found = read(json_bytes({"AAAAAAAAAAA": entry(), key: value, "CCCCCCCCCCC": entry()}))
    assert [clip.youtube_id for clip in found.clips] == ["AAAAAAAAAAA", "CCCCCCCCCCC"]
    (bad,) = found.bad_rows
    assert (bad.file, bad.line) == ("a.json", 0)
    assert bad.why.startswith(f"key '{key}': ")
    assert why in bad.why


def test_entries_lost_to_a_repeated_key_are_counted() -> None:
    first, second = json_bytes({"AAAAAAAAAAA": entry()}), json_bytes({"AAAAAAAAAAA": entry(start=15)})
    found = read(first.rstrip()[:-1] + b"," + second.lstrip()[1:])
    assert [clip.time_start for clip in found.clips] == [15]
    assert "1 entries have the key of a later one" in found.bad_rows[0].why


def test_a_byte_order_mark_is_skipped() -> None:
    assert len(read(b"\xef\xbb\xbf" + json_bytes({"AAAAAAAAAAA": entry()})).clips) == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", "a.json: not JSON of the shape"),
        (b'{"AAAAAAAAAAA": {}}\n}', "a.json line 2: not JSON"),
        (b'{"AAAAAAAAAAA":\n\n{"annotations": ', "not JSON of the shape"),
        (b'{"\xff": {}}', "not JSON of the shape"),
        (b'{"a":' * 100_000, "not JSON of the shape"),
        (b"[" * 100_000, "not JSON of the shape"),
    ],
)
def test_bytes_of_another_shape_are_refused_with_the_remedy(data: bytes, message: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        read(data)
    assert message in str(caught.value)
    assert "give the CSV file" in str(caught.value)


def test_an_entry_nested_too_deeply_is_a_bad_row() -> None:
    deep = b'{"AAAAAAAAAAA": {"annotations": ' + b"[" * 900 + b"]" * 900 + b"}}"
    assert len(read(deep).bad_rows) == 1


def test_progress_is_told_now_and_then() -> None:
    told: list[int] = []
    entries = {f"{n:011d}": {"annotations": {"segment": [0, 1]}} for n in range(PROGRESS_EVERY_ROWS + 1)}
    read_json(json_bytes(entries), "a.json", "all", Heap(), told.append)
    assert told == [PROGRESS_EVERY_ROWS]


def test_json_with_far_too_many_keys_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "MAX_COLONS", 5)
    with pytest.raises(AnnotationError, match=r"a\.json: more than 5 keys"):
        read(json_bytes({str(n): n for n in range(6)}))
