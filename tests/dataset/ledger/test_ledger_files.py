"""What a dataset holds and what is missing of it, in the order of the keys."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.ledger import files as holdings
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.dataset.ledger.files import (
    Holding,
    correct,
    count_selected,
    read_accounts,
    read_holdings,
    selected_labels,
    take_back,
)
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName, Selection
from tests.clip_figures import file_of

MakeAttempt = Callable[..., Attempt]
ORIGIN = {
    "source_itags": "134+140",
    "source_height_px": 360,
    "source_fps": 29.97,
    "made_with": "kinetics-tui 1, x264 2",
}


def held(dataset: Path) -> dict[str, Holding]:
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        return {one.clip.youtube_id[0]: one for one in read_holdings(database, LayoutName.ACTIVITYNET)}


def test_done_clips_tell_what_they_were_made_from_and_with(
    dataset: Path, ledger: Ledger, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.DONE, output_bytes=10, duration_s=9.5, sound=True, **ORIGIN))
    ledger.flush()
    one = held(dataset)["a"]
    assert (one.path, one.why, one.output_bytes) == ("val/abseiling/aaaaaaaaaaa_000000_000010.mp4", "", 10)
    assert one.made == file_of(output_bytes=10, duration_s=9.5, sound=True, **ORIGIN)


def test_the_last_attempt_that_made_a_clip_counts(
    dataset: Path, ledger: Ledger, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.DONE, made_with="old"))
    ledger.record(attempt(1, Outcome.DONE, made_with="new"))
    ledger.record(attempt(2, Outcome.DONE, made_with="new"))
    ledger.flush()
    made = [one.made for one in held(dataset).values() if one.made]
    assert [one.made_with for one in made] == ["new", "new"]


def test_what_is_missing_says_why(dataset: Path, ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, message="old"))
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, message="Private video."))
    ledger.record(attempt(2, Outcome.RETRY, Category.TIMEOUT, retry_at=9e9))
    ledger.flush()
    found = held(dataset)
    assert (found["a"].why, found["a"].message) == ("private", "Private video.")
    assert (found["b"].why, found["b"].message) == ("waits for another try", "")
    assert (found["c"].why, found["c"].made) == ("not tried to the end yet", None)
    assert not any(one.done for one in found.values())


def test_clips_come_by_their_keys_page_after_page(
    dataset: Path, make_ledger: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "PAGE", 2)
    clips = [
        Clip(name * 11, start, start + 10, "val", "archery")
        for name in ("b", "a", "-")
        for start in (20, 0.5, 5)
    ]
    make_ledger(clips).close()
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        found = [one.clip for one in read_holdings(database, LayoutName.ACTIVITYNET)]
        assert count_selected(database) == 9
    assert found == sorted(clips, key=lambda clip: clip.key)


def test_no_page_is_sorted_for(dataset: Path, ledger: Ledger) -> None:
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        for query, after in ((holdings._HOLDINGS, ("", 0, 0)), (holdings._ACCOUNTS, (0,))):
            plan = [step for *_, step in database.read(f"EXPLAIN QUERY PLAN {query}", (*after, 10))]
            assert not any("TEMP B-TREE" in step for step in plan), plan


def test_clips_that_are_not_selected_any_more_are_not_listed(
    dataset: Path, ledger: Ledger, clips: list[Clip]
) -> None:
    ledger.set_selection(Selection(), [clips[0], clips[3]])
    assert sorted(held(dataset)) == ["a", "d"]
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        assert (count_selected(database), selected_labels(database)) == (2, ["abseiling"])


def test_a_file_that_was_put_in_by_hand_was_made_by_nobody_knows_what(
    dataset: Path, ledger: Ledger, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.DONE, output_bytes=10, **ORIGIN))
    ledger.record(attempt(2, Outcome.DONE, output_bytes=10, **ORIGIN))
    ledger.flush()
    with contextlib.closing(connect(dataset, read_only=False)) as database:
        first, second = list(read_accounts(database, LayoutName.ACTIVITYNET))[:2]
        with database.transaction() as connection:
            correct(connection, first, attempt(1, Outcome.DONE, output_bytes=11, duration_s=4.0))
            take_back(connection, second)
    found = held(dataset)
    assert (found["a"].output_bytes, found["a"].made) == (11, file_of(output_bytes=11, duration_s=4.0))
    assert (found["b"].why, found["b"].made) == ("not tried to the end yet", None)
