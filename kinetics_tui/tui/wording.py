"""Amounts as the set-up screen words them; what both screens word alike is in ``text``."""

from __future__ import annotations

import re

from kinetics_tui.model.options import DAY_S, HOUR_S, MINUTE_S

MONTH_S = 30 * DAY_S


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
