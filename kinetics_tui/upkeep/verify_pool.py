"""Files read by several programs in parallel, each with one file in hand."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Generic, Self, TypeVar

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.base.programs import python_program
from kinetics_tui.upkeep.verify_program import Job, Reading, ReadingKind

PROGRAM = "kinetics_tui.upkeep.verify_program"
FILE_DEADLINE_S = 300.0
"""A file whose reading takes longer is given up: the disk stands still, or the decoder does."""
RENEW_AFTER_FILES = 2000
"""A reader is replaced after so many files: what its libraries leak goes with it."""
TRIES = 2
"""A reader that dies may have been killed for another's sake: its file is read once more."""
LEAVE_WITHIN_S = 2.0
WAIT_S = 0.2
MAX_WORKERS = 64
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)

_decoder = JsonReader[Reading](Reading)
_T = TypeVar("_T")


class _Reader(Generic[_T]):
    """One reader, and what it has in hand."""

    def __init__(self, folder: Path) -> None:
        command, environment = python_program(PROGRAM)
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the terminal's ctrl+c is for the one who waits for the report
            bufsize=0,
        )
        self.item: _T | None = None
        self.job = Job("", decode=False)
        self.tries = 0
        self.files = 0
        self.deadline = 0.0
        self.said = b""

    def give(self, item: _T, job: Job, tries: int, deadline_s: float) -> None:
        self.item, self.job, self.tries, self.said = item, job, tries, b""
        self.files += 1
        self.deadline = time.monotonic() + deadline_s
        assert self.process.stdin is not None
        with suppress(OSError):  # it died: its silence is heard at once
            self.process.stdin.write(to_json(job) + b"\n")

    def end(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        with suppress(subprocess.TimeoutExpired):  # one that waits for a dead disk dies when that comes back
            self.process.wait(LEAVE_WITHIN_S)


class Readers(Generic[_T]):
    """So many readers of files below one folder; a context manager. ``item`` is the caller's own.

    ``workers`` None is one a processor.
    """

    def __init__(self, folder: Path, workers: int | None = None, deadline_s: float = FILE_DEADLINE_S) -> None:
        self._folder = folder
        self._workers = workers or min(MAX_WORKERS, os.cpu_count() or 1)
        self._deadline_s = deadline_s
        self._readers: list[_Reader[_T]] = []
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for reader in list(self._readers):
            self._dismiss(reader)
        self._selector.close()

    @property
    def busy(self) -> int:
        """The number of readers with a file in hand."""
        return sum(reader.item is not None for reader in self._readers)

    @property
    def free(self) -> bool:
        """True if one more file can be given."""
        return self.busy < self._workers

    def read_all(
        self, items: Iterator[_T | None], job_of: Callable[[_T], Job]
    ) -> Iterator[list[tuple[_T, Reading]]]:
        """Have the files of all items read: those that were read meanwhile, as they are ready.

        An item that is None stands for none at the moment. Where nothing was read for a while the list is
        empty, so that the caller can look whether to stop.
        """
        more = True
        while more or self.busy:
            if self.free:
                for item in items:
                    if item is None:
                        break
                    self.give(item, job_of(item))
                    if self.busy >= self._workers:
                        break
                else:
                    more = False
            yield list(self.wait(WAIT_S)) if self.busy else []

    def give(self, item: _T, job: Job, tries: int = 1) -> None:
        """Have a file read, by one that is free."""
        reader = next((reader for reader in self._readers if reader.item is None), None)
        if reader is not None and reader.files >= RENEW_AFTER_FILES:
            self._dismiss(reader)
            reader = None
        if reader is None:
            reader = _Reader(self._folder)
            self._readers.append(reader)
            assert reader.process.stdout is not None
            self._selector.register(reader.process.stdout, selectors.EVENT_READ, reader)
        reader.give(item, job, tries, self._deadline_s)

    def wait(self, within_s: float) -> Iterator[tuple[_T, Reading]]:
        """The files read within so many seconds; nothing where that takes longer."""
        for key, _ in self._selector.select(within_s):
            reader: _Reader[_T] = key.data
            said = reader.process.stdout.read(1 << 16) if reader.process.stdout else b""
            reader.said += said or b""
            if reader.said.endswith(b"\n") and reader.item is not None:
                item, reader.item = reader.item, None
                yield item, _decoder.decode(reader.said)
            elif not said:
                yield from self._bury(reader)
        now = time.monotonic()
        for reader in list(self._readers):
            if reader.item is not None and now > reader.deadline:
                self._dismiss(reader)
                why = f"reading it takes longer than {self._deadline_s:g} s"
                yield reader.item, Reading(ReadingKind.UNREADABLE, why)

    def _bury(self, reader: _Reader[_T]) -> Iterator[tuple[_T, Reading]]:
        with suppress(subprocess.TimeoutExpired):
            reader.process.wait(LEAVE_WITHIN_S)  # how it died is worth knowing
        self._dismiss(reader)
        if reader.item is None:
            return
        if reader.tries < TRIES:
            self.give(reader.item, reader.job, reader.tries + 1)
            return
        code = reader.process.returncode or 0
        crashed = -code in _CRASHES
        why = "its decoder crashes" if crashed else "its reader was ended from outside"
        yield reader.item, Reading(ReadingKind.UNPLAYABLE if crashed else ReadingKind.UNREADABLE, why)

    def _dismiss(self, reader: _Reader[_T]) -> None:
        self._readers.remove(reader)
        assert reader.process.stdout is not None
        self._selector.unregister(reader.process.stdout)
        reader.end()
