"""The views that commands open on a run: the app, its set-up screen, or lines without a screen."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from kinetics_tui.commands.command_line import BROKEN_PIPE, CLIPS_LEFT, SETTLED
from kinetics_tui.commands.steering import annotation_opener, run_engine
from kinetics_tui.engine.asking import wait_until_gone
from kinetics_tui.engine.client import EngineClient
from kinetics_tui.settings import Settings, Theme

LEAVING_S = 3.0
"""How long an engine whose run is through takes to leave, where nobody else looks at it."""


def require_terminal() -> None:
    """Raise ``UserError`` where there is no terminal that can carry the app."""
    from kinetics_tui.tui.terminal import check_terminal

    check_terminal()


def follow(dataset: Path, *, as_json: bool, owner: bool) -> int:
    """Print the run until it ends; the exit code."""
    from kinetics_tui.console import following

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
    from kinetics_tui.settings import default_cache_dir
    from kinetics_tui.tui.app import KineticsApp, run_app
    from kinetics_tui.tui.library import PublishedLibrary
    from kinetics_tui.tui.plan import Plan
    from kinetics_tui.tui.screens.setup import SetupScreen

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
    from kinetics_tui.tui.themes import KINETICS_ANSI, KINETICS_DARK

    names = {Theme.DARK: KINETICS_DARK.name, Theme.ANSI: KINETICS_ANSI.name}
    return names.get(settings.theme)
