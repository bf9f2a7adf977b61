"""Commands that say what a dataset holds: export, manifest, compare."""

from __future__ import annotations

from pathlib import Path

import click

from kinetics_tui.cli.app import as_json, dataset, files_at_a_time


@click.command()
@dataset
@click.option(
    "--for",
    "reader",
    required=True,
    metavar="READER",
    help="torchvision, mmaction2, slowfast, pytorchvideo, fiftyone, csv, parquet or webdataset.",
)
@click.option("--to", metavar="DIR", type=Path, help="Where to (DATASET-READER, beside the dataset).")
@click.option("--link", metavar="HOW", help="hard, sym or copy (hard; copy on another disk).")
@click.option(
    "--release",
    metavar="NAME",
    default="",
    help="Number the classes as this release does (that of the dataset).",
)
def export(dataset: Path, reader: str, to: Path | None, link: str | None, release: str) -> None:
    """Lay the clips out as a reader expects them; again: adds what is new, and deletes nothing."""
    from kinetics_tui.commands.sets import export_dataset

    export_dataset(dataset, reader, to=to, link=link, release=release)


@click.command()
@dataset
@click.option("--to", metavar="FILE", type=Path, help="Where to (standard output).")
@click.option(
    "--trust-unchanged",
    is_flag=True,
    help="Do not read files again whose size and time of change are as before.",
)
@files_at_a_time
def manifest(dataset: Path, to: Path | None, trust_unchanged: bool, workers: int | None) -> None:
    """List every clip as CSV: checksum, frames, source, programs, and what is missing and why."""
    from kinetics_tui.commands.sets import write_manifest

    write_manifest(dataset, to, trust_unchanged=trust_unchanged, workers=workers)


@click.command()
@click.argument("a", type=Path, help="A dataset folder or a manifest.")
@click.argument("b", type=Path, help="Another one.")
@click.option(
    "--common", metavar="FILE", type=Path, help="Write the clips that both have, for run --annotations."
)
@as_json
def compare(a: Path, b: Path, common: Path | None, as_json: bool) -> None:
    """Say what two datasets have in common, by key and byte for byte, and where they differ."""
    from kinetics_tui.commands.sets import compare_sets

    compare_sets(a, b, common=common, as_json=as_json)
