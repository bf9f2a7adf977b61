"""The app on a real terminal (a pty): it starts, it can be killed politely, and it cleans up."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).with_name("run_for_pty.py")
_PATIENCE_S = 20.0
_RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")
"""Leave the alternate screen, show the cursor."""


class Child:
    def __init__(self) -> None:
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            environ = {**os.environ, "TERM": "xterm-256color"}
            environ.pop("NO_COLOR", None)
            os.execve(sys.executable, [sys.executable, str(_SCRIPT)], environ)
        self.output = b""

    def read_until(self, wanted: bytes) -> None:
        """Read what the app paints until ``wanted`` has been painted."""
        end = time.monotonic() + _PATIENCE_S
        while wanted not in self.output:
            assert time.monotonic() < end, f"no {wanted!r} in {self.output[-2000:]!r}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.output += os.read(self._terminal, 65536)

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH line does."""
        os.close(self._terminal)
        self._terminal = -1

    def exit_code(self) -> int:
        """Wait for the end, reading on, and return the exit code (negative: killed by a signal)."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                self._drain()
                return os.waitstatus_to_exitcode(status)
            self._drain(0.05)
        raise AssertionError("the app did not end")

    def _drain(self, wait_s: float = 0.0) -> None:
        if self._terminal < 0:
            time.sleep(wait_s)
            return
        while select.select([self._terminal], [], [], wait_s)[0]:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:  # Linux reports the end of a pty so
                return
            if not data:
                return
            self.output += data

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._terminal >= 0:
            os.close(self._terminal)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child()
    try:
        child.read_until(b"palette")
        yield child
    finally:
        child.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_app_with_the_terminal_restored(child: Child, number: signal.Signals) -> None:
    os.kill(child.pid, number)
    assert child.exit_code() == 128 + number
    assert all(sequence in child.output for sequence in _RESTORED)


def test_detaching_restores_the_terminal_and_says_how_to_come_back(child: Child) -> None:
    child.type(b"d")
    assert child.exit_code() == 0
    restored = child.output.index(_RESTORED[0])
    assert b"kinetics-tui attach '/data/my kinetics'" in child.output[restored:]
    assert b"\x1b]2;RUNNING" in child.output


def test_ctrl_c_asks_and_does_not_kill(child: Child) -> None:
    child.type(b"\x03")
    child.read_until(b"Stop the run?")
    child.type(b"\x03")
    assert child.exit_code() == 0


def test_a_terminal_that_goes_away_ends_the_app(child: Child) -> None:
    child.hang_up()
    assert child.exit_code() == 128 + signal.SIGHUP
