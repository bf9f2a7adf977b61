"""``python -m kinetics_tui.engine.archives.reader``: reads one archive to its end, fetched on the way.

A program of its own: an archive that does harm takes nothing else with it, and to end it loses nothing, since
what has come lies on the disk. It is told its job in one line on standard input, in further ones what of the
line it may have then, answers lines on standard output, and ends when its input does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

import msgspec

from kinetics_tui.base.any_text import JsonReader, from_json, to_json
from kinetics_tui.dataset.clip_names import Named, named, times_ms
from kinetics_tui.dataset.ledger.archives import Passed
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives.download import Changed, Download, DownloadError, on_disk
from kinetics_tui.engine.archives.members import (
    ArchiveError,
    Member,
    leads_out,
    members_of,
    members_of_tar,
    unpack,
    version_of,
)

MOST_WAITING_BYTES = 64 * 1024**2
"""Copies that wait for a worker take so much room, and one copy more."""
_BATCH = 500
_TELL_EVERY_S = 0.25
_TELL_ANYWAY_S = 0.5
_LOOK_EVERY_S = 0.05
_ZIP_MAGIC = b"PK\x03\x04"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An archive to be read: the file or folder ``path``, or what is fetched from ``address`` into ``part``.

    Copies of wanted clips go into the folder ``into``. Nothing behind ``until`` in the unpacked tar is
    wanted, if that is known and it is still the version ``validator``.
    """

    dataset: str
    address: str
    into: str
    path: str = ""
    part: str = ""
    until: int | None = None
    validator: str = ""
    max_bytes_per_s: float | None = None


class Line(msgspec.Struct, frozen=True, tag_field="line", kw_only=True):
    """A line from the reader."""


class Moved(Line, frozen=True, tag="moved"):
    """How far it is, now and then; counts since its beginning."""

    size_bytes: int | None
    got_bytes: int
    passed_bytes: int
    wire_bytes: int
    waits: str = ""
    unwanted: int = 0


class Found(Line, frozen=True, tag="found"):
    """A wanted clip, whose copy is the file ``path`` now; ``offset`` and so on as of ``Passed``."""

    clip_id: int
    path: str
    member: Passed


class Seen(Line, frozen=True, tag="seen"):
    """Clips that were passed, wanted or not."""

    members: tuple[Passed, ...]


class Begun(Line, frozen=True, tag="begun"):
    """It is read from its beginning, perhaps once more since it has changed; which version of it that is."""

    size_bytes: int | None
    validator: str


class Refused(Line, frozen=True, tag="refused"):
    """A file that may be a clip by its name was passed over; ``why`` in a few words."""

    name: str
    why: str


class Ended(Line, frozen=True, tag="ended"):
    """The last line. ``why`` is empty where all was read that is wanted; ``early``: not to the end.

    Else it cannot be read on: ``of_disk`` for want of room or permission here, ``full`` of room;
    ``unreachable`` where it could not be fetched.
    """

    why: str = ""
    early: bool = False
    of_disk: bool = False
    full: bool = False
    unreachable: bool = False


AnyLine = Moved | Found | Seen | Begun | Refused | Ended
lines = JsonReader[AnyLine](AnyLine)
"""Reads what a reader says."""


class Reader:
    """The work on one job. ``say`` takes the lines."""

    def __init__(self, job: Job, ledger: Ledger, say: Callable[[AnyLine], None]) -> None:
        self._job = job
        self._ledger = ledger
        self._say = say
        self._download = (
            Download(job.address, Path(job.part), max_bytes_per_s=job.max_bytes_per_s) if job.part else None
        )
        self._into = Path(job.into)
        self._until: int | None = None
        self._through = threading.Event()
        self._seen: list[Passed] = []
        self._copies: list[tuple[Path, int]] = []
        self._count = 0
        self._unwanted = 0
        self._passed_bytes = 0
        self._told_at = 0.0

    def run(self) -> None:
        """Read it all, and say so."""
        telling = threading.Thread(target=self._tell_on, name="tell", daemon=True)
        telling.start()
        try:
            with on_disk():
                self._into.mkdir(parents=True, exist_ok=True)
            early = self._read_file() if self._download is None else self._fetch(self._download)
            ended = Ended(early=early)
        except DownloadError as error:
            ended = Ended(
                why=str(error), of_disk=error.of_disk, full=error.full, unreachable=not error.of_disk
            )
        except ArchiveError as error:
            ended = Ended(why=f"it cannot be read on ({error})")
        except OSError as error:  # of an archive that lies here
            ended = Ended(why=error.strerror or str(error), unreachable=True)
        self._through.set()
        telling.join()
        self._tell_seen()
        self._tell(force=True)
        self._say(ended)

    def limit(self, max_bytes_per_s: float | None) -> None:
        """Take so much of the line from now on, called in another thread."""
        if self._download is not None:
            self._download.max_bytes_per_s = max_bytes_per_s

    # -- where it comes from -----------------------------------------------------------------------

    def _read_file(self) -> bool:
        path = Path(self._job.path)
        if not path.exists():
            raise DownloadError("there is no such file")
        about = path.stat()
        self._begin(None if path.is_dir() else about.st_size, version_of(about))
        return self._pass(members_of(path, self._refuse), counted=True)

    def _fetch(self, download: Download) -> bool:
        fetching = threading.Thread(target=download.run, name="fetch", daemon=True)
        fetching.start()
        try:
            while True:
                try:
                    return self._read_growing(download, fetching)
                except Changed:
                    self._seen.clear()
                    self._passed_bytes = 0
        finally:
            download.stop()
            fetching.join()

    def _read_growing(self, download: Download, fetching: threading.Thread) -> bool:
        with download.open() as growing:
            first = growing.read(len(_ZIP_MAGIC))
        self._begin(download.size_bytes, download.validator)
        if first == _ZIP_MAGIC:  # its list of files stands at its end
            while fetching.is_alive():
                fetching.join(_TELL_EVERY_S)
                self._tell()
            if download.error is not None:
                raise download.error
            return self._pass(members_of(download.part, self._refuse), counted=True)
        with download.open() as growing:
            file = cast("IO[bytes]", _Told(growing, self._got))
            early = self._pass(members_of_tar(file, self._refuse))
            while not early and growing.read(1 << 20):
                pass  # what stands behind the end of the tar belongs to the archive
        if not early:
            while fetching.is_alive():
                fetching.join(_LOOK_EVERY_S)
            if download.error is not None:
                raise download.error
        return early

    def _begin(self, size_bytes: int | None, validator: str) -> None:
        self._until = self._job.until if validator == self._job.validator else None
        self._say(Begun(size_bytes=size_bytes, validator=validator))

    def _got(self, size_bytes: int) -> None:
        self._passed_bytes += size_bytes
        self._tell()

    # -- what is in it -------------------------------------------------------------------------------

    def _pass(self, members: Iterator[Member], *, counted: bool = False) -> bool:
        """Go through the members; True where it was left before the end.

        ``counted``: how far it is goes by their sizes, since nobody is told of what is read of the file.
        """
        for member in members:
            self._take(member)
            self._passed_bytes += member.size_bytes if counted else 0
            self._tell()
            ends = member.offset + member.size_bytes
            if self._until is not None and not member.alone and ends >= self._until:
                return True
        return False

    def _take(self, member: Member) -> None:
        if leads_out(member.name):
            self._refuse(member.name, "its name leads out of the archive")
            return
        name = named(PurePosixPath(member.name).as_posix())
        if name is None:
            self._refuse(member.name, "its name has no YouTube id and times")
            return
        wanted = self._ledger.wanted_of_video(name)
        if name.timed and len(wanted) > 1:  # the second number is the end of one, and the length of another
            wanted = [one for one in wanted if name.is_segment(one.row.clip, lengths=False)]
        if name.timed and len(wanted) != 1:
            self._unwanted += 1
            self._see(_passed(name, member))
        elif len(wanted) > 1:
            self._refuse(member.name, "its name has no times, and several clips of its video are wanted")
        elif not wanted:
            self._unwanted += 1
        else:
            row = wanted[0].row
            start_ms, end_ms = times_ms(row.clip)
            passed = Passed(row.clip.youtube_id, start_ms, end_ms, member.offset, member.size_bytes)
            self._count += 1
            path = self._into / f"{os.getpid()}-{self._count}"
            self._wait_for_room()
            try:
                with on_disk():
                    unpack(member, path)
            except ArchiveError:
                path.unlink(missing_ok=True)
                if not member.alone:
                    raise
                self._refuse(member.name, "it cannot be unpacked")
                return
            self._see(passed)
            self._tell_seen()
            self._copies.append((path, member.size_bytes))
            self._say(Found(clip_id=row.id, path=str(path), member=passed))

    def _wait_for_room(self) -> None:
        while True:
            self._copies = [(path, size) for path, size in self._copies if path.exists()]
            if sum(size for _, size in self._copies) < MOST_WAITING_BYTES:
                return
            self._tell()
            time.sleep(_LOOK_EVERY_S)

    # -- what is said of it --------------------------------------------------------------------------

    def _refuse(self, name: str, why: str) -> None:
        self._say(Refused(name=name, why=why))

    def _see(self, passed: Passed) -> None:
        self._seen.append(passed)
        if len(self._seen) >= _BATCH:
            self._tell_seen()

    def _tell_seen(self) -> None:
        seen, self._seen = self._seen, []
        if seen:
            self._say(Seen(members=tuple(seen)))

    def _tell_on(self) -> None:
        """Tell of it while nothing comes, too: what is waited for, and that this program lives."""
        while not self._through.wait(_TELL_ANYWAY_S):
            self._tell()

    def _tell(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        download = self._download
        moved = Moved(
            size_bytes=download.size_bytes if download else None,
            got_bytes=download.got_bytes if download else 0,
            passed_bytes=self._passed_bytes,
            wire_bytes=download.wire_bytes if download else 0,
            waits=download.waiting if download else "",
            unwanted=self._unwanted,
        )
        self._say(moved)


def _passed(name: Named, member: Member) -> Passed:
    """A clip that nobody wants, by its name: the second number is its end for most, its length for some."""
    start_ms, second_ms = name.start_ms or 0, name.second_ms or 0
    end_ms = second_ms if second_ms > start_ms else start_ms + second_ms
    return Passed(name.youtube_id, start_ms, end_ms, member.offset, member.size_bytes)


class _Told:
    """A file, of whose reading somebody is told."""

    def __init__(self, file: object, got: Callable[[int], None]) -> None:
        self._read: Callable[[int], bytes] = file.read  # type: ignore[attr-defined]  # Growing
        self._got = got

    def read(self, size: int = -1) -> bytes:
        data = self._read(size)
        self._got(len(data))
        return data


def _orders() -> Iterator[bytes]:
    """The lines of standard input."""
    # By its number: a thread that waits in Python's own file would have the program abort at its end.
    rest = b""
    while data := os.read(0, 1 << 16):
        *whole, rest = (rest + data).split(b"\n")
        yield from whole


def _obey(orders: Iterator[bytes], reader: Reader) -> None:
    """Take what of the line it may have from now on. At the end of its input the engine is gone, or wants
    this archive no more: what has come lies on the disk.
    """
    with contextlib.suppress(OSError, msgspec.DecodeError):
        for order in orders:
            reader.limit(msgspec.json.decode(order, type=float | None))
    os._exit(0)


def main() -> None:
    """Do one job."""
    for number in (signal.SIGINT, signal.SIGHUP):  # the terminal's keys are the engine's business
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    orders = _orders()
    job = from_json(next(orders), Job)

    saying = threading.Lock()

    def say(line: AnyLine) -> None:
        with saying:
            answers.write(to_json(line) + b"\n")
            answers.flush()

    with Ledger.open(Path(job.dataset), read_only=True) as ledger:
        reader = Reader(job, ledger, say)
        threading.Thread(target=_obey, args=(orders, reader), daemon=True).start()
        reader.run()
    os._exit(0)  # the thread that waits for orders would keep the interpreter from ending well


if __name__ == "__main__":
    main()
