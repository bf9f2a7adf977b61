"""The command line: one module a group of commands, loaded when one of them is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from kinetics_tui import PROGRAM, __version__
from kinetics_tui.cli.command_line import DEFAULT_COMMAND, HELP_FLAGS, carry_out
from kinetics_tui.cli.help_text import write_examples


class Entry(NamedTuple):
    """A command as lists show it: its module in ``cli.commands`` with the name there, and what it does."""

    place: str
    does: str


GROUPS: dict[str, dict[str, Entry]] = {
    "Begin a run and look at it": {
        "run": Entry("run:run", "Download the selected clips into DATASET, or continue a run."),
        "attach": Entry("run:attach", "Look at a run that is under way, from any terminal."),
        "status": Entry("steer:status", "Say how far a dataset is, whether an engine runs or not."),
        "demo": Entry("run:demo", "The whole program at work on made-up clips, with no internet."),
        "probe": Entry("probe:probe", "Say how much of a set is still there, by a random sample."),
    },
    "Steer it": {
        "pause": Entry("steer:pause", "Hand out no more clips, and say when none is in hand."),
        "resume": Entry("steer:resume", "Continue after a pause."),
        "stop": Entry("steer:stop", "End the engine; what is left is kept for the next run."),
        "retry": Entry("steer:retry", "Make failed clips pending again."),
        "networks": Entry("networks:networks_command", "List every network, or check one by a request."),
        "switch": Entry("networks:switch_command", "Send everything by another network."),
        "hosts": Entry("hosts:hosts_command", "List the machines that take part; add or remove one."),
        "host": Entry("hosts:host_command", "Have this machine take part in a run elsewhere."),
    },
    "Look after what you have": {
        "report": Entry("report:report", "Say what became of a dataset; also as a page."),
        "archives": Entry("archives:archives", "Say which archives hold clips, and what is to be read."),
        "check": Entry("check:check_command", "Hold every file against the ledger, and repair."),
        "adopt": Entry("adopt:adopt_command", "Take over clips that you have already, each one verified."),
        "manifest": Entry("sets:manifest", "List every clip as CSV: checksum, frames, source, programs."),
        "compare": Entry("sets:compare", "Say what two datasets have in common, and where they differ."),
    },
    "Use it elsewhere": {
        "export": Entry("sets:export_command", "Lay the clips out as a reader expects them."),
        "extract": Entry("adopt:extract", "Have frames and sound made of every clip."),
    },
    "The program": {
        "doctor": Entry("doctor:doctor", "Check machine, network and settings: what may be wrong?"),
        "completion": Entry("help:completion_command", "Complete all of this in your shell, by tab."),
        "help": Entry("help:help_command", "List commands and topics, or show one of them."),
    },
}
"""The commands by what somebody wants to do, in the order in which the help lists them. A module is
imported when one of its commands is called: ``status`` answers at once, whatever the others need."""

COMMANDS: dict[str, str] = {
    DEFAULT_COMMAND: "run:open_app",
    **{name: entry.place for entries in GROUPS.values() for name, entry in entries.items()},
}
"""Where each command is, also the one that need not be named."""

_version = click.version_option(__version__, message="%(version)s", help="Print the version and leave.")


class Table(click.Group):
    """All commands; none is imported to be listed."""

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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Commands, and the folders of datasets."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        named = [
            CompletionItem(name, help=entry.does)
            for entries in GROUPS.values()
            for name, entry in entries.items()
            if name.startswith(incomplete)
        ]
        return named or [CompletionItem(incomplete, type="dir")]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The two ways to call the program."""
        formatter.write_usage(PROGRAM, "[DATASET]")
        formatter.write_usage(PROGRAM, "COMMAND [ARGUMENTS] [OPTIONS]", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Commands by task, examples, and the options that every command takes."""
        for heading, entries in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:10}", entry.does) for name, entry in entries.items()])
        write_examples("", formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Where to read on."""
        from kinetics_tui.base.topics import topic_names

        formatter.write_paragraph()
        formatter.write_text(
            f"{PROGRAM} COMMAND --help shows a command, {PROGRAM} help TOPIC explains: "
            f"{', '.join(topic_names())}."
        )


@click.group(cls=Table, no_args_is_help=False, context_settings={"help_option_names": HELP_FLAGS})
@_version
def app() -> None:
    """Get the Kinetics human-action datasets onto your disk, live in the terminal.

    DATASET alone opens the run in that folder; without anything there, and without DATASET, the set-up
    screen.
    """


def run_command(args: Sequence[str]) -> int:
    """Carry out a command line, or say what completes one; the exit code."""
    if "_KINETICS_TUI_COMPLETE" in os.environ:
        from kinetics_tui.cli.completion import answer_shell

        return answer_shell(app)
    return carry_out(app, args)
