"""``extract`` from the shell: frames and sound of a whole dataset by a real engine and its workers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.options import LayoutName, Options, Selection
from kinetics_tui.upkeep.adopt.adopt import adopt
from kinetics_tui.upkeep.adopt.take import Adopting
from kinetics_tui.upkeep.check.check import Checking, check
from tests.program import Program
from tests.upkeep.conftest import DONE, finished  # noqa: F401 - a fixture

Capture = pytest.CaptureFixture[str]
CLIPS = DONE[:2]
START_ENGINE = """
import pathlib, sys
from kinetics_tui.engine.client.start import start_engine
start_engine(pathlib.Path(sys.argv[1]))
"""


@pytest.fixture
def dataset(program: Program, finished: Callable[[LayoutName], Path]) -> Path:  # noqa: F811
    """A dataset of two clips, both done."""
    with Ledger.create(
        program.dataset,
        title="Custom dataset",
        release="",
        selection=Selection(),
        options=Options(workers=1),
        clips=CLIPS,
    ):
        pass
    adopt(program.dataset, Adopting(source=finished(LayoutName.ACTIVITYNET)))
    return program.dataset


def test_clips_that_are_here_get_theirs_and_are_no_strays(program: Program, dataset: Path) -> None:
    done = program("extract", str(dataset), "--frames", "5", "--sound", "wav", "--headless")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("10 frames  sound") == 2
    for clip in CLIPS:
        path = clip_path(LayoutName.ACTIVITYNET, clip).with_suffix("")
        assert len(list((dataset / "frames" / path).iterdir())) == 10
        assert (dataset / "sound" / f"{path}.wav").is_file()
    report = check(dataset, Checking(workers=1))
    assert (report.whole, report.counts.total()) == (2, 0)
    again = program("run", str(dataset), "--headless")
    assert (again.returncode, again.stdout.count("10 frames")) == (0, 0)


def test_a_run_that_is_under_way_is_told_and_goes_on_with_them(program: Program, dataset: Path) -> None:
    subprocess.run([sys.executable, "-c", START_ENGINE, str(dataset)], check=True)
    done = program("extract", str(dataset), "--sound", "opus", "--headless")
    assert done.returncode == 0, done.stderr
    assert len(list((dataset / "sound").rglob("*.opus"))) == 2
    status = program.status()
    assert (status["done"], status["pid"]) == (2, None)


def test_bad_input_is_one_sentence_and_exits_2(dataset: Path, tmp_path: Path, capsys: Capture) -> None:
    for args in (
        ["extract", str(dataset), "--headless"],
        ["extract", str(dataset), "--frames", "none", "--headless"],
        ["extract", str(dataset), "--frames", "many", "--headless"],
        ["extract", str(dataset), "--sound", "flac", "--headless"],
        ["extract", str(dataset), "--frames", "5", "--short-side", "1", "--headless"],
        ["extract", str(dataset), "--frames", "many", "--json"],
        ["extract", str(dataset), "--frames", "5"],
        ["extract", str(tmp_path / "nowhere"), "--frames", "5", "--headless"],
    ):
        assert run_command(args) == 2, args
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), args
    assert not (tmp_path / "nowhere").exists()
