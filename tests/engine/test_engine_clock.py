"""A clock that is set, and one that is only a little off."""

from __future__ import annotations

import time

import pytest

from kinetics_tui.engine.context import Clock, steady_time


class Hands:
    """Two clocks by hand."""

    def __init__(self) -> None:
        self.wall_s = 1_000_000.0
        self.steady_s = 50.0


@pytest.mark.parametrize("by_s", [86400.0, -86400.0, 3.0])
def test_a_clock_that_was_set_moves_when_it_is_followed_and_says_by_how_much(by_s: float) -> None:
    hands = Hands()
    clock = Clock(lambda: hands.wall_s, lambda: hands.steady_s)
    hands.steady_s += 10
    hands.wall_s += 10 + by_s
    assert clock() == 1_000_010.0
    assert clock.follow() == pytest.approx(by_s)
    assert clock() == pytest.approx(hands.wall_s)
    assert clock.follow() == 0.0


def test_a_clock_that_is_slewed_is_followed_without_a_word() -> None:
    hands = Hands()
    clock = Clock(lambda: hands.wall_s, lambda: hands.steady_s)
    for _ in range(100):
        hands.steady_s += 1.0
        hands.wall_s += 1.05
        assert clock.follow() == 0.0
    assert clock() == pytest.approx(hands.wall_s)


def test_time_asleep_counts_as_time() -> None:
    assert steady_time() >= time.monotonic() - 1.0
