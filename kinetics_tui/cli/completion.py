"""Completion in a shell: what may stand where the cursor is.

The shell's script calls the program with a variable that asks for it, at every press of the key: so each
source of names imports what it needs when it is asked, and gives nothing rather than an error.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from kinetics_tui import PROGRAM
from kinetics_tui.base.errors import UserError
from kinetics_tui.cli.command_line import DEFAULT_COMMAND, spread
from kinetics_tui.model.options import PACES, SOURCES, Option

VARIABLE = "_KINETICS_TUI_COMPLETE"
"""Names the shell and what it wants, as click's own scripts do: ``bash_complete``."""

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]


# -- names -----------------------------------------------------------------------------------------------


def of(source: Callable[[click.Context], Iterable[str]]) -> Completer:
    """Completes the names that a source gives for what stands on the line already.

    Capitals do not matter, nor does the kind of blank between words.
    """

    def complete(
        ctx: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        try:
            names = list(source(ctx))
        except (UserError, OSError):
            return []
        begun = _folded(incomplete)
        return [CompletionItem(name) for name in names if _folded(name).startswith(begun)]

    return complete


def one_of(names: Iterable[str]) -> Completer:
    """Completes names that are known beforehand."""
    known = list(names)
    return of(lambda _ctx: known)


def place(kind: str) -> Completer:
    """Leaves it to the shell to complete the path of a ``file`` or of a folder (``dir``), but no address."""

    def complete(
        _ctx: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        # Bash parts words at the colon of an address.
        address = "://" in incomplete or incomplete.startswith("//")
        return [] if address else [CompletionItem(incomplete, type=kind)]

    return complete


def _folded(name: str) -> str:
    return name.casefold().replace("_", " ")


def _dataset_with_ledger(ctx: click.Context) -> Path | None:
    """The dataset on the line, if it is one and no annotations are to take its place."""
    from kinetics_tui.dataset.folder import ledger_path

    words: list[str] = ctx.obj or []
    if len(words) < 2 or words[1].startswith("-") or "--annotations" in words:
        return None
    dataset = Path(words[1]).expanduser()  # the shell has not done it yet
    return dataset if ledger_path(dataset).exists() else None


def _release(ctx: click.Context) -> str:
    words: list[str] = ctx.obj or []
    return next((value for flag, value in itertools.pairwise(words) if flag == "--release"), "")


def _releases(_ctx: click.Context) -> Iterable[str]:
    from kinetics_tui.annotations.releases import PUBLISHED

    return PUBLISHED


def _splits(ctx: click.Context) -> Iterable[str]:
    """Those of the dataset where no other clips are asked for."""
    from kinetics_tui.dataset.ledger.ledger import Ledger
    from kinetics_tui.model.clip import TEST, TRAIN, VAL

    if _release(ctx) or not (dataset := _dataset_with_ledger(ctx)):
        return (TRAIN, VAL, TEST)
    with Ledger.open(dataset, read_only=True) as ledger:
        return [split.name for split in ledger.split_counts()]


def _classes(ctx: click.Context) -> Iterable[str]:
    """Those of the release, else of the dataset, else of the largest release."""
    from kinetics_tui.annotations.releases import class_names, find_release

    if release := _release(ctx):
        return class_names(find_release(release).name)
    if not (dataset := _dataset_with_ledger(ctx)):
        return class_names("kinetics-700")
    from contextlib import closing

    from kinetics_tui.dataset.ledger.clip_lists import read_labels
    from kinetics_tui.dataset.ledger.database import connect

    with closing(connect(dataset, read_only=True)) as database:
        return read_labels(database)


def _categories(_ctx: click.Context) -> Iterable[str]:
    from kinetics_tui.annotations.releases import categories

    return categories("kinetics-400")


def _failures(ctx: click.Context) -> Iterable[str]:
    """Those of which clips of the dataset stand as failed; all where there is no dataset yet."""
    from kinetics_tui.dataset.ledger.ledger import Ledger
    from kinetics_tui.model.failure import Category, by_count

    if not (dataset := _dataset_with_ledger(ctx)):
        return [category.value for category in Category]
    with Ledger.open(dataset, read_only=True) as ledger:
        return [category.value for category, _ in by_count(ledger.failure_counts())]


def _networks(ctx: click.Context) -> Iterable[str]:
    """Those that the dataset knows and those of this machine, as they can be typed."""
    from kinetics_tui.dataset.ledger.ledger import Ledger
    from kinetics_tui.engine.networks.routes import ways_of
    from kinetics_tui.model.network import DEFAULT

    if not (dataset := _dataset_with_ledger(ctx)):
        return ()
    with Ledger.open(dataset, read_only=True) as ledger:
        ways = ways_of(ledger)
    listed = (way.given_as or way.network.name for way in ways.listed())
    return dict.fromkeys([DEFAULT, *listed, *ways.added])


def _hosts(ctx: click.Context) -> Iterable[str]:
    from kinetics_tui.dataset.ledger.ledger import Ledger

    if not (dataset := _dataset_with_ledger(ctx)):
        return ()
    with Ledger.open(dataset, read_only=True) as ledger:
        return dict.fromkeys(way.partition("/")[0] for way in ledger.hosts().networks)


def _helped(ctx: click.Context) -> Iterable[str]:
    from kinetics_tui.base.topics import topic_names

    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    commands = root.command.list_commands(root)
    return dict.fromkeys([*topic_names(), *(name for name in commands if name != DEFAULT_COMMAND)])


def _readers(_ctx: click.Context) -> Iterable[str]:
    from kinetics_tui.dataset.export.make import READERS

    return READERS


NAMES: dict[str, Completer] = {
    "release": of(_releases),
    "split": of(_splits),
    "class": of(_classes),
    "class category": of(_categories),
    "failure category": of(_failures),
    "network": of(_networks),
    "host": of(_hosts),
    "reader": of(_readers),
    "help": of(_helped),
    "file": place("file"),
    "dir": place("dir"),
}
"""What completes a value, by the kind of names that it is one of."""


def for_option(option: Option) -> Completer | None:
    """Completes the values of a declared option; None where they are numbers or times."""
    if option.opt.names:
        return NAMES[option.opt.names]
    if option.opt.reads == "pace":
        return one_of(PACES)
    if option.opt.reads == "sources":
        return one_of(map(",".join, SOURCES))
    if isinstance(option.kind, type) and issubclass(option.kind, StrEnum):
        return one_of([*map(str, option.kind), *(["none"] if option.may_be_none else [])])
    return None


# -- what the shell asks ------------------------------------------------------------------------------------


class _Reading(ShellComplete):
    """Reads the line as the program does: a dataset alone, and several values in a row."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        assert isinstance(self.cli, click.Group)
        args = [arg for arg in args if arg != "="]  # bash makes a word of its own of it
        if incomplete == "=":
            incomplete = ""
        if (
            args
            and not args[0].startswith("-")
            and args[0] not in self.cli.list_commands(click.Context(self.cli))
        ):
            args = [DEFAULT_COMMAND, *args]
        *args, incomplete = spread([*args, incomplete])
        self.ctx_args["obj"] = args  # click reads no dataset where the value of an option is missing yet
        return super().get_completions(args, incomplete)


class _Bash(_Reading, BashComplete):
    pass


class _Zsh(_Reading, ZshComplete):
    pass


class _Fish(_Reading, FishComplete):
    pass


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def answer_shell(app: click.Group) -> int:
    """Print what completes the line that the shell's variables hold; the exit code."""
    shell = os.environ[VARIABLE].partition("_")[0]
    if shell in SHELLS:
        click.echo(SHELLS[shell](app, {}, PROGRAM, VARIABLE).complete())
    return 0
