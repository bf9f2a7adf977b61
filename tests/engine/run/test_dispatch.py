"""Clips handed to workers, and taken back."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.database import LedgerFull
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.run.dispatch import HANG_MARGIN_S
from kinetics_tui.engine.workers.messages import Assign, Cancel
from kinetics_tui.model.events import ClipProgress, ClipStarted, Phase, WorkerIdle
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Extras, Preset
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts
from tests.engine.engine_run import HOME, PHONE

Make = Callable[..., Parts]
FRAMES = Extras(frames_fps=5)


def ids(parts: Parts) -> list[int]:
    """Hand out; the clips that are in hand then."""
    return [row.id for _, row in parts.hand_out()]


def settle(parts: Parts, *clip_ids: int) -> None:
    """Have the ledger know clips as done, before any engine looked."""
    for clip_id in clip_ids:
        parts.ledger.record(Attempt(clip_id=clip_id, at=1.0, network="x", outcome=Outcome.DONE))
    parts.queue.restart()
    parts.extraction.restart()


def test_each_idle_worker_gets_a_clip_and_views_hear_of_it(make_parts: Make) -> None:
    parts = make_parts(some_clips(3))
    hands = parts.hand_out()
    assert [(slot.number, row.id) for slot, row in hands] == [(1, 1), (2, 2)]
    assert [(event.slot, event.clip) for event in parts.told(ClipStarted)] == [
        (slot.number, row.clip) for slot, row in hands
    ]
    assert all(slot.stamp == parts.networks.stamp() for slot, _ in hands)
    (told,) = parts.sent(1)
    assert isinstance(told, Assign)
    assert (told.clip_id, told.path, told.route) == (1, hands[0][1].path, HOME.route)


def test_nothing_is_handed_out_while_the_run_stands_still(make_parts: Make) -> None:
    parts = make_parts(some_clips(3))
    parts.dispatcher.held = True
    assert ids(parts) == []
    parts.dispatcher.held = False
    assert ids(parts) == [1, 2]


def test_nothing_is_handed_out_by_a_network_under_suspicion(make_parts: Make) -> None:
    parts = make_parts(some_clips(3))
    parts.dispatcher.suspended.add(HOME.name)
    assert ids(parts) == []
    parts.dispatcher.suspended.clear()
    assert ids(parts) == [1, 2]


def test_nothing_is_handed_out_while_nothing_can_be_written(make_parts: Make) -> None:
    parts = make_parts(some_clips(3), extras=FRAMES)
    settle(parts, 1)
    parts.disk.hold("The disk is full.", full=True)
    assert ids(parts) == []


@pytest.mark.parametrize(
    ("error", "full"), [(DatasetError("It is in use."), False), (LedgerFull("Full."), True)]
)
def test_a_ledger_that_cannot_be_read_holds_the_run_up(
    make_parts: Make, monkeypatch: pytest.MonkeyPatch, error: DatasetError, full: bool
) -> None:
    parts = make_parts(some_clips(3))

    def refuse(now: float) -> None:
        raise error

    monkeypatch.setattr(parts.queue, "take", refuse)
    assert ids(parts) == []
    assert (parts.disk.problem, parts.disk.full) == (str(error), full)


def test_a_network_on_probation_has_as_many_clips_in_hand_as_it_may(make_parts: Make) -> None:
    parts = make_parts(some_clips(5), workers=4)
    parts.networks.throttle.probe_first()
    assert ids(parts) == [1]
    parts.networks.throttle.saw_signal(Category.CAPTCHA, NOW)
    parts.queue.settle(parts.take()[1])
    assert ids(parts) == []


def test_a_pace_lets_clips_go_one_by_one_and_says_when_the_next_may_go(make_parts: Make) -> None:
    parts = make_parts(some_clips(5), pace_per_hour=60)
    assert ids(parts) == [1]
    (waiting,) = parts.told(WorkerIdle)
    assert (waiting.slot, waiting.phase) == (2, Phase.PACE)
    assert waiting.until == pytest.approx(NOW + 60)
    parts.now = NOW + 30
    assert ids(parts) == [1]
    assert len(parts.told(WorkerIdle)) == 1  # that is known
    parts.now = NOW + 61
    assert ids(parts) == [1, 2]


def test_what_was_said_of_waiting_is_said_again_when_the_pace_changed(make_parts: Make) -> None:
    parts = make_parts(some_clips(5), pace_per_hour=60)
    parts.hand_out()
    parts.dispatcher.forget_waiting()
    parts.hand_out()
    assert len(parts.told(WorkerIdle)) == 2
    parts.dispatcher.forget_waiting(parts.pool.slots[1])
    parts.hand_out()
    assert len(parts.told(WorkerIdle)) == 2


def test_a_clip_that_cost_more_requests_than_thought_moves_what_is_said_of_waiting(make_parts: Make) -> None:
    parts = make_parts(some_clips(5), pace_per_hour=Preset.GUEST)
    pace = parts.networks.pace
    while pace.take(NOW):
        pass
    assert ids(parts) == []
    before = {told.slot: told.until or 0.0 for told in parts.told(WorkerIdle)}
    assert before.keys() == {1, 2}
    pace.settle(pace.cost, 11)
    parts.now = NOW + 0.1
    assert ids(parts) == []
    after = {told.slot: told.until or 0.0 for told in parts.told(WorkerIdle)}
    assert after == {slot: pace.next_at(parts.now) for slot in before}
    assert all(after[slot] > before[slot] + 30 for slot in before)


def test_a_clip_that_the_pace_held_back_is_still_the_next(make_parts: Make) -> None:
    parts = make_parts(some_clips(5), pace_per_hour=60)
    parts.hand_out()
    assert parts.queue.in_hand == 1
    row = parts.queue.take(NOW)
    assert row is not None
    assert row.id == 2


def test_a_clip_that_has_just_come_gets_its_frames_before_the_next_is_fetched(make_parts: Make) -> None:
    parts = make_parts(some_clips(3), workers=1, extras=FRAMES)
    slot, row = parts.take()
    parts.queue.settle(row)
    parts.extraction.add(row)
    assert ids(parts) == [row.id]
    told = parts.sent(1)[-1]
    assert slot.extracting
    assert isinstance(told, Assign)
    assert told.extract == FRAMES


def test_older_clips_get_their_frames_when_nothing_may_be_fetched(make_parts: Make) -> None:
    parts = make_parts(some_clips(3), workers=1, extras=FRAMES)
    settle(parts, 1)
    assert ids(parts) == [2]
    parts.queue.put_back(parts.take()[1])
    parts.networks.throttle.saw_signal(Category.CAPTCHA, NOW)
    assert ids(parts) == [1]


def test_frames_are_no_business_of_the_network(make_parts: Make) -> None:
    parts = make_parts(some_clips(2), workers=1, extras=FRAMES)
    settle(parts, 1, 2)
    parts.hand_out()
    parts.dispatcher.let_go_of_all(HOME.name)
    assert not any(isinstance(told, Cancel) for told in parts.sent(1))
    parts.dispatcher.let_go_of_all()
    assert parts.sent(1)[-1] == Cancel()


def test_clips_taken_back_have_a_time_to_be_let_go_by(make_parts: Make) -> None:
    parts = make_parts(some_clips(3))
    parts.hand_out()
    parts.dispatcher.let_go_of_all()
    assert all(slot.let_go_by is not None for slot in parts.pool.slots.values())
    assert [parts.sent(number)[-1] for number in (1, 2)] == [Cancel(), Cancel()]


def test_a_clip_whose_bytes_are_all_here_may_be_finished_when_only_the_network_is_shut(
    make_parts: Make,
) -> None:
    parts = make_parts(some_clips(3))
    parts.hand_out()
    parts.context.publish(ClipProgress(at=NOW, slot=1, phase=Phase.TRIM))
    parts.context.publish(ClipProgress(at=NOW, slot=2, phase=Phase.DOWNLOAD))
    parts.dispatcher.let_go_of_all(HOME.name)
    assert [parts.sent(number)[-1] for number in (1, 2)] == [Cancel(network_only=True)] * 2
    assert [parts.pool.slots[number].let_go_by is None for number in (1, 2)] == [True, False]


def test_clips_by_the_network_before_are_counted_until_they_are_out_of_hand(make_parts: Make) -> None:
    parts = make_parts(some_clips(3))
    slot, _ = parts.hand_out()[0]
    assert parts.dispatcher.in_hand_by_others() == 0
    parts.network = PHONE
    parts.networks.look(NOW)
    assert parts.dispatcher.in_hand_by_others() == 2
    slot.release()
    assert parts.dispatcher.in_hand_by_others() == 1


def test_frames_in_the_making_hold_up_no_switch(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), workers=1, extras=FRAMES)
    settle(parts, 1)
    assert ids(parts) == [1]
    assert parts.dispatcher.in_hand_by_others() == 0


def test_a_worker_far_behind_its_deadline_is_killed_by_the_options_in_force(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), clip_deadline_s=600.0)
    slot, _ = parts.hand_out()[0]
    slot.assigned_at = time.monotonic() - 300.0 - HANG_MARGIN_S
    parts.dispatcher.kill_hung()
    assert not slot.dying
    parts.context.change_options(clip_deadline_s=200.0)
    parts.dispatcher.kill_hung()
    assert slot.dying


def test_a_worker_that_does_not_let_go_in_time_is_killed(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    slot, _ = parts.hand_out()[0]
    parts.dispatcher.let_go_of_all()
    parts.dispatcher.kill_hung()
    assert not slot.dying
    slot.let_go_by = time.monotonic() - 0.001
    parts.dispatcher.kill_hung()
    assert slot.dying
