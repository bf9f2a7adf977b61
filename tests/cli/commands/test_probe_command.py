"""``probe`` from the shell, against a YouTube on this machine."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from kinetics_tui.annotations.selection import draw_videos
from kinetics_tui.cli import run_command
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.site import AfterClips
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.program import Program

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]
Capture = pytest.CaptureFixture[str]


def flags(demo: Demo, youtube: LoopbackYouTube, *more: str) -> list[str]:
    files = [str(path) for path in demo.annotations]
    return ["probe", "--annotations", *files, f"--yt-dlp={youtube.yt_dlp_options()}", *more]


def test_a_set_is_asked_for_and_nothing_is_downloaded(program: Program, serve: Serve) -> None:
    demo, youtube = serve(12)
    drawn = draw_videos((clip.youtube_id for clip in demo.clips), 6, 3)
    del demo.videos[drawn[1]], demo.videos[drawn[4]]
    done = program(*flags(demo, youtube, "--sample", "6", "--seed", "3", "--pace", "unlimited", "--json"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["clips"], told["sample"], told["asked"], told["there"]) == (12, 6, 6, 4)
    assert told["gone"] == {"Video not available": 2}
    low, high = told["share_95"]
    assert low < 4 / 6 < high
    assert told["clips_there"] == 8
    assert "asking for 6 of 10 videos (12 clips)" in done.stderr
    assert done.stdout.count("\n") == 1
    assert not program.dataset.exists()
    assert "\r" not in done.stderr


def test_a_throttle_ends_it_with_what_is_known_and_it_knocks_no_more(program: Program, serve: Serve) -> None:
    demo, youtube = serve(12)
    youtube.policy = policy = AfterClips(4, Failure(Case.BOT_CHECK), 600.0)
    done = program(*flags(demo, youtube, "--sample", "10", "--pace", "unlimited"))
    assert done.returncode == 1, done.stderr
    assert "Ended early: YouTube throttles this network (bot check)" in done.stdout
    assert "95 % confidence" in done.stdout
    assert "gone                   0" in done.stdout or "gone         0" in done.stdout
    assert policy.knocks == 1


def test_ctrl_c_gives_what_is_known_and_a_terminal_has_one_line(program: Program, serve: Serve) -> None:
    demo, youtube = serve(12)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kinetics_tui", *flags(demo, youtube, "--sample", "10", "--pace", "60")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        cwd=program.folder,
    )
    os.close(theirs)
    said = ""
    deadline = time.monotonic() + 60
    while "still there" not in said:
        assert time.monotonic() < deadline
        said += os.read(ours, 4096).decode()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == 130
    assert "Ended early by you after 1 of 10 videos." in out
    assert "at 60 videos an hour, which takes about 9 min" in said
    assert "\r\x1b[K1 of 10 videos, 100% still there, " in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["probe"], "--annotations FILE"),
        (["probe", "--release", "kinetics-40"], "kinetics-400"),
        (["probe", "--annotations", "nowhere.csv"], "nowhere.csv"),
        (["probe", "--release", "kinetics-400", "--sample", "0"], "--sample"),
    ],
)
def test_bad_input_is_one_sentence_and_exits_2(args: list[str], said: str, capsys: Capture) -> None:
    assert run_command(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
