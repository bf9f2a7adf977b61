"""Whatever a command prints to, it prints what can be shown there, or says in one sentence that it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.output import LOOKALIKE, lookalike
from kinetics_tui.cli.command_line import BROKEN_PIPE, OUR_FAULT
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.options import Options, Selection
from tests.engine.engine_clips import some_clips
from tests.terminal_child import TerminalChild

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN_1 = {"PYTHONIOENCODING": "iso-8859-1"}
PRINTING = (
    ["--version"],
    ["--help"],
    ["run", "--help"],
    ["help"],
    ["help", "networks"],
    ["help", "status"],
    ["status", "set"],
    ["status", "set", "--json"],
    ["networks", "set"],
    ["networks", "set", "--json"],
    ["report", "set"],
    ["report", "set", "--json"],
    ["check", "set"],
    ["check", "set", "--json"],
    ["manifest", "set"],
    ["compare", "set", "set"],
    ["compare", "set", "set", "--json"],
    ["adopt", "set", "--from", "other"],
    ["adopt", "set", "--from", "other", "--json"],
    ["export", "set", "--for", "csv"],
    ["doctor"],
    ["doctor", "--json"],
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a dataset whose class and title no small set of characters has."""
    clips = [msgspec.structs.replace(clip, label="書道 → Übung…") for clip in some_clips(3)]
    create(tmp_path / "set", Selection(), Options(), clips, title="動作 – Kinétics")
    (tmp_path / "other").mkdir()
    return tmp_path


def outcomes(
    folder: Path, stdout: str | int, environ: dict[str, str], commands: Sequence[Sequence[str]] = PRINTING
) -> list[tuple[Sequence[str], subprocess.CompletedProcess[bytes]]]:
    inside = {**os.environ, **environ, "XDG_STATE_HOME": str(folder / "state")}

    def end(args: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        out = os.open(stdout, os.O_WRONLY) if isinstance(stdout, str) else subprocess.PIPE
        try:
            return subprocess.run(
                [sys.executable, "-m", "kinetics_tui", *args],
                cwd=folder,
                env=inside,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                timeout=120,
            )
        finally:
            if isinstance(stdout, str):
                os.close(out)

    with ThreadPoolExecutor(2) as threads:
        return list(zip(commands, threads.map(end, commands), strict=True))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has /dev/full")
def test_where_nothing_can_be_written_that_is_said_in_one_sentence(folder: Path) -> None:
    for args, ended in outcomes(folder, "/dev/full", {}):
        *_, last = ended.stderr.decode().splitlines()
        assert (ended.returncode, "Nothing can be written to standard output" in last) == (OUR_FAULT, True), (
            args
        )
        assert b"Traceback" not in ended.stderr
        assert b"fault of its own" not in ended.stderr


@pytest.mark.parametrize(("environ", "encoding"), [(ASCII, "ascii"), (LATIN_1, "iso-8859-1")])
def test_what_cannot_be_shown_is_replaced(folder: Path, environ: dict[str, str], encoding: str) -> None:
    commands = PRINTING if encoding != "ascii" else PRINTING[6:18:2]
    for args, ended in outcomes(folder, subprocess.PIPE, environ, commands):
        assert b"fault of its own" not in ended.stderr, args
        data = args[0] == "manifest"  # an annotation file, and no text to be read on a terminal
        text = ended.stdout.decode("utf-8" if data else encoding)
        assert text, args
        if data:
            assert "書道 → Übung…" in text
        if args == ["report", "set"]:
            assert ("?? - Kinetics" if encoding == "ascii" else "?? - Kinétics") in text
    assert not (folder / "state").exists()  # no trace of a fault of ours


def test_who_reads_no_further_is_no_fault(folder: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    for args in (["status", "set"], ["help", "networks"], ["manifest", "set"]):
        ended = subprocess.run(
            [sys.executable, "-m", "kinetics_tui", *args],
            cwd=folder,
            stdout=write_end,
            stderr=subprocess.PIPE,
        )
        assert (ended.returncode, b"Traceback" in ended.stderr) == (BROKEN_PIPE, False), args
    os.close(write_end)


def test_an_error_that_nobody_can_read_keeps_its_exit_code(folder: Path) -> None:
    full = os.open(os.devnull, os.O_RDONLY)  # cannot be written to
    ended = subprocess.run(
        [sys.executable, "-m", "kinetics_tui", "status", "nothing"], cwd=folder, stderr=full
    )
    os.close(full)
    assert ended.returncode == 2


@pytest.mark.parametrize("environ", [ASCII, LATIN_1])
def test_the_app_paints_on_a_terminal_of_few_characters(tmp_path: Path, environ: dict[str, str]) -> None:
    child = TerminalChild("kinetics_tui", [str(tmp_path / "new")], environ=environ)
    try:
        child.read_until(b"Kinetics-400", 60)
        child.read_for(1)
        assert b"?" * 8 not in child.output
        assert b"\\u25" not in child.output
        assert child.output.isascii()
        assert b"----" in child.output
    finally:
        child.close()


def test_what_looks_alike_takes_as_many_cells() -> None:
    assert lookalike("┌─┬─┐│ █▁ é ß 書 …→") == "+-+-+| #. e ? ?? .>"
    assert "Übung é…".encode("iso-8859-1", LOOKALIKE).decode("iso-8859-1") == "Übung é."
    assert "a\udcff".encode("utf-8", LOOKALIKE) == b"a?"
