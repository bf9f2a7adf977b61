"""The token bucket: what it lets through in a stretch of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.engine.pace import BURST_S, TokenBucket


def taken_in(bucket: TokenBucket, start: float, seconds: int) -> int:
    return sum(bucket.take(start + second) for second in range(seconds))


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
    bucket.give_back()
    assert bucket.take(0.0)


def test_a_clock_set_back_neither_freezes_nor_floods_it() -> None:
    bucket = TokenBucket(3600, now=1_000_000.0)
    while bucket.take(1_000_000.0):
        pass
    assert not bucket.take(900_000.0)
    assert bucket.take(900_001.0)


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
    assert taken <= now * per_hour / 3600 + max(1.0, per_hour / 3600 * BURST_S) + 1e-6
