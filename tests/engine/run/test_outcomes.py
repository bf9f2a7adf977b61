"""The outcome of a clip: the ledger keeps it, views hear it, and it tells how the network stands."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.run.outcomes import CRASHES_A_CLIP, KILLS_A_CLIP, Aftermath
from kinetics_tui.engine.workers.messages import Failed
from kinetics_tui.model.events import ClipDone, ClipFailed, ClipReturned
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.made import NOTHING_SPENT, Spent
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.options import Preset
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts
from tests.engine.engine_run import HOME, PHONE
from tests.engine.scripted_worker import failed, finished

Make = Callable[..., Parts]
THROTTLES = [category for category in Category if category.kind is Kind.THROTTLE]


def fail(parts: Parts, category: Category) -> tuple[ClipRow, Aftermath]:
    """Have the next clip come back with a failure."""
    slot, row = parts.take()
    return row, parts.outcomes.failed(slot, row, failed(row.id, category), parts.now)


def left(parts: Parts) -> list[int]:
    """Clips that the ledger has still pending."""
    return [row.id for row in parts.ledger.next_pending("val", 0, 100)]


def test_a_clip_that_is_done_is_settled_in_the_ledger_and_told_with_its_network(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    slot, row = parts.take()
    parts.outcomes.finished(slot, row, finished(row.id), parts.now)
    (done,) = parts.told(ClipDone)
    assert (done.at, done.slot, done.clip, done.network) == (NOW, slot.number, row.clip, HOME.name)
    assert [settled.attempt.clip_id for settled in parts.ledger.settled()] == [row.id]
    assert (parts.context.state.done, left(parts), parts.queue.in_hand) == (1, [2], 1)
    assert list(parts.outcomes.suspicion.came) == [row.clip.youtube_id]
    assert parts.networks.throttle.clips_since_throttle == 1


def test_a_clip_found_on_the_disk_cost_no_token_and_says_nothing_of_the_network(make_parts: Make) -> None:
    parts = make_parts(some_clips(2), pace_per_hour=60, workers=1)
    slot, row = parts.take()
    assert parts.networks.pace.next_at(NOW) > NOW
    parts.outcomes.finished(
        slot, row, msgspec.structs.replace(finished(row.id), spent=NOTHING_SPENT), parts.now
    )
    assert parts.networks.pace.next_at(NOW) == NOW
    assert parts.networks.throttle.clips_since_throttle == 0
    assert not parts.outcomes.suspicion.came


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize(("sent", "wait_s"), [(1, 4.0), (3, 12.0), (0, 0.0), (None, 4.0)])
def test_a_clip_is_paid_for_with_the_requests_that_it_sent(
    make_parts: Make, sent: int | None, wait_s: float, failed: bool
) -> None:
    parts = make_parts(some_clips(30), pace_per_hour=Preset.GUEST, workers=1)
    pace = parts.networks.pace
    slot, row = parts.take()
    while pace.take(NOW):
        pass
    spent = Spent(wire_bytes=1, requests=sent)
    if failed:
        parts.outcomes.failed(
            slot, row, Failed(clip_id=row.id, category=Category.PRIVATE, text="", spent=spent), parts.now
        )
    else:
        parts.outcomes.finished(slot, row, msgspec.structs.replace(finished(row.id), spent=spent), parts.now)
    assert pace.next_at(NOW) - NOW == pytest.approx(wait_s, abs=0.01)
    (settled,) = parts.ledger.settled()
    assert settled.attempt.spent.requests == sent


def test_a_returned_clip_comes_next_and_leaves_no_trace_in_the_ledger(make_parts: Make) -> None:
    parts = make_parts(some_clips(2), workers=1)
    slot, row = parts.take()
    parts.outcomes.returned(slot, row, "unfinished", parts.now)
    assert [event.reason for event in parts.told(ClipReturned)] == ["unfinished"]
    assert parts.ledger.totals().attempts == 0
    assert parts.take()[1] == row


@pytest.mark.parametrize("category", [category for category in Category if category.kind is Kind.PERMANENT])
def test_a_clip_that_is_gone_fails_at_once_and_was_an_answer_of_the_network(
    make_parts: Make, category: Category
) -> None:
    parts = make_parts(some_clips(1))
    parts.networks.throttle.probe_first()
    row, aftermath = fail(parts, category)
    (event,) = parts.told(ClipFailed)
    assert (event.clip, event.category, event.settled, event.retry_at) == (row.clip, category, True, None)
    assert parts.ledger.failure_counts() == {category: 1}
    assert aftermath is Aftermath.NONE
    assert parts.networks.throttle.status is NetworkStatus.OPEN


def test_a_transient_failure_waits_longer_each_time_and_then_fails(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), retry_steps_s=(30.0, 300.0))
    for wait_s in (30.0, 300.0):
        fail(parts, Category.TIMEOUT)
        event = parts.told(ClipFailed)[-1]
        assert (event.settled, event.retry_at) == (False, parts.now + wait_s)
        assert parts.ledger.next_retry_at() == parts.now + wait_s
        parts.now += wait_s
    fail(parts, Category.TIMEOUT)
    assert parts.told(ClipFailed)[-1].settled
    assert parts.ledger.failure_counts() == {Category.TIMEOUT: 1}


def test_the_waits_are_those_of_the_options_in_force(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), retry_steps_s=(30.0,))
    parts.context.change_options(retry_steps_s=(77.0,))
    fail(parts, Category.TIMEOUT)
    assert parts.told(ClipFailed)[-1].retry_at == NOW + 77.0


@pytest.mark.parametrize("category", THROTTLES)
def test_a_refusal_shuts_the_network_and_is_not_held_against_the_clip(
    make_parts: Make, category: Category
) -> None:
    parts = make_parts(some_clips(3), workers=1)
    row, aftermath = fail(parts, category)
    assert aftermath is Aftermath.NETWORK_SHUT
    assert (parts.networks.throttle.status, parts.networks.throttle.signal) == (
        NetworkStatus.COOLING,
        category,
    )
    assert [event.reason for event in parts.told(ClipReturned)] == [category.value]
    assert row.id in left(parts)
    parts.networks.probe_now(parts.now)
    assert parts.take()[1].id != row.id  # it may be the reason itself: another goes first


def test_a_second_refusal_in_one_cooldown_is_no_news(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    hands = parts.hand_out()
    answers = [
        parts.outcomes.failed(slot, row, failed(row.id, Category.SESSION_LIMIT), NOW) for slot, row in hands
    ]
    assert answers == [Aftermath.NETWORK_SHUT, Aftermath.NONE]
    assert parts.networks.throttle.step == 1


def test_a_server_that_says_how_long_to_wait_is_heard(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    slot, row = parts.take()
    failure: Failed = msgspec.structs.replace(
        failed(row.id, Category.TOO_MANY_REQUESTS), retry_after_s=86400.0
    )
    parts.outcomes.failed(slot, row, failure, NOW)
    assert parts.networks.throttle.until == NOW + 86400.0


def test_a_line_that_is_down_shuts_the_network_once(make_parts: Make) -> None:
    parts = make_parts(some_clips(2))
    hands = parts.hand_out()
    answers = [parts.outcomes.failed(slot, row, failed(row.id, Category.OFFLINE), NOW) for slot, row in hands]
    assert answers == [Aftermath.NETWORK_SHUT, Aftermath.NONE]
    assert parts.networks.throttle.status is NetworkStatus.OFFLINE
    assert left(parts) == [1, 2]


def test_the_late_answer_of_another_network_shuts_nothing(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    slot, row = parts.take()
    parts.network = PHONE
    parts.networks.look(NOW)
    assert parts.outcomes.failed(slot, row, failed(row.id, Category.CAPTCHA), NOW) is Aftermath.NONE
    assert parts.networks.throttle.status is NetworkStatus.OPEN


@pytest.mark.parametrize("category", [Category.DISK_FULL, Category.NOT_WRITABLE])
def test_a_folder_that_takes_no_clip_is_not_the_network_s_fault(make_parts: Make, category: Category) -> None:
    parts = make_parts(some_clips(1))
    row, aftermath = fail(parts, category)
    assert aftermath is Aftermath.NOT_WRITTEN
    assert parts.networks.throttle.status is NetworkStatus.OPEN
    assert left(parts) == [row.id]


def test_a_clip_that_takes_down_its_workers_fails_at_the_third(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    for crash in range(1, CRASHES_A_CLIP + 1):
        assert not parts.told(ClipFailed)
        slot, row = parts.take()
        assert row.crashes == crash - 1
        parts.outcomes.crashed(slot, row, "killed by signal 11", NOW)
    (event,) = parts.told(ClipFailed)
    assert (event.category, event.settled) == (Category.WORKER_CRASHED, True)
    assert event.message == "its worker died 3 times, the last time killed by signal 11"
    assert [event.reason for event in parts.told(ClipReturned)] == ["worker died (killed by signal 11)"] * 2


def test_a_crash_is_remembered_by_the_next_engine(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.outcomes.crashed(*parts.take(), "exit code 1", NOW)
    assert [row.crashes for row in parts.ledger.next_pending("val", 0, 1)] == [1]


def test_a_worker_killed_from_outside_is_held_against_a_clip_much_later(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), workers=1)
    for _ in range(KILLS_A_CLIP):
        assert not parts.told(ClipFailed)
        parts.outcomes.killed(*parts.take(), "killed by signal 9", NOW)
    assert (
        parts.told(ClipFailed)[0].message
        == "its worker was killed 10 times, the last time killed by signal 9"
    )
    assert KILLS_A_CLIP > CRASHES_A_CLIP


def test_a_clip_that_is_tried_again_begins_without_its_killed_workers(make_parts: Make) -> None:
    parts = make_parts(some_clips(1), workers=1)
    for _ in range(KILLS_A_CLIP):
        parts.outcomes.killed(*parts.take(), "killed by signal 9", NOW)
    parts.ledger.retry_failed(clip_ids=[1])
    parts.queue.restart()
    parts.outcomes.killed(*parts.take(), "killed by signal 9", NOW)
    assert len(parts.told(ClipFailed)) == 1
    assert left(parts) == [1]


def test_a_clip_whose_worker_was_killed_goes_behind_others(make_parts: Make) -> None:
    parts = make_parts(some_clips(3), workers=1)
    slot, row = parts.take()
    parts.outcomes.killed(slot, row, "killed by signal 9", NOW)
    assert parts.take()[1].id != row.id


def test_what_a_network_says_while_it_is_not_trusted_is_not_believed(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    slot, row = parts.take()
    parts.outcomes.suspicion.blame(parts.networks.stamp())
    assert parts.outcomes.failed(slot, row, failed(row.id, Category.PRIVATE), NOW) is Aftermath.NONE
    assert [event.reason for event in parts.told(ClipReturned)] == ["its network was not to be trusted"]
    assert left(parts) == [row.id]


@pytest.mark.parametrize(
    ("category", "suspects"),
    [
        *[(Category.PRIVATE, {1}), (Category.FORBIDDEN, {1}), (Category.NO_FORMATS, {1})],
        *[(Category.SHORT_SOURCE, set()), (Category.TIMEOUT, set()), (Category.OFFLINE, set())],
    ],
)
@pytest.mark.parametrize("retry_steps_s", [(), (30.0,)])
def test_only_what_youtube_may_answer_to_everybody_is_suspicious(
    make_parts: Make, category: Category, suspects: set[int], retry_steps_s: tuple[float, ...]
) -> None:
    parts = make_parts(some_clips(1), retry_steps_s=retry_steps_s)
    fail(parts, category)
    assert parts.outcomes.suspicion.suspects(HOME.name) == suspects


@pytest.mark.parametrize("category", [Category.PRIVATE, Category.FORBIDDEN])
def test_the_probe_at_the_end_of_a_cooldown_judges_no_clip(make_parts: Make, category: Category) -> None:
    parts = make_parts(some_clips(2), retry_steps_s=())
    parts.networks.throttle.saw_signal(Category.CAPTCHA, NOW)
    parts.networks.probe_now(NOW)
    row, aftermath = fail(parts, category)
    assert aftermath is Aftermath.NONE
    assert [event.reason for event in parts.told(ClipReturned)] == [category.value]
    assert left(parts) == [1, 2]
    assert parts.networks.throttle.status is NetworkStatus.PROBING  # until another video tells
    assert parts.outcomes.suspicion.aroused(HOME.name)
    assert parts.outcomes.suspicion.suspects(HOME.name) == set()
    assert parts.take()[1].id != row.id
