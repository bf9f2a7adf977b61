"""Counts, amounts, lengths of time and times of day in words."""

from __future__ import annotations

from datetime import UTC

import pytest

from kinetics_tui.base.words import (
    DAY_S,
    HOUR_S,
    age_text,
    bytes_text,
    clock_text,
    count_text,
    countdown_text,
    counted,
    dated,
    duration_text,
    percent_text,
    rate_text,
    share_text,
    span_text,
    step_text,
    until_text,
    when_text,
)

NOW = 1_787_580_131.0  # Mon 24 Aug 2026 14:02:11 UTC


@pytest.mark.parametrize(
    ("seconds", "text"), [(30, "30 s"), (900, "15 min"), (3600, "1 h"), (172_800, "2 d"), (5400, "90 min")]
)
def test_steps_are_round(seconds: float, text: str) -> None:
    assert step_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"),
        (-3, "00:00"),
        (0.2, "00:01"),
        (1781, "29:41"),
        (11_100, "3:05:00"),
        (391_000, "4d 12:36:40"),
    ],
)
def test_countdowns_are_exact_to_the_second(seconds: float, text: str) -> None:
    assert countdown_text(seconds) == text


def test_sizes_have_two_or_three_digits() -> None:
    assert [bytes_text(size) for size in (0, 999, 1_100_000, 138e9, 1.5e12, 9.96e6)] == [
        "0 B",
        "999 B",
        "1.1 MB",
        "138 GB",
        "1.5 TB",
        "10 MB",
    ]
    assert [rate_text(rate) for rate in (0, 110_000, 1_130_000)] == ["0.00 MB/s", "0.11 MB/s", "1.1 MB/s"]


def test_a_hundred_percent_means_all() -> None:
    assert percent_text(9_999, 10_000) == "99 %"
    assert percent_text(10, 10) == "100 %"
    assert percent_text(0, 0) == "0 %"
    assert share_text(23, 1000) == "2.3 %"


def test_times_of_day_follow_the_zone_handed_in() -> None:
    assert clock_text(NOW, UTC) == "14:02:11"
    assert until_text(NOW + 2 * 3600, NOW, UTC) == "16:02"
    assert until_text(NOW + 86400, NOW, UTC) == "Tue 14:02"
    assert until_text(NOW + 10 * 86400, NOW, UTC) == "3 Sep 14:02"


def test_a_time_beyond_the_calendar_is_no_crash() -> None:
    for at in (1e300, -1e300, float("nan"), float("inf")):
        assert clock_text(at, UTC) == "00:00:00"
        assert dated(at, UTC) == "1970-01-01 00:00"


@pytest.mark.parametrize(
    ("ago_s", "text"),
    [
        (3600, "13:02"),
        (86_400, "Sun 14:02"),
        (10 * 86_400, "14 Aug 14:02"),
        (365 * 86_400, "24 Aug 2025"),
        (-86_400, "25 Aug 14:02"),
        (9e18, "1 Jan 1970"),
    ],
)
def test_when_something_was_is_as_exact_as_it_is_near(ago_s: float, text: str) -> None:
    assert when_text(NOW - ago_s, NOW, UTC) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (86_399, "23 h"), (9e18, "10,000 d")],
)
def test_ages_are_told_in_one_unit(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (45.0, "45 s"),
        (45.2, "45 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 01 s"),
        (599, "9 min 59 s"),
        (601, "10 min"),
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


@pytest.mark.parametrize(
    ("span_s", "text"),
    [
        (0, "1 min"),
        (40 * 60, "40 min"),
        (66.35 * HOUR_S, "66 h"),
        (9.95 * HOUR_S, "10 h"),
        (14 * DAY_S + 22 * HOUR_S, "14 d 22 h"),
        (30 * DAY_S, "30 d"),
        (89.9 * DAY_S, "90 d"),
        (2000 * DAY_S, "2,000 d"),
    ],
)
def test_spans_of_time(span_s: float, text: str) -> None:
    assert span_text(span_s) == text


def test_counts() -> None:
    assert count_text(19_906) == "19,906"
    assert count_text(49.765, exact=False) == "about 50"
    assert [counted(1, "class"), counted(400, "class"), counted(2, "clip"), counted(3120, "clip")] == [
        "1 class",
        "400 classes",
        "2 clips",
        "3,120 clips",
    ]
