"""What is said on the terminal after the app is gone."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.model.events import EngineStatus
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import counted

EXIT_DONE = 0
EXIT_STOPPED = 3
"""The run was stopped with clips left."""


class Farewell(NamedTuple):
    """One line for the user, and the exit code of the program."""

    line: str
    code: int


def farewell(moment: Moment, *, stopped: bool = False) -> Farewell:
    """The parting line: how the run ended, or how to come back to one that goes on.

    ``stopped``: the user has had it stopped, whether or not the engine could still say so.
    """
    state = moment.state
    if state.status is EngineStatus.DONE:
        clips = f"{counted(moment.done, 'clip')} on disk, {moment.failed:,} failed"
        return Farewell(f"Done: {clips}. Look again with: {moment.command('status')}", EXIT_DONE)
    if stopped or state.status in (EngineStatus.STOPPED, EngineStatus.STOPPING):
        left = counted(state.left, "clip")
        code = EXIT_STOPPED if state.left else EXIT_DONE
        return Farewell(f"Stopped with {left} left. Go on with: {moment.command('run')}", code)
    if moment.lost:
        return Farewell(f"The engine does not answer. Go on with: {moment.command('run')}", EXIT_DONE)
    return Farewell(f"The run goes on. Come back with: {moment.command('attach')}", EXIT_DONE)
