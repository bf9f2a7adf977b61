"""The order in which archives are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kinetics_tui.dataset.ledger.archives import ArchiveRow, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives.order import left_bytes, may_hold, to_read
from kinetics_tui.model.clip import Clip
from tests.engine.engine_clips import some_clips

GB = 1_000_000_000


def row(name: str, **fields: Any) -> ArchiveRow:
    return ArchiveRow(address=f"http://mirror.example/{name}", name=name, **fields)


def test_replacements_come_first_then_most_clips_a_byte_and_what_nobody_knows_last(
    make_ledger: Callable[..., Ledger], tmp_path: Path
) -> None:
    ledger = make_ledger(some_clips(60))
    ledger.set_archives(
        [
            row("unknown-small", size_bytes=1000),
            row("unknown", size_bytes=GB),
            row("large", label="yoga", size_bytes=4 * GB),
            row("small", label="yoga", size_bytes=GB),
            row("no-size", label="yoga"),
            row("replacement", replaces=True, size_bytes=9 * GB),
            row("other class", label="none of ours", size_bytes=1),
        ]
    )
    found = to_read(tmp_path / "set", ())
    names = [one.archive.name for one in found]
    assert names == ["replacement", "small", "no-size", "large", "unknown-small", "unknown"]
    assert left_bytes(found) == 15 * GB + 1000
    tried = {one.archive.id for one in found[:2]}
    assert [one.archive.name for one in to_read(tmp_path / "set", tried)] == names[2:]


def test_one_that_is_known_to_hold_nothing_more_is_not_read(
    make_ledger: Callable[..., Ledger], tmp_path: Path
) -> None:
    clips = some_clips(4)
    ledger = make_ledger(clips)
    ledger.set_archives([row("a"), row("b")])
    first, second = ledger.archives()
    ledger.add_members(first.id, [Passed(clips[0].youtube_id, 10_000, 20_000, 512, 10)])
    for one in (first, second):
        ledger.settle_archive(one.id, passed=True, wire_bytes=0, why="")
    (found,) = to_read(tmp_path / "set", ())
    assert (found.archive.name, found.expected.clips, found.expected.end) == ("a", 1, 522)
    ledger.mark_damaged(1, first.id)
    assert to_read(tmp_path / "set", ()) == []


def test_whether_an_archive_may_hold_a_clip_is_told_by_class_split_and_names() -> None:
    clip = Clip("mmmmmmmmmmm", 1, 11, "val", "yoga")
    names = {"first_name": "a" * 11 + "_000001_000011", "last_name": "m" * 11 + "_000001_000011"}
    assert may_hold(row("any"), clip)
    assert may_hold(row("class", label="yoga", split="val"), clip)
    assert may_hold(row("run", **names), clip)
    assert not may_hold(row("class", label="archery"), clip)
    assert not may_hold(row("split", split="train"), clip)
    assert not may_hold(row("run", **{**names, "last_name": "l" * 11 + "_000001_000011"}), clip)
