"""The command line: usage, exit codes, one sentence for every error, nothing changed by bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.cli.command_line import BAD_INPUT
from tests.program import Program

CSV = "label,youtube_id,time_start,time_end,split\nyoga,0wR5jVB-WPk,1,11,val\narchery,3caPS4FHFF8,2,12,val\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "{}/none"], "There is no folder"),
        (["attach", "{}/none", "--headless"], "There is no folder"),
        (["attach", "{}/none"], "There is no folder"),
        (["attach", "{}"], "holds no ledger"),
        (["pause", "{}/none"], "There is no folder"),
        (["stop", "{}/none"], "There is no folder"),
        (["extract", "{}/none", "--sound", "wav"], "There is no folder"),
        (["check", "{}/none"], "There is no folder"),
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
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--cooldown", "5"], "--cooldown: '5' has no unit"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--cooldown", "1h,15m"], "must not fall: 15m,1h"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--limit", "-3"], "--limit: '-3' is no count"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--layout", "flat", "--headless"], "flat"),
        (["run", "{}/none", "--annotations", "{}/ok.csv", "--yt-dlp", "--no-such", "--headless"], "no-such"),
        (["run", "{}/none", "--annotations", "{}/ok.csv"], "--headless"),
        (["run", "{}/none", "--frobnicate"], "frobnicate"),
        (["demo"], "add --headless"),
        (["{}/none"], "run --headless and status do without it"),
        (["networks", "{}/none"], "There is no folder"),
        (["networks", "{}/none", "--check", "phone"], "There is no folder"),
        (["switch", "{}/none", "phone"], "There is no folder"),
        (["switch", "{}/none"], "NAME, --source-address A or --proxy URL"),
        (["switch", "{}/none", "phone", "--proxy", "http://me:secret@h:1"], "Name one network"),
        (["switch", "{}/none", "--proxy", "me:secret@h:1"], "the URL of a proxy"),
        (["switch", "{}/none", "--source-address", "wlan0"], "an IP address of this machine"),
        (["run", "{}/none", "--release", "kinetics-40", "--json"], "kinetics-400"),
        (["attach", "{}/none", "--json"], "There is no folder"),
        (["extract", "{}/none", "--sound", "wav", "--json"], "There is no folder"),
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
    assert "secret" not in captured.err
    assert sorted(tmp_path.rglob("*")) == before


def test_doctor_and_help_need_nothing(program: Program) -> None:
    assert "yt-dlp" in program("doctor").stdout
    assert "attach" in program("--help").stdout
    assert program("--version").stdout.strip()
