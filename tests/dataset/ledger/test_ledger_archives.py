"""Archives in the ledger: what is known of them, what is expected of them, and what their members tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from kinetics_tui.dataset.clip_names import named
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Expected, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.dataset.ledger.schema import VERSION
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category

LIST = "http://mirror.example/400/val/"
Attempts = Callable[..., Attempt]


def row(name: str = "part_0.tar.gz", **fields: Any) -> ArchiveRow:
    return ArchiveRow(address=LIST + name, name=name, **fields)


def member(clip: Clip, offset: int = 512, size_bytes: int = 1000) -> Passed:
    start_ms, end_ms = round(clip.time_start * 1000), round(clip.time_end * 1000)
    return Passed(clip.youtube_id, start_ms, end_ms, offset, size_bytes)


def expected_of(ledger: Ledger) -> list[Expected]:
    archives = ledger.archives()
    found = ledger.expected(archives)
    return [found[one.id] for one in archives]


def test_a_ledger_of_version_6_gets_archives_and_keeps_its_clips(
    ledger: Ledger, dataset: Path, attempt: Attempts, clips: list[Clip]
) -> None:
    ledger.record(attempt(1, Outcome.DONE, output_bytes=7))
    ledger.close()
    with closing(sqlite3.connect(ledger_path(dataset))) as old, old:
        old.execute("DROP TABLE members")
        old.execute("DROP TABLE archives")
        old.execute("DROP TABLE leases")
        old.execute("ALTER TABLE attempts DROP COLUMN archive")
        old.execute("PRAGMA user_version = 6")
    with Ledger.open(dataset) as opened:
        (done,) = opened.settled()
        assert done.attempt.made is not None
        assert (done.attempt.made.archive, done.attempt.made.output_bytes) == ("", 7)
        assert opened.archives() == []
        opened.set_archives([row()])
        opened.record(attempt(2, Outcome.DONE, archive="val/part_0.tar.gz"))
        *_, newest = opened.settled()
        assert newest.attempt.made is not None
        assert newest.attempt.made.archive == "val/part_0.tar.gz"
    with closing(sqlite3.connect(ledger_path(dataset))) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_what_an_archive_is_taken_to_hold_is_counted_by_class_by_run_or_not_at_all(ledger: Ledger) -> None:
    run = {
        "split": "val",
        "first_name": "b" * 11 + "_000005_000015",
        "last_name": "e" * 11 + "_000001_000011",
    }
    ledger.set_archives(
        [
            row("archery.tar.gz", label="archery"),
            row("archery-train.tar.gz", label="archery", split="train"),
            row("yoga.tar.gz", label="yoga"),
            row("part_1.tar.gz", **run),
            row("any.tar.gz"),
            row("nothing.tar.gz", split="nowhere"),
        ]
    )
    assert [one.clips for one in expected_of(ledger)] == [3, 1, 0, 2, None, 0]
    assert not any(one.known for one in expected_of(ledger))


def test_of_an_archive_that_was_passed_it_is_known_what_is_wanted_and_where_the_last_of_it_ends(
    ledger: Ledger, clips: list[Clip], attempt: Attempts
) -> None:
    ledger.set_archives([row(), row("part_1.tar.gz")])
    first, second = ledger.archives()
    ledger.add_members(
        first.id, [member(clips[0], 512), member(clips[1], 2048), member(Clip("x" * 11, 1, 11), 9999)]
    )
    assert expected_of(ledger)[0].known is False
    ledger.settle_archive(first.id, passed=True, wire_bytes=5000, why="")
    ledger.settle_archive(second.id, passed=True, wire_bytes=1, why="")
    assert expected_of(ledger) == [Expected(2, known=True, end=3048), Expected(0, known=True)]
    ledger.record(attempt(2, Outcome.DONE))
    assert expected_of(ledger)[0] == Expected(1, known=True, end=1512)
    ledger.mark_damaged(1, first.id)
    assert expected_of(ledger)[0] == Expected(0, known=True)
    assert [one.wire_bytes for one in ledger.archives()] == [5000, 1]


def test_clips_that_failed_are_wanted_and_those_of_splits_that_are_off_are_not(
    ledger: Ledger, clips: list[Clip], attempt: Attempts
) -> None:
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE))
    name = named(f"{clips[1].youtube_id}_000005_000015.mp4")
    assert name is not None
    (wanted,) = ledger.wanted_of_video(name)
    assert (wanted.row.id, wanted.failed) == (2, True)
    ledger.set_split_enabled("val", enabled=False)
    assert ledger.wanted_of_video(name) == []
    assert ledger.wanted_clip(2) is None
    ledger.set_archives([row("archery.tar.gz", label="archery")])
    assert expected_of(ledger)[0].clips == 1


def test_an_archive_that_changed_is_unknown_again_and_one_that_did_not_stays_known(
    ledger: Ledger, clips: list[Clip]
) -> None:
    ledger.set_archives([row(size_bytes=100, validator='"a"')])
    (one,) = ledger.archives()
    ledger.add_members(one.id, [member(clips[0])])
    ledger.settle_archive(one.id, passed=True, wire_bytes=100, why="")
    ledger.seen(one.id, None, "")  # a server that says nothing now
    ledger.seen(one.id, 100, '"a"')
    ledger.set_archives([row(size_bytes=100, validator='"a"'), row("part_1.tar.gz")])
    assert expected_of(ledger)[0] == Expected(1, known=True, end=1512)
    ledger.seen(one.id, 100, '"b"')
    assert expected_of(ledger)[0] == Expected(None)
    assert ledger.where_is(clips[0].youtube_id, 0, 10_000) == []


def test_archives_that_are_named_no_more_are_not_read_and_what_was_seen_in_them_is_kept(
    ledger: Ledger, clips: list[Clip]
) -> None:
    ledger.set_archives([row()])
    (one,) = ledger.archives()
    ledger.add_members(one.id, [member(clips[0])])
    ledger.settle_archive(one.id, passed=True, wire_bytes=100, why="")
    ledger.set_archives([row("other.zip")])
    assert [archive.name for archive in ledger.archives()] == ["other.zip"]
    ledger.set_archives([row()])
    assert expected_of(ledger) == [Expected(1, known=True, end=1512)]


def test_a_clip_is_damaged_where_every_archive_that_holds_it_has_it_so(
    ledger: Ledger, clips: list[Clip]
) -> None:
    ledger.set_archives([row(), row("part_1.tar.gz")])
    first, second = ledger.archives()
    assert not ledger.is_damaged(1)
    for archive in (first, second):
        ledger.add_members(archive.id, [member(clips[0])])
    ledger.mark_damaged(1, first.id)
    assert not ledger.is_damaged(1)
    ledger.mark_damaged(1, second.id)
    assert ledger.is_damaged(1)
    ledger.add_members(second.id, [member(clips[0], 4096)])  # passed once more
    assert ledger.is_damaged(1)


def test_copies_that_were_damaged_are_tried_again_with_their_clips_alone(
    ledger: Ledger, clips: list[Clip], attempt: Attempts
) -> None:
    ledger.set_archives([row()])
    (one,) = ledger.archives()
    ledger.add_members(one.id, [member(clips[0]), member(clips[1])])
    for number in (1, 2):
        ledger.mark_damaged(number, one.id)
        ledger.record(attempt(number, Outcome.FAILED, Category.DAMAGED_IN_ARCHIVE))
    ledger.retry_failed(clip_ids=[1], copies=False)
    assert (ledger.is_damaged(1), ledger.is_damaged(2)) == (True, True)
    ledger.record(attempt(1, Outcome.FAILED, Category.DAMAGED_IN_ARCHIVE))
    ledger.retry_failed(clip_ids=[1])
    assert (ledger.is_damaged(1), ledger.is_damaged(2)) == (False, True)


def test_a_wrong_guess_by_names_makes_those_of_its_list_worthless_and_no_others(
    ledger: Ledger, clips: list[Clip]
) -> None:
    run = {
        "split": "val",
        "first_name": "a" * 11 + "_000000_000010",
        "last_name": "b" * 11 + "_000005_000015",
    }
    other = ArchiveRow(address="http://mirror.example/other/part_0.tar", name="part_0.tar", **run)  # type: ignore[arg-type]
    rows = [row("part_0.tar.gz", **run), row("part_1.tar.gz", **run), other]
    ledger.set_archives(rows)
    assert [one.clips for one in expected_of(ledger)] == [2, 2, 2]
    first, *_ = ledger.archives()
    within = [member(Clip(f"a{number:010d}".replace("0", "b"), 1, 11)) for number in range(1, 5)]
    outside = [member(Clip(f"x{number:010d}", 1, 11)) for number in range(5)]
    ledger.add_members(first.id, [*within, *outside[:4]])
    ledger.settle_archive(first.id, passed=True, wire_bytes=1, why="")
    assert [one.clips for one in expected_of(ledger)] == [0, 2, 2]  # half of it is: not wrong yet
    ledger.add_members(first.id, outside)
    ledger.settle_archive(first.id, passed=True, wire_bytes=1, why="")
    assert [one.clips for one in expected_of(ledger)] == [0, None, 2]
    ledger.set_archives(rows)  # the next run guesses again, and knows better
    assert [one.clips for one in expected_of(ledger)] == [0, None, 2]
