"""Means, quantiles, fences and bins."""

from __future__ import annotations

from array import array

import pytest

from kinetics_tui.report.figures import Spread
from kinetics_tui.report.statistics import Times, fences, histogram, inside_fences, quantile, spread, timing


def times(fetch: list[float], trim: list[float]) -> Times:
    total = array("d", (a + b for a, b in zip(fetch, trim, strict=True)))
    return Times(array("d"), array("d"), array("d", fetch), array("d", trim), total)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.25, 1.75), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)])
def test_a_quantile_lies_between_two_values_in_proportion(share: float, value: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == pytest.approx(value)


def test_of_one_value_all_figures_are_that_value() -> None:
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0, 7.0)
    assert fences([7.0]) == (7.0, 7.0)


def test_fences_lie_one_and_a_half_interquartile_ranges_out_and_values_on_them_are_inside() -> None:
    assert fences([0.0, 1.0, 2.0, 3.0, 4.0]) == (-2.0, 6.0)
    inner = inside_fences(times([1.0, 2.0, 3.0, 4.0, 1.0, 6.5], [1.0] * 6))
    assert list(inner.fetch) == [1.0, 2.0, 3.0, 4.0, 1.0, 6.5]


def test_the_second_fence_is_of_what_the_first_one_left() -> None:
    # With the outlier of fetching the quartiles of trimming would be 1 and 50, and all inside.
    inner = inside_fences(times([1.0, 1.0, 1.0, 1.0, 90.0, 90.0], [1.0, 1.0, 1.0, 9.0, 50.0, 50.0]))
    assert len(inner.total) == 6
    inner = inside_fences(times([1.0] * 7 + [90.0], [1.0] * 6 + [9.0, 50.0]))
    assert list(inner.trim) == [1.0] * 6


def test_no_clip_has_no_timing() -> None:
    assert timing(Times.none(), 5, 0.0, 0.0) is None


def test_clips_that_take_equally_long_to_fetch_and_to_trim_are_not_counted_as_longer() -> None:
    found = timing(times([1.0, 2.0, 3.0], [1.0, 1.0, 4.0]), 3, None, None)
    assert found is not None
    assert found.fetch_longer == 1


def test_bins_have_a_round_width_and_what_lies_beyond_is_counted() -> None:
    found = histogram([0.0, 9.9, 10.0, 47.9, 48.0, 900.0], 48.0)
    assert found.bin_s == 2.0
    assert len(found.clips) == 24
    assert (found.clips[0], found.clips[4], found.clips[5], found.clips[23], found.beyond) == (1, 1, 1, 2, 1)
    assert sum(found.clips) + found.beyond == 6


@pytest.mark.parametrize("until", [0.0, 1e-9, 1e9])
def test_bins_of_very_short_and_very_long_times_are_few(until: float) -> None:
    found = histogram([0.0, until], until)
    assert 1 <= len(found.clips) <= 24
    assert sum(found.clips) == 2
