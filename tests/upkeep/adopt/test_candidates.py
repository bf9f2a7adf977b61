"""Which clips a file on offer may be, by what its path tells."""

from __future__ import annotations

import pytest

from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.dataset.ledger.rows import ClipStatus
from kinetics_tui.model.clip import Clip
from kinetics_tui.upkeep.adopt.candidates import Match, Offer
from kinetics_tui.upkeep.adopt.match import named
from kinetics_tui.upkeep.adopt.result import Fate
from tests.clip_figures import file_of

A, B = "aaaaaaaaaaa", "bbbbbbbbbbb"
CLIPS = [
    Clip(A, 5, 15, "val", "air drumming"),
    Clip(A, 20, 30, "test", "archery"),
    Clip(B, 5, 10, "train", "archery"),
    Clip(B, 5, 15, "train", "abseiling"),
]


def account(number: int, clip: Clip, status: ClipStatus = ClipStatus.PENDING) -> Account:
    return Account(number, clip, f"x/{number}.mp4", status)


def match(path: str, *, unselected: tuple[int, ...] = (), done: tuple[int, ...] = ()) -> Match:
    accounts = [
        account(number, clip, ClipStatus.DONE if number in done else ClipStatus.PENDING)
        for number, clip in enumerate(CLIPS, start=1)
    ]
    with Offer() as offer:
        offer.enter_files([(path.encode(), named(path))])
        offer.enter_clips(accounts, unselected)
        (offered,) = offer.files()
        return offer.match(offered)


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
def test_a_file_may_be_the_clips_that_its_path_names(path: str, numbers: list[int]) -> None:
    found = match(path)
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
def test_other_files_are_refused_with_the_reason(path: str, fate: Fate) -> None:
    found = match(path)
    assert (found.fate, found.accounts) == (fate, ())
    assert found.why


def test_a_clip_that_is_done_or_left_out_takes_no_file() -> None:
    path = f"val/{A}_000005_000015.mp4"
    assert match(path, done=(1,)).fate is Fate.THERE
    assert match(path, unselected=(1,)).fate is Fate.NOT_SELECTED


def test_without_times_a_clip_is_not_unique_because_the_other_is_done() -> None:
    assert match(f"{A}.mp4", done=(2,)).fate is Fate.AMBIGUOUS


def test_a_clip_is_taken_once_and_a_file_for_one_clip() -> None:
    path = f"{A}_000005_000015.mp4"
    with Offer() as offer:
        offer.enter_files([(path.encode(), named(path))])
        offer.enter_clips([account(1, CLIPS[0])], ())
        (offered,) = offer.files()
        (one,) = offer.match(offered).accounts
        offer.take(one, 7, 8)
        assert offer.is_taken(one)
        assert offer.is_anothers(7, 8)
        assert offer.match(offered).fate is Fate.THERE


def test_a_ledger_beside_the_files_says_which_clip_each_is() -> None:
    made = file_of(duration_s=3.0, sound=True, short=True, made_with="x264")
    theirs = Account(9, CLIPS[0], f"valid/air_drumming/{A}.mp4", ClipStatus.DONE, 100, 7, made)
    with Offer() as offer:
        offer.enter_files([(theirs.path.encode(), named(theirs.path))])
        offer.enter_records([theirs])
        offer.enter_clips([account(number, clip) for number, clip in enumerate(CLIPS, start=1)], ())
        (offered,) = offer.files()
        assert offered.made == made
        assert [one.id for one in offer.match(offered).accounts] == [1]
