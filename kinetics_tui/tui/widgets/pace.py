"""The pace in figures: what it is, what is allowed, and what the network taught."""

from __future__ import annotations

from kinetics_tui.model.options import ACCOUNT_PER_HOUR, GUEST_PER_HOUR
from kinetics_tui.tui.lines import Line
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import pace_text

_NAMES = {GUEST_PER_HOUR: " (guest)", ACCOUNT_PER_HOUR: " (account)"}


def pace_parts(moment: Moment) -> list[str]:
    """The rate of the moment (none while nothing is fetched), the pace in force, the learned one."""
    state = moment.state
    allowed, learned = moment.allowed_per_hour, state.network.learned_per_hour
    idle = moment.lost or state.idle
    parts = [] if idle else [f"pace {state.clips_per_minute(moment.now) * 60:,.0f}/h now"]
    limit = "no limit" if allowed is None else f"allowed {pace_text(allowed)}{_NAMES.get(allowed, '')}"
    parts.append(f"pace: {limit}" if idle else limit)
    if learned is not None:
        parts.append(f"learned {pace_text(learned)} here")
    return parts


def pace_lines(moment: Moment, width: int) -> list[Line]:
    """The same in lines of ``width`` cells, broken between the parts where one line is too short."""
    parts = pace_parts(moment)
    if len(", ".join(parts)) > width >= len(", ".join(parts).replace(" now", "")):
        parts = [part.replace(" now", "") for part in parts]
    lines: list[Line] = []
    for part in parts:
        if lines and lines[-1].width + 2 + len(part) <= width:
            lines[-1].add(f", {part}")
        else:
            lines.append(Line(part))
    return lines
