"""What goes wrong on the machine itself: one sentence and exit code 2, or a run that goes on by itself."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import ledger_path, state_folder
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import read_state
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.options import Options, Selection
from tests.program import Program
from tests.torture.namespaces import require
from tests.torture.small_disk import busy_after, check, seen
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]
Done = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="does its harm by Linux's own means")

NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def flags(demo: Demo, youtube: LoopbackYouTube) -> list[str]:
    annotations = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    rest = ["--pace", "unlimited", "--workers", "2", "--retry", "none"]
    return [*annotations, *rest, f"--yt-dlp={youtube.yt_dlp_options()}"]


def run_it(
    program: Program,
    *args: str,
    before: Sequence[str] = (),
    limits: dict[int, int] | None = None,
    environ: dict[str, str] | None = None,
) -> Done:
    """The program with so little of something, or started by another command."""

    def limit() -> None:
        for kind, most in (limits or {}).items():
            resource.setrlimit(kind, (most, most))

    return subprocess.run(
        [*before, sys.executable, "-m", "kinetics_tui", *args],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        preexec_fn=limit if limits else None,
        env={**os.environ, **environ} if environ is not None else None,
        check=False,
    )


def refused(done: Done, *words: str) -> None:
    """The program ended with exit code 2 and one sentence that holds these words."""
    said = done.stderr.strip().splitlines()
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert len(said) == 1, done.stderr
    assert said[0].startswith("kinetics-tui: ")
    assert said[0].endswith(".")
    for word in words:
        assert word in said[0], said[0]


@pytest.fixture
def half(program: Program, serve: Serve) -> tuple[Program, LoopbackYouTube, int]:
    """A dataset of which some clips are there, whose engine has been stopped."""
    clips = 3
    demo, youtube = serve(clips)
    with going(program, demo, youtube):
        seen(program, lambda state: state.done >= 1)
        program("stop", str(program.dataset))
    return program, youtube, clips


@contextlib.contextmanager
def going(program: Program, demo: Demo, youtube: LoopbackYouTube) -> Iterator[subprocess.Popen[str]]:
    """A run without a screen that is under way."""
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    try:
        until(program.is_running)
        yield view
    finally:
        if view.poll() is None and program.is_running():
            program("stop", str(program.dataset))
        view.communicate(timeout=60)


# -- the folder ---------------------------------------------------------------------------------------------


def read_only(folder: Path) -> list[str]:
    """The beginning of a command line that sees this folder as one that cannot be written."""
    script = f'mount --bind "{folder}" "{folder}" && mount -o remount,ro,bind "{folder}" && exec "$@"'
    return [*require("-rm"), "sh", "-c", script, "sh"]


def test_a_folder_that_cannot_be_written_is_named_and_can_still_be_looked_at(
    half: tuple[Program, LoopbackYouTube, int],
) -> None:
    program, _, _ = half
    before = read_only(program.dataset)
    refused(run_it(program, "run", str(program.dataset), "--headless", before=before), "Read-only")
    refused(run_it(program, "retry", str(program.dataset), before=before), "Read-only")
    assert run_it(program, "status", str(program.dataset), before=before).returncode == 0
    fresh = program.folder / "elsewhere"
    fresh.mkdir()
    (fresh / "a.csv").write_text("label,youtube_id,time_start,time_end,split\nyoga,0123456789a,1,11,val\n")
    begun = run_it(
        program,
        *("run", str(fresh / "set"), "--annotations", str(fresh / "a.csv"), "--headless"),
        before=read_only(fresh),
    )
    assert begun.returncode == 2
    assert "Read-only" in begun.stderr.splitlines()[-1]


def take_away_and_bring_back(program: Program, demo: Demo, youtube: LoopbackYouTube, rounds: int) -> None:
    """The folder of a run is gone for a while, ``rounds`` times; an empty one stands in its place."""
    chance = random.Random(0)
    away = program.folder / "away"
    with going(program, demo, youtube) as view:
        for number in range(rounds):
            state = seen(program, busy_after(number + 1))
            if not state.left:
                break
            time.sleep(chance.uniform(0, 0.3))
            program.dataset.rename(away)
            program.dataset.mkdir()
            time.sleep(2.0)  # until the engine has looked
            asked = len(youtube.requests)
            time.sleep(1.0)
            assert len(youtube.requests) == asked, "clips were asked for with nowhere to put them"
            assert list(program.dataset.iterdir()) == [], "a dataset was begun in the place of the other"
            program.dataset.rmdir()
            away.rename(program.dataset)
        assert view.wait(90) == 0
    assert read_state(program.dataset).left == 0


def test_a_folder_that_goes_away_and_comes_back_holds_the_run_up_and_loses_nothing(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(6)
    youtube.line.latency_s = 0.05
    take_away_and_bring_back(program, demo, youtube, rounds=1)
    check(program.dataset, 6)


@pytest.mark.torture
def test_a_folder_that_goes_away_again_and_again_loses_nothing(program: Program, serve: Serve) -> None:
    demo, youtube = serve(40)
    youtube.line.latency_s = 0.05
    take_away_and_bring_back(program, demo, youtube, rounds=8)
    check(program.dataset, 40)


# -- the ledger ---------------------------------------------------------------------------------------------


def test_a_ledger_that_another_process_holds_holds_the_run_up_until_it_is_let_go(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(5)
    with going(program, demo, youtube) as view:
        seen(program, lambda state: state.done >= 1)
        with contextlib.closing(sqlite3.connect(ledger_path(program.dataset), isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout = 20000")
            other.execute("BEGIN EXCLUSIVE")
            state = seen(program, lambda state: state.status is EngineStatus.HELD or not state.left)
            assert state.status is EngineStatus.HELD
            assert "in use by another process" in state.reason
            other.execute("ROLLBACK")
        assert view.wait(90) == 0
    check(program.dataset, 5)


def test_a_ledger_that_nobody_else_may_even_read_is_told_of_at_the_start(
    half: tuple[Program, LoopbackYouTube, int],
) -> None:
    program, _, _ = half
    with contextlib.closing(sqlite3.connect(ledger_path(program.dataset), isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        for command in ("run", "status"):
            more = ["--headless"] if command == "run" else []
            refused(run_it(program, command, str(program.dataset), *more), "in use by another process")
    assert program("run", str(program.dataset), "--headless").returncode == 0


def random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(path.stat().st_size))


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def of_another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 42")


def of_a_newer_version(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def test_a_damaged_or_foreign_ledger_is_named_and_left_as_it_is(
    half: tuple[Program, LoopbackYouTube, int],
) -> None:
    program, youtube, _ = half
    path = ledger_path(program.dataset)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    asked = len(youtube.requests)
    harms: dict[Callable[[Path], None], str] = {
        random_bytes: "damaged",
        cut_off: "damaged",
        emptied: "not written by this program",
        of_another_program: "not written by this program",
        of_a_newer_version: "newer version",
    }
    for harm, word in harms.items():
        path.write_bytes(whole)
        harm(path)
        harmed = path.read_bytes()
        refused(run_it(program, "run", str(program.dataset), "--headless"), word)
        with pytest.raises(DatasetError, match=word):
            read_state(program.dataset)
        assert path.read_bytes() == harmed
        assert not program.is_running()
        for left in state_folder(program.dataset).glob("ledger.sqlite3-*"):
            left.unlink()
    assert len(youtube.requests) == asked
    path.write_bytes(whole)
    assert program("run", str(program.dataset), "--headless").returncode == 0


# -- two at once --------------------------------------------------------------------------------------------


def start_two_at_once(
    program: Program, demo: Demo, youtube: LoopbackYouTube, rounds: int, clips: int
) -> None:
    """Two ``run`` at the same moment, ``rounds`` times: one engine works, the other says why it does not."""
    for number in range(rounds):
        program.dataset = program.folder / f"set-{number}"
        before = len(youtube.requests)
        more = flags(demo, youtube)
        if number % 2:  # on a dataset that is there already
            options = Options(
                workers=2, pace_per_hour=None, yt_dlp=tuple(shlex.split(youtube.yt_dlp_options()))
            )
            create(program.dataset, Selection(), options, demo.clips)
            more = []
        both = [program.start("run", str(program.dataset), *more, "--headless") for _ in range(2)]
        said = [view.communicate(timeout=120)[1] for view in both]
        codes = sorted(view.returncode for view in both)
        assert codes in ([0, 0], [0, 2]), (codes, said)
        for view, text in zip(both, said, strict=True):
            assert "Traceback" not in text
            if view.returncode == 2:
                last = text.strip().splitlines()[-1]
                assert "already" in last or "under way" in last or "holds a ledger" in last, text
        players = [request for request in youtube.requests[before:] if request.kind == "player"]
        assert len(players) == clips, "a clip was asked for twice"
        check(program.dataset, clips)


def test_of_two_engines_on_one_dataset_one_works(program: Program, serve: Serve) -> None:
    demo, youtube = serve(2)
    start_two_at_once(program, demo, youtube, rounds=1, clips=2)


@pytest.mark.torture
def test_of_two_engines_on_one_dataset_one_works_every_time(program: Program, serve: Serve) -> None:
    demo, youtube = serve(2)
    start_two_at_once(program, demo, youtube, rounds=10, clips=2)


# -- limits of a process ------------------------------------------------------------------------------------


def test_too_few_file_descriptors_are_told_of_at_the_start(
    half: tuple[Program, LoopbackYouTube, int],
) -> None:
    program, _, clips = half
    for most in (14, 40):
        limits = {resource.RLIMIT_NOFILE: most}
        refused(run_it(program, "run", str(program.dataset), "--headless", limits=limits), "ulimit -n")
        assert run_it(program, "status", str(program.dataset), limits=limits).returncode == 0
        assert not program.is_running()
    assert program("run", str(program.dataset), "--headless").returncode == 0
    check(program.dataset, clips)


def test_files_that_may_not_grow_hold_the_run_up_until_they_may(program: Program, serve: Serve) -> None:
    demo, youtube = serve(4)
    youtube.line.latency_s = 0.2
    with going(program, demo, youtube) as view:
        engine = psutil.Process(seen(program, lambda state: state.pid > 0).pid)
        set_file_limit(engine, (60_000, resource.RLIM_INFINITY))
        state = seen(program, lambda state: state.status is EngineStatus.HELD or not state.left)
        assert state.status is EngineStatus.HELD
        set_file_limit(engine, NO_LIMIT)
        assert view.wait(90) == 0
    check(program.dataset, 4)


def set_file_limit(engine: psutil.Process, limit: tuple[int, int]) -> None:
    for process in (engine, *engine.children(recursive=True)):
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)


SOMEBODY = 61234
"""A user of the system who runs nothing else."""


def as_somebody() -> list[str]:
    """The beginning of a command line by a user whose processes are counted, as those of root are not."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can run something as a user of its own")
    reads_all = "-all,+dac_override"  # this Python may lie in a folder that is root's alone
    caps = [f"--{which}={reads_all}" for which in ("inh-caps", "ambient-caps", "bounding-set")]
    return ["setpriv", f"--reuid={SOMEBODY}", *caps, "--"]


@pytest.mark.torture
def test_too_few_processes_are_told_of_at_the_start_or_hold_the_run_up(
    program: Program, serve: Serve
) -> None:
    before = as_somebody()
    demo, youtube = serve(3)
    options = Options(workers=2, pace_per_hour=None, yt_dlp=youtube.yt_dlp_args())
    create(program.dataset, Selection(), options, demo.clips)
    for path in (program.folder, program.dataset, *program.dataset.rglob("*")):
        os.chown(path, SOMEBODY, -1)
    command = ["run", program.dataset.name, "--headless"]  # the folders above may be root's alone
    refused(run_it(program, *command, before=before, limits={resource.RLIMIT_NPROC: 1}), "ulimit -u")
    view = subprocess.Popen(
        [*before, "prlimit", "--nproc=3:1000", sys.executable, "-m", "kinetics_tui", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=program.folder,
    )
    try:
        told: dict[str, Any] = {}

        def held() -> bool:
            done = run_it(program, "status", program.dataset.name, "--json", before=before)
            told.update(json.loads(done.stdout) if done.returncode == 0 else {})
            return told.get("state") == EngineStatus.HELD

        until(held)
        assert "ulimit -u" in told["reason"]
        assert (told["failed"], told["pending"]) == (0, 3)
        raised = ["prlimit", "--pid", str(told["pid"]), "--nproc=1000:1000"]
        subprocess.run([*before, *raised], check=True)
        _, said = view.communicate(timeout=90)
        assert view.returncode == 0, said
    finally:
        if view.poll() is None:
            run_it(program, "stop", program.dataset.name, before=before)
            view.communicate(timeout=60)
    check(program.dataset, 3)


@pytest.mark.torture
def test_clips_in_hand_are_made_where_no_process_or_thread_can_be_started_any_more(
    program: Program, serve: Serve
) -> None:
    before = as_somebody()
    demo, youtube = serve(8)
    youtube.line.latency_s = 0.2
    options = Options(workers=2, pace_per_hour=None, yt_dlp=youtube.yt_dlp_args())
    create(program.dataset, Selection(), options, demo.clips)
    for path in (program.folder, program.dataset, *program.dataset.rglob("*")):
        os.chown(path, SOMEBODY, -1)

    def status() -> dict[str, Any]:
        done = run_it(program, "status", program.dataset.name, "--json", before=before)
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}

    def limit(most: int) -> None:
        engine = psutil.Process(status()["pid"])
        for process in (engine, *engine.children(recursive=True)):
            with_limit = ["prlimit", "--pid", str(process.pid), f"--nproc={most}:1000"]
            subprocess.run([*before, *with_limit], check=True)

    command = ["run", program.dataset.name, "--headless"]
    view = subprocess.Popen(
        [*before, sys.executable, "-m", "kinetics_tui", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=program.folder,
    )
    try:
        until(lambda: status().get("done", 0) >= 1)
        limit(1)
        until(lambda: status()["done"] >= 6)
        limit(1000)
        _, said = view.communicate(timeout=90)
        assert view.returncode == 0, said
    finally:
        if view.poll() is None:
            run_it(program, "stop", program.dataset.name, before=before)
            view.communicate(timeout=60)
    check(program.dataset, 8)


# -- around it ----------------------------------------------------------------------------------------------


def test_a_machine_without_any_network_is_offline_and_fails_nothing(program: Program, serve: Serve) -> None:
    demo, youtube = serve(3)
    command = [*require("-rn"), sys.executable, "-m", "kinetics_tui", "run", str(program.dataset)]
    view = subprocess.Popen(
        [*command, *flags(demo, youtube), "--headless"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(program.is_running)
        state = seen(program, lambda state: state.status is EngineStatus.OFFLINE)
        assert (state.failed, state.left) == (0, 3)
        assert state.network.status is NetworkStatus.OFFLINE
    finally:
        program("stop", str(program.dataset))
        _, said = view.communicate(timeout=60)
    assert view.returncode == 3, said
    assert program("run", str(program.dataset), "--headless").returncode == 0
    check(program.dataset, 3)


def test_no_home_and_no_place_for_caches_are_no_reason_not_to_run(program: Program, serve: Serve) -> None:
    demo, youtube = serve(2)
    environ = dict.fromkeys(("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), "/proc/nowhere")
    environ["HOME"] = ""
    command = [str(program.dataset), *flags(demo, youtube), "--headless"]
    done = run_it(program, "run", *command, environ=environ)
    assert done.returncode == 0, done.stderr
    without = ["env", "-u", "HOME", "-u", "USER", "-u", "LOGNAME", "-u", "XDG_CONFIG_HOME"]
    assert run_it(program, "status", str(program.dataset), before=without).returncode == 0
    check(program.dataset, 2)


def test_a_settings_file_that_cannot_be_read_is_named(program: Program) -> None:
    folder = program.folder / "config.toml"
    folder.mkdir()
    environ = {"KINETICS_TUI_CONFIG": str(folder)}
    refused(run_it(program, "run", str(program.dataset), "--headless", environ=environ), str(folder))
    shutil.rmtree(folder)
    folder.write_bytes(b"workers = \xff")
    refused(run_it(program, "run", str(program.dataset), "--headless", environ=environ), str(folder))
    assert not program.dataset.exists()
