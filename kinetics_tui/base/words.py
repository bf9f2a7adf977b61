"""Amounts, lengths of time, times of day and counts in words: the same on every screen, page and line."""

from __future__ import annotations

import math
import re
import time
from datetime import datetime, tzinfo

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 86400.0
MONTH_S = 30 * DAY_S
FARTHEST_S = 10_000 * DAY_S


def bytes_text(size_bytes: float) -> str:
    """A size in decimal units with two or three digits: ``1.1 MB``, ``138 GB``."""
    size = max(0.0, size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1000
    return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:,.0f} {unit}"


def share_text(part: int, whole: int) -> str:
    """``2.3 %``, for shares that are small as a rule."""
    return f"{100 * part / whole if whole > 0 else 0:.1f} %"


def bounded(seconds: float) -> float:
    """Seconds that can be told: not below zero, and not without end."""
    return min(max(0.0, seconds), FARTHEST_S) if math.isfinite(seconds) else FARTHEST_S


def duration_text(seconds: float) -> str:
    """A length of time in its two largest units: ``45 s``, ``12 min``, ``3 h 05 min``, ``14 d 22 h``."""
    seconds = bounded(seconds)
    if seconds < MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < HOUR_S:
        return f"{int(seconds // MINUTE_S)} min"
    if seconds < DAY_S:
        return f"{int(seconds // HOUR_S)} h {int(seconds % HOUR_S // MINUTE_S):02} min"
    return f"{int(seconds // DAY_S):,} d {int(seconds % DAY_S // HOUR_S)} h"


def count_text(count: float, *, exact: bool = True) -> str:
    """``19,906``, or ``about 219,782``."""
    return f"{count:,.0f}" if exact else f"about {count:,.0f}"


def plural(count: int, noun: str) -> str:
    """``1 class``, ``400 classes``, ``12 clips``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"


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


def on_screen(sentence: str) -> str:
    """An error that was worded for the command line, as short as a form needs it.

    Of addresses only the hosts are left, each reason once; the way out is the field below, not an option.
    """
    sentence = re.sub(r"https?://([^/\s;:]+)/[^\s;]*?(?=[:;,\s]|$)", r"\1", sentence)
    reasons = re.search(r"\(([^()]*;[^()]*)\)", sentence)
    if reasons is not None:
        each = dict.fromkeys(part.strip() for part in reasons[1].split(";"))
        sentence = sentence.replace(reasons[1], "; ".join(each))
    return sentence.replace(" with --annotations FILE", " below")


def counted(count: int, noun: str) -> str:
    """``3,120 clips``, ``1 clip``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def step_text(seconds: float) -> str:
    """A round length of time, as the steps of a cooldown are: ``30 s``, ``15 min``, ``12 h``, ``2 d``."""
    seconds = bounded(seconds)
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit_s and seconds % unit_s == 0:
            return f"{int(seconds // unit_s)} {unit}"
    return duration_text(seconds)


def countdown_text(seconds: float) -> str:
    """Time left, to the second: ``29:41``, ``3:05:00``, ``4d 12:33:01``; never below zero."""
    left_s = math.ceil(bounded(seconds))
    days, left_s = divmod(left_s, int(DAY_S))
    hours, left_s = divmod(left_s, int(HOUR_S))
    minutes, left_s = divmod(left_s, int(MINUTE_S))
    if days:
        return f"{days}d {hours:02}:{minutes:02}:{left_s:02}"
    if hours:
        return f"{hours}:{minutes:02}:{left_s:02}"
    return f"{minutes:02}:{left_s:02}"


def rate_text(bytes_per_s: float) -> str:
    """A speed in megabytes a second: ``1.1 MB/s``, ``0.11 MB/s``."""
    megabytes = max(0.0, bytes_per_s) / 1e6
    return f"{megabytes:.2f} MB/s" if megabytes < 0.995 else f"{megabytes:,.1f} MB/s"


def percent_text(part: int, whole: int) -> str:
    """``51 %``; rounded down, so that 100 % means all of it."""
    return f"{100 * part // whole if whole > 0 else 0} %"


def clock_text(at: float, zone: tzinfo | None) -> str:
    """The time of day of an epoch time: ``14:02:09``; ``zone`` None is this machine's."""
    return f"{_moment(at, zone):%H:%M:%S}"


def until_text(at: float, now: float, zone: tzinfo | None) -> str:
    """When something ends: ``16:40``, ``Tue 16:40`` on another day, ``28 Aug 16:40`` a week on."""
    end, today = _moment(at, zone), _moment(now, zone)
    if end.date() == today.date():
        return f"{end:%H:%M}"
    if at - now < 6 * DAY_S:
        return f"{end:%a %H:%M}"
    return f"{end.day} {end:%b %H:%M}"


def when_text(at: float, now: float, zone: tzinfo | None) -> str:
    """When something was: ``16:40``, ``Tue 16:40`` in the last days, ``28 Aug 16:40``, ``28 Aug 2025``."""
    then, today = _moment(at, zone), _moment(now, zone)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if 0 <= now - at < 6 * DAY_S:
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b %H:%M}" if then.year == today.year else f"{then.day} {then:%b %Y}"


def age_text(seconds: float) -> str:
    """A length of time in its largest unit, rounded down: ``45 s``, ``59 min``, ``3 h``, ``14 d``."""
    seconds = bounded(seconds)
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{int(seconds // unit_s):,} {unit}"
    return f"{int(seconds)} s"


def pace_text(per_hour: float | None) -> str:
    """``300/h``, or ``unlimited``."""
    return "unlimited" if per_hour is None else f"{per_hour:,.0f}/h"


def _moment(at: float, zone: tzinfo | None) -> datetime:
    try:
        return datetime.fromtimestamp(at, zone)
    except (OverflowError, OSError, ValueError):
        # An event may carry any number; the screen stays up whatever it is.
        return datetime.fromtimestamp(0, zone)


def dated_clock_text(at: float, zone: tzinfo | None = None) -> str:
    """A time of day, with the date where it is not today: ``16:40``, ``Aug 28 16:40``."""
    try:
        then, today = datetime.fromtimestamp(at, zone), datetime.now(zone)
    except (OverflowError, ValueError, OSError):
        return "an unknown time"
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%b %d %H:%M}"


def moment_text(at: float, now: float) -> str:
    """A time of day, with the day where it is another one: ``16:40``, ``Tue 16:40``, ``28 Aug``."""
    try:
        then, today = time.localtime(at), time.localtime(now)
    except (OverflowError, ValueError, OSError):
        return "unknown"
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if abs(at - now) < 6 * DAY_S:
        return time.strftime("%a %H:%M", then)
    return f"{then.tm_mday} {time.strftime('%b', then)}"
