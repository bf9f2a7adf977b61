"""Counts, amounts, lengths of time and times of day in words: the same on every screen, page and line."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 86400.0
MONTH_S = 30 * DAY_S
FARTHEST_S = 10_000 * DAY_S
"""No length of time is given as more than this."""
LAST_S = 250e9
"""No time of day is later: beyond are the years of five digits, which no calendar here knows."""
SOON_S = 10 * MINUTE_S
"""Below that seconds count, in a length of time and in the time of day of what comes."""
NEAR_S = 6 * DAY_S
"""So far away the name of a weekday still says which day it is."""


# -- counts ----------------------------------------------------------------------------------------


def counted(count: int, noun: str) -> str:
    """``3,120 clips``, ``1 clip``, ``400 classes``, ``2 categories``."""
    if count == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"


def are(count: int) -> str:
    """The verb behind so many: ``1 clip is``, ``2 clips are``."""
    return "is" if count == 1 else "are"


def tally_text(total: int, done: int, failed: int, left: int, off: Mapping[str, int]) -> str:
    """Clips and what became of them, in the one wording: the last four add up to ``total``.

    ``off`` are those left in splits that are switched off, by split: ``48 of 120 clips done, 11 failed, 37
    left, 24 switched off (val)``.
    """
    parts = [f"{done:,} of {counted(total, 'clip')} done", f"{failed:,} failed", f"{left:,} left"]
    if off:
        parts.append(f"{sum(off.values()):,} switched off ({', '.join(off)})")
    return ", ".join(parts)


def count_text(count: float, *, exact: bool = True) -> str:
    """``19,906``, or ``about 219,782``."""
    return f"{count:,.0f}" if exact else f"about {count:,.0f}"


def share_text(part: int, whole: int) -> str:
    """``2.3 %``, for shares that are small as a rule."""
    return f"{100 * part / whole if whole > 0 else 0:.1f} %"


def shares_text(parts: Sequence[float]) -> list[str]:
    """The share of each part of their sum, to a tenth of a per cent, so that they add up to 100.0 %."""
    whole = math.fsum(parts)
    if whole <= 0:
        return [share_text(0, 0) for _ in parts]
    exact = [part / whole * 1000 for part in parts]
    tenths = [math.floor(value) for value in exact]
    missing = 1000 - sum(tenths)
    by_rest = sorted(range(len(parts)), key=lambda place: tenths[place] - exact[place])
    for place in by_rest[:missing]:
        tenths[place] += 1
    return [f"{value / 10:.1f} %" for value in tenths]


def percent_text(part: int, whole: int) -> str:
    """``51 %``; rounded down, so that 100 % means all of it."""
    return f"{100 * part // whole if whole > 0 else 0} %"


# -- amounts ---------------------------------------------------------------------------------------


def bytes_text(size_bytes: float) -> str:
    """A size in decimal units with two or three digits: ``1.1 MB``, ``138 GB``."""
    size = max(0.0, size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1000
    return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:,.0f} {unit}"


def rate_text(bytes_per_s: float) -> str:
    """A speed in megabytes a second: ``1.1 MB/s``, ``0.11 MB/s``."""
    megabytes = max(0.0, bytes_per_s) / 1e6
    return f"{megabytes:.2f} MB/s" if megabytes < 0.995 else f"{megabytes:,.1f} MB/s"


def pace_text(per_hour: float | None) -> str:
    """``300/h``, or ``unlimited``."""
    return "unlimited" if per_hour is None else f"{per_hour:,.0f}/h"


# -- lengths of time -------------------------------------------------------------------------------


def duration_text(seconds: float) -> str:
    """A length of time in its two largest units: ``45 s``, ``1 min 05 s``, ``3 h 05 min``, ``14 d 22 h``.

    From ten minutes to an hour in minutes alone: ``12 min``.
    """
    seconds = _bounded(seconds)
    if seconds < SOON_S:
        seconds = round(seconds)
    if seconds < MINUTE_S:
        return f"{int(seconds)} s"
    if seconds < SOON_S and int(seconds % MINUTE_S):
        return f"{int(seconds // MINUTE_S)} min {int(seconds % MINUTE_S):02} s"
    if seconds < HOUR_S:
        return f"{int(seconds // MINUTE_S)} min"
    if seconds < DAY_S:
        return f"{int(seconds // HOUR_S)} h {int(seconds % HOUR_S // MINUTE_S):02} min"
    return f"{int(seconds // DAY_S):,} d {int(seconds % DAY_S // HOUR_S)} h"


def age_text(seconds: float) -> str:
    """A length of time in its largest unit, rounded down: ``45 s``, ``59 min``, ``3 h``, ``14 d``."""
    seconds = _bounded(seconds)
    for unit_s, unit in _UNITS:
        if seconds >= unit_s:
            return f"{int(seconds // unit_s):,} {unit}"
    return f"{int(seconds)} s"


def step_text(seconds: float) -> str:
    """A round length of time, as the steps of a cooldown are: ``30 s``, ``15 min``, ``12 h``, ``2 d``."""
    seconds = _bounded(seconds)
    for unit_s, unit in _UNITS:
        if seconds >= unit_s and seconds % unit_s == 0:
            return f"{int(seconds // unit_s)} {unit}"
    return duration_text(seconds)


def span_text(span_s: float) -> str:
    """A stretch of time in the unit one would plan it in: ``40 min``, ``66 h``, ``14 d 22 h``, ``91 d``."""
    if span_s < 90 * MINUTE_S:
        return f"{max(1, round(span_s / MINUTE_S))} min"
    if span_s < 3 * DAY_S:
        return f"{round(span_s / HOUR_S)} h"
    if span_s < 2 * MONTH_S:
        days, hours = divmod(round(span_s / HOUR_S), 24)
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{span_s / DAY_S:,.0f} d"


def countdown_text(seconds: float) -> str:
    """Time left, to the second: ``29:41``, ``3:05:00``, ``4d 12:33:01``; never below zero."""
    left_s = math.ceil(_bounded(seconds))
    days, left_s = divmod(left_s, int(DAY_S))
    hours, left_s = divmod(left_s, int(HOUR_S))
    minutes, left_s = divmod(left_s, int(MINUTE_S))
    if days:
        return f"{days}d {hours:02}:{minutes:02}:{left_s:02}"
    if hours:
        return f"{hours}:{minutes:02}:{left_s:02}"
    return f"{minutes:02}:{left_s:02}"


_UNITS = ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min"))


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), FARTHEST_S) if math.isfinite(seconds) else FARTHEST_S


# -- times of day: ``zone`` None is this machine's ---------------------------------------------------


def clock_text(at: float, zone: tzinfo | None = None) -> str:
    """The time of day of an epoch time: ``14:02:09``."""
    return f"{_moment(at, zone):%H:%M:%S}"


def dated(at: float, zone: tzinfo | None = None) -> str:
    """A moment to the minute: ``2026-08-25 14:02``."""
    return f"{_moment(at, zone):%Y-%m-%d %H:%M}"


def until_text(at: float, now: float, zone: tzinfo | None = None) -> str:
    """When something ends: ``16:40:09`` where it is soon, ``16:40``, ``Tue 16:40``, ``28 Aug 16:40``."""
    if abs(at - now) < SOON_S:
        return clock_text(at, zone)
    end = _moment(at, zone)
    return _near_text(at, now, zone, at - now < NEAR_S) or f"{end.day} {end:%b %H:%M}"


def when_text(at: float, now: float, zone: tzinfo | None = None) -> str:
    """When something was: ``16:40``, ``Tue 16:40`` in the last days, ``28 Aug 16:40``, ``28 Aug 2025``."""
    then = _moment(at, zone)
    this_year = then.year == _moment(now, zone).year
    far = f"{then.day} {then:%b %H:%M}" if this_year else f"{then.day} {then:%b %Y}"
    return _near_text(at, now, zone, 0 <= now - at < NEAR_S) or far


def day_text(at: float, now: float) -> str:
    """When something was or will be, in a narrow column: ``16:40``, ``Tue 16:40``, ``28 Aug``."""
    if not _is_known(at):
        return "unknown"
    then = _moment(at, None)
    return _near_text(at, now, None, abs(at - now) < NEAR_S) or f"{then.day} {then:%b}"


def dated_clock_text(at: float, zone: tzinfo | None = None) -> str:
    """A time of day as of now: ``16:40:09`` within minutes, ``16:40``, another day's ``Aug 28 16:40``."""
    if not _is_known(at):
        return "an unknown time"
    now = time.time()
    if abs(at - now) < SOON_S:
        return clock_text(at, zone)
    return _near_text(at, now, zone, False) or f"{_moment(at, zone):%b %d %H:%M}"


def _near_text(at: float, now: float, zone: tzinfo | None, is_near: bool) -> str:
    """The time of day alone where it is today's, with its weekday where it ``is_near``; else empty."""
    then = _moment(at, zone)
    if then.date() == _moment(now, zone).date():
        return f"{then:%H:%M}"
    return f"{then:%a %H:%M}" if is_near else ""


def _is_known(at: float) -> bool:
    """True if a calendar has the time: an event may carry any number."""
    return 0 <= at < LAST_S


def _moment(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at if _is_known(at) else 0, zone)
