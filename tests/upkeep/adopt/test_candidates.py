"""Which clips a file on offer may be, by what its path tells."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kinetics_tui.dataset.clip_names import named
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, ClipStatus, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.upkeep.adopt.candidates import Match, Offer
from kinetics_tui.upkeep.adopt.result import Fate
from tests.clip_figures import file_of

A, B = "aaaaaaaaaaa", "bbbbbbbbbbb"
CLIPS = [
    Clip(A, 5, 15, "val", "air drumming"),
    Clip(A, 20, 30, "test", "archery"),
    Clip(B, 5, 10, "train", "archery"),
    Clip(B, 5, 15, "train", "abseiling"),
]


class Dataset(NamedTuple):
    """A ledger of ``CLIPS``, numbered from 1, and the files on offer to it."""

    ledger: Ledger
    offer: Offer

    def match(self, path: str) -> Match:
        self.offer.enter_files([(path.encode(), named(path))])
        (offered,) = self.offer.files()
        return self.offer.match(offered)


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[Dataset]:
    folder = tmp_path / "set"
    what = {"title": "", "release": "", "selection": Selection(), "options": Options()}
    with (
        Ledger.create(folder, clips=CLIPS, **what) as ledger,  # type: ignore[arg-type]  # each of its own type
        contextlib.closing(connect(folder, read_only=True)) as database,
        Offer(database) as offer,
    ):
        yield Dataset(ledger, offer)


def done(ledger: Ledger, number: int) -> None:
    ledger.record(Attempt(clip_id=number, at=1.0, network="", outcome=Outcome.DONE, made=file_of()))
    ledger.flush()


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        (f"val/{A}_000005_000015.mp4", [1]),
        (f"whatever/{A}_5_10.mp4", [1]),
        (f"train/{B}_000005_000015.mp4", [4]),
        (f"train/{B}_000005_000010.mp4", [3, 4]),  # an end or a length: the file's own length tells
        (f"valid/air_drumming/{A}.mp4", [1]),
        (f"test/{A}.mp4", [2]),
        (f"train/abseiling/{B}.mp4", [4]),
    ],
)
def test_a_file_may_be_the_clips_that_its_path_names(dataset: Dataset, path: str, numbers: list[int]) -> None:
    found = dataset.match(path)
    assert ([one.id for one in found.accounts], found.fate) == (numbers, None)


@pytest.mark.parametrize(
    ("path", "fate"),
    [
        (f"val/{A}_000006_000016.mp4", Fate.NOT_SELECTED),
        ("val/ccccccccccc_000005_000015.mp4", Fate.NOT_SELECTED),
        (f"train/{A}.mp4", Fate.NOT_SELECTED),
        (f"{A}.mp4", Fate.AMBIGUOUS),
        (f"train/{B}.mp4", Fate.AMBIGUOUS),
        (f"valid/archery/{A}.mp4", Fate.ANOTHERS),
        ("val/holidays.mp4", Fate.NO_NAME),
    ],
)
def test_other_files_are_refused_with_the_reason(dataset: Dataset, path: str, fate: Fate) -> None:
    found = dataset.match(path)
    assert (found.fate, found.accounts) == (fate, ())
    assert found.why


def test_a_clip_that_is_done_takes_no_file(dataset: Dataset) -> None:
    done(dataset.ledger, 1)
    found = dataset.match(f"val/{A}_000005_000015.mp4")
    assert (found.fate, found.why) == (Fate.THERE, "")


def test_a_clip_that_the_selection_leaves_out_takes_no_file(dataset: Dataset) -> None:
    dataset.ledger.set_selection(Selection(), CLIPS[1:])
    assert dataset.match(f"val/{A}_000005_000015.mp4").fate is Fate.NOT_SELECTED


def test_without_times_a_clip_is_not_unique_because_the_other_is_done(dataset: Dataset) -> None:
    done(dataset.ledger, 2)
    assert dataset.match(f"{A}.mp4").fate is Fate.AMBIGUOUS


def test_a_clip_is_taken_once_and_a_file_for_one_clip(dataset: Dataset) -> None:
    path = f"{A}_000005_000015.mp4"
    (one,) = dataset.match(path).accounts
    dataset.offer.take(one, 7, 8)
    assert dataset.offer.is_taken(one)
    assert dataset.offer.is_anothers(7, 8)
    assert not dataset.offer.is_anothers(7, 9)
    for _ in range(2):  # the same when the ledger knows of it too
        assert dataset.match(path) == Match(
            (), Fate.THERE, "another file of the clip was taken", CLIPS[0].name
        )
        done(dataset.ledger, one.id)


def test_a_ledger_beside_the_files_says_which_clip_each_is(dataset: Dataset) -> None:
    made = file_of(duration_s=3.0, sound=True, short=True, made_with="x264")
    theirs = Account(9, CLIPS[0], f"valid/air_drumming/{A}.mp4", ClipStatus.DONE, 100, made=made)
    dataset.offer.enter_files([(theirs.path.encode(), named(theirs.path))])
    dataset.offer.enter_records([theirs])
    (offered,) = dataset.offer.files()
    assert offered.made == made
    assert [one.id for one in dataset.offer.match(offered).accounts] == [1]
