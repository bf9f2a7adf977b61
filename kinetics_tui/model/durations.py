"""Lengths of time in words, the same on every screen and line."""

from __future__ import annotations

import math

from kinetics_tui.model.options import DAY_S, HOUR_S, MINUTE_S

FARTHEST_S = 10_000 * DAY_S


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
