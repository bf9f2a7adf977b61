"""The run as the parts of an engine share it: ledger, live options, state, and a clock that can be set.

Whoever corrects the machine's clock, by hand or over the network, must not make a cooldown shorter or
longer. So the time since the start is counted by a clock that nobody can set. Where the wall's clock moves
away from it, the engine moves everything that it waits for by as much.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.events import AnyEvent, ClipsRetried, Logged, Notice, OptionsChanged
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import BUDGETS, Options, Preset, clips_per_hour
from kinetics_tui.model.state import RunState

SET_S = 2.0
"""Moves of the wall's clock by less are followed: nobody waits for anything that exactly."""


_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux leaves the time asleep out of CLOCK_MONOTONIC; a laptop that slept has waited all the same."""


def steady_time() -> float:
    """Seconds since some moment, the sleep of the machine included, whatever the clock is set to."""
    return time.clock_gettime(_STEADY)


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


class RunContext:
    """The ledger, the options in force, the clock and the run's state, shared by the parts of an engine.

    ``clock`` gives seconds since the epoch. ``broadcast`` hands an event to views, ``call`` a notice to
    people. Options are kept here and nowhere else; whoever needs one reads it when it is needed.
    """

    def __init__(
        self,
        ledger: Ledger,
        dataset: Path,
        *,
        clock: Callable[[], float] = time.time,
        broadcast: Callable[[AnyEvent], object],
        call: Callable[[Notice], object] | None = None,
    ) -> None:
        self.ledger = ledger
        self.dataset = dataset
        self.options = ledger.options
        self.state = RunState()
        self.clock = clock
        self.stopping = False
        """The run ends: no death of a worker counts any more."""
        self._broadcast = broadcast
        self._call = call

    def publish(self, event: AnyEvent) -> None:
        """Fold an event into the run's state, and tell every view of it."""
        before = self.state.notice
        self.state.apply(event)
        self._broadcast(event)
        if self._call and self.state.notice is not None and self.state.notice is not before:
            self._call(self.state.notice)

    def log(self, level: str, text: str) -> None:
        """Publish a line for the log that is about no single clip."""
        self.publish(Logged(at=self.clock(), level=level, text=text))

    def change_options(self, **changes: object) -> None:
        """Keep these options in the ledger, and tell views. Raises DatasetError; nothing is changed then."""
        options = msgspec.structs.replace(self.options, **changes)
        self.ledger.set_options(options)
        self.options = options
        self.publish(options_event(options, self.clock()))

    def reopen(self, counts: Mapping[tuple[str, Category], int]) -> Counter[Category]:
        """Tell views that failed clips are pending again, counted by split and category; by category."""
        by_split: Counter[str] = Counter()
        by_category: Counter[Category] = Counter()
        for (split, category), count in counts.items():
            by_split[split] += count
            by_category[category] += count
        if counts:
            self.publish(
                ClipsRetried(at=self.clock(), by_split=dict(by_split), by_category=dict(by_category))
            )
        return by_category


def options_event(options: Options, at: float) -> OptionsChanged:
    """The options that views show."""
    pace = options.pace_per_hour
    return OptionsChanged(
        at=at,
        workers=options.workers,
        pace_per_hour=clips_per_hour(pace),
        budget_per_hour=BUDGETS[pace] if isinstance(pace, Preset) else None,
        height_px=options.height_px,
        trim=options.trim,
        layout=options.layout,
        audio=options.audio,
        listen=options.listen,
    )
