"""Commands that open or begin a run: the app itself, run, attach, demo."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from kinetics_tui.cli.app import (
    Integer,
    annotation_files,
    as_json,
    class_categories,
    classes,
    dataset,
    headless,
    pace,
    release,
    splits,
    yt_dlp,
)
from kinetics_tui.commands.command_line import DEFAULT_COMMAND, tell
from kinetics_tui.model.errors import SettingsError

DEMO_WORKERS = 4


@click.command(DEFAULT_COMMAND, hidden=True)
@click.argument("dataset", required=False, type=Path, help="The dataset folder.")
def open_app(dataset: Path | None) -> int:
    """Open the app: the set-up screen where DATASET has no ledger, else the run."""
    from kinetics_tui.commands.steering import run_engine
    from kinetics_tui.commands.views import look, set_up
    from kinetics_tui.engine.prepare import has_ledger
    from kinetics_tui.settings import load_settings

    settings = load_settings({})
    if dataset is not None and has_ledger(dataset):
        run_engine(dataset, settings.networks, tell)
        return look(dataset, settings)
    return set_up(dataset or Path("kinetics"), settings)


@click.command()
@dataset
@annotation_files
@release
@splits
@classes
@class_categories
@click.option("--per-class", metavar="N", help="So many clips of each class; none: all.")
@click.option("--seed", metavar="N", type=int, help="Which clips --per-class draws (0).")
@click.option("--limit", metavar="N", help="At most so many clips; none: all.")
@click.option("--workers", metavar="N", help="Worker processes, 1 to 64 (16).")
@click.option("--height", metavar="PX", help="Largest source height in pixels (360).")
@click.option("--trim", metavar="HOW", help="exact, or copy: cheap and inexact (exact).")
@click.option("--layout", metavar="NAME", help="activitynet, showmax or torchvision (activitynet).")
@click.option("--no-audio/--audio", "no_audio", default=None, help="Leave the sound out.")
@click.option("--short-side", metavar="PX", help="Scale down to this short side in pixels.")
@pace
@click.option("--cooldown", metavar="TIMES", help="Waits after a throttle: 15m,1h,3h,...")
@click.option("--retry", metavar="TIMES", help="Waits after a passing failure: 30s,5m,1h.")
@click.option("--deadline", metavar="TIME", help="How long one clip may take (15m).")
@yt_dlp
@headless
@as_json
def run(
    dataset: Path,
    annotations: list[Path] | None,
    release: str | None,
    split: list[str] | None,
    class_: list[str] | None,
    category: list[str] | None,
    per_class: str | None,
    seed: int | None,
    limit: str | None,
    workers: str | None,
    height: str | None,
    trim: str | None,
    layout: str | None,
    no_audio: bool | None,
    short_side: str | None,
    pace: str | None,
    cooldown: str | None,
    retry: str | None,
    deadline: str | None,
    yt_dlp: str | None,
    headless: bool,
    as_json: bool,
) -> int:
    """Download the selected clips into DATASET; a run that was stopped goes on where it was."""
    from kinetics_tui.commands import flags, views
    from kinetics_tui.commands.steering import adjust, load_annotations, make_known, run_engine
    from kinetics_tui.engine.asking import is_running
    from kinetics_tui.engine.prepare import prepare
    from kinetics_tui.settings import load_settings

    given = flags.given(
        workers=workers,
        height=height,
        trim=trim,
        layout=layout,
        no_audio=no_audio,
        short_side=short_side,
        pace=pace,
        cooldown=cooldown,
        retry=retry,
        deadline=deadline,
        yt_dlp=yt_dlp,
    )
    selection = flags.selection(
        release=release,
        annotations=annotations,
        splits=split,
        classes=class_,
        categories=category,
        per_class=per_class,
        seed=seed,
        limit=limit,
    )
    if as_json and not headless:
        raise SettingsError("--json goes with --headless: kinetics-tui run DATASET --headless --json.")
    if not headless:
        views.require_terminal()
    settings = load_settings(given)
    owner = not is_running(dataset)
    if not owner:
        adjust(dataset, selection, settings, given)
        make_known(dataset, settings.networks, tell)
    else:
        prepare(
            dataset,
            selection=selection,
            options=settings.options,
            given=settings.given_options,
            load=functools.partial(load_annotations, dataset, settings, tell),
            tell=tell,
        )
        run_engine(dataset, settings.networks, tell)
    if headless:
        return views.follow(dataset, as_json=as_json, owner=owner)
    return views.look(dataset, settings)


@click.command()
@dataset
@headless
@as_json
def attach(dataset: Path, headless: bool, as_json: bool) -> int:
    """Look at a run that goes on already, from any terminal."""
    from kinetics_tui.commands import views
    from kinetics_tui.commands.steering import make_known
    from kinetics_tui.engine.asking import require_running
    from kinetics_tui.settings import load_settings

    if not headless:
        views.require_terminal()
    require_running(dataset)
    settings = load_settings({})
    make_known(dataset, settings.networks, tell)
    if headless:
        return views.follow(dataset, as_json=as_json, owner=False)
    return views.look(dataset, settings)


@click.command()
@click.argument("dataset", required=False, type=Path, help="Where to.")
@headless
@as_json
@click.option(
    "--clips",
    metavar="N",
    type=Integer(min=1),
    default=120,
    show_default=True,
    help="How many clips the made-up dataset has.",
)
@click.option(
    "--workers",
    metavar="N",
    type=Integer(1, 64),
    default=DEMO_WORKERS,
    show_default=True,
    help="Worker processes.",
)
def demo(dataset: Path | None, headless: bool, as_json: bool, clips: int, workers: int) -> int:
    """The whole program at work on a made-up dataset, with a YouTube of its own and no internet."""
    from kinetics_tui.commands import views
    from kinetics_tui.commands.steering import run_engine
    from kinetics_tui.demo.show import open_demo
    from kinetics_tui.settings import load_settings

    if not headless:
        views.require_terminal()
    folder = open_demo(dataset, clips=clips, workers=workers, tell=tell)
    owner = run_engine(folder, {}, tell)
    if headless:
        return views.follow(folder, as_json=as_json, owner=owner)
    return views.look(folder, load_settings({}))
