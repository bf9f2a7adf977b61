"""The Typer app that the commands register with, and the arguments that several of them take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui import __version__

app = typer.Typer(
    help="Get the Kinetics human-action datasets onto your disk, live in the terminal.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Dataset = Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset folder.")]
Headless = Annotated[bool, typer.Option("--headless", help="No screen: a line an event, until it ends.")]
Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Workers = Annotated[str | None, typer.Option(metavar="N", help="Worker processes, 1 to 64 (16).")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Get the Kinetics human-action datasets onto your disk, live in the terminal."""
