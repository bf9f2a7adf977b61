from __future__ import annotations

import pytest

from kinetics_tui.demo.pattern import match_sound, tune

RATE_HZ = 48_000


@pytest.mark.parametrize("shift_s", [-0.04, -0.001, 0.0, 0.0005, 0.02])
def test_a_shift_is_measured_to_a_fraction_of_a_millisecond(shift_s: float) -> None:
    heard = tune(7.3 + shift_s, 0.5, RATE_HZ)
    match = match_sound(heard, RATE_HZ, 7.3)
    assert match.offset_s == pytest.approx(shift_s, abs=0.0002)
    assert match.score > 0.95


@pytest.mark.parametrize("other_s", [0.5, 1.5, 2.5, 3.5, 4.0, 9.0, 13.0])
def test_another_part_of_the_tune_does_not_match(other_s: float) -> None:
    assert match_sound(tune(3.0, 0.5, RATE_HZ), RATE_HZ, other_s).score < 0.9


def test_silence_does_not_match() -> None:
    assert match_sound([0] * (RATE_HZ // 2), RATE_HZ, 3.0).score == 0.0


def test_the_first_moment_can_be_searched_too() -> None:
    assert match_sound(tune(0.0, 0.5, RATE_HZ), RATE_HZ, 0.0).offset_s == 0.0


def test_a_periodic_tune_starts_anew() -> None:
    assert tune(8.25, 1.0, RATE_HZ, period_s=8) == tune(0.25, 1.0, RATE_HZ)
    assert match_sound(tune(1.0, 0.5, RATE_HZ), RATE_HZ, 17.0, period_s=8).score > 0.95
