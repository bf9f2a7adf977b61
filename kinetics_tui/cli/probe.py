"""The command that looks at a set before anybody commits weeks to it: probe."""

from __future__ import annotations

from pathlib import Path

import click

from kinetics_tui.cli.app import (
    Integer,
    annotation_files,
    as_json,
    class_categories,
    classes,
    pace,
    release,
    splits,
    yt_dlp,
)


@click.command()
@annotation_files
@release
@splits
@classes
@class_categories
@click.option(
    "--sample",
    metavar="N",
    type=Integer(min=1),
    default=200,
    show_default=True,
    help="How many videos are asked for.",
)
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Which ones are drawn.")
@pace
@yt_dlp
@as_json
def probe(
    annotations: list[Path] | None,
    release: str | None,
    split: list[str] | None,
    class_: list[str] | None,
    category: list[str] | None,
    sample: int,
    seed: int,
    pace: str | None,
    yt_dlp: str | None,
    as_json: bool,
) -> int:
    """Say how much of a set is still there, by a random sample; downloads nothing."""
    from kinetics_tui.commands import flags
    from kinetics_tui.commands.probe import probe_set
    from kinetics_tui.model.options import Selection
    from kinetics_tui.settings import load_settings

    asked = flags.selection(
        release=release, annotations=annotations, splits=split, classes=class_, categories=category
    )
    return probe_set(
        Selection(**asked),  # type: ignore[arg-type]  # the command line types its flags
        load_settings(flags.given(pace=pace, yt_dlp=yt_dlp)),
        sample=sample,
        seed=seed,
        as_json=as_json,
    )
