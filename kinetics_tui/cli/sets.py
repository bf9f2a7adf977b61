"""Commands that say what a dataset holds: export, manifest, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import Dataset, Json, app


@app.command()
def export(
    dataset: Dataset,
    reader: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="READER",
            help="torchvision, mmaction2, slowfast, pytorchvideo, fiftyone, csv, parquet or webdataset.",
        ),
    ],
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to (DATASET-READER, beside the dataset).")
    ] = None,
    link: Annotated[
        str | None, typer.Option(metavar="HOW", help="hard, sym or copy (hard; copy on another disk).")
    ] = None,
    release: Annotated[
        str, typer.Option(help="Number the classes as this release does (that of the dataset).")
    ] = "",
) -> None:
    """Lay the clips out as a reader expects them; again: adds what is new, and deletes nothing."""
    from kinetics_tui.commands.sets import export_dataset

    export_dataset(dataset, reader, to=to, link=link, release=release)


@app.command()
def manifest(
    dataset: Dataset,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to (standard output).")] = None,
    trust_unchanged: Annotated[
        bool,
        typer.Option(
            "--trust-unchanged", help="Do not read files again whose size and time of change are as before."
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=64, help="Files read at a time (one a processor).")
    ] = None,
) -> None:
    """List every clip as CSV: checksum, frames, source, programs, and what is missing and why."""
    from kinetics_tui.commands.sets import write_manifest

    write_manifest(dataset, to, trust_unchanged=trust_unchanged, workers=workers)


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="A dataset folder or a manifest.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
    common: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the clips that both have, for run --annotations."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what two datasets have in common, by key and byte for byte, and where they differ."""
    from kinetics_tui.commands.sets import compare_sets

    compare_sets(a, b, common=common, as_json=as_json)
