"""Commands that open or begin a run: the app itself, run, attach, demo.

The views that commands open on a run: the app, its set-up screen, or lines without a screen.
"""

from __future__ import annotations

import asyncio
import functools
import os
from pathlib import Path

import click

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.cli.command_line import BROKEN_PIPE, CLIPS_LEFT, DEFAULT_COMMAND, SETTLED, tell
from kinetics_tui.cli.engine_of import annotation_opener, run_engine
from kinetics_tui.cli.options import (
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
from kinetics_tui.engine.client.ask import wait_until_gone
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.settings.settings import Settings, Theme

LEAVING_S = 3.0
"""How long an engine whose run is through takes to leave, where nobody else looks at it."""


def require_terminal() -> None:
    """Raise ``UserError`` where there is no terminal that can carry the app."""
    from kinetics_tui.tui.terminal import check_terminal

    check_terminal()


def follow(dataset: Path, *, as_json: bool, owner: bool) -> int:
    """Print the run until it ends; the exit code."""
    from kinetics_tui.cli import follow as following

    try:
        state = asyncio.run(following.follow(EngineClient(dataset), as_json=as_json, owner=owner))
    except BrokenPipeError:
        # Whoever read has read enough. Nothing is left to be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN_PIPE
    # Whoever runs the next command at once should not meet the engine on its way out.
    wait_until_gone(dataset, within_s=LEAVING_S)
    return CLIPS_LEFT if state.left else SETTLED


def look(dataset: Path, settings: Settings) -> int:
    """Show the run in the app; the exit code."""
    from kinetics_tui.tui.app import KineticsApp, run_app

    app = KineticsApp(
        EngineClient(dataset),
        refresh_hz=settings.refresh_hz,
        theme=_theme(settings),
        bell=settings.bell,
        desktop=settings.desktop,
    )
    return run_app(app, mouse=settings.mouse)


def set_up(dataset: Path, settings: Settings) -> int:
    """Show the set-up screen, then the run that is started from it; the exit code."""
    from kinetics_tui.engine.prepare import create, has_ledger
    from kinetics_tui.model.options import Selection
    from kinetics_tui.settings.settings import default_cache_dir
    from kinetics_tui.tui.app import KineticsApp, run_app
    from kinetics_tui.tui.setup.ports import Plan, PublishedLibrary
    from kinetics_tui.tui.setup.screen import SetupScreen

    def begin(plan: Plan) -> EngineClient:
        if not has_ledger(plan.dataset):
            create(plan.dataset, plan.selection, plan.options, plan.clips or ())
        run_engine(plan.dataset, settings.networks, _keep_quiet)
        return EngineClient(plan.dataset)

    async def start(plan: Plan) -> EngineClient:
        return await asyncio.to_thread(begin, plan)

    def setup(plan: Plan | None) -> SetupScreen:
        # Shown again after a start that failed, it stands as it was left.
        asked = plan or Plan(dataset, Selection(), settings.options, None)
        return SetupScreen(asked.dataset, asked.options, asked.selection, library=library)

    library = PublishedLibrary(default_cache_dir(), annotation_opener(dataset, settings))
    app = KineticsApp(
        None,
        setup=setup,
        start=start,
        refresh_hz=settings.refresh_hz,
        theme=_theme(settings),
        bell=settings.bell,
        desktop=settings.desktop,
    )
    return run_app(app, mouse=settings.mouse)


def _keep_quiet(_line: str) -> None:
    """The app owns the terminal now: nothing else may write there."""


def _theme(settings: Settings) -> str | None:
    from kinetics_tui.tui.terminal import KINETICS_ANSI, KINETICS_DARK

    names = {Theme.DARK: KINETICS_DARK.name, Theme.ANSI: KINETICS_ANSI.name}
    return names.get(settings.theme)


DEMO_WORKERS = 4


@click.command(DEFAULT_COMMAND, hidden=True)
@click.argument("dataset", required=False, type=Path, help="The dataset folder.")
def open_app(dataset: Path | None) -> int:
    """Open the app: the set-up screen where DATASET has no ledger, else the run."""
    from kinetics_tui.cli.engine_of import run_engine
    from kinetics_tui.engine.prepare import has_ledger
    from kinetics_tui.settings.settings import load_settings

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
    from kinetics_tui.cli import options as flags
    from kinetics_tui.cli.commands import run as views
    from kinetics_tui.cli.engine_of import adjust, load_annotations, make_known, run_engine
    from kinetics_tui.engine.client.ask import is_running
    from kinetics_tui.engine.prepare import prepare
    from kinetics_tui.settings.settings import load_settings

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
    from kinetics_tui.cli.commands import run as views
    from kinetics_tui.cli.engine_of import make_known
    from kinetics_tui.engine.client.ask import require_running
    from kinetics_tui.settings.settings import load_settings

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
    from kinetics_tui.cli.commands import run as views
    from kinetics_tui.cli.engine_of import run_engine
    from kinetics_tui.demo.show import open_demo
    from kinetics_tui.settings.settings import load_settings

    if not headless:
        views.require_terminal()
    folder = open_demo(dataset, clips=clips, workers=workers, tell=tell)
    owner = run_engine(folder, {}, tell)
    if headless:
        return views.follow(folder, as_json=as_json, owner=owner)
    return views.look(folder, load_settings({}))
