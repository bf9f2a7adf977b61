"""Commands that can be taken back: what a slip of the finger changed is put right by one key."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.base.words import counted
from kinetics_tui.model.commands import (
    AnyCommand,
    Pause,
    Resume,
    SetHostWorkers,
    SetWorkers,
    SwitchNetwork,
    SwitchSplit,
    UseNetworks,
    use_command,
)
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
    if last is not None and _same_workers(last.back, back):
        back = last.back
    return None if back == command else Undo(said, back, now + UNDO_S)


def undone_text(back: AnyCommand, state: RunState) -> str:
    """What is said where ``back`` has taken a command back: how it stands again, where that has words."""
    return f"Undone. {_way_back(back, state)[0]}".rstrip()


def _same_workers(one: AnyCommand, other: AnyCommand) -> bool:
    """True if both set the number of workers of the same machine."""
    if isinstance(one, SetHostWorkers) and isinstance(other, SetHostWorkers):
        return one.host == other.host
    return isinstance(one, SetWorkers) and isinstance(other, SetWorkers)


def _way_back(command: AnyCommand, state: RunState) -> tuple[str, AnyCommand | None]:
    match command:
        case SwitchSplit(split=split, enabled=enabled):
            return f"Split {split} is switched {'on' if enabled else 'off'}.", SwitchSplit(
                split=split, enabled=not enabled
            )
        case SetWorkers(workers=workers):
            return f"{counted(workers, 'worker')} from now on.", SetWorkers(workers=state.options.workers)
        case SetHostWorkers(host=name, workers=workers) if host := state.hosts.get(name):
            said = f"{name} runs {counted(workers, 'worker')} from now on."
            return said, SetHostWorkers(host=name, workers=host.workers)
        case Pause(now=True):
            return "Paused: the clips in hand are put back.", Resume()
        case Pause():
            return "Pausing: the clips in hand are finished first.", Resume()
        case SwitchNetwork(way=way, finish=finish):
            return _back_to_networks((way,), state, finish=finish)
        case UseNetworks(ways=ways, finish=finish):
            return _back_to_networks(ways, state, finish=finish)
        case _:
            return "", None


def _back_to_networks(
    ways: tuple[str, ...], state: RunState, *, finish: bool
) -> tuple[str, AnyCommand | None]:
    before = tuple(network.name for network in state.in_use)
    if not before or any(way not in state.networks for way in ways):
        return "", None
    labels = " and ".join(label_of(state.networks[way]) for way in ways)
    return f"Everything goes by {labels} from now on.", use_command(before, finish=finish)
