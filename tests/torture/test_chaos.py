"""A run in which anything may be killed at any moment: at the end every clip is settled, exactly once."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import av
import psutil
import pytest

from kinetics_tui.dataset.folder import (
    FAILED_FILE,
    STATS_FILE,
    ledger_path,
    log_path,
    scratch_path,
    state_folder,
)
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import SOURCE_S, Demo
from kinetics_tui.demo.pattern import read_frame_number
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import read_state
from kinetics_tui.engine.run.outcomes import CRASHES_A_CLIP
from kinetics_tui.media.verify import verify
from kinetics_tui.model.failure import Category
from kinetics_tui.model.state import RunState
from tests.program import Program
from tests.torture.chaos import MARK, VICTIMS, Chaos, left_behind
from tests.torture.small_videos import FPS, shrink
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's temporary folder, which is empty but for the user's own when all has ended."""
    with tempfile.TemporaryDirectory() as name:  # those of pytest are too long for a socket
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)  # it is asked for once
        yield Path(name)
        assert [path for path in Path(name).rglob("*") if path.name != f"kinetics-tui-{os.getuid()}"] == []


KEPT = ("ledger.sqlite3", "engine.log", "engine.lock", "engine.json")
FINISH_WITHIN_S = 400.0
KILLED = (signal.SIGKILL,)
ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")  # it is followed by an exec


def torture(
    program: Program,
    serve: Serve,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    clips: int,
    signals: Sequence[signal.Signals],
    seed: int,
    rounds: int | None = None,
    every_s: tuple[float, float] = (0.2, 1.0),
    rage_s: float = 300.0,
) -> None:
    """Have so many clips fetched while parts of the run are killed, and look what is there at the end.

    ``rounds`` is how often, ``every_s`` with which pauses; None: until all is settled, or for ``rage_s``.
    """
    print(f"seed {seed}")  # noqa: T201 -- shown where the test fails
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    demo, youtube = serve(clips)
    shrink(demo, sources)
    began = time.monotonic()
    with Chaos(program.dataset, mark=mark, seed=seed, signals=signals, every_s=every_s) as chaos:
        start(program, demo, youtube, workers=3)
        chaos.rage(rounds=rounds, within_s=rage_s)
        raged = time.monotonic()
        state = chaos.finish(FINISH_WITHIN_S)
        chaos.leave()
    print(  # noqa: T201
        f"{clips} clips, {chaos.done.total()} kills in {raged - began:.0f} s, {chaos.starts} starts, "
        f"settled after {time.monotonic() - began:.0f} s: {dict(chaos.done)}"
    )
    check_settled_once(program.dataset, state)
    check_files(program.dataset, demo)
    assert "the engine failed" not in log_path(program.dataset).read_text()
    if crashed := state.failures.get(Category.WORKER_CRASHED):
        retry_crashed(program, crashed)
        check_files(program.dataset, demo)


def start(program: Program, demo: Demo, youtube: LoopbackYouTube, *, workers: int) -> None:
    """Make the dataset with its options; the engine is left running."""
    view = program.start(*beginning(program, demo, youtube, workers=workers))
    until(lambda: view.poll() is not None or program.is_running())
    view.kill()
    view.communicate()


def beginning(program: Program, demo: Demo, youtube: LoopbackYouTube, *, workers: int) -> list[str]:
    """The command that a run begins with."""
    return [
        *("run", str(program.dataset), "--headless"),
        *(flag for path in demo.annotations for flag in ("--annotations", str(path))),
        *("--pace", "unlimited", "--workers", str(workers), "--retry", "1s,1s"),
        f"--yt-dlp={youtube.yt_dlp_options()}",
    ]


def settled_clips(dataset: Path) -> list[tuple[str, str, int, int]]:
    """Of each clip: its name's parts, status, and how many attempts say done and failed."""
    with closing(sqlite3.connect(ledger_path(dataset))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        return database.execute(
            "SELECT youtube_id, status,"
            " (SELECT count(*) FROM attempts WHERE clip_id = clips.id AND outcome = 'done'),"
            " (SELECT count(*) FROM attempts WHERE clip_id = clips.id AND outcome = 'failed') FROM clips"
        ).fetchall()


def check_settled_once(dataset: Path, state: RunState) -> None:
    """Ledger and run agree: each clip is done or failed, by one attempt."""
    clips = settled_clips(dataset)
    for name, status, done, failed in clips:
        assert (done, failed) == ((1, 0) if status == "done" else (0, 1)), (name, status, done, failed)
    with Ledger.open(dataset, read_only=True) as ledger:
        assert {split.name: split for split in ledger.split_counts()} == state.splits
        assert ledger.failure_counts() == state.failures
    assert (state.done, state.failed, state.left) == (
        sum(done for _, _, done, _ in clips),
        sum(failed for _, _, _, failed in clips),
        0,
    )
    # One clip begins after its video ends, no other can fail but by its worker.
    assert state.failures.pop(Category.SHORT_SOURCE) == 1
    assert set(state.failures) <= {Category.WORKER_CRASHED}
    state.failures[Category.SHORT_SOURCE] = 1


def check_files(dataset: Path, demo: Demo, *, kept_too: Collection[str] = ()) -> None:
    """On disk is every clip that is done, whole and of the right seconds, and nothing else.

    ``kept_too``: but for these in the folder of the run's state.
    """
    with Ledger.open(dataset, read_only=True) as ledger:
        failed = {clip for clip, _, _ in ledger.failures()}
    wanted = {f"{clip.split}/{clip.label}/{clip.name}.mp4": clip for clip in demo.clips if clip not in failed}
    state = state_folder(dataset)
    ours = {STATS_FILE, FAILED_FILE}
    kept = {f"{state.name}/{name}" for name in (*KEPT, *kept_too)}
    readers = {f"{state.name}/ledger.sqlite3-{part}" for part in ("wal", "shm")}  # those of SQLite may stay
    found = {str(path.relative_to(dataset)) for path in dataset.rglob("*") if not path.is_dir()}
    assert found - readers == {*wanted, *ours, *kept}
    folders = {path.relative_to(dataset) for path in dataset.rglob("*") if path.is_dir()}
    assert folders == {parent for path in found for parent in Path(path).parents} - {Path()}
    for path, clip in wanted.items():
        facts = verify(dataset / path)
        seconds = min(10, SOURCE_S - int(clip.time_start))
        assert facts.frames == seconds * FPS
        assert facts.sound
        with av.open(str(dataset / path)) as container:
            assert read_frame_number(next(container.decode(video=0))) == clip.time_start * FPS


def retry_crashed(program: Program, crashed: int) -> None:
    """Clips of which it is said that their worker crashed are pending again, and come through."""
    before = program.status()
    assert program("retry", str(program.dataset), "--category", "worker crashed").returncode == 0
    assert program.status()["pending"] == crashed
    assert program("run", str(program.dataset), "--headless", timeout_s=FINISH_WITHIN_S).returncode == 0
    after = program.status()
    assert (after["done"], after["pending"]) == (before["done"] + crashed, 0)
    for name, status, done, failed in settled_clips(program.dataset):
        assert (done, failed <= 1) == (int(status == "done"), True), name


@pytest.mark.parametrize("signals", [KILLED, ASKED_TO_END], ids=["killed", "asked to end"])
def test_whoever_is_killed_every_clip_is_settled_once(
    program: Program,
    serve: Serve,
    demo_sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    signals: Sequence[signal.Signals],
) -> None:
    torture(
        program,
        serve,
        demo_sources,
        monkeypatch,
        clips=16,
        signals=signals,
        seed=2,
        rounds=len(VICTIMS),
        every_s=(0.2, 0.4),
    )


def steps_up(program: Program) -> list[Callable[[], bool]]:
    """The steps in which a run comes up, each of which may be its last: from its folder to its first clip."""
    log = log_path(program.dataset)

    def serving() -> int:
        return log.read_text().count(" serves ") if log.exists() else 0

    before = serving()
    return [
        state_folder(program.dataset).exists,
        ledger_path(program.dataset).exists,
        log.exists,
        lambda: serving() > before,
        program.is_running,
        lambda: any(scratch_path(program.dataset).glob("*/*/*")),
    ]


def begin_again_and_again(
    program: Program,
    serve: Serve,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    times: int,
    seed: int,
) -> None:
    """Kill all there is of a run so many times while it comes up, then let it come to its end."""
    print(f"seed {seed}")  # noqa: T201 -- shown where the test fails
    chance = random.Random(seed)
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    demo, youtube = serve(2 * times)  # more than get done in between: each run has clips to come up with
    shrink(demo, sources)
    command = beginning(program, demo, youtube, workers=2)
    came_up = 0
    for number in range(times):
        steps = steps_up(program)
        view = program.start(*command)
        until(steps[number % len(steps)], every_s=0.001)
        time.sleep(chance.uniform(0, 0.2))
        came_up += program.is_running()
        while left := left_behind(program.dataset, mark):
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        view.communicate()
    print(f"{came_up} of {times} came up before they were killed")  # noqa: T201
    done = program(*command, timeout_s=FINISH_WITHIN_S)
    assert done.returncode == 0, done.stderr
    until(lambda: not left_behind(program.dataset, mark))  # the engine was on its way out
    check_settled_once(program.dataset, read_state(program.dataset))
    check_files(program.dataset, demo)


def test_a_run_that_is_killed_as_it_begins_can_be_begun_again(
    program: Program, serve: Serve, demo_sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_again_and_again(program, serve, demo_sources, monkeypatch, times=6, seed=1)


@pytest.mark.torture
def test_a_run_can_be_killed_as_it_begins_many_times(
    program: Program, serve: Serve, demo_sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    begin_again_and_again(program, serve, demo_sources, monkeypatch, times=50, seed=seed)


@pytest.fixture
def _no_core_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.mark.usefixtures("_no_core_files")
def test_a_clip_whose_worker_crashed_too_often_comes_through_when_it_is_retried(
    program: Program, serve: Serve, demo_sources: Path
) -> None:
    demo, youtube = serve(8)
    shrink(demo, demo_sources)
    youtube.line.latency_s = 3.0  # whatever is in hand stays there until its worker crashes
    view = program.start(*beginning(program, demo, youtube, workers=1))
    crashed: set[tuple[int, str]] = set()
    while len(crashed) < CRASHES_A_CLIP:
        assert view.poll() is None, crashed
        for worker in program.status()["workers"] if program.is_running() else ():
            if worker["clip"] and (worker["pid"], worker["clip"]) not in crashed:
                crashed.add((worker["pid"], worker["clip"]))
                os.kill(worker["pid"], signal.SIGSEGV)
    assert len({clip for _, clip in crashed}) == 1
    youtube.line.latency_s = 0.0
    view.communicate(timeout=FINISH_WITHIN_S)
    state = read_state(program.dataset)
    assert state.failures[Category.WORKER_CRASHED] == 1
    check_settled_once(program.dataset, state)
    retry_crashed(program, 1)
    check_files(program.dataset, demo)


@pytest.mark.torture
@pytest.mark.parametrize("signals", [KILLED, ASKED_TO_END], ids=["killed", "asked to end"])
def test_killing_anything_for_a_long_time_loses_nothing(
    program: Program,
    serve: Serve,
    demo_sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    signals: Sequence[signal.Signals],
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    torture(program, serve, demo_sources, monkeypatch, clips=500, signals=signals, seed=seed)
