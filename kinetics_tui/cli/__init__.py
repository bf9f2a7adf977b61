"""The command line: what is asked is handed on, and what comes of it is printed. No logic.

Each module holds some commands, and here they are added to the app in the order in which its help lists
them. Heavy packages are imported by the commands that need them, so that ``status`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from kinetics_tui.cli import adopting, networks, probe, results, running, sets, steering, upkeep
from kinetics_tui.cli.app import app
from kinetics_tui.commands.command_line import carry_out

__all__ = ["app", "run_command"]

for _command in (
    running.open_app,
    running.run,
    running.attach,
    running.demo,
    probe.probe,
    steering.status,
    steering.pause,
    steering.resume,
    steering.stop,
    steering.retry,
    networks.networks,
    networks.switch,
    results.report,
    upkeep.check,
    upkeep.doctor,
    adopting.adopt,
    adopting.extract,
    sets.export,
    sets.manifest,
    sets.compare,
):
    app.add_command(_command)


def run_command(args: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    return carry_out(app, args)
