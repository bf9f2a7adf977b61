"""Means, quantiles and fences of the seconds that clips took."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import NamedTuple

from kinetics_tui.report.figures import Histogram, Seconds, Spread, Timing

FENCE = 1.5
"""Interquartile ranges beyond the quartiles; what lies farther out is outside of the fences (Tukey's)."""
BINS = 24
_BIN_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Times(NamedTuple):
    """Seconds of the same clips in the same order; ``resolve`` and ``download`` may be empty."""

    resolve: array[float]
    download: array[float]
    fetch: array[float]
    trim: array[float]
    total: array[float]

    @classmethod
    def none(cls) -> Times:
        """Of no clip yet."""
        return cls(array("d"), array("d"), array("d"), array("d"), array("d"))

    def only(self, wanted: Sequence[bool]) -> Times:
        """Of the clips that are wanted."""
        return Times(*(array("d", compress(values, wanted)) for values in self))


def timing(times: Times, settled: int, in_hand_s: float | None, taken_s: float | None) -> Timing | None:
    """The statistics of the times of fetched clips, None for no clip; ``settled`` are all clips."""
    if not times.total:
        return None
    inner = inside_fences(times)
    in_full, fenced = _seconds(times), _seconds(inner)
    longer = sum(fetch > trim for fetch, trim in zip(times.fetch, times.trim, strict=True))
    return Timing(
        in_full=in_full,
        fenced=fenced,
        fetch_longer=longer,
        histogram=histogram(times.total, fenced.total.max_s),
        sequential_s=in_full.total.mean_s * settled,
        fenced_sequential_s=fenced.total.mean_s * settled,
        in_hand_s=in_hand_s,
        taken_s=taken_s,
    )


def inside_fences(times: Times) -> Times:
    """The clips inside the fences by the seconds they took to fetch, and of these those by trimming."""
    for name in ("fetch", "trim"):
        values = getattr(times, name)
        low, high = fences(sorted(values))
        times = times.only([low <= value <= high for value in values])
    return times


def fences(ordered: Sequence[float]) -> tuple[float, float]:
    """From ``q1 - 1.5 iqr`` to ``q3 + 1.5 iqr``; values on a fence are inside."""
    first, third = quantile(ordered, 0.25), quantile(ordered, 0.75)
    reach = FENCE * (third - first)
    return first - reach, third + reach


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of the ordered values lies, between two of them in proportion.

    As pandas and NumPy reckon by default, which the write-up used.
    """
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread(values: Iterable[float]) -> Spread:
    """Of at least one value."""
    ordered = sorted(values)
    mean = math.fsum(ordered) / len(ordered)
    return Spread(mean, quantile(ordered, 0.5), quantile(ordered, 0.95), ordered[-1])


def histogram(values: Iterable[float], until: float) -> Histogram:
    """Bins of a round width, so wide that ``BINS`` of them reach ``until``."""
    width = _round_up(until / BINS)
    count = max(1, math.ceil(until / width))
    bins = [0] * count
    beyond = 0
    for value in values:
        place = int(value // width)
        if place < count:
            bins[place] += 1
        elif value <= until:
            bins[-1] += 1
        else:
            beyond += 1
    return Histogram(width, tuple(bins), beyond)


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten; a millisecond at least, which is what records tell."""
    if value <= 0.001:
        return 0.001
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _BIN_STEPS if step * power >= value * (1 - 1e-9))


def _seconds(times: Times) -> Seconds:
    return Seconds(
        clips=len(times.total),
        resolve=spread(times.resolve) if times.resolve else None,
        download=spread(times.download) if times.download else None,
        fetch=spread(times.fetch),
        trim=spread(times.trim),
        total=spread(times.total),
    )
