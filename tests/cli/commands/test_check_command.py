"""``check`` from the shell: what it prints, what it exits with, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.options import LayoutName
from tests.program import Program
from tests.upkeep.conftest import DONE, finished  # noqa: F401 - a fixture
from tests.waiting import has_ended, until

ENDLESS_BYTES = 1 << 40
"""A file of holes that is so long is read for minutes, on any machine."""

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def dataset(tmp_path: Path, finished: Callable[[LayoutName], Path]) -> Path:  # noqa: F811
    return Path(shutil.copytree(finished(LayoutName.ACTIVITYNET), tmp_path / "set"))


def harm(dataset: Path) -> None:
    (dataset / clip_path(LayoutName.ACTIVITYNET, DONE[0])).unlink()


def test_all_well_exits_0(dataset: Path, capsys: Capture) -> None:
    assert run_command(["check", str(dataset)]) == 0
    assert "All is well." in capsys.readouterr().out


def test_faults_exit_4_and_once_repaired_0(dataset: Path, capsys: Capture) -> None:
    harm(dataset)
    assert run_command(["check", str(dataset)]) == 4
    assert "--repair" in capsys.readouterr().out
    assert run_command(["check", str(dataset), "--repair", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["found"]["missing"], told["repaired"]["missing"], told["left"]) == (1, 1, 0)
    assert run_command(["check", str(dataset), "--quick"]) == 0


def test_a_repair_beside_an_engine_is_refused_in_one_sentence(dataset: Path, capsys: Capture) -> None:
    harm(dataset)
    with WriterLock(dataset):
        assert run_command(["check", str(dataset), "--repair"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "already runs" in err


def test_bad_input_is_one_sentence_and_exits_2(dataset: Path, tmp_path: Path, capsys: Capture) -> None:
    for args in (
        ["check", str(tmp_path / "nowhere")],
        ["check", str(tmp_path / "nowhere"), "--repair"],
        ["check", str(dataset), "--annotations", "train.csv"],
        ["check", str(dataset), "--workers", "0"],
    ):
        assert run_command(args) == 2, args
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), args
    assert not (tmp_path / "nowhere").exists()


def test_a_lost_ledger_comes_back_from_annotations(dataset: Path, tmp_path: Path, capsys: Capture) -> None:
    rows = ["label,youtube_id,time_start,time_end,split"]
    rows += [
        f"{clip.label},{clip.youtube_id},{clip.time_start},{clip.time_end},{clip.split}"
        for clip in DONE
        if clip.label
    ]
    (tmp_path / "val.csv").write_text("\n".join(rows) + "\n")
    ledger_path(dataset).unlink()
    assert run_command(["check", str(dataset)]) == 4
    assert run_command(["check", str(dataset), "--repair", "--annotations", str(tmp_path / "no.csv")]) == 2
    assert not ledger_path(dataset).exists()
    capsys.readouterr()
    arguments = ["check", str(dataset), "--repair", "--json", "--annotations", str(tmp_path / "val.csv")]
    assert run_command(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ledger"], told["repaired"]["found though not done"], told["found"]["stray"]) == (
        "rebuilt",
        4,
        1,
    )
    assert run_command(["check", str(dataset)]) == 0


def test_ctrl_c_leaves_with_what_was_found_so_far_and_nobody_behind(program: Program, dataset: Path) -> None:
    harm(dataset)
    endless = dataset / clip_path(LayoutName.ACTIVITYNET, DONE[1])
    os.truncate(endless, ENDLESS_BYTES)
    checking = program.start("check", str(dataset), "--json", "--workers", "1")
    readers: list[psutil.Process] = []

    def one_reads() -> bool:
        readers[:] = psutil.Process(checking.pid).children()
        return bool(readers)

    until(one_reads)
    checking.send_signal(signal.SIGINT)
    out, err = checking.communicate(timeout=60)
    assert checking.returncode == 130, err
    told = json.loads(out)
    assert (told["interrupted"], told["found"]["missing"]) == (True, 1)
    until(lambda: all(map(has_ended, readers)))
