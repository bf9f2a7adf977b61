"""Commands about clips that are here already: adopt, extract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import Dataset, Headless, Json, app


@app.command()
def adopt(
    dataset: Dataset,
    source: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="The folder that the clips are in, in any layout.")
    ],
    link: Annotated[
        str, typer.Option(metavar="HOW", help="hard: one file under two names; copy: a file of its own.")
    ] = "hard",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and judge everything, and change nothing.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Read the files and decode none of them.")] = False,
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="S", min=0.0, max=10.0, help="Seconds a file may be too short or too long (one frame)."
        ),
    ] = 0.0,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a CSV row about every file to FILE.")
    ] = None,
    annotations: Annotated[
        list[Path] | None, typer.Option(help="Where DATASET has no ledger: which clips it is to hold.")
    ] = None,
    release: Annotated[str | None, typer.Option(help="The same by the name of a release.")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=64, help="Files read at a time (one a processor).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take over clips that you have already, each one verified; DIR stays as it is."""
    from kinetics_tui.commands.adopting import adopt_clips
    from kinetics_tui.settings import load_settings

    code = adopt_clips(
        dataset,
        load_settings({}),
        source=source,
        link=link,
        dry_run=dry_run,
        quick=quick,
        tolerance_s=tolerance,
        table=table,
        annotations=annotations,
        release=release,
        workers=workers,
        as_json=as_json,
    )
    raise typer.Exit(code)


@app.command()
def extract(
    dataset: Dataset,
    frames: Annotated[
        str | None, typer.Option(metavar="FPS", help="So many pictures a second as JPEG; none: no more.")
    ] = None,
    short_side: Annotated[
        str | None,
        typer.Option(metavar="PX", help="Scale pictures down to this short side; none: as the clip."),
    ] = None,
    sound: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Sound as wav, mp3 or opus; none: no more.")
    ] = None,
    headless: Headless = False,
    as_json: Json = False,
) -> None:
    """Have frames and sound made of every clip, of those that are here and of those to come; then run."""
    from kinetics_tui.commands import views
    from kinetics_tui.commands.command_line import tell
    from kinetics_tui.commands.extracting import want_extras
    from kinetics_tui.commands.steering import run_engine
    from kinetics_tui.model.errors import SettingsError
    from kinetics_tui.settings import load_settings

    if as_json and not headless:
        raise SettingsError("--json goes with --headless: kinetics-tui extract DATASET --headless --json.")
    if not headless:
        views.require_terminal()
    settings = load_settings({})
    want_extras(dataset, frames=frames, short_side=short_side, sound=sound)
    owner = run_engine(dataset, settings.networks, tell)
    if headless:
        raise typer.Exit(views.follow(dataset, as_json=as_json, owner=owner))
    raise typer.Exit(views.look(dataset, settings))
