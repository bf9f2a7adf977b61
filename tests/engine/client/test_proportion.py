"""The confidence interval of a share."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.client.survey import wilson


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    [
        # Worked out by hand from the formula; 0 of 10 is the well-known case without a Wald interval.
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (171, 200, 0.7995, 0.8971),
        (5, 10, 0.2366, 0.7634),
    ],
)
def test_the_interval_is_wilsons(hits: int, size: int, low: float, high: float) -> None:
    assert wilson(hits, size) == pytest.approx((low, high), abs=5e-5)


def test_a_sample_that_is_much_of_the_whole_leaves_less_open() -> None:
    without = wilson(150, 200)
    some, most = wilson(150, 200, 400), wilson(150, 200, 210)
    assert without.low < some.low < most.low < 0.75 < most.high < some.high < without.high
    assert wilson(150, 200, 10**9) == pytest.approx(without, abs=1e-6)


def test_a_sample_of_all_leaves_nothing_open_and_one_of_none_everything() -> None:
    assert wilson(3, 4, 4) == (0.75, 0.75)
    assert wilson(0, 0, 9) == (0.0, 1.0)
