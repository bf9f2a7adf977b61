"""The reports of workers: who hears of which, and what they set off."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kinetics_tui.engine.workers.messages import Cancel, Cancelled, Failed, FromWorker, Progress, Ready, Taken
from kinetics_tui.engine.workers.pool import Death
from kinetics_tui.model.events import (
    ClipDone,
    ClipExtracted,
    ClipFailed,
    ClipReturned,
    Phase,
    WorkerIdle,
    WorkerStarted,
    WorkerStopped,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Extras
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts
from tests.engine.scripted_worker import failed, finished

Make = Callable[..., Parts]
FRAMES = Extras(frames_fps=5)
CRASH, KILL = Death("exit code 1", from_outside=False), Death("killed by signal 9", from_outside=True)


def progress(clip_id: int) -> Progress:
    return Progress(clip_id=clip_id, phase=Phase.DOWNLOAD, fraction=0.5, wire_bytes=7, bytes_per_s=1.0)


def test_a_worker_that_is_ready_is_idle_for_views_and_gets_a_clip(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    slot = parts.pool.slots[1]
    parts.reports.started(slot)
    assert [(event.slot, event.pid) for event in parts.told(WorkerStarted)] == [(1, slot.pid)]
    parts.reports.heard(slot, Ready())
    assert [event.slot for event in parts.told(WorkerIdle)] == [1]
    assert slot.row is not None
    assert parts.settled == []


@pytest.mark.parametrize("said", [progress(99), finished(99), Taken(clip_id=99), Cancelled(clip_id=99)])
def test_what_is_said_of_a_clip_that_was_taken_away_is_not_heard(make_parts: Make, said: FromWorker) -> None:
    parts = make_parts(some_clips(1))
    slot, row = parts.hand_out()[0]
    before = len(parts.events)
    parts.reports.heard(slot, said)
    assert (slot.row, len(parts.events), parts.settled) == (row, before, [])
    slot.row = None
    parts.reports.heard(slot, finished(row.id))
    assert (len(parts.events), parts.settled) == (before, [])


def test_progress_leaves_the_clip_in_hand(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    slot, row = parts.hand_out()[0]
    parts.reports.heard(slot, progress(row.id))
    worker = parts.context.state.workers[1]
    assert (worker.phase, worker.fraction, worker.wire_bytes) == (Phase.DOWNLOAD, 0.5, 7)
    assert (slot.row, parts.settled) == (row, [])


def test_a_clip_that_has_come_is_settled_out_of_hand_and_due_for_its_frames(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), extras=FRAMES)
    slot, row = parts.hand_out()[0]
    parts.reports.heard(slot, finished(row.id))
    assert (slot.row, parts.settled) == (None, [slot])
    assert len(parts.told(ClipDone)) == 1
    assert parts.extraction.fresh


@pytest.mark.parametrize("said", [Cancelled(clip_id=1), Taken(clip_id=1)])
def test_a_worker_that_let_go_or_says_what_nobody_asked_gives_its_clip_back(
    make_parts: Make, said: FromWorker
) -> None:
    parts = make_parts(some_clips(1))
    slot, row = parts.hand_out()[0]
    parts.reports.heard(slot, said)
    assert [event.reason for event in parts.told(ClipReturned)] == ["unfinished"]
    assert parts.take()[1] == row


def test_a_refusal_takes_the_clips_out_of_the_other_hands(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    (slot, row), _ = parts.hand_out()
    parts.reports.heard(slot, failed(row.id, Category.CAPTCHA))
    assert parts.sent(2)[-1] == Cancel(network_only=True)


@pytest.mark.parametrize(("category", "full"), [(Category.DISK_FULL, True), (Category.NOT_WRITABLE, False)])
@pytest.mark.parametrize("extracting", [False, True])
def test_what_cannot_be_written_holds_the_run_up_whatever_was_made(
    make_parts: Make, category: Category, full: bool, extracting: bool
) -> None:
    parts = make_parts(some_clips(2), workers=1, extras=FRAMES)
    slot, row = parts.hand_out()[0]
    if extracting:
        parts.reports.heard(slot, finished(row.id))
        slot, row = parts.hand_out()[0]
        assert slot.extracting
    parts.reports.heard(slot, failed(row.id, category))
    assert (parts.disk.problem, parts.disk.full) == (category.value, full)
    assert (len(parts.told(ClipReturned)), parts.told(ClipFailed)) == (1, [])
    assert parts.sent(1)[-1] != Cancel(network_only=True)


@pytest.mark.parametrize(
    ("said", "made", "returned"),
    [
        (Taken(clip_id=1, frames=50), ["", 50], 0),
        (failed(1, Category.TRIM_FAILED), ["trim failed", 0], 0),
        (Cancelled(clip_id=1), None, 1),
        (finished(1), None, 1),
    ],
)
def test_what_is_said_of_frames_is_no_outcome_of_the_clip(
    make_parts: Make, said: FromWorker, made: list[object] | None, returned: int
) -> None:
    parts = make_parts(some_clips(1), extras=FRAMES)
    slot, row = parts.hand_out()[0]
    parts.reports.heard(slot, finished(row.id))
    slot, row = parts.hand_out()[0]
    parts.reports.heard(slot, said)
    told = [[event.why, event.frames] for event in parts.told(ClipExtracted)]
    assert told == ([] if made is None else [made])
    assert (len(parts.told(ClipReturned)), len(parts.told(ClipDone))) == (returned, 1)
    assert parts.context.state.failed == 0


@pytest.mark.parametrize(
    ("death", "reason", "crashes", "attempts"),
    [
        (None, "unfinished", 0, 0),
        (KILL, "worker died (killed by signal 9)", 0, 1),
        (CRASH, "worker died (exit code 1)", 1, 1),
    ],
)
def test_a_death_is_held_against_the_clip_as_far_as_it_is_the_clip_s(
    make_parts: Make, death: Death | None, reason: str, crashes: int, attempts: int
) -> None:
    parts = make_parts(some_clips(1))
    slot, _ = parts.hand_out()[0]
    parts.reports.ended(slot, death)
    assert slot.row is None
    assert [event.reason for event in parts.told(ClipReturned)] == [reason]
    assert [row.crashes for row in parts.ledger.next_pending("val", 0, 1)] == [crashes]
    assert parts.ledger.totals().attempts == attempts
    assert [event.reason for event in parts.told(WorkerStopped)] == [f"died: {death.how}" if death else ""]


def test_a_worker_that_was_told_to_let_go_did_not_die_of_its_clip(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    (first, _), (second, _) = parts.hand_out()
    first.cancel()
    parts.reports.ended(first, CRASH)
    parts.context.stopping = True
    parts.reports.ended(second, CRASH)
    assert [event.reason for event in parts.told(ClipReturned)] == ["unfinished"] * 2
    assert [event.reason for event in parts.told(WorkerStopped)] == ["", ""]


def test_a_death_without_a_clip_is_told_of(make_parts: Make) -> None:
    parts = make_parts([])
    parts.reports.ended(parts.pool.slots[1], CRASH)
    assert [event.reason for event in parts.told(WorkerStopped)] == ["died: exit code 1"]
    assert not parts.told(ClipReturned)


def test_the_next_worker_in_its_place_is_shown_to_wait_as_well(make_parts: Make) -> None:
    parts = make_parts(some_clips(2), pace_per_hour=60)
    parts.hand_out()
    parts.reports.ended(parts.pool.slots[2], None)
    parts.hand_out()
    assert [event.slot for event in parts.told(WorkerIdle)] == [2, 2]


def test_a_failure_is_settled_before_the_next_clip_is_handed_out(make_parts: Make) -> None:
    parts = make_parts(some_clips(2), workers=1)
    slot, row = parts.hand_out()[0]
    failure: Failed = failed(row.id, Category.PRIVATE)
    parts.reports.heard(slot, failure)
    assert [event.clip for event in parts.told(ClipFailed)] == [row.clip]
    assert (parts.settled, slot.idle) == ([slot], True)
