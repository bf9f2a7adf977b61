"""The command help: commands and topics listed, a topic shown, or the help of a command."""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

from kinetics_tui import PROGRAM
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.safe_text import for_terminal
from kinetics_tui.base.topics import (
    GROUPS,
    find_topic,
    nearest_name,
    topic_names,
    topic_text,
    without_topic_links,
)
from kinetics_tui.cli.command_line import SETTLED
from kinetics_tui.cli.completion import NAMES
from kinetics_tui.cli.help_text import command

WIDEST_COLUMNS = 100
"""Lines of text that are longer than this are hard to read."""
SUMMARY_COLUMN = 18


def topics_list(columns: int) -> str:
    """All topics with their summaries, in lines of at most so many columns."""
    lines = []
    for group, names in GROUPS.items():
        lines += [f"Topics: {group[:1].lower()}{group[1:]}"]
        for name in names:
            head = f"  {name:{SUMMARY_COLUMN - 2}}"
            indent = " " * SUMMARY_COLUMN
            lines += textwrap.wrap(
                find_topic(name).summary, columns, initial_indent=head, subsequent_indent=indent
            )
        lines += [""]
    end = f"{PROGRAM} help TOPIC shows a topic, {PROGRAM} COMMAND --help a command."
    return "\n".join([*lines, *textwrap.wrap(end, columns, break_on_hyphens=False)])


def commands_list(group: click.Group, ctx: click.Context) -> str:
    """All commands by task, with examples."""
    formatter = ctx.make_formatter()
    group.format_usage(ctx, formatter)
    group.format_options(ctx, formatter)
    return formatter.getvalue()


def rendered(text: str, columns: int) -> str:
    """Markdown as a terminal shows it, with the codes for bold text and colours."""
    from io import StringIO

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import Markdown, TableElement
    from rich.table import Table
    from rich.theme import Theme

    class Folding(TableElement):
        """A table that breaks long words where there is no room for them, instead of cutting them off."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            for part in super().__rich_console__(console, options):
                for column in part.columns if isinstance(part, Table) else ():
                    column.overflow = "fold"
                yield part

    class Topic(Markdown):
        elements = Markdown.elements | {"table_open": Folding}

    # Rich puts code on black, which a light terminal shows as a bar.
    theme = Theme({"markdown.code": "bold", "markdown.code_block": "none"})
    console = Console(file=StringIO(), force_terminal=True, width=columns, theme=theme, highlight=False)
    with console.capture() as capture:
        console.print(Topic(without_topic_links(text), hyperlinks=False, code_theme="ansi_dark"))
    return capture.get()


@command("help")
@click.argument(
    "name", metavar="[TOPIC]", required=False, shell_complete=NAMES["help"], help="A topic, or a command."
)
@click.pass_context
def help_command(ctx: click.Context, name: str | None) -> int:
    """List the commands and the help topics, or show one of them."""
    size = shutil.get_terminal_size()
    columns = min(size.columns, WIDEST_COLUMNS)
    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    commands = group.list_commands(ctx)
    terminal = sys.stdout.isatty()
    if name is None:
        text = f"{commands_list(group, ctx.find_root())}\n{topics_list(columns)}"
    elif name in topic_names():
        text = rendered(topic_text(name), columns) if terminal else topic_text(name)
    elif name in commands:
        command = group.get_command(ctx, name)
        assert command is not None
        text = command.get_help(click.Context(command, parent=ctx.parent, info_name=name))
    else:
        near = nearest_name(name, [*topic_names(), *commands])
        remedy = f"did you mean {near}?" if near else f"{PROGRAM} help lists them."
        raise SettingsError(f"No command or topic is called {for_terminal(name)!r}; {remedy}")
    return _show(text.rstrip("\n"), paged=terminal and text.count("\n") >= size.lines)


def _show(text: str, *, paged: bool) -> int:
    """Print a text, through the user's pager where it does not fit the terminal; the exit code."""
    if paged:
        _page(text)
    else:
        click.echo(text)
    return SETTLED


def _page(text: str) -> None:
    try:
        click.echo_via_pager(text)
    except (OSError, ValueError):  # PAGER is no command line, or names a file that is no program
        click.echo(text)
