"""What there should be and what there is, side by side, in constant memory however much it is."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import EXPORT_FOLDER, FAILED_FILE, MANIFEST_FILE, STATE_FOLDER, STATS_FILE
from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.model.options import FRAMES_FOLDER, SOUND_FOLDER
from kinetics_tui.upkeep.walk import Stopped, files_below

PAGE = 500
OURS = frozenset({STATS_FILE, FAILED_FILE, MANIFEST_FILE, STATE_FOLDER, FRAMES_FOLDER, SOUND_FOLDER})
"""What lies in a dataset folder beside the clips."""
_TABLES = """
CREATE TABLE files (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE clips (id INTEGER PRIMARY KEY, path BLOB, recorded INTEGER, found INTEGER, account BLOB);
"""
# Two clips whose files changed places have each other's size; a file that took another's name has the
# size of a clip that is missing.
_ANOTHERS = """
SELECT 1 FROM clips WHERE recorded = :size AND id <> :id
    AND (found IS NULL OR (found = :own AND found <> :size))
"""


class Listed(msgspec.Struct, frozen=True):
    """A clip with something at its path: ``size_bytes`` of a file, None where it is no file at all.

    ``missing``: there is nothing.
    """

    account: Account
    size_bytes: int | None
    missing: bool


class Inventory:
    """The files of a dataset folder and the accounts of its clips; a context manager.

    It is kept in a temporary file of SQLite's own, which is gone when this is closed.
    """

    def __init__(self, dataset: Path) -> None:
        self._dataset = dataset
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # -- what there is -----------------------------------------------------------------------------

    def list_files(self, stopped: Stopped = lambda: False) -> None:
        """List every file of the dataset folder but our own. Links to folders are not followed.

        Raises DatasetError where the dataset folder cannot be listed.
        """
        self._db.execute("BEGIN")
        try:
            # A folder that cannot be listed is told of by the clips in it, one by one.
            paths = files_below(self._dataset, stopped, leave_out=OURS, marked=EXPORT_FOLDER)
            self._db.executemany("INSERT OR IGNORE INTO files VALUES (?)", ((path,) for path in paths))
        except OSError as error:
            raise DatasetError(
                f"{self._dataset} cannot be read ({error.strerror}); check the folder and its permissions."
            ) from error
        self._db.execute("COMMIT")

    def files(self) -> Iterator[str]:
        """The paths of all files listed, relative to the dataset folder."""
        return (os.fsdecode(path) for (path,) in self._db.execute("SELECT path FROM files ORDER BY path"))

    def strays(self) -> Iterator[str]:
        """Files that are no clip's."""
        rows = self._db.execute(
            "SELECT path FROM files WHERE path NOT IN (SELECT path FROM clips) ORDER BY path"
        )
        return (os.fsdecode(path) for (path,) in rows)

    # -- what there should be ----------------------------------------------------------------------

    def enter(self, accounts: Iterable[Account], stopped: Stopped = lambda: False) -> None:
        """Enter the clips that are done, and others that have a file."""
        self._db.execute("BEGIN")
        for account in accounts:
            if stopped():
                break
            there, size_bytes = _look(self._dataset / account.path)
            if not there and not account.done:
                continue
            recorded = account.output_bytes if account.done else None
            # A folder or a pipe is there, with no size that any clip could have.
            found = (-1 if size_bytes is None else size_bytes) if there else None
            self._db.execute(
                "INSERT INTO clips VALUES (?, ?, ?, ?, ?)",
                (account.id, os.fsencode(account.path), recorded, found, msgspec.msgpack.encode(account)),
            )
        self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX by_recorded ON clips (recorded)")
        self._db.execute("CREATE INDEX by_path ON clips (path)")

    def __len__(self) -> int:
        """How many clips were entered."""
        count: int = self._db.execute("SELECT count(*) FROM clips").fetchone()[0]
        return count

    def clips(self) -> Iterator[Listed]:
        """The clips entered, by id."""
        after_id = 0
        while rows := self._db.execute(
            "SELECT id, found, account FROM clips WHERE id > ? ORDER BY id LIMIT ?", (after_id, PAGE)
        ).fetchall():
            for number, found, account in rows:
                after_id = number
                size_bytes = found if found is not None and found >= 0 else None
                yield Listed(msgspec.msgpack.decode(account, type=Account), size_bytes, found is None)

    def is_anothers(self, account: Account, size_bytes: int) -> bool:
        """Whether a file of this size at the path of a clip is by all signs the file of another one."""
        own = account.output_bytes if account.done else None
        parameters = {"size": size_bytes, "id": account.id, "own": own}
        return size_bytes != own and self._db.execute(_ANOTHERS, parameters).fetchone() is not None


def _look(path: Path) -> tuple[bool, int | None]:
    """Whether there is anything at a path, and the size of the file that it is, or that it links to."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False, None
    except OSError:
        return True, None  # it cannot be looked at; reading it will say why
    try:
        about = path.stat()
    except OSError:
        return True, None
    return True, about.st_size if stat.S_ISREG(about.st_mode) else None
