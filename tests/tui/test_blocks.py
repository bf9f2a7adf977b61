from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.tui.blocks import (
    bar,
    big_text,
    big_text_height,
    big_text_width,
    chart,
    fine_bar,
    rates_a_minute,
)


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert bar(0.999, 10) == "█████████░"
    assert bar(1.0, 10) == "██████████"
    assert bar(0.0, 4) == "░░░░"
    assert bar(7.0, 3) == "███"
    assert bar(-1.0, 3) == "░░░"


@given(st.floats(0, 1), st.integers(0, 60))
def test_a_fine_bar_never_outgrows_its_width_and_shows_the_least(fraction: float, width: int) -> None:
    text = fine_bar(fraction, width)
    assert len(text) <= width
    assert bool(text) == (fraction > 0 and width > 0)


def test_digits_are_three_by_three_cells() -> None:
    assert big_text("29:41") == [
        "▀▀█ █▀█ ▄ █ █ ▄█ ",
        "█▀▀ ▀▀█ ▄ ▀▀█  █ ",
        "▀▀▀ ▀▀▀     ▀ ▀▀▀",
    ]


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_big_text_takes_the_room_it_says(scale: int) -> None:
    rows = big_text("4d 12:33:07", scale)
    assert len(rows) == big_text_height(scale)
    assert {len(row) for row in rows} == {big_text_width("4d 12:33:07", scale)}


def test_all_digits_look_different() -> None:
    assert len({tuple(big_text(digit)) for digit in "0123456789d"}) == 11


def test_a_chart_fills_its_height_with_the_highest_value() -> None:
    assert chart([None, 0.0, 4.0, 8.0], 2) == ["   █", " ·██"]


def test_a_chart_of_nothing_is_blank() -> None:
    assert chart([], 3) == ["", "", ""]
    assert chart([None, 0.0], 1) == [" ·"]


def test_rates_leave_out_the_minute_that_is_still_running() -> None:
    done = {98: 2, 99: 4, 100: 1}
    assert rates_a_minute(done, 100 * 60 + 30, 4, 4) == [None, None, 2, 4]


def test_the_first_minute_of_a_run_is_shown_while_it_runs() -> None:
    assert rates_a_minute({100: 3}, 100 * 60 + 30, 3, 3) == [None, None, 3]


def test_rates_share_out_minutes_over_fewer_columns() -> None:
    done = dict.fromkeys(range(120), 6)
    assert rates_a_minute(done, 120 * 60, 120, 50) == [6.0] * 50


@given(st.dictionaries(st.integers(0, 10**6), st.integers(0, 100)), st.floats(0, 1e9), st.integers(-3, 200))
def test_rates_take_any_history(done: dict[int, int], now: float, columns: int) -> None:
    assert len(rates_a_minute(done, now, 120, columns)) <= max(0, min(columns, 120))
