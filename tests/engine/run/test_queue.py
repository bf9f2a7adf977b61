"""The backlog over a real ledger: each clip to one hand at a time, none lost."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.dataset.ledger.ledger import Attempt, ClipRow, Ledger, Outcome
from kinetics_tui.engine.run.queue import PAGE, ClipQueue
from kinetics_tui.model.failure import Category
from tests.engine.engine_clips import some_clips

NOW = 1_700_000_000.0


def drain(backlog: ClipQueue, now: float = NOW) -> list[ClipRow]:
    rows = []
    while (row := backlog.take(now)) is not None:
        rows.append(row)
    return rows


def attempt(row: ClipRow, outcome: Outcome, retry_at: float | None = None) -> Attempt:
    category = None if outcome is Outcome.DONE else Category.TIMEOUT
    return Attempt(clip_id=row.id, at=NOW, network="n", outcome=outcome, category=category, retry_at=retry_at)


def test_every_clip_is_handed_out_once_across_pages_and_splits(make_ledger: Callable[..., Ledger]) -> None:
    clips = some_clips(PAGE + 10, "train") + some_clips(7, "val")
    rows = drain(ClipQueue(make_ledger(clips)))
    assert sorted(row.clip.key for row in rows) == sorted(clip.key for clip in clips)


def test_a_clip_that_was_put_back_comes_next(make_ledger: Callable[..., Ledger]) -> None:
    backlog = ClipQueue(make_ledger(some_clips(5)))
    first = backlog.take(NOW)
    assert first is not None
    assert backlog.in_hand == 1
    backlog.put_back(first)
    assert backlog.in_hand == 0
    assert backlog.take(NOW) == first


def test_a_restart_hands_out_neither_what_is_in_hand_nor_what_is_settled(
    make_ledger: Callable[..., Ledger],
) -> None:
    ledger = make_ledger(some_clips(10))
    backlog = ClipQueue(ledger)
    rows = [backlog.take(NOW) for _ in range(4)]
    assert rows[0] is not None
    ledger.record(attempt(rows[0], Outcome.DONE))
    backlog.settle(rows[0])
    backlog.restart()
    again = drain(backlog)
    assert len(again) == 6
    assert not {row.id for row in again} & {row.id for row in rows if row}


def test_a_clip_that_waits_comes_when_its_time_has_come_and_not_before(
    make_ledger: Callable[..., Ledger],
) -> None:
    ledger = make_ledger(some_clips(1))
    backlog = ClipQueue(ledger)
    row = backlog.take(NOW)
    assert row is not None
    ledger.record(attempt(row, Outcome.RETRY, retry_at=NOW + 60))
    backlog.settle(row, retry_at=NOW + 60)
    assert backlog.take(NOW + 59) is None
    assert backlog.exhausted
    later = backlog.take(NOW + 60)
    assert later is not None
    assert (later.id, later.attempts) == (row.id, 1)


def test_a_switched_off_split_is_skipped_from_the_restart_on(make_ledger: Callable[..., Ledger]) -> None:
    ledger = make_ledger(some_clips(3, "train") + some_clips(3, "val"))
    backlog = ClipQueue(ledger)
    ledger.set_split_enabled("train", False)
    backlog.restart()
    assert {row.clip.split for row in drain(backlog)} == {"val"}


def test_another_engine_begins_where_this_one_died(make_ledger: Callable[..., Ledger]) -> None:
    ledger = make_ledger(some_clips(4))
    backlog = ClipQueue(ledger)
    done = backlog.take(NOW)
    assert done is not None
    backlog.take(NOW)  # in hand when the engine dies
    ledger.record(attempt(done, Outcome.DONE))
    ledger.flush()
    assert len(drain(ClipQueue(ledger))) == 3


def test_a_clip_that_may_be_the_reason_itself_comes_after_others(make_ledger: Callable[..., Ledger]) -> None:
    backlog = ClipQueue(make_ledger(some_clips(3)))
    refused = backlog.take(NOW)
    assert refused is not None
    backlog.put_back(refused, last=True)
    assert [row.id for row in drain(backlog)] == [2, 3, refused.id]


def test_a_clip_of_a_switched_off_split_is_not_handed_out_again(make_ledger: Callable[..., Ledger]) -> None:
    ledger = make_ledger(some_clips(2, "train") + some_clips(1, "val"))
    backlog = ClipQueue(ledger)
    in_hand = backlog.take(NOW)
    assert in_hand is not None
    ledger.set_split_enabled("train", False)
    backlog.restart()
    backlog.put_back(in_hand)
    assert [row.clip.split for row in drain(backlog)] == ["val"]
    ledger.set_split_enabled("train", True)
    backlog.restart()
    assert in_hand.id in {row.id for row in drain(backlog)}


def test_a_clip_on_its_retry_that_was_put_back_last_is_not_handed_out_twice(
    make_ledger: Callable[..., Ledger],
) -> None:
    ledger = make_ledger(some_clips(5))
    backlog = ClipQueue(ledger)
    row = backlog.take(NOW)
    assert row is not None
    ledger.record(attempt(row, Outcome.RETRY, retry_at=NOW + 30))
    backlog.settle(row, NOW + 30)
    again = backlog.take(NOW + 60)
    assert again is not None
    assert again.id == row.id
    backlog.put_back(again, last=True)
    ids = [row.id for row in drain(backlog, NOW + 90)]
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == 5
