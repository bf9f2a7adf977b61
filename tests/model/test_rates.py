"""How fast a run goes: means over its time of work."""

from __future__ import annotations

import pytest

from kinetics_tui.model.run import GRAIN_S, RECENT_S, Rates

AT = 1_700_000_000.0


def test_a_young_run_is_measured_over_its_own_age() -> None:
    rates = Rates(started_at=AT)
    for second in range(30):
        rates.came(AT + second, 1000)
    assert rates.clips_per_minute(AT + 30) == 60
    assert rates.bytes_per_s(AT + 30) == 1000


def test_what_is_long_past_is_forgotten() -> None:
    rates = Rates(started_at=AT)
    for second in range(0, 10_000, 10):
        rates.came(AT + second, 1)
    assert len(rates.recent) == RECENT_S / 10 + 1, "and the one from which the first of them is counted"


def test_however_fast_clips_come_what_is_kept_of_them_is_bounded() -> None:
    rates = Rates(started_at=AT)
    for number in range(40_000):
        rates.came(AT + number / 2000, 1000)
    assert len(rates.recent) <= 20 / GRAIN_S
    assert rates.clips_per_minute(AT + 20) == pytest.approx(2000 * 60, rel=0.01)
    assert rates.bytes_per_s(AT + 20) == pytest.approx(2000 * 1000, rel=0.01)


def test_idle_time_that_is_taken_out_leaves_the_rates_as_they_were() -> None:
    rates = Rates(started_at=AT)
    for second in range(60):
        rates.came(AT + second, 1000)
    before = rates.clips_per_minute(AT + 60)
    rates.take_out(3600)
    assert rates.clips_per_minute(AT + 60 + 3600) == before


def test_rates_of_nothing_are_zero() -> None:
    assert Rates(started_at=AT).clips_per_minute(AT) == 0
    assert Rates(started_at=AT).bytes_per_s(AT) == 0
