"""Words and figures as the screen shows them: short, of a known width, and harmless to a terminal."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, tzinfo
from functools import lru_cache
from textwrap import wrap

from rich.cells import cell_len, set_cell_size

from kinetics_tui.model.amounts import bytes_text as bytes_text
from kinetics_tui.model.amounts import share_text as share_text
from kinetics_tui.model.durations import bounded, duration_text
from kinetics_tui.model.options import DAY_S, HOUR_S, MINUTE_S

ELLIPSIS = "…"
MOST_CHARACTERS = 4000
"""More than a whole screen of them; what is longer is cut, so that no text takes memory without end."""


def clean(text: str) -> str:
    """``text`` without anything that a terminal obeys instead of printing.

    Labels and messages come from files and servers that anyone may have written. Control
    characters, escapes, direction marks and line breaks become ``?``, other blanks a space, and
    characters without a width of their own are dropped (they could pile up without end). The rest of
    a text without end is cut off.
    """
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 1] + ELLIPSIS
    return text if text.isascii() and text.isprintable() else _cleaned(text)


@lru_cache(4096)
def _cleaned(text: str) -> str:
    kept = []
    for character in unicodedata.normalize("NFC", text):
        if character.isprintable():
            if cell_len(character):
                kept.append(character)
        else:
            kept.append(" " if unicodedata.category(character) == "Zs" else "?")
    return "".join(kept)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells: cut with an ellipsis, or padded at its end (or start)."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    padding = " " * (width - length)
    return padding + text if right else text + padding


def paragraph(text: str, width: int) -> list[str]:
    """``text`` wrapped to lines of at most ``width`` cells."""
    return wrap(clean(text), max(1, width))


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
