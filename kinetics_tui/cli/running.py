"""Commands that open or begin a run: the app itself, run, attach, demo."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import (
    AnnotationFiles,
    ClassCategories,
    Classes,
    Dataset,
    Headless,
    Json,
    Pace,
    Release,
    Splits,
    Workers,
    YtDlp,
    app,
)
from kinetics_tui.commands.command_line import DEFAULT_COMMAND, tell
from kinetics_tui.model.errors import SettingsError

DEMO_WORKERS = 4


@app.command(DEFAULT_COMMAND, hidden=True)
def open_app(dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]")] = None) -> None:
    """Open the app: the set-up screen where DATASET has no ledger, else the run."""
    from kinetics_tui.commands.steering import run_engine
    from kinetics_tui.commands.views import look, set_up
    from kinetics_tui.engine.prepare import has_ledger
    from kinetics_tui.settings import load_settings

    settings = load_settings({})
    if dataset is not None and has_ledger(dataset):
        run_engine(dataset, settings.networks, tell)
        raise typer.Exit(look(dataset, settings))
    raise typer.Exit(set_up(dataset or Path("kinetics"), settings))


@app.command()
def run(
    dataset: Dataset,
    annotations: AnnotationFiles = None,
    release: Release = None,
    split: Splits = None,
    class_: Classes = None,
    category: ClassCategories = None,
    per_class: Annotated[
        str | None, typer.Option(metavar="N", help="So many clips of each class; none: all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Which clips --per-class draws (0).")] = None,
    limit: Annotated[str | None, typer.Option(metavar="N", help="At most so many clips; none: all.")] = None,
    workers: Workers = None,
    height: Annotated[
        str | None, typer.Option(metavar="PX", help="Largest source height in pixels (360).")
    ] = None,
    trim: Annotated[str | None, typer.Option(help="exact, or copy: cheap and inexact (exact).")] = None,
    layout: Annotated[
        str | None, typer.Option(help="activitynet, showmax or torchvision (activitynet).")
    ] = None,
    no_audio: Annotated[bool | None, typer.Option("--no-audio/--audio", help="Leave the sound out.")] = None,
    short_side: Annotated[
        str | None, typer.Option(metavar="PX", help="Scale down to this short side in pixels.")
    ] = None,
    pace: Pace = None,
    cooldown: Annotated[str | None, typer.Option(help="Waits after a throttle: 15m,1h,3h,...")] = None,
    retry: Annotated[str | None, typer.Option(help="Waits after a passing failure: 30s,5m,1h.")] = None,
    deadline: Annotated[str | None, typer.Option(help="How long one clip may take (15m).")] = None,
    yt_dlp: YtDlp = None,
    headless: Headless = False,
    as_json: Json = False,
) -> None:
    """Download the selected clips into DATASET; a run that was stopped goes on where it was."""
    from kinetics_tui.commands import flags, views
    from kinetics_tui.commands.steering import adjust, load_annotations, make_known, run_engine
    from kinetics_tui.engine.client import is_running
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
        raise typer.Exit(views.follow(dataset, as_json=as_json, owner=owner))
    raise typer.Exit(views.look(dataset, settings))


@app.command()
def attach(dataset: Dataset, headless: Headless = False, as_json: Json = False) -> None:
    """Look at a run that goes on already, from any terminal."""
    from kinetics_tui.commands import views
    from kinetics_tui.commands.steering import make_known
    from kinetics_tui.engine.client import require_running
    from kinetics_tui.settings import load_settings

    if not headless:
        views.require_terminal()
    require_running(dataset)
    settings = load_settings({})
    make_known(dataset, settings.networks, tell)
    if headless:
        raise typer.Exit(views.follow(dataset, as_json=as_json, owner=False))
    raise typer.Exit(views.look(dataset, settings))


@app.command()
def demo(
    dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]", help="Where to.")] = None,
    headless: Headless = False,
    as_json: Json = False,
    clips: Annotated[int, typer.Option(min=1, help="How many clips the made-up dataset has.")] = 120,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = DEMO_WORKERS,
) -> None:
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
        raise typer.Exit(views.follow(folder, as_json=as_json, owner=owner))
    raise typer.Exit(views.look(folder, load_settings({})))
