"""What a random sample tells of the whole: a share, and how far it may be off."""

from __future__ import annotations

import math
from typing import NamedTuple

Z_95 = 1.959964
"""The normal distribution has 95 % of its mass within so many standard deviations."""


class Interval(NamedTuple):
    """From where to where a share may lie, 0 to 1."""

    low: float
    high: float


def wilson(hits: int, size: int, population: int | None = None, z: float = Z_95) -> Interval:
    """The score interval of a share of which ``hits`` of ``size`` were seen (Wilson, J. Am. Stat. Assoc.
    22, 1927, 209-212).

    ``population``: the sample was drawn from so many without putting any back. The variance of the share is
    then smaller by (N-n)/(N-1) (Cochran, Sampling Techniques, 3rd ed. 1977, section 3.2), as if n(N-1)/(N-n)
    had been drawn from a population without end; a sample of all leaves nothing open. (Such a correction of
    this interval is the subject of O'Neill, Mathematical properties and finite-population correction for
    the Wilson score interval, 2021.) Of a sample of none nothing follows: 0 to 1.
    """
    if size <= 0:
        return Interval(0.0, 1.0)
    share = hits / size
    number = float(size)
    if population is not None:
        if size >= population:
            return Interval(share, share)
        number = size * (population - 1) / (population - size)
    square = z * z
    middle = (share + square / (2 * number)) / (1 + square / number)
    reach = z / (1 + square / number) * math.sqrt(share * (1 - share) / number + square / (4 * number**2))
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach))
