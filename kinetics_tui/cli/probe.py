"""The command that looks at a set before anybody commits weeks to it: probe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import Json, app


@app.command()
def probe(
    annotations: Annotated[
        list[Path] | None, typer.Option(help="Annotation files (CSV, JSON, tar.gz).")
    ] = None,
    release: Annotated[str | None, typer.Option(help="kinetics-400, -600, -700 or -700-2020.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Splits: train, val, test (all).")] = None,
    class_: Annotated[list[str] | None, typer.Option("--class", help="Classes by name (all).")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Categories of classes (all).")] = None,
    sample: Annotated[int, typer.Option(min=1, help="How many videos are asked for.")] = 200,
    seed: Annotated[int, typer.Option(help="Which ones are drawn.")] = 0,
    pace: Annotated[
        str | None, typer.Option(help="guest (300/h), account (2,000/h), unlimited, or videos an hour.")
    ] = None,
    yt_dlp: Annotated[
        str | None,
        typer.Option("--yt-dlp", help="yt-dlp's own options in one string, for every request."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how much of a set is still there, by a random sample; downloads nothing."""
    from kinetics_tui.commands import flags
    from kinetics_tui.commands.probe import probe_set
    from kinetics_tui.model.options import Selection
    from kinetics_tui.settings import load_settings

    asked = flags.selection(
        release=release, annotations=annotations, splits=split, classes=class_, categories=category
    )
    code = probe_set(
        Selection(**asked),  # type: ignore[arg-type]  # the command line types its flags
        load_settings(flags.given(pace=pace, yt_dlp=yt_dlp)),
        sample=sample,
        seed=seed,
        as_json=as_json,
    )
    raise typer.Exit(code)
