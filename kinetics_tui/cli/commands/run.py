"""Commands that open or begin a run: run, attach, demo, and a dataset alone, which opens the app on it.

A run is shown in the app, or without a screen as lines or JSON; where there is no dataset yet, the set-up
screen comes first. The app and the demo bring much with them, and are loaded where they are used.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kinetics_tui.base.machine import cache_folder
from kinetics_tui.cli import follow, options
from kinetics_tui.cli.command_line import CLIPS_LEFT, DEFAULT_COMMAND, SETTLED, tell
from kinetics_tui.cli.commands.networks import switch_networks
from kinetics_tui.cli.engine_of import (
    adjust,
    annotation_opener,
    ask_again,
    end_unserved,
    find_archives,
    load_annotations,
    make_known,
    run_engine,
)
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.options import View
from kinetics_tui.cli.progress import ProgressLine, rate_text
from kinetics_tui.dataset.folder import has_ledger
from kinetics_tui.engine.client.ask import is_running, require_running, wait_until_gone
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.client.prepare import create, prepare
from kinetics_tui.model.commands import UseNetworks, use_command
from kinetics_tui.model.options import WORKERS, Options, Outlets, Selection, Source, Theme
from kinetics_tui.settings.settings import Settings, load_settings
from kinetics_tui.settings.values import help_text, read_value, value_text

if TYPE_CHECKING:
    from kinetics_tui.tui.setup.ports import Plan

LEAVING_S = 3.0
"""Seconds that an engine whose run is through takes to leave, where nobody else looks at it."""


def require_terminal(view: View, *, without: str = "") -> None:
    """Raise ``UserError`` where the app is asked for and there is no terminal that can carry it.

    ``without`` is the way to do without it where it is not ``--headless``.
    """
    if view is View.APP:
        from kinetics_tui.tui.terminal.terminal import WITHOUT, check_terminal

        check_terminal(without=without or WITHOUT)


def show(dataset: Path, view: View, *, owner: bool = False, progress: str | None = None) -> int:
    """Show the run until it ends or the user leaves; the exit code.

    A view without a screen that is the ``owner`` of the run stops it when it is asked to end. Its lines of
    totals come as often as ``progress`` says; where it says nothing, there are none for scripts, and none
    on a terminal, which has a bar.
    """
    settings = load_settings({"progress": progress})
    if view is View.APP:
        return _open_app(settings, _client(dataset, settings))
    unasked = progress is None and (view is View.JSON or sys.stdout.isatty())
    following = follow.follow(
        EngineClient(dataset),
        as_json=view is View.JSON,
        owner=owner,
        progress_s=None if unasked else settings.progress_s,
    )
    state = asyncio.run(following)
    # Whoever runs the next command at once should not meet the engine on its way out.
    wait_until_gone(dataset, within_s=LEAVING_S)
    return CLIPS_LEFT if state.left else SETTLED


def _client(dataset: Path, settings: Settings) -> EngineClient:
    """A view's line to the engine, which it may start; the app owns the terminal: nothing is told there."""
    return EngineClient(dataset, lambda at: run_engine(at, settings.networks, lambda _line: None))


def _open_app(settings: Settings, client: EngineClient | None, **steps: Any) -> int:
    from kinetics_tui.tui.app import KineticsApp, run_app
    from kinetics_tui.tui.terminal.terminal import KINETICS_ANSI, KINETICS_DARK

    themes = {Theme.DARK: KINETICS_DARK.name, Theme.ANSI: KINETICS_ANSI.name}
    app = KineticsApp(
        client,
        refresh_hz=settings.refresh_hz,
        theme=themes.get(settings.theme),
        pictures=settings.pictures,
        bell=settings.bell,
        desktop=settings.desktop,
        **steps,
    )
    return run_app(app, mouse=settings.mouse)


def write_plan(plan: Plan, settings: Settings, tell: Callable[[str], None]) -> None:
    """Make the dataset of a plan, unless it is there, and choose the networks that its run goes out by.

    Raises UserError; where archives are not found, nothing is made.
    """
    if not has_ledger(plan.dataset):
        clips = plan.clips or ()
        reads = Source.ARCHIVES in plan.options.sources
        archives = (
            find_archives(plan.dataset, settings, tell, plan.selection, plan.options, clips) if reads else ()
        )
        create(plan.dataset, plan.selection, plan.options, clips, archives=archives)
    if plan.networks:
        make_known(plan.dataset, settings.networks, lambda _line: None)
        switch_networks(plan.dataset, use_command(plan.networks), tell=lambda _line: None)


def _set_up(dataset: Path, settings: Settings) -> int:
    """Show the set-up screen, then the run that is started from it; the exit code."""
    from kinetics_tui.engine.client.next_run import named_networks
    from kinetics_tui.tui.setup.more import Written
    from kinetics_tui.tui.setup.ports import Plan, PublishedLibrary
    from kinetics_tui.tui.setup.screen import SetupScreen

    async def start(plan: Plan, tell: Callable[[str], None]) -> EngineClient:
        await asyncio.to_thread(write_plan, plan, settings, tell)
        client = _client(plan.dataset, settings)
        await client.start()
        return client

    def setup(plan: Plan | None) -> SetupScreen:
        # Shown again after a start that failed, it stands as it was left.
        asked = plan or Plan(dataset, Selection(), settings.options, None)
        return SetupScreen(
            asked.dataset,
            asked.options,
            asked.selection,
            networks=asked.networks,
            library=library,
            written=written,
            filled=plan is not None,
        )

    library = PublishedLibrary(cache_folder(), annotation_opener(dataset, settings))
    find = functools.partial(named_networks, settings.networks)
    written = Written(read_value, value_text, help_text, find)
    return _open_app(settings, None, setup=setup, start=start)


@command(DEFAULT_COMMAND, hidden=True)
@click.argument(
    "dataset", required=False, type=Path, shell_complete=options.folder, help="The dataset folder."
)
def open_app(dataset: Path | None) -> int:
    """Open the app: the set-up screen where DATASET has no ledger, else the run as it stands."""
    settings = load_settings({})
    require_terminal(View.APP, without="run --headless and status do without it")
    if dataset is None or not has_ledger(dataset):
        return _set_up(dataset or Path("kinetics"), settings)
    client = _client(dataset, settings)
    if is_running(dataset):
        require_running(dataset)
        make_known(dataset, settings.networks, tell)
    else:
        client.look()
    return _open_app(settings, client)


@command()
@options.dataset
@options.flags_of(
    Selection, "annotations", "release", "splits", "classes", "categories", "per_class", "seed", "limit"
)
@options.flags_of(Options)
@options.flags_of(Outlets)
@options.view_flags
def run(
    dataset: Path, view: View, networks: Sequence[str] | None, progress: str | None, **flags: object
) -> int:
    """Download the selected clips into DATASET; a run that was stopped continues where it was."""
    selection = options.selection(**flags)
    given = options.given(**flags)
    settings = load_settings(given)
    require_terminal(view)
    end_unserved(dataset)
    owner = not is_running(dataset)
    if owner:
        if networks:  # before anything is made or changed
            from kinetics_tui.engine.client.next_run import check_ways

            check_ways(dataset, settings.networks, networks)
        prepare(
            dataset,
            selection=selection,
            options=settings.options,
            given=settings.given_options,
            load=functools.partial(load_annotations, dataset, settings, tell),
            tell=tell,
            find_archives=functools.partial(find_archives, dataset, settings, tell),
        )
        if networks:
            make_known(dataset, settings.networks, tell)
            tell(switch_networks(dataset, UseNetworks(ways=tuple(networks)), tell=tell))
        with _making_videos() as making:
            run_engine(dataset, settings.networks, tell, making)
    else:
        adjust(dataset, selection, settings, given)
        make_known(dataset, settings.networks, tell)
        if networks:
            tell(switch_networks(dataset, UseNetworks(ways=tuple(networks)), tell=tell))
        ask_again(dataset)
    return show(dataset, view, owner=owner, progress=progress)


@command()
@options.dataset
@options.view_flags
def attach(dataset: Path, view: View, progress: str | None) -> int:
    """Look at a run that is under way, from any terminal."""
    require_running(dataset)
    require_terminal(view)
    make_known(dataset, load_settings({}).networks, tell)
    return show(dataset, view, progress=progress)


@command()
@click.argument("dataset", required=False, type=Path, shell_complete=options.folder, help="Where to.")
@options.view_flags
@click.option("--clips", metavar="N", type=options.Integer(1), help="How many clips a new demo has (120).")
@click.option("--workers", metavar="N", type=options.Integer(*WORKERS), help="Worker processes (4).")
def demo(
    dataset: Path | None, view: View, progress: str | None, clips: int | None, workers: int | None
) -> int:
    """The whole program at work on a made-up dataset, with a YouTube of its own and no internet."""
    from kinetics_tui.demo.show import open_demo

    require_terminal(view)
    folder = open_demo(dataset, clips=clips, workers=workers, tell=tell)
    end_unserved(folder)
    try:
        with _making_videos() as making:
            owner = run_engine(folder, {}, tell, making)
    except BaseException:
        if dataset is None:  # nobody has seen anything of it
            shutil.rmtree(folder, ignore_errors=True)
        raise
    code = show(folder, view, owner=owner, progress=progress)
    if dataset is None:
        tell(f"The demo is in {folder}: look at its clips, and remove the folder when you have seen enough.")
    return code


@contextlib.contextmanager
def _making_videos() -> Iterator[Callable[[int, int], None]]:
    """Tells in one line how much of a demo's videos is made."""
    with ProgressLine(sys.stderr) as line:
        yield lambda made, of: line.tell_by(lambda took_s: rate_text(made, of, took_s, "s of video"))
