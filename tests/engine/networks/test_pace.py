"""The token bucket, and the pace that throttles teach: what they let through in a stretch of time."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S
from kinetics_tui.engine.networks.pace import BURST_S, MARGIN, Pace, TokenBucket
from kinetics_tui.model.network import Counted, Lessons
from kinetics_tui.model.options import Preset

NOW = 1_700_000_000.0
FULL_SPEED_S = 0.7
"""Between two requests of many workers, where nothing holds them back."""


def taken_in(bucket: TokenBucket | Pace, start: float, seconds: int) -> int:
    return sum(bucket.take(start + second) for second in range(seconds))


def send(pace: Pace, count: int, now: float, every_s: float = FULL_SPEED_S) -> float:
    """Send so many requests as soon as they may be sent; returns the time of the last."""
    for number in range(count):
        if number:
            now += every_s
        while not pace.take(now):
            now = pace.next_at(now)
    return now


def throttled_after(count: int, *, every_s: float = FULL_SPEED_S) -> tuple[Pace, Lessons, float]:
    """A network of unlimited pace that was throttled for the first time after so many requests."""
    lessons = Lessons()
    pace = Pace(None, lessons, NOW)
    now = send(pace, count, NOW, every_s)
    pace.throttled(now, count)
    return pace, lessons, now


# -- the bucket -----------------------------------------------------------------------------------------


def test_guest_pace_lets_three_hundred_an_hour_through() -> None:
    bucket = TokenBucket(300, now=0.0)
    assert taken_in(bucket, 0.0, 3600) in (304, 305)  # a minute's worth at once, then 300 in the hour


def test_unlimited_never_waits() -> None:
    bucket = TokenBucket(None, now=0.0)
    assert all(bucket.take(0.0) for _ in range(10_000))
    assert bucket.next_at(5.0) == 5.0


def test_a_slow_pace_still_lets_the_first_video_through_at_once() -> None:
    bucket = TokenBucket(1, now=0.0)
    assert bucket.take(0.0)
    assert not bucket.take(1.0)
    assert bucket.next_at(1.0) == 3600.0


def test_a_new_pace_holds_from_now_on() -> None:
    bucket = TokenBucket(60, now=0.0)
    assert bucket.take(0.0)
    assert not bucket.take(0.0)
    bucket.change(3600, now=0.0)
    assert not bucket.take(0.5)
    assert bucket.take(1.0)


def test_a_token_given_back_can_be_taken_again() -> None:
    bucket = TokenBucket(1, now=0.0)
    bucket.take(0.0)
    bucket.settle(-1.0)
    assert bucket.take(0.0)


def test_a_clock_set_back_neither_freezes_nor_floods_it() -> None:
    bucket = TokenBucket(3600, now=1_000_000.0)
    while bucket.take(1_000_000.0):
        pass
    assert not bucket.take(900_000.0)
    assert bucket.take(900_001.0)


@given(rate=st.floats(1, 10_000), gaps_s=st.lists(st.floats(0, 100), max_size=50))
def test_when_it_says_a_token_is_there_it_can_be_taken(rate: float, gaps_s: list[float]) -> None:
    bucket = TokenBucket(rate, now=NOW)
    now = NOW
    for gap_s in gaps_s:
        now = bucket.next_at(now + gap_s)
        assert bucket.take(now) or bucket.next_at(now) > now


@given(
    per_hour=st.floats(1, 10_000),
    gaps_s=st.lists(st.floats(0, 1000), max_size=100),
)
def test_it_never_lets_through_more_than_pace_and_burst(per_hour: float, gaps_s: list[float]) -> None:
    bucket = TokenBucket(per_hour, now=0.0)
    now, taken = 0.0, 0
    for gap_s in gaps_s:
        now += gap_s
        while bucket.take(now):
            taken += 1
    assert taken <= now * per_hour / 3600 + max(1.0, per_hour / 3600 * BURST_S) + 1e-5


# -- the user's pace and the learned one ----------------------------------------------------------------


def test_until_something_is_learned_the_users_pace_holds() -> None:
    pace = Pace(300, Lessons(), NOW)
    assert (pace.allowed_per_hour, pace.learned_per_hour) == (300, None)
    assert taken_in(pace, NOW, 3600) in (304, 305)


def test_the_lower_of_the_two_holds() -> None:
    pace = Pace(None, Lessons(safe_per_hour=200.0, ceiling_per_hour=211.0), NOW)
    assert pace.allowed_per_hour == 200
    pace.set_user(100, NOW)
    assert (pace.allowed_per_hour, pace.learned_per_hour) == (100, 200)
    pace.set_user(1000, NOW)
    assert pace.allowed_per_hour == 200
    assert taken_in(pace, NOW + 60, 3600) <= 204


def test_forgetting_gives_the_users_pace_back() -> None:
    pace, lessons, now = throttled_after(300)
    pace.forget()
    assert (pace.allowed_per_hour, pace.learned_per_hour) == (None, None)
    assert all(pace.take(now) for _ in range(1000))
    assert lessons.ceiling_per_hour is None


def test_a_learned_pace_starts_without_a_burst_after_a_restart() -> None:
    lessons = Lessons(safe_per_hour=1900.0, ceiling_per_hour=2000.0)
    taken = 0
    for _ in range(10):
        pace = Pace(None, lessons, NOW)
        while pace.take(NOW):
            taken += 1
    assert taken == 10


# -- clips that cost several requests ---------------------------------------------------------------------


def ask(pace: Pace, count: int, now: float, sent: int) -> float:
    """Ask for so many videos as soon as may be, each by so many requests; returns the time then."""
    for _ in range(count):
        now = max(now + FULL_SPEED_S, pace.next_at(now))
        cost = pace.cost
        assert pace.take(now)
        pace.settle(cost, sent)
    return now


@pytest.mark.parametrize(("sent", "clips"), [(1, 900), (3, 300)])
def test_a_budget_is_counted_in_requests_that_were_really_sent(sent: int, clips: int) -> None:
    pace = Pace(Preset.GUEST, Lessons(), NOW)
    before = ask(pace, 20, NOW, sent)
    assert ask(pace, clips, before, sent) - before == pytest.approx(HOUR_S, rel=0.05)
    assert pace.allowed_per_hour == pytest.approx(clips)
    assert pace.budget_per_hour == 900


def test_a_plain_number_is_clips_whatever_they_cost() -> None:
    pace = Pace(300, Lessons(), NOW)
    before = ask(pace, 20, NOW, 3)
    assert ask(pace, 300, before, 3) - before == pytest.approx(HOUR_S, rel=0.05)
    assert (pace.allowed_per_hour, pace.budget_per_hour) == (300, None)


def test_until_it_is_known_what_a_clip_costs_a_budget_is_told_at_full_cost() -> None:
    pace = Pace(Preset.ACCOUNT, Lessons(), NOW)
    assert (pace.allowed_per_hour, pace.budget_per_hour) == (1200, 3600)


def test_a_clip_that_cost_more_than_was_thought_is_made_good_by_those_after_it() -> None:
    pace = Pace(Preset.GUEST, Lessons(requests_per_clip=1.0), NOW)
    for _ in range(15):
        assert pace.take(NOW)
    assert pace.next_at(NOW) == pytest.approx(NOW + 4)
    pace.settle(1.0, 10)
    assert pace.next_at(NOW) == pytest.approx(NOW + 40)


def test_a_clip_that_sent_nothing_gives_its_leave_back() -> None:
    pace = Pace(Preset.GUEST, Lessons(requests_per_clip=3.0), NOW)
    taken = 0
    while pace.take(NOW):
        taken += 1
    assert (taken, pace.next_at(NOW) > NOW) == (5, True)
    pace.settle(3.0, 0)
    assert pace.next_at(NOW) == NOW
    assert pace.cost == 3


def learned(count: int, sent: int) -> tuple[Pace, Lessons, float]:
    """A network that was throttled after so many clips within an hour, each of so many requests."""
    lessons = Lessons()
    pace = Pace(None, lessons, NOW)
    now = ask(pace, count, NOW, sent)
    pace.throttled(now, count)
    return pace, lessons, now + 2 * HOUR_S


def test_lean_clips_go_out_thrice_as_fast_at_a_pace_that_was_learned_of_full_ones() -> None:
    pace, _, now = learned(300, 3)
    assert pace.budget_per_hour == pytest.approx(3 * 285)
    ask(pace, 200, now, 1)
    assert pace.allowed_per_hour == pytest.approx(3 * 285, rel=0.01)


def test_a_throttle_of_lean_clips_tells_that_videos_are_counted_and_leaves_the_learned_pace() -> None:
    pace, lessons, now = learned(300, 3)
    now = ask(pace, 300, now, 1)
    pace.throttled(now, 300)
    assert lessons.counted is Counted.CLIPS
    assert pace.allowed_per_hour == pytest.approx(285)
    assert pace.budget_per_hour is None


def test_full_clips_go_out_as_fast_as_lean_ones_until_a_throttle_tells_that_requests_are_counted() -> None:
    pace, lessons, now = learned(900, 1)
    now = ask(pace, 300, now, 3)
    assert pace.allowed_per_hour == pytest.approx(855)
    pace.throttled(now, 300)
    assert lessons.counted is Counted.REQUESTS
    assert pace.allowed_per_hour == pytest.approx(285, rel=0.01)
    assert pace.budget_per_hour == pytest.approx(855)


def test_the_first_throttle_after_clips_became_lean_teaches_what_went_out_an_hour_before() -> None:
    lessons = Lessons()
    pace = Pace(Preset.GUEST, lessons, NOW)
    now = ask(pace, 3000, NOW, 3)
    now = ask(pace, 60, now, 1)
    pace.throttled(now, 3060)
    assert lessons.counted is Counted.CLIPS
    assert pace.allowed_per_hour == pytest.approx(285, rel=0.05)


def test_lessons_of_before_requests_were_counted_hold_clips_as_they_did() -> None:
    kept = msgspec.json.decode(
        b'{"safe_per_hour":285.0,"ceiling_per_hour":300.0,"stretch_requests":40,"clean_requests":7}',
        type=Lessons,
    )
    pace = Pace(Preset.GUEST, kept, NOW)
    ask(pace, 100, NOW, 1)
    assert (pace.allowed_per_hour, pace.budget_per_hour) == (285, None)


# -- what a throttle teaches ----------------------------------------------------------------------------


def test_what_went_out_within_an_hour_is_the_hourly_budget() -> None:
    pace, lessons, now = throttled_after(300)
    assert pace.learned_per_hour == pytest.approx(285)
    assert lessons.ceiling_per_hour == 300
    assert not pace.take(now)  # nothing is left over from the faster pace
    assert taken_in(pace, now + HOUR_S, 3600) < 300


def test_a_pace_held_for_longer_than_an_hour_is_halved() -> None:
    pace, lessons, _ = throttled_after(400, every_s=36.0)  # 100 an hour
    assert pace.learned_per_hour == pytest.approx(50, rel=0.01)
    assert lessons.ceiling_per_hour == pytest.approx(100, rel=0.01)


def test_after_a_day_at_a_learned_pace_the_average_counts() -> None:
    pace, _, now = throttled_after(300)
    for _ in range(2 * 285 * 24):
        now = max(now + 1.0, pace.next_at(now))
        assert pace.take(now)
    pace.throttled(now, 10_000)
    assert pace.learned_per_hour == pytest.approx(0.95 * 285, rel=0.01)


def test_no_throttle_takes_more_than_half_of_a_learned_pace_away() -> None:
    pace, _, now = throttled_after(3000)
    for _ in range(200):
        now = pace.next_at(now)
        assert pace.take(now)
    pace.throttled(now, 200)
    assert pace.learned_per_hour == pytest.approx(0.5 * 0.95 * 3000)


def test_a_network_that_counts_requests_is_not_slowed_down() -> None:
    pace, lessons, now = throttled_after(3000)
    now = send(pace, 3000, now + 2 * HOUR_S)
    pace.throttled(now, 3000)
    assert pace.allowed_per_hour is None
    assert lessons.counts_requests
    now = send(pace, 2900, now + 2 * HOUR_S)
    pace.throttled(now, 2900)
    assert pace.allowed_per_hour is None


def test_a_network_that_stops_short_twice_does_not_count_requests_any_more() -> None:
    pace, lessons, now = throttled_after(3000)
    for count in (3000, 300, 300):
        now = send(pace, count, now + 2 * HOUR_S)
        pace.throttled(now, count)
    assert not lessons.counts_requests
    assert pace.learned_per_hour == pytest.approx(285)


def test_slowing_down_in_vain_three_times_gives_the_pace_up() -> None:
    pace, lessons, now = throttled_after(60_000)
    for count in (50_000, 40_000, 30_000):
        assert pace.learned_per_hour is not None
        now = send(pace, count, now + DAY_S)
        pace.throttled(now, count)
    assert lessons.counts_requests
    assert pace.allowed_per_hour is None


def test_a_budget_that_shrinks_a_little_is_not_mistaken_for_a_count_of_requests() -> None:
    pace, lessons, now = throttled_after(300)
    now = send(pace, 275, now + 2 * HOUR_S)
    pace.throttled(now, 275)
    assert not lessons.counts_requests
    assert pace.learned_per_hour == pytest.approx(0.95 * 275)


def test_short_stretches_say_nothing_against_the_pace_as_savings_may_have_been_spent() -> None:
    pace, lessons, now = throttled_after(60_000)
    for count in (8000, 4000, 2000, 1000):
        now = send(pace, count, now + DAY_S)
        pace.throttled(now, count)
    assert not lessons.counts_requests
    assert pace.learned_per_hour == pytest.approx(HOUR_S / FULL_SPEED_S / 32, rel=0.01)


def test_a_slower_pace_that_let_more_through_speaks_for_itself() -> None:
    pace, lessons, now = throttled_after(60_000)
    for count in (50_000, 45_000, 90_000, 80_000, 70_000):
        now = send(pace, count, now + DAY_S)
        pace.throttled(now, count)
    assert not lessons.counts_requests


def test_a_throttle_of_a_cooldown_that_is_not_over_teaches_nothing() -> None:
    pace, _, now = throttled_after(300)
    for count in (1, 20, 99):
        now = send(pace, count, now + DAY_S)
        pace.throttled(now, count)
    assert pace.learned_per_hour == pytest.approx(285)


def test_a_network_found_throttled_teaches_nothing() -> None:
    pace = Pace(None, Lessons(), NOW)
    pace.take(NOW)
    pace.throttled(NOW, 0)
    assert pace.learned_per_hour is None


def test_a_probe_after_a_rest_teaches_nothing_of_the_work_before_it() -> None:
    pace = Pace(None, Lessons(), NOW)
    now = send(pace, 5000, NOW)
    assert pace.take(now + DAY_S)
    pace.throttled(now + DAY_S, 5000)
    assert pace.learned_per_hour is None


def test_a_check_of_a_network_at_rest_teaches_nothing() -> None:
    pace = Pace(None, Lessons(), NOW)
    now = send(pace, 5000, NOW)
    pace.throttled(now + 2 * HOUR_S, 5000)
    assert pace.learned_per_hour is None


def test_requests_that_were_given_back_are_not_counted() -> None:
    pace = Pace(None, Lessons(), NOW)
    now = send(pace, 400, NOW)
    for _ in range(100):
        pace.give_back()
    pace.throttled(now, 300)
    assert pace.learned_per_hour == pytest.approx(285)


def test_an_hour_is_counted_across_a_restart() -> None:
    lessons = Lessons()
    now = send(Pace(None, lessons, NOW), 200, NOW)
    kept = msgspec.json.decode(msgspec.json.encode(lessons), type=Lessons)
    pace = Pace(None, kept, now + MINUTE_S)
    now = send(pace, 100, now + MINUTE_S)
    pace.throttled(now, 300)
    assert pace.learned_per_hour == pytest.approx(285)


# -- how a learned pace grows ---------------------------------------------------------------------------


def work(pace: Pace, days: float, now: float) -> tuple[float, int]:
    """Ask as often as is allowed for so many days; returns the time then, and how often the pace grew."""
    until, grown = now + days * DAY_S, 0
    while now < until:
        now = pace.next_at(now)
        pace.take(now)
        grown += pace.tick(now)
    return now, grown


def test_each_day_without_a_throttle_raises_the_pace_by_a_tenth_up_to_the_ceiling() -> None:
    pace, _, now = throttled_after(400, every_s=36.0)
    now, grown = work(pace, 1.05, now)
    assert grown == 1
    assert pace.learned_per_hour == pytest.approx(55, rel=0.01)
    work(pace, 8, now)
    assert pace.learned_per_hour == pytest.approx(MARGIN * 100, rel=0.01)


def test_weeks_at_the_ceiling_raise_it_faster_and_faster() -> None:
    pace, _, now = throttled_after(60)
    ceilings = []
    for _ in range(3):
        now, _ = work(pace, 7.05, now)
        ceilings.append((pace.learned_per_hour or 0.0) / MARGIN)
    assert ceilings == pytest.approx([60 * 1.005, 60 * 1.005 * 1.01, 60 * 1.005 * 1.01 * 1.02], rel=0.002)


def test_time_alone_raises_nothing() -> None:
    pace, _, now = throttled_after(300)
    assert not pace.tick(now + 365 * DAY_S)
    assert pace.learned_per_hour == pytest.approx(285)


def test_a_pace_that_the_user_keeps_lower_says_nothing_of_a_higher_one() -> None:
    pace, _, now = throttled_after(300)
    pace.set_user(200, now)
    now, grown = work(pace, 12, now)
    assert grown == 0
    pace.set_user(None, now)
    assert not pace.tick(now)


def test_requests_that_were_given_back_raise_nothing() -> None:
    pace, _, now = throttled_after(60)
    for _ in range(8 * 24 * 60):
        now = pace.next_at(now + 1)
        assert pace.take(now)
        pace.give_back()
        assert not pace.tick(now)


# -- in any history -------------------------------------------------------------------------------------


HISTORIES = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 400), st.floats(0.1, 60.0)),
        st.tuples(st.just("wait"), st.just(0), st.floats(0.0, 3 * DAY_S)),
        st.tuples(st.just("throttle"), st.integers(0, 300), st.just(0.0)),
        st.tuples(st.just("user"), st.integers(1, 3000), st.just(0.0)),
        st.tuples(st.just("give back"), st.just(0), st.just(0.0)),
        st.tuples(st.just("restart"), st.just(0), st.just(0.0)),
        st.tuples(st.just("forget"), st.just(0), st.just(0.0)),
    ),
    max_size=25,
)


@given(history=HISTORIES)
def test_in_any_history_the_learned_pace_keeps_under_its_ceiling_and_survives_a_restart(
    history: list[tuple[str, int, float]],
) -> None:
    lessons = Lessons()
    pace = Pace(None, lessons, NOW)
    user: float | None = None
    now = NOW
    for what, number, seconds in history:
        match what:
            case "send":
                for _ in range(number):
                    now += seconds
                    pace.take(now)
            case "wait":
                now += seconds
            case "throttle":
                pace.throttled(now, number)
            case "user":
                user = float(number)
                pace.set_user(user, now)
            case "give back":
                pace.give_back()
            case "restart":
                kept = msgspec.json.decode(msgspec.json.encode(lessons), type=Lessons)
                assert kept == lessons
                lessons, pace = kept, Pace(user, kept, now)
            case _:
                pace.forget()
        pace.tick(now)
        learned, ceiling = pace.learned_per_hour, lessons.ceiling_per_hour
        assert (learned is None) == (ceiling is None)
        if learned is not None and ceiling is not None:
            assert 1.0 <= learned <= max(1.0, MARGIN * ceiling + 1e-9)
        paces = [per_hour for per_hour in (learned, user) if per_hour is not None]
        assert pace.allowed_per_hour == min(paces, default=None)


@given(
    budget=st.integers(60, 600),
    gaps_s=st.lists(st.one_of(st.just(0.0), st.floats(0, 120.0)), min_size=1, max_size=200),
)
def test_no_hour_at_a_learned_pace_exceeds_the_budget_it_was_learned_from(
    budget: int, gaps_s: list[float]
) -> None:
    pace, _, now = throttled_after(budget, every_s=0.1)
    taken: list[float] = []
    for gap_s in gaps_s * 10:
        now += gap_s
        while pace.take(now):
            taken.append(now)
    first = 0
    for last, at in enumerate(taken):
        while taken[first] <= at - HOUR_S:
            first += 1
        assert last - first + 1 <= budget
