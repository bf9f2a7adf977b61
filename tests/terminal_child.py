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
ANSWERS = {b"\x1b[5n": b"\x1b[0n", b"\x1b[6n": b"\x1b[1;1R"}
"""To device status and the cursor's place real terminals answer, once they have shown what came before."""
MODERN = ANSWERS | {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;2$y",
    b"\x1b[?2048h": b"\x1b[48;24;80;480;800t",
}
"""A terminal of 80x24 that has modes for frames in one piece and for telling of its size."""
MUTE: Mapping[bytes, bytes] = {}
_STEP_S = 0.02
RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")
"""Leave the alternate screen, show the cursor."""


class TerminalChild:
    """``python3 -m`` ``module`` with ``arguments`` on a terminal of ``columns`` x ``rows``.

    ``environ`` comes on top of this program's own environment. The terminal ``answers`` as real ones do,
    ``round_trip_s`` after it was asked; its line carries ``bytes_per_s`` (None: as many as come). Where it
    is not ``controlling``, nobody is told when it goes away.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        answers: Mapping[bytes, bytes] = ANSWERS,
        round_trip_s: float = 0.0,
        bytes_per_s: float | None = None,
        controlling: bool = True,
    ) -> None:
        self.pid, self._terminal = pty.fork() if controlling else _fork_beside()
        if not self.pid:
            inside = {**os.environ, "TERM": "xterm-256color"}
            for name in ("NO_COLOR", "COLUMNS", "LINES"):  # the terminal says itself what size it is
                inside.pop(name, None)
            inside["PYTHONPATH"] = str(ROOT)
            inside.update(environ or {})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(sys.executable, [sys.executable, "-m", module, *arguments], inside)
        self.output = b""
        self._answers = answers
        self.round_trip_s = round_trip_s
        self._bytes_per_s = bytes_per_s
        self._read_at = time.monotonic()
        self._asked = b""
        self._due: list[tuple[float, bytes]] = []

    def read_until(self, wanted: bytes, seconds: float = PATIENCE_S) -> None:
        """Read what the app paints until ``wanted`` has been painted."""
        end = time.monotonic() + seconds
        while wanted not in self.output:
            assert time.monotonic() < end, f"no {wanted!r} in {self.output[-2000:]!r}"
            assert self._take(0.1), f"the end, and no {wanted!r} in {self.output[-2000:]!r}"

    def read_for(self, seconds: float) -> None:
        """Read what the app paints for so long."""
        end = time.monotonic() + seconds
        while (left_s := end - time.monotonic()) > 0 and self._take(left_s):
            pass

    def forget(self) -> None:
        """Forget what was painted so far: what is waited for next has to be painted anew."""
        if self._bytes_per_s is None:
            self._drain()
        self.output = b""

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH line does."""
        os.close(self._terminal)
        self._terminal = -1

    @property
    def owes(self) -> bool:
        """True if it was asked something that it has not answered yet."""
        return bool(self._due)

    def exit_code(self, seconds: float = PATIENCE_S, *, reading: bool = True) -> int:
        """Wait for the end, reading on or not, and return the exit code (negative: killed by a signal)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                self._drain()
                return os.waitstatus_to_exitcode(status)
            if self._terminal < 0 or not reading or not self._take(0.05):
                time.sleep(0.05)
        raise AssertionError("the app did not end")

    def _drain(self) -> None:
        while self._terminal >= 0 and select.select([self._terminal], [], [], 0.0)[0]:
            if not self._read(65536):
                return
            self._answer_due()

    def _answer_due(self) -> None:
        while self.pid and self._due and self._due[0][0] <= time.monotonic():
            os.write(self._terminal, self._due.pop(0)[1])

    def _take(self, within_s: float) -> bool:
        """Read what comes next, as fast as the line goes; False at the end of the terminal."""
        self._answer_due()
        now = time.monotonic()
        most = 65536
        if self._bytes_per_s is not None:
            time.sleep(min(within_s, _STEP_S))
            now = time.monotonic()
            most = int(self._bytes_per_s * min(now - self._read_at, 5 * _STEP_S))
            if most < 1:
                return True
        wait_s = min(
            [0.0 if self._bytes_per_s else within_s, *(max(0.0, due - now) for due, _ in self._due[:1])]
        )
        if not select.select([self._terminal], [], [], wait_s)[0]:
            self._read_at = now
            return True
        self._read_at = now
        return self._read(most)

    def _read(self, most: int) -> bool:
        try:
            data = os.read(self._terminal, most)
        except OSError:  # Linux reports the end of a pty so
            return False
        self.output += data
        due = time.monotonic() + self.round_trip_s
        for byte in data:
            self._asked += bytes([byte])
            if self._asked in self._answers:
                self._due.append((due, self._answers[self._asked]))
            if not any(question.startswith(self._asked) for question in self._answers):
                self._asked = b"\x1b" if byte == 0x1B else b""
        return bool(data)

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._terminal >= 0:
            os.close(self._terminal)


def _fork_beside() -> tuple[int, int]:
    """As ``pty.fork``, but the terminal is not the one that controls the child."""
    terminal, inner = os.openpty()
    pid = os.fork()
    if not pid:
        os.setsid()
        for descriptor in range(3):
            os.dup2(inner, descriptor)
        os.close(terminal)
    os.close(inner)
    return pid, terminal
