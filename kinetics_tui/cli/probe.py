"""The command that looks at a set before anybody commits weeks to it: probe."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics_tui.cli.app import (
    AnnotationFiles,
    ClassCategories,
    Classes,
    Json,
    Pace,
    Release,
    Splits,
    YtDlp,
    app,
)


@app.command()
def probe(
    annotations: AnnotationFiles = None,
    release: Release = None,
    split: Splits = None,
    class_: Classes = None,
    category: ClassCategories = None,
    sample: Annotated[int, typer.Option(min=1, help="How many videos are asked for.")] = 200,
    seed: Annotated[int, typer.Option(help="Which ones are drawn.")] = 0,
    pace: Pace = None,
    yt_dlp: YtDlp = None,
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
