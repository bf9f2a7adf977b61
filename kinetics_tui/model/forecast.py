"""How long a run will still take, and what limits it."""

from __future__ import annotations

import msgspec

from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.options import HOUR_S
from kinetics_tui.model.state import RunState


class Forecast(msgspec.Struct, frozen=True):
    """Seconds until the last clip is settled, and the limit in a few words (empty: the line and cores)."""

    seconds: float
    limit: str = ""


def forecast(state: RunState, now: float) -> Forecast | None:
    """The time left of a run, None where nothing is known yet or nothing is left.

    The rate is the measured one, never above the pace; a running cooldown is added in front.
    """
    if not state.left:
        return None
    measured_per_s = state.clips_per_minute(now) / 60
    pace_per_s = state.pace_per_hour / HOUR_S if state.pace_per_hour else None
    waiting_s = max(0.0, (state.network.until or now) - now)
    cooling = state.status in (EngineStatus.COOLING, EngineStatus.PROBING) or waiting_s > 0
    if pace_per_s is not None and (measured_per_s == 0 or cooling or measured_per_s >= pace_per_s * 0.8):
        limit = f"pace is the limit: {state.pace_per_hour:,.0f}/h"
        return Forecast(waiting_s + state.left / pace_per_s, limit)
    if measured_per_s == 0:
        return None
    return Forecast(waiting_s + state.left / measured_per_s, "after the cooldown" if cooling else "")
