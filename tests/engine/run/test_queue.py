"""The queue over a real ledger: each clip to one hand at a time, none lost."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, ClipRow, Outcome
from kinetics_tui.engine.run.queue import PAGE, ClipQueue
from kinetics_tui.model.failure import Category
from tests.engine.engine_clips import some_clips

NOW = 1_700_000_000.0


def drain(queue: ClipQueue, now: float = NOW) -> list[ClipRow]:
    rows = []
    while (row := queue.take(now)) is not None:
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
    queue = ClipQueue(make_ledger(some_clips(5)))
    first = queue.take(NOW)
    assert first is not None
    assert queue.in_hand == 1
    queue.put_back(first)
    assert queue.in_hand == 0
    assert queue.take(NOW) == first


def test_a_restart_hands_out_neither_what_is_in_hand_nor_what_is_settled(
    make_ledger: Callable[..., Ledger],
) -> None:
    ledger = make_ledger(some_clips(10))
    queue = ClipQueue(ledger)
    rows = [queue.take(NOW) for _ in range(4)]
    assert rows[0] is not None
    ledger.record(attempt(rows[0], Outcome.DONE))
    queue.settle(rows[0])
    queue.restart()
    again = drain(queue)
    assert len(again) == 6
    assert not {row.id for row in again} & {row.id for row in rows if row}


def test_a_clip_that_waits_comes_when_its_time_has_come_and_not_before(
    make_ledger: Callable[..., Ledger],
) -> None:
    ledger = make_ledger(some_clips(1))
    queue = ClipQueue(ledger)
    row = queue.take(NOW)
    assert row is not None
    ledger.record(attempt(row, Outcome.RETRY, retry_at=NOW + 60))
    queue.settle(row, retry_at=NOW + 60)
    assert queue.take(NOW + 59) is None
    assert queue.exhausted
    later = queue.take(NOW + 60)
    assert later is not None
    assert (later.id, later.attempts) == (row.id, 1)


def test_a_switched_off_split_is_skipped_from_the_restart_on(make_ledger: Callable[..., Ledger]) -> None:
    ledger = make_ledger(some_clips(3, "train") + some_clips(3, "val"))
    queue = ClipQueue(ledger)
    ledger.set_split_enabled("train", False)
    queue.restart()
    assert {row.clip.split for row in drain(queue)} == {"val"}


def test_another_engine_begins_where_this_one_died(make_ledger: Callable[..., Ledger]) -> None:
    ledger = make_ledger(some_clips(4))
    queue = ClipQueue(ledger)
    done = queue.take(NOW)
    assert done is not None
    queue.take(NOW)  # in hand when the engine dies
    ledger.record(attempt(done, Outcome.DONE))
    ledger.flush()
    assert len(drain(ClipQueue(ledger))) == 3


def test_a_clip_that_may_be_the_reason_itself_comes_after_others(make_ledger: Callable[..., Ledger]) -> None:
    queue = ClipQueue(make_ledger(some_clips(3)))
    refused = queue.take(NOW)
    assert refused is not None
    queue.put_back(refused, last=True)
    assert [row.id for row in drain(queue)] == [2, 3, refused.id]


def test_a_clip_of_a_switched_off_split_is_not_handed_out_again(make_ledger: Callable[..., Ledger]) -> None:
    ledger = make_ledger(some_clips(2, "train") + some_clips(1, "val"))
    queue = ClipQueue(ledger)
    in_hand = queue.take(NOW)
    assert in_hand is not None
    ledger.set_split_enabled("train", False)
    queue.restart()
    queue.put_back(in_hand)
    assert [row.clip.split for row in drain(queue)] == ["val"]
    ledger.set_split_enabled("train", True)
    queue.restart()
    assert in_hand.id in {row.id for row in drain(queue)}


def test_a_clip_on_its_retry_that_was_put_back_last_is_not_handed_out_twice(
    make_ledger: Callable[..., Ledger],
) -> None:
    ledger = make_ledger(some_clips(5))
    queue = ClipQueue(ledger)
    row = queue.take(NOW)
    assert row is not None
    ledger.record(attempt(row, Outcome.RETRY, retry_at=NOW + 30))
    queue.settle(row, NOW + 30)
    again = queue.take(NOW + 60)
    assert again is not None
    assert again.id == row.id
    queue.put_back(again, last=True)
    ids = [row.id for row in drain(queue, NOW + 90)]
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == 5
