"""A command line carried out: what people leave out is added, and every end becomes an exit code.

Long commands end early in good order where ctrl+c or a shutdown asks for it.
"""

from __future__ import annotations

import errno
import os
import shlex
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from kinetics_tui import PROGRAM
from kinetics_tui.base.errors import EngineDiedError, EngineSilentError, UserError
from kinetics_tui.base.output import OutputError, let_go_of_output
from kinetics_tui.base.safe_text import for_log, for_terminal, json_line, lines_for_terminal

_Found = TypeVar("_Found")

SETTLED = 0
OUR_FAULT = 1
NO_ANSWER = 1
"""Exit code of ``networks --check`` where YouTube does not answer."""
BAD_INPUT = 2
CLIPS_LEFT = 3
ENGINE_SILENT = 5
"""An engine is there and does not answer: nothing was changed. (4 is of ``check``.)"""
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell reports a program ended by SIGINT and SIGPIPE."""

NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Errors of the machine that no part of the program has a sentence of its own for."""

DEFAULT_COMMAND = "open"
ALIKE = 0.7
"""From here on a first word is a mistyped command: ``statsu`` is, ``data`` and ``videos`` are folders."""
HELP_FLAGS = ("-h", "--help")
ALWAYS = (*HELP_FLAGS, "--version")
"""Options that every command takes."""
NO_DATASET = ("probe",)
"""Commands that take options alone."""
MANY = ("--annotations", "--split", "--class", "--category", "--clip")
"""Options that take several values in a row: ``--split val test``."""


def tell(line: str) -> None:
    """Progress for people: never on standard output, which belongs to events."""
    click.echo(lines_for_terminal(line), err=True)


def say(text: str) -> None:
    """Print the answer of a command, for people."""
    click.echo(lines_for_terminal(text))


def answer(
    found: _Found, *, as_json: bool, fields: Callable[[_Found], object], text: Callable[[_Found], str]
) -> None:
    """Print what a command found: its ``fields`` as one line of JSON for scripts, else as ``text``."""
    if as_json:
        click.echo(json_line(fields(found)))
    else:
        say(text(found))


def spread(args: Sequence[str]) -> list[str]:
    """``--split val test`` as ``--split val --split test``; only behind the dataset, where it is clear."""
    spreading = ""
    out: list[str] = []
    for number, arg in enumerate(args):
        if arg == "--":
            return [*out, *args[number:]]
        if arg.startswith("-") and not (number and args[number - 1] in MANY):  # ids of videos may begin so
            spreading = arg if arg in MANY else ""
        elif spreading and number >= 2 and args[number - 1] != spreading:
            out.append(spreading)
        out.append(arg)
    return out


def completed(app: click.Group, args: Sequence[str]) -> list[str]:
    """The command line with what people leave out: ``DATASET`` alone opens the app on it.

    Raises ``UserError`` where the first word is neither a command nor a dataset.
    """
    commands = app.list_commands(click.Context(app))
    if args and args[0] in commands:
        if list(args[1:]) == ["help"] and not Path("help").exists():
            return ["help", args[0]]
    elif not args or not args[0].startswith("-"):
        if args:
            _require_dataset(args[0], args[1:], commands)
        args = [DEFAULT_COMMAND, *args]
    clear = len(args) > 1 and (not args[1].startswith("-") or args[0] in NO_DATASET)
    return spread(args) if clear else list(args)


def _is_typing_error(typed: str, meant: str) -> bool:
    """True if a word was rather meant to be another one than to be the name of a new folder."""
    from difflib import SequenceMatcher

    return sorted(typed) == sorted(meant) or SequenceMatcher(None, typed, meant).ratio() > ALIKE


def _require_dataset(first: str, rest: Sequence[str], commands: Sequence[str]) -> None:
    """Raise ``UserError`` where a first word is rather a mistyped command than a dataset to be opened."""
    from kinetics_tui.base.topics import nearest_name  # other command lines do without difflib

    shown = for_terminal(shlex.quote(first))
    is_path = os.sep in first or first.startswith((".", "~")) or os.path.exists(first)  # noqa: PTH110 -- any text
    if not is_path:
        near = nearest_name(first, commands)
        if near and (rest or _is_typing_error(first, near)):
            raise UserError(
                f"There is no command {shown}; did you mean {near}? A folder is given as ./{shown}."
            )
        if rest and rest[0] not in ALWAYS:
            raise UserError(f"There is no command {shown}; {PROGRAM} help lists them all.")
    elif rest and rest[0] in commands:
        raise UserError(f"The command stands before the dataset: {PROGRAM} {rest[0]} {shown}.")
    elif rest and rest[0] not in ALWAYS:
        more = for_terminal(shlex.join(rest))
        raise UserError(f"A dataset alone is opened; to begin a run: {PROGRAM} run {shown} {more}.")


def carry_out(app: click.Group, args: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    try:
        code = app.main(args=completed(app, args), prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        named = ctx.command_path if ctx and ctx.info_name != DEFAULT_COMMAND else PROGRAM
        tell(f"{PROGRAM}: {_usage_error(error)}. See {named} --help.")
        return BAD_INPUT
    except (UserError, EngineDiedError) as error:
        tell(f"{PROGRAM}: {error}")
        if isinstance(error, EngineSilentError):
            return ENGINE_SILENT
        return BAD_INPUT if isinstance(error, UserError) else OUR_FAULT
    except OutputError as error:
        let_go_of_output()
        if error.left:
            return BROKEN_PIPE
        tell(f"{PROGRAM}: Nothing can be written to standard output ({error}); send it somewhere else.")
        return OUR_FAULT
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except OSError as error:
        if error.errno not in NOT_OURS:
            return _own_up(error)
        what = f"{error.filename} cannot be used" if error.filename else "Something cannot be read or written"
        tell(f"{PROGRAM}: {what} ({error.strerror}); see that this user may, and that there is room.")
        return OUR_FAULT
    except Exception as error:  # noqa: BLE001 -- the last resort: nobody should see a traceback
        return _own_up(error)
    return code if isinstance(code, int) else SETTLED


def _usage_error(error: click.ClickException) -> str:
    """The fault of a command line, as a sentence without its full stop."""
    if isinstance(error, click.NoSuchOption):
        # click asks here what was meant, which makes two sentences of one.
        near = f" (possible options: {', '.join(error.possibilities)})" if error.possibilities else ""
        return f"No such option: {error.option_name}{near}"
    return error.format_message().rstrip(".")


def _own_up(error: Exception) -> int:
    """A fault of ours: one sentence for the user, the trace into a file for whoever mends it."""
    import time
    import traceback

    import platformdirs

    folder = platformdirs.user_log_path(PROGRAM, ensure_exists=True)
    path = folder / time.strftime("crash-%Y%m%d-%H%M%S.log")
    path.write_text(for_log("".join(traceback.format_exception(error))), encoding="utf-8")
    tell(f"{PROGRAM} failed through a fault of its own ({type(error).__name__}); please report {path}.")
    return OUR_FAULT


@contextmanager
def stoppable() -> Iterator[list[int]]:
    """Signals that asked to end, as they come; a second ctrl+c ends at once."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    ends = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Any] = {number: signal.signal(number, note) for number in ends}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
