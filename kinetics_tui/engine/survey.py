"""Asks YouTube for the videos of a sample, one after the other, and fetches none of their media."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing

from kinetics_tui.engine.pace import BURST_S, TokenBucket
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.resolve import Resolver
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.options import HOUR_S
from kinetics_tui.model.survey import Survey

DEADLINE_S = 60.0
"""How long one video may take."""
LOOK_S = 0.5
"""How often it is told how far it is while nothing happens."""
OFFLINE_IN_A_ROW = 3
"""So many without a way to YouTube, and the line is taken to be down."""

Resolve = Callable[[str], object]
"""Asks for one video. Raises ClipFailure where it is not given."""


def length_s(sample: int, per_hour: float | None) -> float | None:
    """How long so many videos take at this pace, in seconds; None where it sets no limit."""
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
