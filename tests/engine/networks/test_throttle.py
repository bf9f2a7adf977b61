"""The throttle's rules, with days of cooldown in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S
from kinetics_tui.engine.networks.throttle import FORGIVEN_AFTER_CLIPS, Throttle
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons, NetworkStatus
from kinetics_tui.model.options import COOLDOWN_STEPS_S

SIGNAL = Category.SESSION_LIMIT
NOW = 1_700_000_000.0


def cooled(steps: int = 1) -> tuple[Throttle, float]:
    """A network that was throttled ``steps`` times in a row, probing once more."""
    throttle = Throttle(COOLDOWN_STEPS_S)
    now = NOW
    for _ in range(steps):
        throttle.saw_signal(SIGNAL, now)
        assert throttle.until is not None
        now = throttle.until
        throttle.tick(now)
    return throttle, now


def test_a_signal_shuts_the_network_for_the_first_step() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    assert throttle.workers_allowed is None
    assert throttle.saw_signal(SIGNAL, NOW)
    assert throttle.status is NetworkStatus.COOLING
    assert throttle.until == NOW + 15 * MINUTE_S
    assert throttle.workers_allowed == 0


def test_signals_that_come_in_while_cooling_neither_raise_the_step_nor_prolong_it() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_signal(SIGNAL, NOW)
    assert not throttle.saw_signal(Category.BOT_CHECK, NOW + 5)
    assert (throttle.step, throttle.until, throttle.signal) == (1, NOW + 15 * MINUTE_S, SIGNAL)


def test_a_longer_retry_after_wins_and_a_shorter_one_does_not() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_signal(Category.TOO_MANY_REQUESTS, NOW, retry_after_s=2 * HOUR_S)
    assert throttle.until == NOW + 2 * HOUR_S
    throttle.saw_signal(Category.TOO_MANY_REQUESTS, NOW + 1, retry_after_s=60)
    assert throttle.until == NOW + 2 * HOUR_S


def test_a_cooldown_ends_in_a_probe_of_one_clip() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_signal(SIGNAL, NOW)
    assert not throttle.tick(NOW + 15 * MINUTE_S - 1)
    assert throttle.tick(NOW + 15 * MINUTE_S)
    assert throttle.status is NetworkStatus.PROBING
    assert throttle.workers_allowed == 1


def test_a_probe_that_is_refused_goes_to_the_next_step_up_to_the_last() -> None:
    throttle, now = cooled(1)
    for step_s in (*COOLDOWN_STEPS_S[1:], COOLDOWN_STEPS_S[-1]):
        throttle.saw_signal(SIGNAL, now)
        assert throttle.until == now + step_s
        now = throttle.until
        throttle.tick(now)
    assert throttle.step_s == 5 * DAY_S


def test_a_good_probe_ramps_the_workers_up_one_two_four_and_then_opens() -> None:
    throttle, _ = cooled()
    throttle.passed(NOW, done=True, width=8)
    widths = []
    for _ in range(20):
        widths.append(throttle.workers_allowed)
        throttle.passed(NOW, done=True, width=8)
    assert widths[:7] == [1, 2, 2, 4, 4, 4, 4]
    assert widths[7] is None
    assert throttle.status is NetworkStatus.OPEN


def test_a_clip_that_failed_for_good_is_a_good_probe_too_but_counts_no_clip() -> None:
    throttle, _ = cooled()
    throttle.passed(NOW, done=False, width=8)
    assert throttle.status is NetworkStatus.RAMPING
    assert throttle.clips_since_throttle == 0


def test_a_throttle_soon_after_opening_goes_on_with_the_next_step() -> None:
    throttle, now = cooled()
    for _ in range(FORGIVEN_AFTER_CLIPS - 1):
        throttle.passed(NOW, done=True, width=4)
    throttle.saw_signal(SIGNAL, now)
    assert throttle.step == 2


def test_a_throttle_long_after_the_last_begins_at_the_first_step_again() -> None:
    throttle, now = cooled(3)
    for _ in range(FORGIVEN_AFTER_CLIPS):
        throttle.passed(NOW, done=True, width=4)
    throttle.saw_signal(SIGNAL, now)
    assert throttle.step == 1
    assert throttle.clips_since_throttle == 0


def test_the_user_may_probe_now_or_wait_longer_only_while_it_cools() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    assert not throttle.probe_now()
    assert not throttle.wait_longer(60)
    throttle.saw_signal(SIGNAL, NOW)
    assert throttle.wait_longer(HOUR_S)
    assert throttle.until == NOW + 15 * MINUTE_S + HOUR_S
    assert throttle.probe_now()
    assert throttle.workers_allowed == 1


def test_an_outage_is_looked_at_again_soon_and_later_and_later() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    now = NOW
    waits = []
    for _ in range(6):
        assert throttle.saw_outage(now)
        assert not throttle.saw_outage(now)
        assert throttle.until is not None
        waits.append(throttle.until - now)
        now = throttle.until
        assert throttle.tick(now)
    assert waits == [5, 10, 20, 40, 60, 60]
    throttle.passed(NOW, done=True, width=4)
    assert throttle.status is NetworkStatus.OPEN


def test_an_outage_of_a_probe_does_not_forgive_the_throttle() -> None:
    throttle, now = cooled(2)
    throttle.saw_outage(now)
    throttle.tick(now + HOUR_S)
    throttle.passed(NOW, done=True, width=16)
    assert throttle.status is NetworkStatus.RAMPING
    throttle.saw_signal(SIGNAL, now)
    assert throttle.step == 3


def test_a_restart_keeps_the_cooldown_as_it_was() -> None:
    throttle = Throttle(
        COOLDOWN_STEPS_S, status=NetworkStatus.COOLING, signal=SIGNAL, until=NOW + DAY_S, step=6
    )
    assert not throttle.tick(NOW + DAY_S - 1)
    assert throttle.workers_allowed == 0
    assert throttle.tick(NOW + DAY_S)
    throttle.saw_signal(SIGNAL, NOW + DAY_S)
    assert throttle.step == 7


def test_no_wait_is_longer_than_a_month_whatever_was_asked_or_written_down() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_signal(SIGNAL, NOW, retry_after_s=1e20)
    assert throttle.until == NOW + 30 * DAY_S
    loaded = Throttle(COOLDOWN_STEPS_S, status=NetworkStatus.COOLING, until=1e20, step=1)
    loaded.tick(NOW)
    assert loaded.until == NOW + 30 * DAY_S


def test_after_a_switch_one_clip_goes_first_and_then_all() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    epoch = throttle.epoch
    assert throttle.probe_first()
    assert (throttle.status, throttle.workers_allowed) == (NetworkStatus.PROBING, 1)
    assert throttle.epoch != epoch
    throttle.passed(NOW, done=True, width=16)
    assert throttle.status is NetworkStatus.OPEN


def test_after_a_switch_to_a_network_that_was_throttled_not_long_ago_the_workers_ramp_up() -> None:
    throttle, _ = cooled()
    for _ in range(2):
        throttle.passed(NOW, done=True, width=1)
    assert throttle.workers_allowed is None
    assert throttle.probe_first()
    throttle.passed(NOW, done=True, width=16)
    assert throttle.status is NetworkStatus.RAMPING


def test_a_switch_to_a_network_that_is_cooling_leaves_it_in_peace() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_signal(SIGNAL, NOW)
    epoch = throttle.epoch
    assert not throttle.probe_first()
    assert (throttle.status, throttle.epoch) == (NetworkStatus.COOLING, epoch)


def test_a_switch_to_a_network_that_was_offline_tries_it_at_once() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_outage(NOW)
    assert throttle.probe_first()
    assert (throttle.status, throttle.until) == (NetworkStatus.PROBING, None)


def test_the_wait_in_hand_and_the_next_one_are_told() -> None:
    throttle = Throttle((60.0, 600.0, 3600.0))
    assert (throttle.step_s, throttle.next_step_s) == (60.0, 60.0)
    throttle.saw_signal(SIGNAL, NOW)
    assert (throttle.step_s, throttle.next_step_s) == (60.0, 600.0)
    throttle.tick(NOW + 60)
    throttle.saw_signal(SIGNAL, NOW + 60)
    assert (throttle.step_s, throttle.next_step_s) == (600.0, 3600.0)
    throttle.tick(NOW + 660)
    for _ in range(FORGIVEN_AFTER_CLIPS):
        throttle.passed(NOW + 700, done=True, width=4)
    # An hour less forty would have been enough, a minute was not: the next cooldown begins in between.
    assert 60.0 < throttle.next_step_s < 700.0
    assert throttle.waits_s == (
        throttle.next_step_s,
        *(s for s in (600.0, 3600.0) if s > throttle.next_step_s),
    )


def test_a_network_whose_blocks_last_an_hour_is_not_knocked_at_after_a_quarter_of_one_for_ever() -> None:
    lessons = Lessons()
    throttle = Throttle(COOLDOWN_STEPS_S, lessons=lessons)
    now, knocks = NOW, []
    for _ in range(10):
        block_ends, refused = now + HOUR_S, 0
        throttle.saw_signal(SIGNAL, now)
        while True:
            assert throttle.until is not None
            now = throttle.until
            throttle.tick(now)
            if now >= block_ends:
                break
            refused += 1
            throttle.saw_signal(SIGNAL, now)
        knocks.append(refused)
        for _ in range(FORGIVEN_AFTER_CLIPS):
            throttle.passed(now, done=True, width=16)
        now += DAY_S
    assert knocks[0] == 1
    assert knocks[4:] == [0] * 6
    assert HOUR_S <= throttle.next_step_s <= 1.25 * HOUR_S


def test_clips_that_were_sent_before_a_turn_of_events_end_the_cooldown_too() -> None:
    lessons = Lessons()
    throttle = Throttle(COOLDOWN_STEPS_S, lessons=lessons)
    throttle.saw_signal(SIGNAL, NOW)
    throttle.tick(NOW + HOUR_S)
    throttle.passed(NOW + HOUR_S, done=True, width=16)
    throttle.clips_since_throttle += FORGIVEN_AFTER_CLIPS
    throttle.saw_signal(SIGNAL, NOW + DAY_S)
    assert lessons.passed_after_s == HOUR_S


def test_a_retry_after_longer_than_the_learned_wait_wins() -> None:
    lessons = Lessons(refused_after_s=HOUR_S, refused_at=NOW, passed_after_s=1.1 * HOUR_S)
    throttle = Throttle(COOLDOWN_STEPS_S, lessons=lessons)
    throttle.saw_signal(SIGNAL, NOW, retry_after_s=2 * HOUR_S)
    assert throttle.until == NOW + 2 * HOUR_S
    assert throttle.step_s == pytest.approx(1.1 * HOUR_S)


def test_a_restart_in_a_learned_wait_goes_on_with_the_steps_that_are_longer() -> None:
    lessons = Lessons(refused_after_s=HOUR_S, refused_at=NOW, passed_after_s=1.1 * HOUR_S)
    before = Throttle(COOLDOWN_STEPS_S, lessons=lessons)
    before.saw_signal(SIGNAL, NOW)
    after = Throttle(COOLDOWN_STEPS_S, status=before.status, until=before.until, step=1, lessons=lessons)
    assert after.until is not None
    after.tick(after.until)
    after.saw_signal(SIGNAL, after.until or NOW + DAY_S)
    assert after.step_s == 3 * HOUR_S


def test_each_turn_of_events_is_an_epoch_of_its_own() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    epochs = [throttle.epoch]
    throttle.saw_signal(SIGNAL, NOW)
    epochs.append(throttle.epoch)
    throttle.saw_signal(SIGNAL, NOW + 1)
    assert throttle.epoch == epochs[-1]
    throttle.probe_now()
    epochs.append(throttle.epoch)
    throttle.passed(NOW, done=True, width=4)
    assert throttle.epoch == epochs[-1]
    assert len(set(epochs)) == 3


@pytest.mark.parametrize(
    ("status", "step", "expected"),
    [
        (NetworkStatus.PROBING, 0, NetworkStatus.OPEN),
        (NetworkStatus.PROBING, 2, NetworkStatus.PROBING),
        (NetworkStatus.OFFLINE, 0, NetworkStatus.OPEN),
        (NetworkStatus.OFFLINE, 2, NetworkStatus.PROBING),
        (NetworkStatus.RAMPING, 1, NetworkStatus.RAMPING),
    ],
)
def test_what_was_under_way_at_a_restart_begins_anew(
    status: NetworkStatus, step: int, expected: NetworkStatus
) -> None:
    assert Throttle((60.0,), status=status, step=step, until=NOW).status is expected


@given(
    st.lists(
        st.sampled_from(["signal", "outage", "tick", "probe", "switch", "longer", "done", "failed"]),
        max_size=60,
    )
)
def test_a_shut_network_always_has_an_end_and_lets_nothing_through(steps: list[str]) -> None:
    throttle = Throttle((60.0, 600.0))
    now = NOW
    for step in steps:
        now += 7.0
        match step:
            case "signal":
                throttle.saw_signal(SIGNAL, now)
            case "outage":
                throttle.saw_outage(now)
            case "tick":
                now += 300.0
                throttle.tick(now)
            case "probe":
                throttle.probe_now()
            case "switch":
                throttle.probe_first()
            case "longer":
                throttle.wait_longer(30.0)
            case _:
                throttle.passed(NOW, done=step == "done", width=16)
        shut = throttle.status in (NetworkStatus.COOLING, NetworkStatus.OFFLINE)
        assert (throttle.until is not None) is shut
        assert (throttle.workers_allowed == 0) is shut


def held(times: int = 1, lessons: Lessons | None = None) -> tuple[Throttle, float]:
    """A network by which YouTube refused every video so often, each time it was asked."""
    throttle, now = Throttle(COOLDOWN_STEPS_S, lessons=lessons), NOW
    for number in range(times):
        if number:
            now += throttle.step_s
            assert throttle.tick(now)
            assert throttle.wants_witness
        throttle.hold(Category.FORBIDDEN, now)
    return throttle, now


def test_a_network_that_is_held_is_asked_after_the_configured_steps() -> None:
    throttle, now = held()
    waits = []
    for _ in range(3):
        assert throttle.status is NetworkStatus.HELD
        assert throttle.workers_allowed == 0
        assert throttle.until is not None
        waits.append(throttle.until - now)
        assert not throttle.tick(throttle.until - 1)
        now = throttle.until
        assert throttle.tick(now)
        assert (throttle.status, throttle.workers_allowed) == (NetworkStatus.PROBING, 0)
        throttle.hold(Category.FORBIDDEN, now)
    assert waits == [15 * MINUTE_S, HOUR_S, 3 * HOUR_S]
    assert throttle.held_since == NOW


def test_a_hold_teaches_nothing_of_cooldowns() -> None:
    lessons = Lessons()
    throttle, now = held(3, lessons)
    throttle.probe_now()
    assert throttle.passed(now + DAY_S, done=False, width=16)
    assert lessons == Lessons()
    assert (throttle.step, throttle.last_throttle_at) == (0, None)


def test_a_hold_that_is_over_lets_workers_back_a_few_at_a_time() -> None:
    throttle, now = held()
    throttle.probe_now()
    assert throttle.passed(now, done=False, width=4)
    assert (throttle.status, throttle.workers_allowed) == (NetworkStatus.RAMPING, 1)
    assert throttle.held_since is None
    for _ in range(3):
        throttle.passed(now, done=True, width=4)
    assert throttle.status is NetworkStatus.OPEN


def test_a_network_that_cools_down_is_not_held() -> None:
    throttle = Throttle(COOLDOWN_STEPS_S)
    throttle.saw_signal(SIGNAL, NOW)
    assert not throttle.hold(Category.FORBIDDEN, NOW)
    assert (throttle.status, throttle.held_since) == (NetworkStatus.COOLING, None)


def test_a_throttle_ends_a_hold_and_begins_at_its_first_step() -> None:
    throttle, now = held(3)
    throttle.probe_now()
    assert throttle.saw_signal(SIGNAL, now)
    assert (throttle.status, throttle.step, throttle.signal) == (NetworkStatus.COOLING, 1, SIGNAL)
    assert throttle.held_since is None


def test_a_hold_after_a_cooldown_begins_at_its_first_step() -> None:
    throttle, now = cooled(4)
    assert throttle.probes_after_cooldown
    throttle.hold(Category.FORBIDDEN, now)
    assert throttle.until == now + 15 * MINUTE_S


def test_an_engine_that_begins_asks_a_network_that_was_held_at_once() -> None:
    lessons = Lessons(held_since=NOW - DAY_S)
    throttle = Throttle(
        COOLDOWN_STEPS_S, status=NetworkStatus.HELD, until=NOW + DAY_S, step=3, lessons=lessons
    )
    assert throttle.wants_witness
    throttle.hold(Category.FORBIDDEN, NOW)
    assert (throttle.until, throttle.held_since) == (NOW + 6 * HOUR_S, NOW - DAY_S)


def test_a_clock_that_was_set_moves_a_hold_along() -> None:
    lessons = Lessons()
    throttle, _ = held(1, lessons)
    throttle.move_times(HOUR_S)
    lessons.move_times(HOUR_S)
    assert (throttle.until, throttle.held_since) == (NOW + 75 * MINUTE_S, NOW + HOUR_S)
