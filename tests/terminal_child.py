"""A program on a terminal of its own (a pty), typed at and read like a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE_S = 20.0
RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")
"""Leave the alternate screen, show the cursor."""


class TerminalChild:
    """``python3 -m`` ``module`` with ``arguments`` on a terminal of ``columns`` x ``rows``.

    ``environ`` comes on top of this program's own environment.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.pid, self._terminal = pty.fork()
        if not self.pid:
            inside = {**os.environ, "TERM": "xterm-256color"}
            for name in ("NO_COLOR", "COLUMNS", "LINES"):  # the terminal says itself what size it is
                inside.pop(name, None)
            inside["PYTHONPATH"] = str(ROOT)
            inside.update(environ or {})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(sys.executable, [sys.executable, "-m", module, *arguments], inside)
        self.output = b""

    def read_until(self, wanted: bytes, seconds: float = PATIENCE_S) -> None:
        """Read what the app paints until ``wanted`` has been painted."""
        end = time.monotonic() + seconds
        while wanted not in self.output:
            assert time.monotonic() < end, f"no {wanted!r} in {self.output[-2000:]!r}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self.output += os.read(self._terminal, 65536)

    def read_for(self, seconds: float) -> None:
        """Read what the app paints for so long."""
        end = time.monotonic() + seconds
        while (left_s := end - time.monotonic()) > 0:
            if select.select([self._terminal], [], [], left_s)[0]:
                self.output += os.read(self._terminal, 65536)

    def forget(self) -> None:
        """Forget what was painted so far: what is waited for next has to be painted anew."""
        self._drain()
        self.output = b""

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH line does."""
        os.close(self._terminal)
        self._terminal = -1

    def exit_code(self, seconds: float = PATIENCE_S) -> int:
        """Wait for the end, reading on, and return the exit code (negative: killed by a signal)."""
        end = time.monotonic() + seconds
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
