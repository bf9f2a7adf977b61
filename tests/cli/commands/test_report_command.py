"""``report`` from the shell: text, JSON and a page; what it refuses; what it never overwrites."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.report.page import GENERATOR
from tests.report.made_up import write

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    clips = [
        Clip("aaaaaaaaaaa", 0, 10, "val", "yoga"),
        Clip("bbbbbbbbbbb", 0, 10, "val", "\x1b[2J<script>"),
    ]
    with Ledger.create(
        folder, title="Kinetics-400", release="", selection=Selection(), options=Options(), clips=clips
    ) as ledger:
        ledger.record(
            Attempt(
                clip_id=1,
                at=1000.0,
                network="wlan0",
                outcome=Outcome.DONE,
                spent=Spent(download_s=3.0, wire_bytes=10),
            )
        )
        ledger.record(
            Attempt(clip_id=2, at=1001.0, network="wlan0", outcome=Outcome.FAILED, category=Category.PRIVATE)
        )
    return folder


def test_a_dataset_is_reported_on_as_text_that_a_terminal_may_be_given(
    dataset: Path, capsys: Capture
) -> None:
    assert run_command(["report", str(dataset)]) == 0
    out = capsys.readouterr().out
    assert "1 of 2 clips done, 1 failed, 0 left; 50.0 % of those settled failed." in out
    assert "?[2J<script>" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_json_has_every_figure(dataset: Path, capsys: Capture) -> None:
    assert run_command(["report", str(dataset), "--json"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    told = json.loads(out)
    assert told["whole"] == {"split": "", "label": "", "total": 2, "done": 1, "failed": 1, "off": 0}
    assert told["failures"] == [{"name": "private", "clips": 1}]
    assert told["timing"]["in_full"]["fetch"]["mean_s"] == 3.0
    assert [row["label"] for row in told["classes"]] == ["\x1b[2J<script>", "yoga"]


def test_a_page_is_written_whole_and_takes_the_place_of_an_older_one(dataset: Path, capsys: Capture) -> None:
    path = dataset / "report.html"
    for _ in range(2):
        assert run_command(["report", str(dataset), "--html", str(path)]) == 0
        assert capsys.readouterr().out == f"Written: {path}\n"
    text = path.read_text(encoding="utf-8")
    assert GENERATOR in text
    assert "<script" not in text
    assert sorted(entry.name for entry in dataset.iterdir()) == [".kinetics-tui", "report.html"]


def test_a_page_may_be_read_by_whom_the_user_lets_read_files(dataset: Path) -> None:
    before = os.umask(0o027)
    try:
        assert run_command(["report", str(dataset), "--html", str(dataset / "r.html")]) == 0
    finally:
        os.umask(before)
    assert (dataset / "r.html").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is a folder"),
        ("train.csv", "exists and is no report"),
        ("pipe", "exists and is no report"),
        ("none/report.html", "cannot be written (No such file or directory)"),
        ("n" * 300, "cannot be written"),
        ("circle", "cannot be written"),
    ],
    ids=["folder", "file", "pipe", "no folder", "long", "circle"],
)
def test_nothing_else_is_ever_overwritten(
    name: str, said: str, dataset: Path, tmp_path: Path, capsys: Capture
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "train.csv").write_text("mine\n")
    os.mkfifo(place / "pipe")
    (place / "circle").symlink_to("circle")
    assert run_command(["report", str(dataset), "--html", str(place / name)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert sorted(entry.name for entry in place.iterdir()) == ["circle", "pipe", "train.csv"]
    assert (place / "train.csv").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("words", "loaded"), [(["report"], False), (["status"], False), (["report", "--html", "x.html"], True)]
)
def test_what_makes_pages_is_loaded_for_a_page_alone(dataset: Path, words: list[str], loaded: bool) -> None:
    code = (
        "import sys; from kinetics_tui.cli import run_command; import kinetics_tui.tui.app; "
        "run_command(sys.argv[1:]); sys.exit('jinja2' in sys.modules)"
    )
    command = [sys.executable, "-c", code, words[0], str(dataset), *words[1:]]
    assert subprocess.run(command, cwd=dataset, capture_output=True).returncode == int(loaded)
    assert (dataset / "x.html").exists() == loaded


def test_files_in_the_2019_form_are_reported_on_without_a_dataset(tmp_path: Path, capsys: Capture) -> None:
    stats, failed = write(tmp_path)
    assert run_command(["report", "--stats", str(stats), "--failed", str(failed)]) == 0
    assert "10 of 14 clips done, 4 failed, 0 left; 28.6 % of those settled failed." in capsys.readouterr().out
    assert run_command(["report", "--stats", str(stats), "--failed", str(failed), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["timing"]["fenced"]["total"]["mean_s"] == 6.375
    assert told["timing"]["sequential_s"] == pytest.approx(236.6)
    page = tmp_path / "page.html"
    assert run_command(["report", "--stats", str(stats), "--failed", str(failed), "--html", str(page)]) == 0
    assert page.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report"], "Give a dataset folder, or --stats FILE and --failed FILE."),
        (["report", "{}/none"], "There is no folder"),
        (["report", "--stats", "{}/a.csv"], "go together"),
        (["report", "{}", "--stats", "{}/a.csv", "--failed", "{}/a.csv"], "not both"),
        (["report", "{}/set", "--json", "--html", "{}/x.html"], "not both"),
        (["report", "--stats", "{}/a.csv", "--failed", "{}/a.csv"], "does not exist"),
    ],
)
def test_bad_input_is_one_sentence_and_exits_2(
    arguments: list[str], said: str, tmp_path: Path, capsys: Capture
) -> None:
    assert run_command([argument.format(tmp_path) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert list(tmp_path.iterdir()) == []
