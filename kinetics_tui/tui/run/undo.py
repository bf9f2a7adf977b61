"""Commands that can be taken back: what a slip of the finger changed is put right by one key."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.base.words import counted
from kinetics_tui.model.commands import AnyCommand, Pause, Resume, SetWorkers, SwitchNetwork, SwitchSplit
from kinetics_tui.model.state import RunState
from kinetics_tui.tui.parts.network_words import label_of

UNDO_S = 15.0
"""Seconds in which a command can be taken back."""


class Undo(NamedTuple):
    """A command in one sentence, the command that takes it back, and until when that is offered."""

    said: str
    back: AnyCommand
    until: float


def undo_of(command: AnyCommand, state: RunState, now: float, last: Undo | None) -> Undo | None:
    """The way back from ``command`` to the run as it is; None where there is none.

    ``last`` is one that is still offered: several changes of workers in a row are taken back at once.
    """
    said, back = _way_back(command, state)
    if back is None:
        return None
    if last is not None and isinstance(last.back, SetWorkers) and isinstance(back, SetWorkers):
        back = last.back
    return None if back == command else Undo(said, back, now + UNDO_S)


def _way_back(command: AnyCommand, state: RunState) -> tuple[str, AnyCommand | None]:
    match command:
        case SwitchSplit(split=split, enabled=enabled):
            return f"Split {split} is switched {'on' if enabled else 'off'}.", SwitchSplit(
                split=split, enabled=not enabled
            )
        case SetWorkers(workers=workers):
            return f"{counted(workers, 'worker')} from now on.", SetWorkers(workers=state.options.workers)
        case Pause(now=True):
            return "Paused: the clips in hand are put back.", Resume()
        case Pause():
            return "Pausing: the clips in hand are finished first.", Resume()
        case SwitchNetwork(way=way, finish=finish) if len(state.in_use) == 1 and way in state.networks:
            said = f"Everything goes by {label_of(state.networks[way])} from now on."
            return said, SwitchNetwork(way=state.network.name, finish=finish)
        case _:
            return "", None
