"""The demo as people use it: stopped, opened again, gone on with, and left in any way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from kinetics_tui.dataset.folder import demo_path, make_state_folder
from kinetics_tui.demo.show import is_served
from tests.program import Program
from tests.terminal_child import TerminalChild
from tests.waiting import is_left, until

CLIPS = 3
"""So few that none of them fails."""
START_S = 240.0


@pytest.fixture
def dataset(program: Program, demo_sources: Path) -> str:
    """Where a demo may be made; its videos are there already."""
    share_videos(program.dataset, demo_sources)
    return str(program.dataset)


def share_videos(dataset: Path, sources: Path) -> None:
    make_state_folder(dataset)
    demo_path(dataset).mkdir()
    sources.mkdir(exist_ok=True)
    (demo_path(dataset) / "sources").symlink_to(sources)


def youtubes(folder: Path) -> list[psutil.Process]:
    """The loopback YouTubes of demos in a folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "kinetics_tui.demo" in (line := process.info["cmdline"] or ())
        and any(word.startswith(str(folder)) for word in line)
    ]


def test_a_demo_keeps_its_clips_half_done_and_finished_and_run_finds_its_youtube(
    program: Program, dataset: str
) -> None:
    # Each YouTube lets one request through, then throttles for half a minute: no waiting for that here.
    for done, command in enumerate((("demo", "--clips", str(CLIPS), "--workers", "1"), ("run",)), start=1):
        name, *flags = command
        with program.start(name, dataset, *flags, "--headless") as running:
            until(lambda done=done: program.is_running() and program.state().done >= done)  # type: ignore[misc]
            assert program("stop", dataset).returncode == 0
            running.communicate()
        until(lambda: not youtubes(program.folder))
    assert program.status()["pending"] > 0
    for _half_done_then_finished in range(2):
        again = program("demo", dataset, "--clips", "40", "--headless")
        assert again.returncode == 0, again.stderr
        assert f"its {CLIPS} clips" in again.stderr
        assert "--clips is for a new demo" in again.stderr
        status = program.status()
        assert (status["total"], status["done"]) == (CLIPS, CLIPS)
    until(lambda: not youtubes(program.folder))


def test_run_starts_the_youtube_of_a_demo_again_that_was_lost_under_its_engine(
    program: Program, dataset: str
) -> None:
    demo = TerminalChild("kinetics_tui", ["demo", dataset, "--clips", "12", "--workers", "1"])
    try:
        demo.read_until(b"RUNNING", START_S)
        demo.type(b"P")
        demo.read_until(b"PAUSED", START_S)
        engine = program.state().pid
        for process in youtubes(program.folder):
            process.kill()
        until(lambda: not is_served(program.dataset))
        demo.type(b"d")
        assert demo.exit_code() == 0
    finally:
        demo.close()
    with program.start("run", dataset, "--headless") as running:
        until(lambda: is_served(program.dataset) and program.is_running() and program.state().pid != engine)
        assert program("stop", dataset).returncode == 0
        running.communicate()
    until(lambda: not youtubes(program.folder))


@pytest.mark.parametrize("how", ["killed", "hung up"])
def test_nothing_is_left_of_a_finished_demo_whose_view_is_lost(
    program: Program, dataset: str, how: str
) -> None:
    demo = TerminalChild("kinetics_tui", ["demo", dataset, "--clips", "1", "--workers", "1"])
    try:
        demo.read_until(b"EVERY CLIP IS SETTLED", START_S)
        assert youtubes(program.folder)
        if how == "killed":
            os.kill(demo.pid, signal.SIGKILL)
        else:
            demo.hang_up()
        until(lambda: is_left(program.dataset))
        until(lambda: not youtubes(program.folder))
    finally:
        demo.close()


def test_a_demo_shows_how_far_its_videos_are_and_leaves_nothing_where_that_is_ended(tmp_path: Path) -> None:
    demo = TerminalChild("kinetics_tui", ["demo", "--clips", "1"], environ={"TMPDIR": str(tmp_path)})
    try:
        demo.read_until(b" of 420 s of video", START_S)
        assert youtubes(tmp_path)
        demo.type(b"\x03")
        assert demo.exit_code() == 130
    finally:
        demo.close()
    assert not youtubes(tmp_path)
    assert not list(tmp_path.glob("kinetics-demo-*"))


def test_a_demo_without_a_folder_of_the_users_says_where_it_is(tmp_path: Path, demo_sources: Path) -> None:
    folder = tmp_path / "kinetics-demo-x"
    share_videos(folder, demo_sources)
    code = (
        "import sys, tempfile; tempfile.mkdtemp = lambda **_: sys.argv[1]; "
        "from kinetics_tui.cli import run_command; sys.exit(run_command(sys.argv[2:]))"
    )
    command = [sys.executable, "-c", code, str(folder), "demo", "--clips", "1", "--headless"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"The demo is in {folder}:" in done.stderr
    until(lambda: not youtubes(tmp_path))
