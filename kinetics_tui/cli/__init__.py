"""The command line: one module a group of commands, loaded when one of them is called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

from kinetics_tui import __version__
from kinetics_tui.cli.command_line import HELP_FLAGS, carry_out

COMMANDS = {
    "open": "run:open_app",
    "run": "run:run",
    "attach": "run:attach",
    "demo": "run:demo",
    "probe": "probe:probe",
    "status": "steer:status",
    "pause": "steer:pause",
    "resume": "steer:resume",
    "stop": "steer:stop",
    "retry": "steer:retry",
    "networks": "networks:networks_command",
    "switch": "networks:switch_command",
    "report": "report:report",
    "check": "check:check_command",
    "doctor": "doctor:doctor",
    "adopt": "adopt:adopt_command",
    "extract": "adopt:extract",
    "export": "sets:export_command",
    "manifest": "sets:manifest",
    "compare": "sets:compare",
    "help": "help:help_command",
}
"""Module of ``cli.commands`` and name in it, in the order in which the help lists the commands. A module is
imported when one of its commands is called: ``status`` answers at once, whatever the others need."""


class _Table(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(f"kinetics_tui.cli.commands.{module}"), name)
        assert isinstance(command, click.Command)
        if all(param.name != "version" for param in command.params):
            _version(command)
        return command


_version = click.version_option(__version__, message="%(version)s", help="Print the version and leave.")


@click.group(cls=_Table, no_args_is_help=False, context_settings={"help_option_names": HELP_FLAGS})
@_version
def app() -> None:
    """Get the Kinetics human-action datasets onto your disk, live in the terminal."""


def run_command(args: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    return carry_out(app, args)
