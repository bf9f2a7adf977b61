from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kinetics_tui.base.safe_text import ELLIPSIS, MOST_CHARACTERS, clean
from kinetics_tui.base.words import (
    age_text,
    clock_text,
    countdown_text,
    percent_text,
    rate_text,
    step_text,
    until_text,
    when_text,
)
from kinetics_tui.tui.parts.lines import bytes_text, fit, share_text

NOW = 1_787_580_131.0  # Mon 24 Aug 2026 14:02:11 UTC


@given(st.text())
def test_clean_text_is_printable_and_has_no_zero_width_characters(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert all(cell_len(character) for character in cleaned)


def test_a_text_without_end_is_cut() -> None:
    assert clean("x" * 10_000_000) == "x" * (MOST_CHARACTERS - 1) + ELLIPSIS
    assert len(clean("é" * 10_000_000)) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b]0;gone\x07", "?[2J?]0;gone?"),
        ("line\nfeed\r\ttab", "line?feed??tab"),
        ("evil\u202etxt.exe", "evil?txt.exe"),
        ("c1 \x9b31m", "c1 ?31m"),
        ("no\u00a0break", "no break"),
        ("e\u0301te\u0301", "été"),
        ("z\u0335\u0336\u0337", "z"),
        ("playing 琵琶", "playing 琵琶"),
    ],
)
def test_clean_takes_out_what_a_terminal_obeys(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@given(st.text(), st.integers(0, 40), st.booleans())
def test_fitted_text_has_exactly_the_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(clean(text), width, right=right)) == width


def test_a_wide_character_is_never_cut_in_half() -> None:
    assert fit("琵琶琵琶", 4) == "琵 …"


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
    assert clock_text(1e300, UTC) == "00:00:00"


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
