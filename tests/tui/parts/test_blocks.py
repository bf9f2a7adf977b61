from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.tui.parts.blocks import (
    bar,
    big_text,
    big_text_height,
    big_text_width,
    chart,
    fine_bar,
    rates_a_minute,
    two_part_bar,
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


def test_the_minute_that_is_still_running_counts_for_as_much_as_is_over_of_it() -> None:
    done = {98: 2, 99: 4, 100: 2}
    assert rates_a_minute(done, 100 * 60 + 30, 4, 4) == [None, None, 2, 4]
    assert rates_a_minute(done, 101 * 60, 4, 4) == [None, 2, 4, 2]


def test_a_young_run_is_measured_from_its_start() -> None:
    before, _, newest = rates_a_minute({100: 3}, 100 * 60 + 30, 3, 3, started_at=100 * 60 + 20)
    assert before is None
    assert newest == pytest.approx(18)
    # Its first minute stays on screen: a second of it at the end of a minute makes no tower.
    assert rates_a_minute({100: 1, 101: 4, 102: 4}, 103 * 60, 3, 3, started_at=100 * 60 + 59) == [2, 4, 4]


def test_a_run_that_goes_on_in_an_old_minute_is_not_measured_from_its_start_alone() -> None:
    assert rates_a_minute({100: 10, 101: 5}, 102 * 60, 2, 1, started_at=101 * 60 + 30) == [7.5]


@given(st.integers(1, 400), st.integers(1, 30))
def test_the_chart_of_a_steady_young_run_says_the_rate_of_the_run(age_s: int, second: int) -> None:
    started_at = 6000.0 + second
    done: dict[int, int] = {}
    for tick in range(age_s):
        minute = int((started_at + tick) // 60)
        done[minute] = done.get(minute, 0) + 1
    values = rates_a_minute(done, started_at + age_s, 120, 120, started_at)
    assert [round(value) for value in values if value is not None] == [60] * len([v for v in values if v])


def test_a_bar_of_two_parts_tells_them_apart() -> None:
    assert "".join(two_part_bar(0.5, 0.25, 8)) == "████▒▒░░"
    assert "".join(two_part_bar(0.0, 1.0, 3)) == "▒▒▒"
    assert "".join(two_part_bar(2.0, 2.0, 3)) == "███"


def test_rates_share_out_minutes_over_fewer_columns() -> None:
    done = dict.fromkeys(range(120), 6)
    assert rates_a_minute(done, 120 * 60, 120, 50) == [6.0] * 50


@given(st.dictionaries(st.integers(0, 10**6), st.integers(0, 100)), st.floats(0, 1e9), st.integers(-3, 200))
def test_rates_take_any_history(done: dict[int, int], now: float, columns: int) -> None:
    assert len(rates_a_minute(done, now, 120, columns)) <= max(0, min(columns, 120))
