"""The engine's log: bounded for runs of weeks, and never in the run's way.

``engine.log`` is the engine's standard error, and so is it that of the workers and of the server they
are forked from. What any of them writes there by itself (a traceback, libav, a fatal error of the
interpreter) belongs into the log as well. So a log that has grown is not renamed, which would leave all
of them with the old file: it is copied to ``engine.log.1`` and emptied in place.

Lines that repeat: the first few of a kind as they are, from then on how often there were more.

A worker that dies in a loop, or a ledger that cannot be written twice a second, must not push everything
else out of the log.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from kinetics_tui.base.safe_text import for_log
from kinetics_tui.base.words import counted

AT_FIRST = 3
"""So many lines of a kind are written as they are."""
SHORTEST_S = 300.0
LONGEST_S = 3600.0
"""The longest time between lines about those held back: after the first, twice as long each time, up to the
second."""
MOST_KINDS = 500
"""The most kinds that are counted; lines of others are written as they come."""


class Held(NamedTuple):
    """Lines of one kind that were held back: how many, and the last of them."""

    times: int
    last: str


class _Kind(msgspec.Struct):
    since: float
    every_s: float = SHORTEST_S
    seen: int = 0
    held: int = 0
    last: str = ""


class Repeats:
    """Decides which lines are written; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}

    def admit(self, kind: str, line: str) -> bool:
        """True if a line is to be written now; one that is not is counted."""
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= MOST_KINDS:
                return True
            known = self._kinds[kind] = _Kind(self._clock())
        known.seen += 1
        if known.seen <= AT_FIRST:
            return True
        known.held += 1
        known.last = line
        return False

    def due(self) -> list[Held]:
        """The lines due now about lines held back. A kind that is quiet is forgotten."""
        now, told = self._clock(), []
        for kind, known in list(self._kinds.items()):
            if 0 <= now - known.since < known.every_s:
                continue
            if known.held:
                told.append(Held(known.held, known.last))
                known.held = 0
                known.since = now
                known.every_s = min(LONGEST_S, known.every_s * 2)
            else:
                del self._kinds[kind]
        return told

    def rest(self) -> list[Held]:
        """All that is held back still, due or not; everything is forgotten."""
        left = [Held(known.held, known.last) for known in self._kinds.values() if known.held]
        self._kinds.clear()
        return left


MAX_BYTES = 1 << 20
KEPT = 2
"""The number of older files beside the one being written."""
PATIENCE = 4
"""A log that is so many times too large is emptied even where it cannot be copied, and never copied whole."""
STANDARD_ERROR = 2

FORMAT = "%(asctime)s %(levelname)s %(message)s"
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")
_KIND_CHARS = 300


def older_log(path: Path, number: int) -> Path:
    """The log before the one at ``path``, ``number`` times over."""
    return path.with_name(f"{path.name}.{number}")


class LogFile:
    """The log that ``descriptor`` writes to; nothing here raises.

    It is held to ``max_bytes`` only where the descriptor is the file at ``path``: an engine started by
    hand writes to its terminal.
    """

    def __init__(self, path: Path, *, descriptor: int = STANDARD_ERROR, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._descriptor = descriptor
        self._max_bytes = max_bytes
        self._torn = False
        self._lost = 0
        self._bounded = self._is_at_path()
        if self._bounded:
            # Whoever shares the descriptor writes at the end, where the file was emptied too.
            with contextlib.suppress(OSError):
                flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
                fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)

    def write(self, text: str) -> None:
        """Write lines. What a full disk does not take is lost, and its number told later."""
        lost = f"({self._lost} could not be written)\n" if self._lost else ""
        data = f"{lost}{text}\n".encode("utf-8", "backslashreplace")
        if self._torn:
            data = b"\n" + data
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            self._lost += 1
            return
        self._lost = 0
        self._torn = written < len(data)

    def tend(self) -> None:
        """Begin a new file where this one has become too large."""
        if not self._bounded:
            return
        with contextlib.suppress(OSError):
            size = os.fstat(self._descriptor).st_size
            if size >= self._max_bytes and (self._copied(size) or size >= PATIENCE * self._max_bytes):
                os.ftruncate(self._descriptor, 0)

    def _is_at_path(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except OSError:
            return False

    def _copied(self, size: int) -> bool:
        """Keep the end of the log as the newest of the older ones; the oldest makes room for it."""
        if not self._is_at_path():
            return True  # somebody has taken it away, and keeps it
        kept = older_log(self._path, 1)
        try:
            for number in range(KEPT, 1, -1):
                with contextlib.suppress(FileNotFoundError):
                    older_log(self._path, number - 1).replace(older_log(self._path, number))
            with self._path.open("rb") as log, _private(kept) as copy:
                log.seek(max(0, size - PATIENCE * self._max_bytes))
                shutil.copyfileobj(log, copy)
                copy.flush()
                while rest := log.read():  # written meanwhile; after this nothing comes before the emptying
                    copy.write(rest)
                    copy.flush()
        except OSError:
            with contextlib.suppress(OSError):
                kept.unlink()
            return False
        return True


def _private(path: Path) -> IO[bytes]:
    """Open a file to be written from its beginning, readable by the user alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


class LogHandler(logging.Handler):
    """Writes log records into a ``LogFile``: those that repeat as a number, none with a password."""

    def __init__(self, file: LogFile, repeats: Repeats | None = None) -> None:
        super().__init__()
        self._file = file
        self._repeats = repeats or Repeats()
        self.setFormatter(_Formatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception as error:  # noqa: BLE001 -- a line that cannot be told is no reason to end a run
            text = f"{record.levelname} a line of {record.name} cannot be told: {type(error).__name__}"
        if self._repeats.admit(_kind(record), text):
            self._file.write(text)

    def tend(self) -> None:
        """Tell of what repeated, and keep the file small; to be called every few seconds."""
        with self.lock or contextlib.nullcontext():
            self._tell(self._repeats.due())
            self._file.tend()

    def close(self) -> None:
        """Tell of all that repeated."""
        with self.lock or contextlib.nullcontext():
            self._tell(self._repeats.rest())
        super().close()

    def _tell(self, held: list[Held]) -> None:
        for times, last in held:
            line, *_ = last.splitlines() or [""]
            self._file.write(f"{line} (repeated {counted(times, 'time')})")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return for_log(super().format(record))


def _kind(record: logging.LogRecord) -> str:
    """The common part of lines that repeat: a worker that dies in a loop has another number each time."""
    message = str(record.msg)
    if message == "%s":
        with contextlib.suppress(TypeError):
            message = record.getMessage()
    return f"{record.name} {record.levelno} {_NUMBERS.sub('#', message)[:_KIND_CHARS]}"
