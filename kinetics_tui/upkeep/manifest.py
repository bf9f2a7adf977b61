"""The manifest of a dataset in the making: every file is read from end to end, several at a time.

The readings are kept in the state folder for whoever trusts that the files are the same still. Where it
cannot be written, everything is read again next time.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Self

import msgspec

from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.dataset.ledger.database import connect, read_meta
from kinetics_tui.dataset.ledger.files import Holding, count_selected, read_holdings
from kinetics_tui.dataset.manifest import Entry, Shape, Status
from kinetics_tui.model.options import Options
from kinetics_tui.upkeep.verify_pool import Readers
from kinetics_tui.upkeep.verify_program import Job, Reading

FILE = "readings.sqlite3"
COMMIT_EVERY = 500
_TABLE = (
    "CREATE TABLE IF NOT EXISTS readings"
    " (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, reading BLOB) WITHOUT ROWID"
)

_decoder = msgspec.msgpack.Decoder(Reading)


class Readings:
    """The readings of a dataset's files; a context manager."""

    def __init__(self, dataset: Path) -> None:
        self._db: sqlite3.Connection | None = None
        self._kept = 0
        with contextlib.suppress(sqlite3.Error):
            self._db = sqlite3.connect(state_folder(dataset) / FILE, timeout=1.0)
            self._db.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.commit()
            self._db.close()

    def find(self, path: str, about: os.stat_result) -> Reading | None:
        """The reading of the file at ``path`` when it had this size and this time of change."""
        if self._db is None:
            return None
        try:
            row = self._db.execute(
                "SELECT reading FROM readings WHERE path = ? AND size = ? AND mtime_ns = ?",
                (os.fsencode(path), about.st_size, about.st_mtime_ns),
            ).fetchone()
            return _decoder.decode(row[0]) if row else None
        except (sqlite3.Error, msgspec.DecodeError):
            return None

    def keep(self, path: str, about: os.stat_result, reading: Reading) -> None:
        """Keep what a file was found to hold, which had that size and time before it was read."""
        if self._db is None:
            return
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)",
                (os.fsencode(path), about.st_size, about.st_mtime_ns, msgspec.msgpack.encode(reading)),
            )
            self._kept += 1
            if self._kept % COMMIT_EVERY == 0:
                self._db.commit()


MOST_AHEAD = 2000
"""So many clips may be read while those before wait for one that takes long: rows come in order."""


class Tally(msgspec.Struct):
    """The progress of a manifest: of ``clips`` so many in each status, ``trusted`` of them not read again."""

    clips: int = 0
    here: int = 0
    damaged: int = 0
    missing: int = 0
    trusted: int = 0

    @property
    def told(self) -> int:
        return self.here + self.damaged + self.missing


class _Place(msgspec.Struct):
    """A clip's place in the manifest, which is empty until its file was read."""

    holding: Holding
    about: os.stat_result | None
    entry: Entry | None = None


def make_manifest(
    dataset: Path,
    tally: Tally,
    *,
    trust_unchanged: bool = False,
    workers: int | None = None,
    on_progress: Callable[[Tally], None] = lambda _tally: None,
) -> Generator[Entry]:
    """The rows of a dataset's manifest, which ``tally`` counts along; works beside an engine.

    ``trust_unchanged``: a file of the size and the time of change that it had when it was last read is
    taken to be the same. ``workers`` None is one a processor. Raises NoLedger and DatasetError.
    """
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(connect(dataset, read_only=True)))
        tally.clips = count_selected(database)
        layout = read_meta(database, "options", Options).layout
        readings = stack.enter_context(Readings(dataset))
        readers = stack.enter_context(Readers[_Place](dataset, workers))
        queue: deque[_Place] = deque()

        def to_read() -> Iterator[_Place | None]:
            for holding in read_holdings(database, layout):
                while len(queue) >= MOST_AHEAD:
                    yield None
                place = _looked_at(dataset, holding)
                queue.append(place)
                if trust_unchanged and place.about and (known := readings.find(holding.path, place.about)):
                    place.entry = _entry(holding, known)
                    tally.trusted += 1
                if place.entry is None:
                    yield place

        for several in readers.read_all(to_read(), _job):
            for place, reading in several:
                place.entry = _entry(place.holding, reading)
                if reading.sha256 and place.about is not None:
                    readings.keep(place.holding.path, place.about, reading)
            while queue and (entry := queue[0].entry) is not None:
                queue.popleft()
                _count(tally, entry)
                yield entry
            on_progress(tally)


def _job(place: _Place) -> Job:
    return Job(f"./{place.holding.path}", decode=False, digest=True)


def _looked_at(dataset: Path, holding: Holding) -> _Place:
    """A clip's place, filled at once where there is nothing to be read."""
    if holding.done:
        try:
            about = (dataset / holding.path).stat()
            if stat.S_ISREG(about.st_mode):
                return _Place(holding, about)
            why = "what is in its place is not a file"
        except OSError as error:
            gone = isinstance(error, FileNotFoundError | NotADirectoryError)
            why = "its file is gone" if gone else f"its file cannot be read ({error.strerror})"
    else:
        why = f"{holding.why}: {holding.message}" if holding.message else holding.why
    return _Place(holding, None, Entry(clip=holding.clip, status=Status.MISSING, why=why))


def _entry(holding: Holding, reading: Reading) -> Entry:
    facts, shape = reading.facts, None
    if facts is not None:
        shape = Shape(facts.frames, facts.duration_s, facts.width_px, facts.height_px, facts.fps, facts.sound)
    return Entry(
        clip=holding.clip,
        status=Status.DAMAGED if shape is None else Status.HERE,
        why=reading.why,
        path=holding.path,
        sha256=reading.sha256,
        size_bytes=reading.size_bytes,
        shape=shape,
        made=holding.made if reading.size_bytes == holding.output_bytes else None,
    )


def _count(tally: Tally, entry: Entry) -> None:
    tally.here += entry.status is Status.HERE
    tally.damaged += entry.status is Status.DAMAGED
    tally.missing += entry.status is Status.MISSING
