"""The command line: what is asked is handed on, and what comes of it is printed. No logic.

Each module registers its commands with the app. Heavy packages are imported by the commands that need them,
so that ``status`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from kinetics_tui.cli import adopting, networks, probe, results, running, sets, steering, upkeep
from kinetics_tui.cli.app import app
from kinetics_tui.commands.command_line import carry_out

__all__ = ["app", "run_command"]

_AS_HELP_LISTS_THEM = [
    module.__name__ for module in (running, probe, steering, networks, results, upkeep, adopting, sets)
]
app.registered_commands.sort(
    key=lambda command: _AS_HELP_LISTS_THEM.index(getattr(command.callback, "__module__", ""))
)


def run_command(args: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    return carry_out(app, args)
