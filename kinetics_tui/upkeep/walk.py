"""For work on more files than memory may hold: files below a folder, and temporary tables.

Paths are listed as bytes: names may be of any encoding.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Self

from kinetics_tui.base.errors import DatasetError

Stopped = Callable[[], bool]


def _pass_over(_folder: bytes, _error: OSError) -> None:
    pass


def files_below(
    top: Path,
    stopped: Stopped,
    *,
    leave_out: Collection[str] = (),
    marked: str = "",
    on_unreadable: Callable[[bytes, OSError], None] = _pass_over,
) -> Iterator[bytes]:
    """The paths of all files below ``top``, relative to it. Links to folders are not followed.

    ``leave_out`` are names at the top that are passed over, ``marked`` a name in a folder below that has all
    of that passed over; ``on_unreadable`` is told of folders that cannot be listed.
    Raises DatasetError where ``top`` itself is one.
    """
    folders: list[bytes] = [b""]
    root, mark = os.fsencode(top), os.fsencode(marked)
    while folders and not stopped():
        folder = folders.pop()
        try:
            entries = os.scandir(os.path.join(root, folder))  # noqa: PTH118 -- bytes: names may be of any encoding
        except OSError as error:
            if not folder:
                raise DatasetError(
                    f"{top} cannot be read ({error.strerror}); check the folder and its permissions."
                ) from error
            on_unreadable(folder, error)
            continue
        with entries:
            found = list(entries)
            if folder and any(entry.name == mark for entry in found):
                continue
            for entry in found:
                if not folder and os.fsdecode(entry.name) in leave_out:
                    continue
                path = os.path.join(folder, entry.name)  # noqa: PTH118
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif not (entry.is_symlink() and entry.is_dir()):
                    yield path


class TemporaryTables:
    """Tables in a temporary file of SQLite's own, which is gone when they are closed; a context manager."""

    def __init__(self, schema: str) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._db.close()

    @contextlib.contextmanager
    def _filling(self) -> Iterator[sqlite3.Connection]:
        """Many rows written at once."""
        self._db.execute("BEGIN")
        yield self._db
        self._db.execute("COMMIT")

    def _value(self, sql: str, *parameters: object) -> Any:
        """The first value of the first row of a query, None where there is no row."""
        row = self._db.execute(sql, parameters).fetchone()
        return row[0] if row else None
