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
AnnotationFiles = Annotated[list[Path] | None, typer.Option(help="Annotation files (CSV, JSON, tar.gz).")]
Release = Annotated[str | None, typer.Option(help="kinetics-400, -600, -700 or -700-2020.")]
Splits = Annotated[list[str] | None, typer.Option(help="Splits: train, val, test (all).")]
Classes = Annotated[list[str] | None, typer.Option("--class", help="Classes by name (all).")]
ClassCategories = Annotated[list[str] | None, typer.Option(help="Categories of classes (all).")]
Pace = Annotated[
    str | None, typer.Option(help="guest (300/h), account (2,000/h), unlimited, or videos an hour.")
]
YtDlp = Annotated[
    str | None, typer.Option("--yt-dlp", help="yt-dlp's own options in one string, for every request.")
]
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
