"""``python -m tests.torture.small_disk FOLDER``: a run on a disk of some megabytes that others fill.

To be started in a mount namespace of its own (``unshare -rm``), which takes its small disk with it when it
ends, however it ends. Says nothing where all went well; else it ends with a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import UserError
from kinetics_tui.dataset.folder import ledger_path, scratch_path
from kinetics_tui.demo.dataset import make_demo
from kinetics_tui.demo.site import Open
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import read_state
from kinetics_tui.engine.run.disk import floor_of
from kinetics_tui.media.verify import verify
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.state import RunState
from tests.program import Program
from tests.torture.small_videos import shrink
from tests.waiting import is_left, until

WORKERS = 3
STEP_BYTES = 256 << 10
SLOW_S = 0.3
"""What every answer takes once the first clip is there, so that no machine is through too soon."""


class Ballast:
    """Another program's file, which takes the room."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self, keep_bytes: int) -> None:
        """Take all but so many bytes, in one go."""
        with self._file.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while (more := free_bytes(self._file.parent) - keep_bytes) > 0 or keep_bytes == 0:
                if file.write(bytes(max(1, min(more, STEP_BYTES)))) == 0:
                    raise OSError(errno.ENOSPC, "full")

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def run_on_a_small_disk(
    folder: Path, sources: Path, *, clips: int, rounds: int, size_bytes: int, seed: int, small: bool
) -> None:
    """A run of the real program: the disk fills slowly, then in bursts with clips in hand; then it ends.

    ``small`` videos take little work and little of the disk.
    """
    chance = random.Random(seed)
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "small", str(disk)], check=True)
    demo = make_demo(folder / "made-up", clips=clips, sources_folder=sources)
    if small:
        shrink(demo, sources)
    videos = {name: msgspec.structs.replace(video, failure=None) for name, video in demo.videos.items()}
    youtube = LoopbackYouTube(videos, policy=Open())
    youtube.start()
    program = Program(disk)
    ballast = Ballast(disk)
    annotations = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    flags = [*annotations, "--pace", "unlimited", "--workers", str(WORKERS), "--retry", "none"]
    started = [sys.executable, "-m", "kinetics_tui", "run", str(program.dataset), *flags]
    with (folder / "said").open("wb") as said:
        view = subprocess.Popen(
            [*started, f"--yt-dlp={youtube.yt_dlp_options()}", "--headless"], stdout=said, stderr=said
        )
    try:
        until(program.is_running)
        seen(program, lambda state: state.done >= 1)
        youtube.line.latency_s = SLOW_S
        ballast.fill(floor_of(size_bytes, WORKERS) // 2)
        state = seen(program, lambda state: held_up(state) and state.in_hand == 0)
        asked = len(youtube.requests)
        time.sleep(1.0)
        assert len(youtube.requests) == asked, "something was asked for though there is no room"
        for number in range(rounds):
            ballast.clear()
            state = seen(program, busy_after(state.done + (number > 0)))
            if not state.left:
                break
            time.sleep(chance.uniform(0, 0.5))
            ballast.fill(0)
            state = seen(program, lambda state: held_up(state) or not state.left)
        ballast.clear()
        state = seen(program, lambda state: not state.left)
        assert view.wait(60) == 0, (folder / "said").read_text()
    finally:
        ballast.clear()
        if view.poll() is None:
            program("stop", str(program.dataset))
            view.wait(30)
        youtube.stop()
    check(program.dataset, clips)


def seen(program: Program, condition: Callable[[RunState], bool]) -> RunState:
    """The run once something is so of it."""
    states: list[RunState] = []

    def so() -> bool:
        with contextlib.suppress(UserError):  # nobody has time to be asked just now
            states.append(read_state(program.dataset))
        return bool(states) and condition(states[-1])

    until(so, 90.0)
    return states[-1]


def busy_after(done: int) -> Callable[[RunState], bool]:
    """Clips are in hand after so many done, or none is left."""
    return lambda state: (state.done >= done and state.in_hand > 0) or not state.left


def held_up(state: RunState) -> bool:
    """Whether the engine has looked at the disk itself: its look says so, a clip's failure does not."""
    return state.status is EngineStatus.DISK_FULL and "make room" in state.reason


def check(dataset: Path, clips: int) -> None:
    """Every clip is settled once, every file plays, and nothing else is left on the disk."""
    until(lambda: is_left(dataset))
    connection = sqlite3.connect(ledger_path(dataset))
    with contextlib.closing(connection):
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        settled = connection.execute(
            "SELECT clip_id, outcome, category FROM attempts WHERE outcome IN ('done', 'failed')"
        ).fetchall()
        (sizes,) = connection.execute("SELECT sum(output_bytes) FROM clips WHERE status = 'done'").fetchone()
    assert len({clip_id for clip_id, _, _ in settled}) == len(settled) == clips, settled
    failed = [row for row in settled if row[1] == "failed"]
    # Some clips of the made-up dataset begin after their videos have ended.
    assert {category for _, _, category in failed} <= {"short source"}, failed
    files = sorted(dataset.glob("*/*/*"))
    assert len(files) == clips - len(failed)
    assert sum(file.stat().st_size for file in files) == sizes
    for file in files:
        verify(file)
    assert not scratch_path(dataset).exists()
    left = sorted(path.name for path in scratch_path(dataset).parent.iterdir())
    assert set(left) <= {"engine.json", "engine.lock", "engine.log", "ledger.sqlite3"}, left


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.small_disk")
    parser.add_argument("folder", type=Path)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--clips", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--size-mb", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args(arguments)
    run_on_a_small_disk(
        given.folder,
        given.sources,
        clips=given.clips,
        rounds=given.rounds,
        size_bytes=given.size_mb << 20,
        seed=given.seed,
        small=given.small,
    )


if __name__ == "__main__":
    main()
