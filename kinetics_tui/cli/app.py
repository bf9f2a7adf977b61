"""The app that the commands are added to, and the arguments that several of them take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kinetics_tui import __version__

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _AsAdded(click.Group):
    """Its help lists the commands in the order in which they were added, not by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(self.commands)


class Integer(click.IntRange):
    """An integer within bounds, and called so where something else is given."""

    name = "integer"


class Number(click.FloatRange):
    """A number within bounds, and called so where something else is given."""

    name = "number"


@click.group(cls=_AsAdded, no_args_is_help=False)
@click.version_option(__version__, message="%(version)s", help="Print the version and leave.")
def app() -> None:
    """Get the Kinetics human-action datasets onto your disk, live in the terminal."""


def several(*names: str, **settings: Any) -> Callable[[_Command], _Command]:
    """An option that may be given several times: the list of its values, or None where there are none."""
    return click.option(*names, multiple=True, callback=_list_or_none, **settings)


def _list_or_none(_ctx: click.Context, _option: click.Parameter, values: tuple[Any, ...]) -> list[Any] | None:
    return list(values) or None


dataset = click.argument("dataset", type=Path, help="The dataset folder.")
annotation_files = several(
    "--annotations", metavar="FILE", type=Path, help="Annotation files (CSV, JSON, tar.gz)."
)
release = click.option("--release", metavar="NAME", help="kinetics-400, -600, -700 or -700-2020.")
splits = several("--split", metavar="NAME", help="Splits: train, val, test (all).")
classes = several("--class", "class_", metavar="NAME", help="Classes by name (all).")
class_categories = several("--category", metavar="NAME", help="Categories of classes (all).")
pace = click.option(
    "--pace", metavar="PACE", help="guest (300/h), account (2,000/h), unlimited, or videos an hour."
)
yt_dlp = click.option(
    "--yt-dlp", metavar="OPTIONS", help="yt-dlp's own options in one string, for every request."
)
headless = click.option("--headless", is_flag=True, help="No screen: a line an event, until it ends.")
as_json = click.option("--json", "as_json", is_flag=True, help="JSON for scripts.")
now = click.option("--now", is_flag=True, help="Put the clips in hand back at once.")
files_at_a_time = click.option(
    "--workers", metavar="N", type=Integer(1, 64), help="Files read at a time (one a processor)."
)
