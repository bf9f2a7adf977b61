"""Commands that say what a dataset holds: export, manifest, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import Dataset, app


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
