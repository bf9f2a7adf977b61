"""The app on a real terminal (a pty): it starts, it can be killed politely, and it cleans up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.terminal_child import RESTORED, TerminalChild


@pytest.fixture
def child() -> Iterator[TerminalChild]:
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
