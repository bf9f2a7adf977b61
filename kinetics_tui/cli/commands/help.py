"""Commands about the program itself: help, and completion, which gives a shell the script that it needs."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import click
import psutil

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
from kinetics_tui.base.whole_file import write_whole
from kinetics_tui.cli.command_line import SETTLED, say
from kinetics_tui.cli.completion import NAMES, SHELLS, VARIABLE, one_of
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


# -- completion --------------------------------------------------------------------------------------

SCRIPTS = {
    "bash": r"""_kinetics_tui_completion() {
    local type value word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain)
                [[ $word == [\"\']* ]] || printf -v value %q "$value"
                COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD VARIABLE=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F _kinetics_tui_completion PROGRAM 2>/dev/null ||
    complete -F _kinetics_tui_completion PROGRAM
""",
    "zsh": r"""#compdef PROGRAM
_kinetics_tui_completion() {
    local type value help
    local -a values answer
    answer=("${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) \
        VARIABLE=zsh_complete $words[1] 2>/dev/null)}")
    for type value help in $answer; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain) values+=("$value") ;;
        esac
    done
    (( $#values )) && compadd -U -V PROGRAM -a values
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _kinetics_tui_completion PROGRAM
""",
    "fish": r"""function _kinetics_tui_completion
    for answer in (VARIABLE=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) \
            PROGRAM 2>/dev/null)
        set -l parts (string split -m 1 , -- $answer)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                echo $parts[2]
        end
    end
end
complete --no-files --keep-order --command PROGRAM --arguments '(_kinetics_tui_completion)'
""",
}
"""Bash quotes nothing by itself, the others do; before 4.4 it sorts what it is given."""


def script(shell: str) -> str:
    """The script that has a shell complete command lines of this program."""
    return SCRIPTS[shell].replace("VARIABLE", VARIABLE).replace("PROGRAM", PROGRAM)


def this_shell(environ: Mapping[str, str]) -> str:
    """The shell that this program was called from, else the user's own; empty where neither is known."""
    for process in psutil.Process().parents():
        name = process.name().lstrip("-")
        if name in SCRIPTS:
            return name
    name = Path(environ.get("SHELL", "")).name
    return name if name in SCRIPTS else ""


def install(shell: str, home: Path, environ: Mapping[str, str]) -> tuple[Path, Path | None]:
    """Put the script where new shells find it; its file, and the start-up file that has a line more by it.

    A start-up file is changed once, however often this is called.
    """
    if shell == "fish":  # it looks there by itself
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "fish" / "completions"
        path, start_up = folder / f"{PROGRAM}.fish", None
    else:
        folder = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / PROGRAM
        path = folder / f"completion.{shell}"
        start_up = Path(environ.get("ZDOTDIR") or home) / ".zshrc" if shell == "zsh" else home / ".bashrc"
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, script(shell).encode())
    if start_up is None:
        return path, None
    before = start_up.read_text(encoding="utf-8", errors="surrogateescape") if start_up.exists() else ""
    line = f'[ -r "{path}" ] && . "{path}"  # completion of {PROGRAM}'
    if line in before.splitlines():
        return path, None
    with start_up.open("a", encoding="utf-8") as file:
        file.write(("\n" if before and not before.endswith("\n") else "") + line + "\n")
    return path, start_up


@command("completion")
@click.argument("shell", required=False, shell_complete=one_of(SHELLS), help="bash, zsh or fish (yours).")
@click.option("--install", "wanted", is_flag=True, help="Put it where your shell finds it from now on.")
def completion_command(shell: str | None, wanted: bool) -> None:
    """Complete commands, options, classes, networks and more in the shell, by the tab key.

    Prints the script for a shell, or installs it.
    """
    if shell is None and not wanted:
        raise SettingsError("Say completion --install, or name bash, zsh or fish to have the script printed.")
    shell = shell or this_shell(os.environ)
    if shell not in SCRIPTS:
        raise SettingsError("There is completion for bash, zsh and fish; name the one that you use.")
    if not wanted:
        click.echo(script(shell), nl=False)
        return
    try:
        path, start_up = install(shell, Path.home(), os.environ)
    except OSError as error:
        raise SettingsError(
            f"{error.filename} cannot be written ({error.strerror}); {PROGRAM} completion {shell} prints "
            "the script, to be put where your shell finds it."
        ) from error
    also = f", and a line in {start_up} that reads it" if start_up else ""
    say(f"Installed: {path}{also}. New shells complete {PROGRAM} from now on; this one after: . {path}")
