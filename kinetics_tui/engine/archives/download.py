"""An archive fetched into a ``.part`` file, which another thread reads while it grows.

All here blocks: it runs in threads. A broken line is gone on with in the middle, by ``Range``, where the
server proves by its ETag or Last-Modified that the archive is still the same one, else from the beginning.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.whole_file import sync, write_whole
from kinetics_tui.base.words import duration_text
from kinetics_tui.engine.archives.line import (
    BROKE_OFF,
    STILL_S,
    Broken,
    Line,
    Site,
    conditions_of,
    content_range_of,
    length_of,
    retry_after_of,
    site_of,
    validator_of,
)
from kinetics_tui.engine.archives.line import DownloadError as DownloadError
from kinetics_tui.engine.archives.line import Head as Head
from kinetics_tui.engine.archives.line import head as head

WAIT_STEPS_S = (1, 2, 5, 15, 30, 60, 120, 300)
PROGRESS_BYTES = 1_000_000
"""A line that brought so much more works: the waits begin at the first again."""
MOST_CHANGES = 3
CHUNK_BYTES = 256 * 1024
SMOOTH_S = 0.25
"""Under a limit so much of a second is read at a time, and made good after a short stall."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BUSY = (408, 429)


class Changed(Exception):  # noqa: N818 - not an error: the reader begins again
    """The archive was begun again from its first byte: what was read of it so far does not count."""


class _Stopped(Exception):  # noqa: N818
    """``stop`` was called."""


class _Note(msgspec.Struct, frozen=True):
    """Where a ``.part`` file comes from."""

    address: str
    validator: str
    size_bytes: int | None


def note_of(part: Path) -> Path:
    """The file beside a ``.part`` file that says which version of which archive it is."""
    return part.with_name(part.name + ".json")


class Download:
    """An archive on its way into a ``.part`` file, which ``open`` reads meanwhile.

    ``wire_bytes`` are all that came over the line. ``max_bytes_per_s`` may be changed while it runs.
    """

    def __init__(
        self,
        address: str,
        part: Path,
        *,
        max_bytes_per_s: float | None = None,
        wait_steps_s: Sequence[float] = WAIT_STEPS_S,
        timeout_s: float = STILL_S,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self.max_bytes_per_s = max_bytes_per_s
        self.size_bytes: int | None = None
        self.validator = ""
        self.got_bytes = 0
        self.wire_bytes = 0
        self.error: DownloadError | None = None
        self.done = False
        self._address = address
        self._wait_steps_s = wait_steps_s
        self._timeout_s = timeout_s
        self._stop = threading.Event()
        self._sleep = sleep or self._stop.wait
        self._clock = clock
        self._line: Line | None = None
        self._file = -1
        self._changes = 0
        self._furthest_bytes = 0
        self._due_s = 0.0
        self._wait: tuple[str, float] | None = None
        # Under this condition's lock: what readers look at.
        self._grown = threading.Condition()
        self._starts = 0
        self._ended = False

    @property
    def waiting(self) -> str:
        """Empty, or why nothing is asked for now and how long yet: ``HTTP 503; again in 15 s``."""
        wait = self._wait
        return f"{wait[0]}; again in {duration_text(max(0.0, wait[1] - self._clock()))}" if wait else ""

    def run(self) -> None:
        """Fetch until the archive is whole, ``stop`` is called, or it is given up: then ``error`` is set."""
        try:
            self._fetch()
        except _Stopped:
            pass
        except DownloadError as error:
            self.error = error
        finally:
            with self._grown:
                self._ended = True
                self._grown.notify_all()

    def stop(self) -> None:
        """Have ``run`` return at once, called in another thread; what has come stays on the disk."""
        self._stop.set()
        with self._grown:
            line = self._line
            self._grown.notify_all()
        if line is not None:
            line.cut()

    @property
    def stopped(self) -> bool:
        """``stop`` was called before the archive was whole."""
        return self._stop.is_set() and not self.done

    def open(self) -> Growing:
        """A file of what comes, for one reader; close it."""
        return Growing(self)

    def _fetch(self) -> None:
        site = site_of(self._address)
        with self._grown:
            self._line = Line(site, self._timeout_s)
        if self._stop.is_set():
            raise _Stopped
        with on_disk():
            self.part.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.part, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._recall(site)
            self._due_s = self._clock()
            step = 0
            while not self.done:
                try:
                    self._attempt(self._line, site)
                except Broken as broken:
                    if self._stop.is_set():
                        raise _Stopped from None
                    if self.got_bytes >= self._furthest_bytes + PROGRESS_BYTES:
                        self._furthest_bytes, step = self.got_bytes, 0
                    if step >= len(self._wait_steps_s):
                        raise DownloadError(str(broken)) from None
                    self._pause(str(broken), max(self._wait_steps_s[step], broken.retry_after_s))
                    step += 1
        finally:
            os.close(self._file)

    def _recall(self, site: Site) -> None:
        with contextlib.suppress(OSError, msgspec.DecodeError, RecursionError):
            note = from_json(note_of(self.part).read_bytes(), _Note)
            got_bytes = os.fstat(self._file).st_size
            fits = note.address == site.address and (note.size_bytes is None or got_bytes <= note.size_bytes)
            if note.validator and fits:
                self._furthest_bytes = got_bytes
                self.validator, self.size_bytes = note.validator, note.size_bytes
                with self._grown:
                    self.got_bytes = got_bytes
                    self._grown.notify_all()

    def _attempt(self, line: Line, site: Site) -> None:
        """Ask once and take what comes. Raises Broken unless it is whole or has changed."""
        at = self.got_bytes if self.validator else 0
        headers = conditions_of(self.validator) | {"Range": f"bytes={at}-"} if at else {}
        with line.ask("GET", headers) as answer:
            status = answer.status
            if status == 200:
                self._begin(answer, site)
            elif at and status == 206 and self._goes_on(answer, at):
                self.size_bytes = content_range_of(answer)[1]
            elif at and status == 416 and self._is_whole(answer, at):
                return self._finish()
            elif at and status in (206, 412, 416):
                return self._count_change()
            elif status >= 500 or status in _BUSY:
                raise Broken(f"HTTP {status}", retry_after_of(answer))
            else:
                raise DownloadError(f"HTTP {status}")
            self._take(answer)
        return self._finish()

    def _goes_on(self, answer: http.client.HTTPResponse, at: int) -> bool:
        begins_at, size_bytes = content_range_of(answer)
        same_size = size_bytes is not None and self.size_bytes in (None, size_bytes)
        return begins_at == at and same_size and validator_of(answer) == self.validator

    def _is_whole(self, answer: http.client.HTTPResponse, at: int) -> bool:
        """Whether nothing is left to be asked for; such an answer need not name size and version."""
        sizes = {self.size_bytes, content_range_of(answer)[1]} - {None}
        return sizes == {at} and validator_of(answer) in ("", self.validator)

    def _count_change(self) -> None:
        self._start_over()
        self._furthest_bytes = 0
        self._changes += 1
        if self._changes > MOST_CHANGES:
            raise DownloadError("it changes all the time")

    def _start_over(self) -> None:
        self.validator, self.size_bytes = "", None
        with self._grown:
            if self.got_bytes:
                self._starts += 1
            self.got_bytes = 0
            self._grown.notify_all()

    def _begin(self, answer: http.client.HTTPResponse, site: Site) -> None:
        validator, size_bytes = validator_of(answer), length_of(answer)
        if self.validator and (validator, size_bytes) != (self.validator, self.size_bytes):
            self._count_change()
        self._start_over()
        self.validator, self.size_bytes = validator, size_bytes
        with on_disk():
            # In this order, so that after a power cut no note stands beside another version's bytes.
            os.ftruncate(self._file, 0)
            os.fsync(self._file)
            write_whole(note_of(self.part), to_json(_Note(site.address, validator, size_bytes)))
            sync(self.part.parent)

    def _take(self, answer: http.client.HTTPResponse) -> None:
        while self.size_bytes is None or self.got_bytes < self.size_bytes:
            rate = self.max_bytes_per_s
            most = CHUNK_BYTES if not rate else max(1, min(CHUNK_BYTES, int(rate * SMOOTH_S)))
            if self.size_bytes is not None:
                most = min(most, self.size_bytes - self.got_bytes)
            data = answer.read1(most)
            if self._stop.is_set():
                raise _Stopped
            if not data and self.size_bytes is None:
                return
            if not data:
                raise Broken(BROKE_OFF)
            self.wire_bytes += len(data)
            with on_disk():
                self._write(data)
            if rate:
                now = self._clock()
                self._due_s = max(self._due_s, now - SMOOTH_S) + len(data) / rate
                if self._due_s > now:
                    self._sleep(self._due_s - now)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._file, view, self.got_bytes)
            with self._grown:
                self.got_bytes += written
                self._grown.notify_all()
            view = view[written:]

    def _finish(self) -> None:
        with on_disk():
            os.fsync(self._file)
        with self._grown:
            self.size_bytes, self.done = self.got_bytes, True

    def _pause(self, why: str, wait_s: float) -> None:
        self._wait = why, self._clock() + wait_s
        self._sleep(wait_s)
        self._wait = None
        if self._stop.is_set():
            raise _Stopped


class Growing:
    """A ``.part`` file for one reader, who waits for what has not come yet."""

    def __init__(self, download: Download) -> None:
        self.at_bytes = 0
        self._download = download
        self._begun = download._starts
        self._file = -1

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer only at the end; waits for them.

        Raises Changed where the archive was begun again, DownloadError where it was stopped, or given up
        and all that had come is read.
        """
        download = self._download
        with download._grown:
            download._grown.wait_for(lambda: self._has(size) or download._ended or download.stopped)
            self._check()
            ready = min(size, download.got_bytes - self.at_bytes)
            if ready == 0 < size and not download.done:
                raise download.error or DownloadError("stopped")
        if not ready:
            return b""
        with on_disk():
            if self._file < 0:
                self._file = os.open(download.part, os.O_RDONLY)
            data = os.pread(self._file, ready, self.at_bytes)
        with download._grown:
            self._check()  # it may have been emptied meanwhile
        if not data:
            raise DownloadError("its file was cut", of_disk=True)
        self.at_bytes += len(data)
        return data

    def _has(self, size: int) -> bool:
        download = self._download
        return download._starts != self._begun or download.got_bytes - self.at_bytes >= size

    def _check(self) -> None:
        if self._download._starts != self._begun:
            raise Changed
        if self._download.stopped:
            raise DownloadError("stopped")

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Growing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def on_disk() -> Iterator[None]:
    """What is done to files of ours: an OSError of it is a DownloadError that is the disk's."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        why = "no room on the disk" if full else f"the disk: {error.strerror or type(error).__name__}"
        raise DownloadError(why, of_disk=True, full=full) from error
