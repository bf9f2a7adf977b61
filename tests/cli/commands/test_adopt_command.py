"""``adopt`` from the shell: what it prints, what it exits with, and what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.options import LayoutName
from tests.program import Program
from tests.upkeep.conftest import DONE, finished  # noqa: F401 - a fixture
from tests.waiting import until

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def source(tmp_path: Path, finished: Callable[[LayoutName], Path]) -> Path:  # noqa: F811
    folder = tmp_path / "old"
    folder.mkdir()
    for clip in DONE[:3]:
        path = finished(LayoutName.ACTIVITYNET) / clip_path(LayoutName.ACTIVITYNET, clip)
        shutil.copy(path, folder / path.name)
    return folder


@pytest.fixture
def wanted_rows(tmp_path: Path) -> Path:
    path = tmp_path / "val.csv"
    rows = [f"{c.label},{c.youtube_id},{c.time_start},{c.time_end},{c.split}" for c in DONE[:2]]
    path.write_text("\n".join(["label,youtube_id,time_start,time_end,split", *rows]) + "\n")
    return path


def test_a_new_dataset_begins_with_the_clips_that_are_there(
    tmp_path: Path, source: Path, wanted_rows: Path, capsys: Capture
) -> None:
    command = ["adopt", str(tmp_path / "set"), "--from", str(source), "--json"]
    assert (
        run_command([*command, "--annotations", str(wanted_rows), "--table", str(tmp_path / "table.csv")])
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"]["taken"], told["counts"]["not in the selection"]) == (2, 1)
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["outcome"] for row in rows) == ["not in the selection", "taken", "taken"]
    assert run_command(command) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["there already"] == 2
    assert run_command(["status", str(tmp_path / "set")]) == 0
    assert "2 of 2 clips done" in capsys.readouterr().out


def test_bad_input_is_one_sentence_and_exits_2(
    tmp_path: Path, source: Path, wanted_rows: Path, capsys: Capture
) -> None:
    dataset = str(tmp_path / "set")
    first = ["adopt", dataset, "--from", str(source), "--annotations", str(wanted_rows)]
    for args in (
        ["adopt", dataset],
        ["adopt", dataset, "--from", str(tmp_path / "nowhere")],
        ["adopt", dataset, "--from", str(source)],
        ["adopt", dataset, "--from", str(source), "--dry-run"],
        [*first, "--link", "sym"],
        [*first, "--tolerance", "-1"],
        [*first, "--tolerance", "nan"],
        [*first, "--table", str(tmp_path / "no" / "table.csv")],
    ):
        assert run_command(args) == 2, args
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1), args
    assert not (tmp_path / "set").exists()


def test_a_table_stays_as_it_is_until_there_is_something_to_say(
    tmp_path: Path, source: Path, wanted_rows: Path, capsys: Capture
) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("what was found last time\n")
    for table in (old, new):
        wrong = ["adopt", str(tmp_path / "set"), "--from", str(tmp_path / "nowhere"), "--table", str(table)]
        assert run_command(wrong) == 2
    assert old.read_text() == "what was found last time\n"
    assert not new.exists()
    right = ["adopt", str(tmp_path / "set"), "--from", str(source), "--annotations", str(wanted_rows)]
    assert run_command([*right, "--dry-run", "--table", str(old)]) == 0
    assert old.read_text().startswith("file,clip,outcome,why\n")
    assert run_command([*right, "--dry-run", "--table", "/dev/null"]) == 0
    assert not (tmp_path / "set").exists()


def test_beside_an_engine_it_is_refused_in_one_sentence(
    tmp_path: Path, source: Path, wanted_rows: Path, capsys: Capture
) -> None:
    command = ["adopt", str(tmp_path / "set"), "--from", str(source)]
    assert run_command([*command, "--annotations", str(wanted_rows)]) == 0
    capsys.readouterr()
    with WriterLock(tmp_path / "set"):
        assert run_command(command) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "already runs" in err


@pytest.mark.torture
def test_ctrl_c_leaves_with_what_was_taken_so_far_and_nobody_behind(
    program: Program, source: Path, wanted_rows: Path
) -> None:
    adopting = program.start(
        "adopt", str(program.dataset), "--from", str(source), "--annotations", str(wanted_rows),
        "--json", "--workers", "1",
    )  # fmt: skip
    readers: list[psutil.Process] = []

    def one_reads() -> bool:
        readers[:] = psutil.Process(adopting.pid).children()
        return bool(readers)

    until(one_reads)
    readers[0].suspend()  # its file never comes to an end
    adopting.send_signal(signal.SIGINT)
    out, err = adopting.communicate(timeout=60)
    assert adopting.returncode == 130, err
    assert json.loads(out)["interrupted"]
    assert psutil.wait_procs(readers, timeout=10)[1] == []
    assert program("adopt", str(program.dataset), "--from", str(source)).returncode == 0
    assert program.status()["done"] == 2
