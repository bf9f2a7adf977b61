"""The way by which YouTube is asked first: lean, unless that keeps failing, or is throttled sooner."""

from __future__ import annotations

import logging
from statistics import median

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.engine.context import RunContext
from kinetics_tui.model.network import PastThrottle
from kinetics_tui.model.options import Resolve

TURN_AFTER_CLIPS = 5
"""So many clips in a row that only the full way gave, and it is asked first."""
TRY_LEAN_EVERY_CLIPS = 50
FEW_CLIPS = 100
"""A throttle after fewer is early: three requests a clip would come as far within a guest's hour."""
EARLY_THROTTLES = 2
"""After so many early throttles in a row by one way the other one is tried, until the next throttle."""

log = logging.getLogger(__name__)


class FirstWay:
    """Lean or full; kept with the dataset. Nothing is turned unless the user left the choice to the run."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._way, self._by_throttles = context.ledger.first_way()
        self._only_full = 0
        self._handed_out = 0

    def next(self) -> Resolve:
        """The way for the next clip; now and then lean is tried again, unless throttles spoke against it."""
        if self._way is Resolve.LEAN or self._by_throttles:
            return self._way
        self._handed_out += 1
        return Resolve.FULL if self._handed_out % TRY_LEAN_EVERY_CLIPS else Resolve.LEAN

    def came(self, asked: Resolve | None) -> None:
        """A clip came through; ``asked`` is the way by which YouTube gave it."""
        if asked is None or self._by_throttles or self._context.options.resolve is not Resolve.AUTO:
            return
        self._only_full = self._only_full + 1 if asked is Resolve.FULL else 0
        if self._way is Resolve.FULL and asked is Resolve.LEAN:
            self._turn(Resolve.LEAN, "Asking lean works again: it comes first, one request a clip.")
        elif self._way is Resolve.LEAN and self._only_full >= TURN_AFTER_CLIPS:
            self._turn(
                Resolve.FULL,
                f"The last {TURN_AFTER_CLIPS} clips came only by asking in full: it comes first for now, "
                "three requests a clip.",
            )

    def throttled(self, network: str) -> None:
        """A network was throttled: the way by which it lets more clips through is the better one there."""
        if self._context.options.resolve is not Resolve.AUTO:
            return
        try:
            history = self._context.ledger.network_histories().get(network)
        except DatasetError as error:
            log.warning("which way of asking is throttled sooner cannot be read: %s", error)
            return
        if history is None:
            return
        better = better_way(history.throttles)
        if better is not None and better is not self._way:
            other = "lean" if better is Resolve.FULL else "in full"
            text = f"{network} is throttled after fewer clips where it is asked {other}: "
            self._turn(better, text + f"{better} comes first.", by_throttles=better is Resolve.FULL)

    def _turn(self, way: Resolve, text: str, *, by_throttles: bool = False) -> None:
        self._way, self._by_throttles = way, by_throttles
        self._only_full = self._handed_out = 0
        try:
            self._context.ledger.set_first_way(way, by_throttles=by_throttles)
        except DatasetError as error:  # a full disk: this run goes by it, the next one finds out again
            log.warning("the way by which YouTube is asked first is not written: %s", error)
        self._context.log("resolve", text)


def better_way(throttles: tuple[PastThrottle, ...]) -> Resolve | None:
    """The way that throttles of a network, oldest first, speak for; None where they speak for none."""
    lean, full = (
        [throttle.clips for throttle in throttles if throttle.asked is way and throttle.clips]
        for way in (Resolve.LEAN, Resolve.FULL)
    )
    if lean and full:
        return Resolve.FULL if median(full) > median(lean) else Resolve.LEAN
    if len(lean) >= EARLY_THROTTLES and max(lean[-EARLY_THROTTLES:]) < FEW_CLIPS:
        return Resolve.FULL
    return None
