"""The way by which YouTube is asked first for a clip; it is turned round where lean keeps failing."""

from __future__ import annotations

from kinetics_tui.engine.context import RunContext
from kinetics_tui.model.options import Resolve

TURN_AFTER_CLIPS = 5
"""So many clips in a row that only the full way gave, and it is asked first."""
TRY_LEAN_EVERY_CLIPS = 50


class FirstWay:
    """Lean or full; kept with the dataset. Nothing is turned unless the user left the choice to the run."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._way = context.ledger.first_way()
        self._only_full = 0
        self._handed_out = 0

    def next(self) -> Resolve:
        """The way for the next clip; now and then lean is tried again."""
        if self._way is Resolve.LEAN:
            return Resolve.LEAN
        self._handed_out += 1
        return Resolve.FULL if self._handed_out % TRY_LEAN_EVERY_CLIPS else Resolve.LEAN

    def came(self, asked: Resolve | None) -> None:
        """A clip came through; ``asked`` is the way by which YouTube gave it."""
        if asked is None or self._context.options.resolve is not Resolve.AUTO:
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

    def _turn(self, way: Resolve, text: str) -> None:
        self._way = way
        self._only_full = self._handed_out = 0
        self._context.ledger.set_first_way(way)
        self._context.log("resolve", text)
