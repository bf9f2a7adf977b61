"""The app on a real terminal (a pty): it starts, it can be killed politely, and it cleans up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal_child import PATIENCE_S, RESTORED, ROOT, TerminalChild


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[TerminalChild]:
    monkeypatch.delenv("TMUX", raising=False)
    child = TerminalChild("tests.tui.run_for_pty")
    try:
        child.read_until(b"palette")
        yield child
    finally:
        child.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_app_with_the_terminal_restored(
    child: TerminalChild, number: signal.Signals
) -> None:
    os.kill(child.pid, number)
    assert child.exit_code() == 128 + number
    assert all(sequence in child.output for sequence in RESTORED)


def test_detaching_restores_the_terminal_and_says_how_to_come_back(child: TerminalChild) -> None:
    child.type(b"d")
    assert child.exit_code() == 0
    restored = child.output.index(RESTORED[0])
    assert b"kinetics-tui attach '/data/my kinetics'" in child.output[restored:]
    assert b"\x1b]2;RUNNING" in child.output


def test_ctrl_c_asks_and_does_not_kill(child: TerminalChild) -> None:
    child.type(b"\x03")
    child.read_until(b"Stop the run?")
    child.type(b"\x03")
    assert child.exit_code() == 0


def test_a_terminal_that_goes_away_ends_the_app(child: TerminalChild) -> None:
    child.hang_up()
    assert child.exit_code() == 128 + signal.SIGHUP


COMMAND = "kinetics-tui run '/data/my kinetics'"


def test_what_is_copied_goes_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    child = TerminalChild("tests.tui.run_for_pty", ["stopped"])
    try:
        child.read_until(b" copy")
        child.type(b"y")
        child.read_until(b"\x1b]52;c;a2luZXRpY3MtdHVpIHJ1biAnL2RhdGEvbXkga2luZXRpY3Mn\x07")
        child.read_until(b"Copied, if this terminal lets programs copy")
    finally:
        child.close()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
def test_tmux_keeps_what_is_copied_as_it_comes_out_of_the_box(tmp_path: Path) -> None:
    environ = {**os.environ, "TMUX_TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environ.pop("TMUX", None)

    def tmux(*arguments: str) -> str:
        command = ["tmux", "-f", os.devnull, *arguments]
        return subprocess.run(command, env=environ, text=True, capture_output=True, check=False).stdout

    def wait_for(wanted: str, *arguments: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while wanted not in (shown := tmux(*arguments)):
            assert time.monotonic() < end, f"no {wanted!r} in {shown!r}"
            time.sleep(0.1)

    program = f"{sys.executable} -m tests.tui.run_for_pty stopped"
    try:
        tmux("new-session", "-d", "-x", "80", "-y", "24", program)
        wait_for("y copy", "capture-pane", "-p")
        tmux("send-keys", "y")
        wait_for(COMMAND, "show-buffer")
    finally:
        tmux("kill-server")
