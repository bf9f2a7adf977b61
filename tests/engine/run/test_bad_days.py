"""Days on which YouTube refuses every video: the real engine and yt-dlp, a loopback that breaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.networks.checks import ask_youtube
from kinetics_tui.engine.workers.start import run_worker
from kinetics_tui.model.commands import Resume
from kinetics_tui.model.events import EngineStatus, StatusChanged
from kinetics_tui.model.options import Trim
from tests.engine.engine_run import Run

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]
Begin = Callable[..., contextlib.AbstractAsyncContextManager[Run]]

MINUTE_S = 60.0
BREAKAGES = {
    Case.MEDIA_403: "403 on media",
    Case.NO_FORMATS: "No video formats found!",
    Case.N_CHALLENGE: "No video formats found!",
    Case.RELOAD: "The page needs to be reloaded",
    Case.NOT_ON_THIS_APP: "This video is not available on this app",
    Case.PLAYER_403: "HTTP Error 403: Forbidden",
    Case.CONTENT_NOT_AVAILABLE: "Video unavailable. This content isn't available",
}


@pytest.fixture
def begin(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Begin:
    """Begins a run on these clips of a loopback, its retries soon."""

    @contextlib.asynccontextmanager
    async def begin(demo: Demo, youtube: LoopbackYouTube, **options: Any) -> AsyncIterator[Run]:
        plain = {"workers": 2, "pace_per_hour": None, "retry_steps_s": (0.5, 0.5), "trim": Trim.COPY}
        ledger = make_ledger(list(demo.clips), **{**plain, "yt_dlp": youtube.yt_dlp_args(), **options})
        run = Run(ledger, tmp_path / "set", target=run_worker, ask=ask_youtube)
        task = asyncio.create_task(run.engine.run())
        try:
            yield run
        finally:
            run.engine.stop()
            await task

    return begin


async def held(run: Run) -> None:
    """Wait until YouTube refuses every video, and nothing is in hand any more."""
    await run.until(lambda: run.state.status is EngineStatus.HELD and not run.state.in_hand, 60.0)


async def looked_again(run: Run) -> None:
    """Wait until the run has asked again, and is held as before."""
    before = len(run.told(StatusChanged))

    def statuses() -> list[EngineStatus]:
        return [event.status for event in run.told(StatusChanged)[before:]]

    await run.until(lambda: statuses() == [EngineStatus.PROBING, EngineStatus.HELD], 60.0)


@pytest.mark.parametrize("case", BREAKAGES)
async def test_a_run_whose_every_video_is_refused_is_held_fails_nothing_and_goes_on(
    begin: Begin, serve: Serve, case: Case
) -> None:
    demo, youtube = serve(18)
    async with begin(demo, youtube) as run:
        await run.until(lambda: run.state.done >= 3, 60.0)
        youtube.breakage = Failure(case)
        await held(run)
        done, failed = run.state.done, run.state.failed
        assert failed <= 1  # the one whose video ends too early
        assert BREAKAGES[case] in run.state.reason
        assert "yt-dlp 20" in run.state.reason
        assert run.state.left == 18 - done - failed
        asked = len(youtube.requests)
        await asyncio.sleep(1.5)
        assert len(youtube.requests) == asked
        run.offset_s += 15 * MINUTE_S
        await looked_again(run)
        run.offset_s += 59 * MINUTE_S
        await asyncio.sleep(1.0)
        assert 1 <= len(youtube.requests) - asked <= 6
        assert (run.state.done, run.state.failed) == (done, failed)
        youtube.breakage = None
        run.offset_s += MINUTE_S
        await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
        assert (run.state.done, run.state.failed) == (17, 1)


async def test_a_fresh_dataset_is_held_by_what_happens_to_videos_that_everybody_knows(
    begin: Begin, serve: Serve
) -> None:
    demo, youtube = serve(14)
    youtube.breakage = Failure(Case.NOT_ON_THIS_APP)
    async with begin(demo, youtube) as run:
        await held(run)
        assert (run.state.failed, run.state.left) == (0, 14)
        youtube.breakage = None
        assert run.engine.obey(Resume()).ok
        await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
        assert (run.state.done, run.state.failed) == (13, 1)
