"""How much of a set is still there, estimated from a random sample of its videos.

YouTube is asked for the videos one after the other, and none of their media is fetched. The share comes with
how far it may be off.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

import msgspec

from kinetics_tui.base.words import HOUR_S
from kinetics_tui.engine.networks.pace import BURST_S, TokenBucket
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.failure import Category, Kind

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


class Survey(msgspec.Struct):
    """The findings so far.

    ``videos`` distinct ones carry the ``clips`` of the set, ``sample`` of them are to be asked for, in the
    order of the draw. ``there`` gave their media; ``gone`` are those that YouTube does not give, ``unclear``
    those of which an answer tells nothing, both by the reason. ``ended`` is why it ended before its time.
    """

    videos: int
    clips: int
    sample: int
    there: int = 0
    gone: dict[Category, int] = {}
    unclear: dict[Category, int] = {}
    ended: Category | None = None
    message: str = ""
    interrupted: bool = False

    @property
    def judged(self) -> int:
        """Videos of which it is known whether they are there."""
        return self.there + sum(self.gone.values())

    @property
    def asked(self) -> int:
        """Videos for which there was an answer."""
        return self.judged + sum(self.unclear.values())

    @property
    def share(self) -> float | None:
        """The share of videos still there; None while nothing is known."""
        return self.there / self.judged if self.judged else None

    @property
    def interval(self) -> Interval:
        """Where that share may lie in the whole set, with 95 % confidence."""
        return wilson(self.there, self.judged, self.videos)

    def note(self, category: Category | None) -> None:
        """Count one answer: the reason why the video is not given, None where it is."""
        if category is None:
            self.there += 1
            return
        gone = category.kind is Kind.PERMANENT or category is Category.LIVE_OR_PREMIERE
        counts = self.gone if gone else self.unclear
        counts[category] = counts.get(category, 0) + 1


DEADLINE_S = 60.0
"""Seconds that one video may take."""
LOOK_S = 0.5
"""Seconds between reports of progress while nothing happens."""
OFFLINE_IN_A_ROW = 3
"""So many without a way to YouTube, and the line is taken to be down."""

Resolve = Callable[[str], object]
"""Asks for one video. Raises ClipFailure where it is not given."""


def length_s(sample: int, per_hour: float | None) -> float | None:
    """The seconds that so many videos take at this pace; None where it sets no limit."""
    if per_hour is None:
        return None
    at_once = max(1.0, per_hour / HOUR_S * BURST_S)
    return max(0.0, sample - at_once) / per_hour * HOUR_S


def ask_for(
    survey: Survey,
    videos: Sequence[str],
    resolve: Resolve,
    per_hour: float | None,
    *,
    on_progress: Callable[[Survey], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ask for these videos at most ``per_hour`` an hour, and note the answers in ``survey``.

    It ends at the first sign of a throttle, which says nothing about the video, and where there is no way to
    YouTube; nothing is sent after that. So does a KeyboardInterrupt, which is noted and not raised.
    """
    bucket = TokenBucket(per_hour, clock())
    offline = 0
    try:
        for youtube_id in videos:
            while not bucket.take(clock()):
                on_progress(survey)
                sleep(min(LOOK_S, max(0.0, bucket.next_at(clock()) - clock())))
            category, message = _answer(resolve, youtube_id)
            kind = None if category is None else category.kind
            offline = offline + 1 if kind is Kind.LOCAL else 0
            if kind is Kind.THROTTLE or offline >= OFFLINE_IN_A_ROW:
                survey.ended, survey.message = category, message
                return
            if kind is not Kind.LOCAL:
                survey.note(category)
            on_progress(survey)
    except KeyboardInterrupt:
        survey.interrupted = True


def ask_youtube_for(
    survey: Survey,
    videos: Sequence[str],
    yt_dlp: Sequence[str],
    per_hour: float | None,
    on_progress: Callable[[Survey], None],
) -> None:
    """``ask_for`` by yt-dlp's own extractor with these options, and by the network that they name."""
    # The last one given wins: what fails is not asked a second time.
    with closing(Resolver((*yt_dlp, "--extractor-retries", "0"))) as resolver:

        def resolve(youtube_id: str) -> object:
            resolver.session.guard = Guard(deadline=time.monotonic() + DEADLINE_S)
            return resolver.resolve(youtube_id)

        ask_for(survey, videos, resolve, per_hour, on_progress=on_progress)


def _answer(resolve: Resolve, youtube_id: str) -> tuple[Category | None, str]:
    try:
        resolve(youtube_id)
    except ClipFailure as failure:
        return failure.category, failure.message
    return None, ""
