"""What the terminal app needs of a run: its state, kept up to date, and a way to send commands."""

from __future__ import annotations

from typing import Protocol

from kinetics_tui.model.commands import AnyCommand, Reply
from kinetics_tui.model.failed import ClipHistory, FailedPage, FailedQuery
from kinetics_tui.model.state import RunState


class Link(Protocol):
    """One run, seen from a view.

    ``state`` is changed in place as events come in; ``version`` grows with every event folded in,
    so that a view knows without comparing whether anything is new; ``connected`` says whether the
    engine answers.
    """

    state: RunState
    connected: bool
    version: int

    async def follow(self) -> None:
        """Connect, fold events in, connect again after a break; runs until it is cancelled."""

    async def send(self, command: AnyCommand) -> Reply:
        """Ask the engine for something; raises EngineError where it cannot be reached."""

    async def failed_clips(self, query: FailedQuery) -> FailedPage:
        """A part of the list of failed clips; raises EngineError where the ledger cannot be read."""

    async def history(self, clip_id: int) -> ClipHistory:
        """What was tried with a clip, by its number in the ledger; raises as ``failed_clips`` does."""
