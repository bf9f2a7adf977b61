"""Days on which YouTube refuses every video: the real engine and yt-dlp, a loopback that breaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import yt_dlp
import yt_dlp.version

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.networks.checks import ask_youtube
from kinetics_tui.engine.workers.start import run_worker
from kinetics_tui.media.youtube.yt_dlp_options import parse_args
from kinetics_tui.model.commands import ProbeNow, Resume
from kinetics_tui.model.events import EngineStatus, StatusChanged
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Trim
from tests.engine.engine_run import HOME, Run

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]
Begin = Callable[..., contextlib.AbstractAsyncContextManager[Run]]

MINUTE_S = 60.0
BREAKAGES = {
    Case.MEDIA_403: "403 on media",
    Case.NO_FORMATS: "No video formats found",
    Case.N_CHALLENGE: "No video formats found",
    Case.RELOAD: "The page needs to be reloaded",
    Case.NOT_ON_THIS_APP: "This video is not available on this app",
    Case.PLAYER_403: "HTTP Error 403: Forbidden",
    Case.CONTENT_NOT_AVAILABLE: "Video unavailable. This content isn't available",
}


@contextlib.asynccontextmanager
async def going(ledger: Ledger, dataset: Path) -> AsyncIterator[Run]:
    """A run with real workers and real checks."""
    proxy = parse_args(ledger.options.yt_dlp).get("proxy")
    network = msgspec.structs.replace(HOME, route=Route(proxy=proxy))
    run = Run(ledger, dataset, network=network, target=run_worker, ask=ask_youtube)
    await run.engine.open()
    task = asyncio.create_task(run.engine.run())
    try:
        yield run
    finally:
        run.engine.stop()
        await task


@pytest.fixture
def begin(make_ledger: Callable[..., Ledger], tmp_path: Path) -> Begin:
    """Begins a run on the clips of a loopback, which are tried again soon.

    ``in_full``: YouTube is asked as yt-dlp does by itself, which takes a processor some seconds a clip.
    """

    def begin(
        demo: Demo, youtube: LoopbackYouTube, *, in_full: bool = False
    ) -> contextlib.AbstractAsyncContextManager[Run]:
        ledger = make_ledger(
            list(demo.clips),
            workers=2,
            pace_per_hour=None,
            retry_steps_s=(0.5, 0.5),
            trim=Trim.COPY,
            yt_dlp=youtube.yt_dlp_args() if in_full else youtube.direct_args(),
        )
        return going(ledger, tmp_path / "set")

    return begin


async def held(run: Run) -> None:
    """Wait until YouTube refuses every video, and nothing is in hand any more."""
    await run.until(lambda: run.state.status is EngineStatus.HELD and not run.state.in_hand, 120.0)


async def looked_again(run: Run) -> None:
    """Wait until the run has asked again, and is held as before."""
    before = len(run.told(StatusChanged))

    def statuses() -> list[EngineStatus]:
        return [event.status for event in run.told(StatusChanged)[before:]]

    await run.until(lambda: statuses() == [EngineStatus.PROBING, EngineStatus.HELD], 60.0)


@pytest.mark.parametrize(
    ("case", "in_full"), [*((case, False) for case in BREAKAGES), (Case.MEDIA_403, True), (Case.RELOAD, True)]
)
async def test_a_run_whose_every_video_is_refused_is_held_fails_nothing_and_goes_on(
    begin: Begin, serve: Serve, case: Case, in_full: bool
) -> None:
    demo, youtube = serve(18)
    async with begin(demo, youtube, in_full=in_full) as run:
        await run.until(lambda: run.state.done >= 3, 60.0)
        youtube.client_failures[""] = Failure(case)
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
        assert 1 <= len(youtube.requests) - asked <= 12
        assert (run.state.done, run.state.failed) == (done, failed)
        youtube.client_failures.clear()
        run.offset_s += MINUTE_S
        await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
        assert (run.state.done, run.state.failed) == (17, 1)


async def test_a_fresh_dataset_is_held_by_what_happens_to_videos_that_everybody_knows(
    begin: Begin, serve: Serve
) -> None:
    demo, youtube = serve(14)
    youtube.client_failures[""] = Failure(Case.NOT_ON_THIS_APP)
    async with begin(demo, youtube) as run:
        await held(run)
        assert (run.state.failed, run.state.left) == (0, 14)
        youtube.client_failures.clear()
        assert run.engine.obey(Resume()).ok
        await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
        assert (run.state.done, run.state.failed) == (13, 1)


async def test_videos_that_are_really_gone_stay_failed_where_others_come_through(
    begin: Begin, serve: Serve
) -> None:
    demo, youtube = serve(20)
    async with begin(demo, youtube) as run:
        await run.until(lambda: run.state.done >= 3, 60.0)
        asked = {request.video_id for request in youtube.requests}
        for youtube_id in demo.videos.keys() - asked:
            video = demo.videos[youtube_id]
            demo.videos[youtube_id] = msgspec.structs.replace(video, failure=Failure(Case.PRIVATE))
        await run.until(lambda: run.state.status is EngineStatus.DONE, 60.0)
        assert run.state.failures[Category.PRIVATE] >= 12
        assert EngineStatus.HELD not in [event.status for event in run.told(StatusChanged)]
        assert any("it is the clips" in line.detail for line in run.state.log)


@pytest.mark.parametrize("case", [Case.CONTENT_NOT_AVAILABLE, Case.NOT_ON_THIS_APP])
async def test_the_probe_of_a_cooldown_that_is_refused_in_other_words_fails_no_clip(
    begin: Begin, serve: Serve, case: Case
) -> None:
    demo, youtube = serve(16)
    async with begin(demo, youtube) as run:
        await run.until(lambda: run.state.done >= 3, 60.0)
        youtube.client_failures[""] = Failure(Case.BOT_CHECK)
        await run.until(lambda: run.state.status is EngineStatus.COOLING and not run.state.in_hand, 120.0)
        failed, asked = run.state.failed, len(youtube.requests)
        youtube.client_failures[""] = Failure(case)
        run.offset_s += 15 * MINUTE_S
        await held(run)
        assert run.state.failed == failed
        assert len(youtube.requests) - asked <= 3  # the probe, and two videos that came through before
        youtube.client_failures.clear()
        assert run.engine.obey(ProbeNow()).ok
        await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
        assert (run.state.done, run.state.failed) == (15, 1)


async def test_another_engine_asks_at_once_and_knows_since_when(
    begin: Begin, serve: Serve, tmp_path: Path
) -> None:
    demo, youtube = serve(14)
    async with begin(demo, youtube) as run:
        await run.until(lambda: run.state.done >= 2, 60.0)
        youtube.client_failures[""] = Failure(Case.MEDIA_403)
        await held(run)
        since = run.state.why.at
    asked = len(youtube.requests)
    with Ledger.open(tmp_path / "set") as ledger:
        async with going(ledger, tmp_path / "set") as run:
            await held(run)
            assert run.state.why.at == since
            assert 1 <= len(youtube.requests) - asked <= 6
            youtube.client_failures.clear()
            assert run.engine.obey(Resume()).ok
            await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
            assert (run.state.done, run.state.failed) == (13, 1)


async def test_a_new_yt_dlp_on_the_disk_is_taken_at_once_by_a_run_that_is_held(
    begin: Begin, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, youtube = serve(14)
    monkeypatch.setattr("kinetics_tui.engine.engine.UPDATE_EVERY_S", 0.3)
    async with begin(demo, youtube) as run:
        await run.until(lambda: run.state.done >= 2, 60.0)
        youtube.client_failures[""] = Failure(Case.MEDIA_403)
        await held(run)
        before = {worker.pid for worker in run.state.workers.values()}
        youtube.client_failures.clear()
        install_yt_dlp(tmp_path / "packages", "2027.01.02")
        monkeypatch.syspath_prepend(str(tmp_path / "packages"))
        await run.until(lambda: run.state.status is EngineStatus.DONE, 120.0)
        assert (run.state.done, run.state.failed) == (13, 1)
        assert not before & {worker.pid for worker in run.state.workers.values()}
        assert any("yt-dlp 2027.01.02 is there now" in line.detail for line in run.state.log)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        made = [settled.attempt.made for settled in ledger.settled()]
    assert "yt-dlp 2027.01.02" in [file.made_with for file in made if file is not None][-1]


def install_yt_dlp(folder: Path, version: str) -> None:
    """Have the yt-dlp of this environment in ``folder`` as another version."""
    package = folder / "yt_dlp"
    package.mkdir(parents=True)
    for entry in Path(yt_dlp.__file__).parent.iterdir():
        if entry.name not in ("version.py", "__pycache__"):
            (package / entry.name).symlink_to(entry)
    source = Path(yt_dlp.version.__file__).read_text(encoding="utf-8")
    (package / "version.py").write_text(source.replace(yt_dlp.version.__version__, version))
