"""Lengths of time in words."""

from __future__ import annotations

import pytest

from kinetics_tui.base.words import duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45.0, "45 s"),
        (45.2, "45 s"),
        (61, "1 min"),
        (24 * 60, "24 min"),
        (3 * 3600 + 300, "3 h 05 min"),
        (4 * 86400 + 7200, "4 d 2 h"),
        (14.9 * 86400, "14 d 21 h"),
        (-5, "0 s"),
        (float("inf"), "10,000 d 0 h"),
        (float("nan"), "10,000 d 0 h"),
    ],
)
def test_durations_show_their_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
