"""Failed clips made pending again because their network was to blame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Selection

MakeAttempt = Callable[..., Attempt]


def test_reopened_clips_are_pending_again_and_counted_by_split_and_category(
    ledger: Ledger, attempt: MakeAttempt
) -> None:
    for clip_id in (1, 2, 3):
        ledger.record(attempt(clip_id, Outcome.FAILED, Category.PRIVATE))
    ledger.record(attempt(5, Outcome.FAILED, Category.COPYRIGHT))
    assert ledger.reopen([1, 3, 5]) == {
        ("val", Category.PRIVATE): 1,
        ("train", Category.PRIVATE): 1,
        ("val", Category.COPYRIGHT): 1,
    }
    assert [row.id for row in ledger.next_pending("val", 0, 9)] == [1, 5]
    assert ledger.failure_counts() == {Category.PRIVATE: 1}


def test_a_clip_that_waits_for_another_try_is_pending_again_and_not_counted(
    ledger: Ledger, attempt: MakeAttempt
) -> None:
    for at in (5.0, 6.0):
        ledger.record(attempt(2, Outcome.RETRY, Category.FORBIDDEN, retry_at=at))
    assert ledger.reopen([2]) == {}
    assert ledger.next_retry_at() is None
    (row,) = [row for row in ledger.next_pending("val", 0, 9) if row.id == 2]
    assert row.attempts == 1  # the one before the last


def test_clips_that_have_not_failed_or_are_not_selected_are_passed_over(
    ledger: Ledger, clips: list[Clip], attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.DONE))
    ledger.record(attempt(2, Outcome.RETRY, Category.TIMEOUT, retry_at=5.0))
    ledger.record(attempt(3, Outcome.FAILED, Category.PRIVATE))
    ledger.record(attempt(5, Outcome.FAILED, Category.PRIVATE))
    ledger.set_selection(Selection(), [clip for clip in clips if clip.split == "val"])
    assert ledger.reopen([1, 3, 4, 5, 5, 999]) == {("val", Category.PRIVATE): 1}
    assert ledger.reopen([5]) == {}
    ledger.set_selection(Selection(), clips)
    assert ledger.failure_counts() == {Category.PRIVATE: 1}
    assert [row.id for row in ledger.due_retries(9.0, 9)] == [2]


def test_a_failure_that_the_network_was_to_blame_for_is_in_no_record(
    ledger: Ledger, dataset: Path, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, wire_bytes=7))
    ledger.record(attempt(2, Outcome.FAILED, Category.PRIVATE, message="truly private"))
    ledger.reopen([1])
    write_records(dataset)
    assert [settled.attempt.clip_id for settled in ledger.settled()] == [2]
    assert (dataset / "failed.csv").read_text() == "bbbbbbbbbbb,archery,truly private\n"
    assert (ledger.totals().attempts, ledger.totals().wire_bytes) == (2, 7)


def test_tries_before_the_one_that_is_forgiven_are_still_held_against_the_clip(
    ledger: Ledger, attempt: MakeAttempt
) -> None:
    ledger.record(attempt(1, Outcome.RETURNED, crashed=True))
    ledger.record(attempt(1, Outcome.RETRY, Category.TIMEOUT, retry_at=5.0))
    ledger.record(attempt(1, Outcome.FAILED, Category.WORKER_CRASHED, crashed=True))
    ledger.reopen([1])
    row = ledger.next_pending("val", 0, 1)[0]
    assert (row.id, row.attempts, row.crashes) == (1, 1, 1)


def test_a_failure_that_was_tried_again_by_hand_stays_on_record(ledger: Ledger, attempt: MakeAttempt) -> None:
    ledger.record(attempt(1, Outcome.FAILED, Category.TIMEOUT, message="first"))
    ledger.retry_failed([Category.TIMEOUT])
    ledger.record(attempt(1, Outcome.FAILED, Category.PRIVATE, message="second"))
    ledger.reopen([1])
    assert [settled.attempt.message for settled in ledger.settled()] == ["first"]
    ledger.record(attempt(1, Outcome.FAILED, Category.COPYRIGHT, message="third"))
    assert [message for _, _, message in ledger.failures()] == ["third"]
