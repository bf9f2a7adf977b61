"""Where the shapes of a chart stand."""

from __future__ import annotations

import pytest

from kinetics_tui.report.charts import WIDTH, Bar, bars, columns


def test_the_pieces_of_a_bar_stand_side_by_side_in_proportion() -> None:
    rows = [
        Bar("train", "9", [("done", 0.5), ("failed", 0.0), ("left", 0.25)]),
        Bar("val", "1", [("done", 1.0)]),
    ]
    done, left, whole = bars("Splits", rows).boxes
    assert [box.kind for box in (done, left, whole)] == ["done", "left", "done"]
    assert done.x == whole.x
    assert left.x == pytest.approx(done.x + done.width)
    assert done.width == pytest.approx(2 * left.width)
    assert whole.width == pytest.approx(2 * done.width)
    assert whole.y > done.y == left.y


def test_words_and_bars_stay_within_the_chart() -> None:
    chart = bars("Classes", [Bar("a long name " * 9, "12,345  (99.9 %)", [("failed", 2.0)])])
    name, figures = chart.words
    assert name.text.endswith("…")
    assert name.tip == "a long name " * 9
    assert chart.boxes[0].x + chart.boxes[0].width < figures.x < WIDTH


def test_what_is_more_than_nothing_can_be_seen() -> None:
    assert bars("Failures", [Bar("rare", "1", [("failed", 1e-9)])]).boxes[0].width >= 0.5
    assert columns("Clips an hour", (1, 0, 10**9), ("", ""), "").boxes[0].height >= 0.5


def test_columns_stand_on_one_line_and_the_highest_reaches_the_other() -> None:
    chart = columns("Clips an hour", (1, 0, 4), ("from", "to"), "at most 4")
    top, bottom = chart.lines
    assert [box.y + box.height for box in chart.boxes] == [bottom, bottom]
    assert chart.boxes[1].y == top
    assert chart.boxes[0].height == pytest.approx(chart.boxes[1].height / 4)
    assert [words.text for words in chart.words] == ["at most 4", "from", "to"]
