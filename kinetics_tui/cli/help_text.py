"""The help of a command: its options by what they are for, and examples of its use."""

from __future__ import annotations

import functools
from typing import Any

import click

from kinetics_tui import PROGRAM
from kinetics_tui.cli.command_line import HELP_FLAGS

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "                                 # the set-up screen",
        "run ~/kinetics --release kinetics-400 --split val",
        "~/kinetics                       # look at that run again",
        "status ~/kinetics",
        "demo",
    ),
    "run": (
        "run ~/kinetics --release kinetics-400 --split val",
        "run ~/kinetics --release 700 --class archery yoga --per-class 50",
        "run ~/mine --annotations train.csv val.csv --headless",
        "run ~/kinetics --workers 8 --pace account",
    ),
    "attach": ("attach ~/kinetics", "attach ~/kinetics --json"),
    "status": ("status ~/kinetics", "status ~/kinetics --json"),
    "demo": ("demo", "demo /tmp/demo --clips 500 --workers 8"),
    "probe": (
        "probe --release kinetics-400 --split val --sample 200",
        "probe --annotations mine.csv",
    ),
    "pause": ("pause ~/kinetics", "pause ~/kinetics --now"),
    "resume": ("resume ~/kinetics",),
    "stop": ("stop ~/kinetics",),
    "retry": (
        "retry ~/kinetics",
        "retry ~/kinetics --category private timeout --class yoga",
    ),
    "networks": ("networks ~/kinetics", "networks ~/kinetics --check phone"),
    "switch": (
        "switch ~/kinetics phone",
        "switch ~/kinetics --proxy socks5://10.0.0.1:1080 --now",
    ),
    "hosts": (
        "hosts ~/kinetics --connect-file lab.connect",
        "hosts ~/kinetics --ssh me@lab2",
        "hosts ~/kinetics --sbatch",
    ),
    "host": ("host --connect lab.connect --name lab2 --workers 8",),
    "report": ("report ~/kinetics", "report ~/kinetics --html report.html"),
    "archives": ("archives ~/kinetics", "archives ~/kinetics --index others.csv.gz"),
    "check": ("check ~/kinetics", "check ~/kinetics --repair"),
    "adopt": ("adopt ~/kinetics --from ~/old-kinetics --dry-run",),
    "manifest": ("manifest ~/kinetics --to mine.csv",),
    "compare": ("compare ~/kinetics theirs.csv --common both.csv",),
    "export": (
        "export ~/kinetics --for torchvision",
        "export ~/kinetics --for webdataset --to /data/shards",
    ),
    "extract": ("extract ~/kinetics --frames 5 --short-side 256 --sound wav",),
    "doctor": ("doctor",),
    "completion": ("completion --install", "completion zsh"),
    "help": ("help", "help networks", "help run"),
}
"""Command lines by the command that they show, without the program's name; those of the program as a whole
stand under the empty name."""


def write_examples(command: str, formatter: click.HelpFormatter) -> None:
    """Write the examples of a command, each in one line as it can be typed."""
    if lines := EXAMPLES.get(command):
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"  {PROGRAM} {line}\n")


class Command(click.Command):
    """A command whose help has its options in sections, by what they are for."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections in the order in which their first options are declared."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if not isinstance(param, click.Argument) and (record := param.get_help_record(ctx)):
                sections.setdefault(getattr(param, "section", ""), []).append(record)
        for heading, rows in sections.items():
            with formatter.section(heading or "Options"):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples of its use."""
        write_examples(ctx.info_name or "", formatter)


class Option(click.Option):
    """An option of a section of the help; the last section has no name."""

    def __init__(self, *args: Any, section: str = "", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.section = section


command = functools.partial(click.command, cls=Command, context_settings={"help_option_names": HELP_FLAGS})
"""Declares a command."""
