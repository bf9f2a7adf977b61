"""Commands about clips that are here already: adopt, extract."""

from __future__ import annotations

from pathlib import Path

import click

from kinetics_tui.cli.app import Number, as_json, dataset, files_at_a_time, headless, several


@click.command()
@dataset
@click.option(
    "--from",
    "source",
    required=True,
    metavar="DIR",
    type=Path,
    help="The folder that the clips are in, in any layout.",
)
@click.option(
    "--link",
    metavar="HOW",
    default="hard",
    show_default=True,
    help="hard: one file under two names; copy: a file of its own.",
)
@click.option("--dry-run", is_flag=True, help="Read and judge everything, and change nothing.")
@click.option("--quick", is_flag=True, help="Read the files and decode none of them.")
@click.option(
    "--tolerance",
    metavar="S",
    type=Number(0.0, 10.0),
    default=0.0,
    show_default=True,
    help="Seconds a file may be too short or too long (one frame).",
)
@click.option("--table", metavar="FILE", type=Path, help="Write a CSV row about every file to FILE.")
@several(
    "--annotations",
    metavar="FILE",
    type=Path,
    help="Where DATASET has no ledger: which clips it is to hold.",
)
@click.option("--release", metavar="NAME", help="The same by the name of a release.")
@files_at_a_time
@as_json
def adopt(
    dataset: Path,
    source: Path,
    link: str,
    dry_run: bool,
    quick: bool,
    tolerance: float,
    table: Path | None,
    annotations: list[Path] | None,
    release: str | None,
    workers: int | None,
    as_json: bool,
) -> int:
    """Take over clips that you have already, each one verified; DIR stays as it is."""
    from kinetics_tui.commands.adopting import adopt_clips
    from kinetics_tui.settings import load_settings

    return adopt_clips(
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


@click.command()
@dataset
@click.option("--frames", metavar="FPS", help="So many pictures a second as JPEG; none: no more.")
@click.option("--short-side", metavar="PX", help="Scale pictures down to this short side; none: as the clip.")
@click.option("--sound", metavar="FORMAT", help="Sound as wav, mp3 or opus; none: no more.")
@headless
@as_json
def extract(
    dataset: Path,
    frames: str | None,
    short_side: str | None,
    sound: str | None,
    headless: bool,
    as_json: bool,
) -> int:
    """Have frames and sound made of every clip, of those that are here and of those to come; then look on."""
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
        return views.follow(dataset, as_json=as_json, owner=owner)
    return views.look(dataset, settings)
