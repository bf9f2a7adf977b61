"""What files were found to hold, kept in the state folder for whoever trusts that they are the same still.

It helps where it can: where the folder cannot be written, everything is read again next time.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.upkeep.reader import Reading

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

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.commit()
            self._db.close()

    def find(self, path: str, about: os.stat_result) -> Reading | None:
        """What the file at ``path`` held when it had this size and this time of change."""
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
