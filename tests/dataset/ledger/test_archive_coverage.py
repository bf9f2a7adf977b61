"""How many of the wanted clips the archives of a dataset hold, each counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kinetics_tui.dataset.ledger.archives import ArchiveRow, Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection

CLIPS = [
    *(Clip(f"{number:011d}", 0, 10, "train", "archery") for number in range(4)),
    *(Clip(f"{number:011d}", 0, 10, "val", "yoga") for number in range(4, 8)),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(
        tmp_path, title="", release="", selection=Selection(), options=Options(), clips=CLIPS
    ) as ledger:
        yield ledger


def row(name: str, **fields: object) -> ArchiveRow:
    return ArchiveRow(address=f"https://example.org/{name}", name=name, **fields)  # type: ignore[arg-type]


def covered(ledger: Ledger, *archives: ArchiveRow) -> tuple[int, int, int]:
    ledger.set_archives(archives)
    return ledger.coverage(ledger.archives())


def test_without_archives_none_is_covered(ledger: Ledger) -> None:
    assert covered(ledger) == (8, 0, 0)


def test_clips_may_be_in_archives_of_their_class_whatever_the_split(ledger: Ledger) -> None:
    assert covered(ledger, row("a", label="archery")) == (8, 0, 4)
    assert covered(ledger, row("a", label="yoga", split="train")) == (8, 0, 0)
    assert covered(ledger, row("a", label="yoga", split="val"), row("b", label="archery")) == (8, 0, 8)


def test_runs_that_overlap_count_a_clip_once(ledger: Ledger) -> None:
    runs = [
        row("a", split="train", first_name=f"{0:011d}_000000_000010", last_name=f"{1:011d}_000000_000010"),
        row("b", split="train", first_name=f"{1:011d}_000000_000010", last_name=f"{2:011d}_000000_000010"),
        row("c", split="val", first_name=f"{7:011d}_000000_000010", last_name=f"{9:011d}_000000_000010"),
    ]
    assert covered(ledger, *runs) == (8, 0, 4)


def test_an_archive_of_which_nothing_is_known_may_hold_all(ledger: Ledger) -> None:
    assert covered(ledger, row("a"), row("b", label="yoga")) == (8, 0, 8)


def test_clips_that_were_seen_count_once_and_an_archive_that_was_passed_holds_no_others(
    ledger: Ledger,
) -> None:
    ledger.set_archives([row("a", label="archery"), row("b")])
    for number in (1, 2):
        ledger.add_members(number, [Passed(f"{at:011d}", 0, 10_000, 0, 1) for at in (0, 4)])
        ledger.settle_archive(number, passed=True, wire_bytes=1, why="")
    assert ledger.coverage(ledger.archives()) == (8, 2, 0)
    assert ledger.member_counts() == {1: 2, 2: 2}
    ledger.mark_damaged(1, 1)
    assert ledger.coverage(ledger.archives()) == (8, 2, 0)
    ledger.mark_damaged(1, 2)
    assert ledger.coverage(ledger.archives()) == (8, 1, 0)


def test_clips_of_archives_that_are_no_longer_listed_are_not_seen(ledger: Ledger) -> None:
    ledger.set_archives([row("a")])
    ledger.add_members(1, [Passed(f"{0:011d}", 0, 10_000, 0, 1)])
    assert covered(ledger, row("b", label="yoga")) == (8, 0, 4)
    assert [one.name for one in ledger.all_archives()] == ["a", "b"]
