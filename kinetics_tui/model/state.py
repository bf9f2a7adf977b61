"""The run as a view sees it, built from the engine's events alone."""

from __future__ import annotations

from collections.abc import Iterable

from kinetics_tui.model.events import AnyEvent
from kinetics_tui.model.reducer import fold
from kinetics_tui.model.retelling import retell
from kinetics_tui.model.run import Run


class RunState(Run):
    """What is known of a run. Changed by ``apply`` alone."""

    def apply(self, event: AnyEvent) -> None:
        """Fold one event in."""
        fold(self, event)

    def apply_all(self, events: Iterable[AnyEvent]) -> None:
        """Fold in several events, oldest first."""
        for event in events:
            self.apply(event)

    def as_events(self) -> list[AnyEvent]:
        """Events that build this state in an empty ``RunState``: what a new view is sent first."""
        return retell(self)
