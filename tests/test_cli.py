"""The command line: usage, exit codes, one sentence for every error, nothing changed by bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.cli import BAD_INPUT, completed, run_command, spread
from tests.program import Program

CSV = "label,youtube_id,time_start,time_end,split\nyoga,0wR5jVB-WPk,1,11,val\narchery,3caPS4FHFF8,2,12,val\n"


def test_a_folder_alone_opens_the_app_on_it() -> None:
    assert completed(["/data/k400"]) == ["open", "/data/k400"]
    assert completed([]) == ["open"]
    assert completed(["status", "/data/k400"]) == ["status", "/data/k400"]
    assert completed(["--version"]) == ["--version"]


def test_options_may_take_several_values_in_a_row_behind_the_dataset() -> None:
    assert spread(["run", "d", "--split", "val", "test", "--class", "yoga"]) == [
        "run", "d", "--split", "val", "--split", "test", "--class", "yoga",
    ]  # fmt: skip
    assert completed(["run", "--split", "val", "d"]) == ["run", "--split", "val", "d"]
    assert spread(["run", "d", "--split=val", "--workers", "4"]) == [
        "run",
        "d",
        "--split=val",
        "--workers",
        "4",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "{}/none"], "no ledger"),
        (["attach", "{}/none", "--headless"], "No engine runs"),
        (["pause", "{}/none"], "No engine runs"),
        (["stop", "{}/none"], "No engine runs"),
        (["run", "{}/none", "--headless"], "--release"),
        (["run", "{}/none", "--release", "kinetics-40", "--headless"], "kinetics-400"),
        (["run", "{}/none", "--annotations", "{}/missing.csv", "--headless"], "missing.csv"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--class", "yogga", "--headless"], "yoga"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--split", "vall", "--headless"], "val"),
        (["run", "{}/none", "--annotations", "{}/bad.csv", "--headless"], "bad.csv"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--workers", "65", "--headless"], "64"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--workers", "many", "--headless"], "many"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--pace", "fast", "--headless"], "fast"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--cooldown", "soon", "--headless"], "soon"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--layout", "flat", "--headless"], "flat"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--yt-dlp", "--no-such", "--headless"], "no-such"),
        (["run", "{}/none", "--annotations", "{}/ok.csv"], "--headless"),
        (["run", "{}/none", "--frobnicate"], "frobnicate"),
        (["demo"], "--headless"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--json"], "--headless"),
    ],
)
def test_bad_input_gets_one_sentence_exit_code_2_and_changes_nothing(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ok.csv").write_text(CSV)
    (tmp_path / "bad.csv").write_text("no,annotations\nat,all\n")
    before = sorted(tmp_path.rglob("*"))
    assert run_command([argument.format(tmp_path) for argument in arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.strip().splitlines()[-1]
    assert said in last
    assert last.startswith("kinetics-tui: ")
    assert "Traceback" not in captured.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_fault_of_ours_exits_1_with_a_sentence_and_keeps_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(dataset: Path) -> None:
        raise RuntimeError("not meant to happen")

    monkeypatch.setattr("kinetics_tui.engine.client.read_state", fail)
    assert run_command(["status", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "Traceback" not in said
    assert "not meant to happen" in next((tmp_path / "xdg_state_home").rglob("crash-*.log")).read_text()


def test_doctor_and_help_need_nothing(program: Program) -> None:
    assert "yt-dlp" in program("doctor").stdout
    assert "attach" in program("--help").stdout
    assert program("--version").stdout.strip()
