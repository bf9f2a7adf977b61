"""The time of a run: that of the wall, but for the moments at which somebody sets it.

Whoever corrects a clock, by hand or over the network, does not make a cooldown shorter or longer. So the
time since the start is counted by a clock that nobody can set, and where the wall's moves away from it
the engine is told by how much, and moves everything that it waits for by as much.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from kinetics_tui.model.events import OptionsChanged
from kinetics_tui.model.options import Options

SET_S = 2.0
"""Moves of the wall's clock by less are followed: nobody waits for anything that exactly."""


def never_set() -> float:
    """What ``Clock.follow`` returns of a clock that nobody sets."""
    return 0.0


def steady_time() -> float:
    """Seconds since some moment, the sleep of the machine included, whatever the clock is set to."""
    # Linux leaves the time asleep out of CLOCK_MONOTONIC; a laptop that slept has waited all the same.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """Called, gives seconds since the epoch, unmoved by a clock that was set until ``follow`` is called."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = steady_time
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead_s = wall() - steady()

    def __call__(self) -> float:
        return self._steady() + self._ahead_s

    def follow(self) -> float:
        """Take the wall's time over; returns by how many seconds it was set, 0 where it was not."""
        ahead_s = self._wall() - self._steady()
        by_s, self._ahead_s = ahead_s - self._ahead_s, ahead_s
        return by_s if abs(by_s) >= SET_S else 0.0


def options_event(options: Options, at: float) -> OptionsChanged:
    """The options that views show."""
    return OptionsChanged(
        at=at,
        workers=options.workers,
        pace_per_hour=options.pace_per_hour,
        height_px=options.height_px,
        trim=options.trim,
        layout=options.layout,
        audio=options.audio,
    )
