"""The rate at which archives come."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.archives.reading import Speed


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_rate_is_over_the_last_seconds_and_unknown_before() -> None:
    clock = Clock()
    speed = Speed(30.0, clock)
    assert speed.bytes_per_s is None
    for second in range(60):
        clock.now_s = 100.0 + second
        speed.note(second * 1_000)
    assert speed.bytes_per_s == pytest.approx(1_000)


def test_a_pause_between_two_archives_makes_no_leap_and_a_stalled_line_ends_at_nothing() -> None:
    clock = Clock()
    speed = Speed(30.0, clock)
    for second in range(31):
        clock.now_s = 100.0 + second
        speed.note(second * 1_000)
    for second in range(1, 4):
        clock.now_s = 130.0 + second
        speed.note(30_000)
    assert speed.bytes_per_s == pytest.approx(900)
    clock.now_s = 200.0
    speed.note(30_000)
    clock.now_s = 201.0
    speed.note(30_000)
    assert speed.bytes_per_s == 0


def test_what_is_forgotten_counts_no_more() -> None:
    clock = Clock()
    speed = Speed(30.0, clock)
    speed.note(0)
    clock.now_s += 1
    speed.note(1_000)
    speed.begin()
    assert speed.bytes_per_s is None
