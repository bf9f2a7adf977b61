"""The files that are there and the clips that should have one, in constant memory however many there are."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import EXPORT_FOLDER, FAILED_FILE, MANIFEST_FILE, STATE_FOLDER, STATS_FILE
from kinetics_tui.dataset.ledger.files import Account
from kinetics_tui.model.options import FRAMES_FOLDER, SOUND_FOLDER
from kinetics_tui.upkeep.walk import Stopped, TemporaryTables, files_below

OURS = frozenset({STATS_FILE, FAILED_FILE, MANIFEST_FILE, STATE_FOLDER, FRAMES_FOLDER, SOUND_FOLDER})
"""Names in a dataset folder beside the clips."""
NO_FILE = -1
"""The size of a folder or a pipe, and of what cannot be looked at: no clip could have it."""
_TABLES = """
CREATE TABLE files (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE clips (id INTEGER PRIMARY KEY, path BLOB, recorded INTEGER, found INTEGER);
"""
# Two clips whose files changed places have each other's size; a file that took another's name has the
# size of a clip that is missing.
_ANOTHERS = """
SELECT 1 FROM clips WHERE recorded = :size AND id <> :id
    AND (found IS NULL OR (found = :own AND found <> :size))
"""


class Listed(msgspec.Struct, frozen=True):
    """A clip and the size of the file at its path: None where there is nothing, else see ``NO_FILE``."""

    account: Account
    size_bytes: int | None


class Inventory(TemporaryTables):
    """The files of a dataset folder and the clips that have one there, or should have."""

    def __init__(self, dataset: Path) -> None:
        super().__init__(_TABLES)
        self._dataset = dataset

    # -- what there is -----------------------------------------------------------------------------

    def list_files(self, stopped: Stopped = lambda: False) -> None:
        """List every file of the dataset folder but our own. Links to folders are not followed.

        Raises DatasetError where the dataset folder cannot be listed.
        """
        # A folder that cannot be listed is told of by the clips in it, one by one.
        paths = files_below(self._dataset, stopped, leave_out=OURS, marked=EXPORT_FOLDER)
        with self._filling() as db:
            db.executemany("INSERT OR IGNORE INTO files VALUES (?)", ((path,) for path in paths))

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
        with self._filling() as db:
            for account in accounts:
                if stopped():
                    break
                found = _size_bytes(self._dataset / account.path)
                if account.done or found is not None:
                    recorded = account.output_bytes if account.done else None
                    row = account.id, os.fsencode(account.path), recorded, found
                    db.execute("INSERT INTO clips VALUES (?, ?, ?, ?)", row)
            db.execute("CREATE INDEX by_recorded ON clips (recorded)")
            db.execute("CREATE INDEX by_path ON clips (path)")

    def __len__(self) -> int:
        """The number of clips entered."""
        return int(self._value("SELECT count(*) FROM clips"))

    def clips(self, accounts: Iterable[Account]) -> Iterator[Listed]:
        """Those of these clips that were entered."""
        for account in accounts:
            for (found,) in self._db.execute("SELECT found FROM clips WHERE id = ?", (account.id,)):
                yield Listed(account, found)

    def is_anothers(self, account: Account, size_bytes: int) -> bool:
        """True if a file of this size at the path of a clip is by all signs the file of another one."""
        own = account.output_bytes if account.done else None
        parameters = {"size": size_bytes, "id": account.id, "own": own}
        return size_bytes != own and self._db.execute(_ANOTHERS, parameters).fetchone() is not None


def _size_bytes(path: Path) -> int | None:
    """The size of the file at a path, or that it links to; None where there is nothing."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return NO_FILE  # reading it will say why
    with contextlib.suppress(OSError):
        about = path.stat()
        if stat.S_ISREG(about.st_mode):
            return about.st_size
    return NO_FILE
