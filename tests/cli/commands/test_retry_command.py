"""``retry`` from the shell: one clip, a class or all transient ones, with an engine and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.model.options import Options, Selection
from tests.engine.engine_clips import some_clips
from tests.program import Program
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]


def fail_all(program: Program, demo: Demo, youtube: LoopbackYouTube) -> None:
    """Run with all videos gone from YouTube."""
    demo.videos.clear()
    files = [str(path) for path in demo.annotations]
    done = program(
        "run",
        str(program.dataset),
        "--annotations",
        *files,
        "--pace",
        "unlimited",
        f"--yt-dlp={youtube.yt_dlp_options()}",
        "--headless",
    )
    assert done.returncode == 0, done.stderr
    assert program.status()["failures"] == {"Video not available": 6}


def test_clips_and_classes_are_retried_beside_an_engine_and_without_one(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(6)
    fail_all(program, demo, youtube)
    dataset = str(program.dataset)
    name, label = demo.clips[0].name, demo.clips[1].label
    done = program("retry", dataset, "--clip", name)
    assert (done.returncode, done.stdout) == (0, "pending again: 1 of Video not available\n"), done.stderr
    assert program.status()["pending"] == 1
    with program.start("run", dataset, "--headless") as view:
        until(program.is_running)
        retry_beside_the_engine(program, demo, label)
        assert program("stop", dataset).returncode == 0
        view.communicate()


def retry_beside_the_engine(program: Program, demo: Demo, label: str) -> None:
    dataset = str(program.dataset)
    assert program("pause", dataset, "--now").returncode == 0
    before = program.status()
    others = sum(clip.label == label for clip in demo.clips)
    done = program("retry", dataset, "--class", label)
    assert done.stdout == f"pending again: {others} of Video not available\n", done.stderr
    assert program.status()["pending"] == before["pending"] + others
    again = program("retry", dataset, "--class", label)
    assert again.returncode == 2
    assert "stands as failed" in again.stderr
    assert program.status()["failed"] == before["failed"] - others


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--category", "privte"], "did you mean private?"),
        (["--class", "no such class"], "No class"),
        (["--clip", "-ab"], "No clip '-ab' stands as failed"),
        ([], "stands as failed"),
        (["--transient"], "stands as failed"),
    ],
)
def test_what_cannot_be_retried_is_one_sentence_and_exits_2(
    program: Program, args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Ledger.create(
        program.dataset, title="t", release="", selection=Selection(), options=Options(), clips=some_clips(3)
    ).close()
    assert run_command(["retry", str(program.dataset), *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
