"""The SQLite file under the ledger: made, opened, its errors in plain words, and its single values.

A single value is JSON under its name in the table ``meta``.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kinetics_tui.base.any_text import from_json, to_json
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.whole_file import sync, whole_file
from kinetics_tui.dataset.folder import (
    LEDGERS,
    STALE_S,
    half_made,
    has_ledger,
    ledger_path,
    make_state_folder,
    missing_locks,
    nothing_begun,
    remove,
)
from kinetics_tui.dataset.ledger.schema import SCHEMA, VERSION, migrate

APPLICATION_ID = 0x4B54_5549  # "KTUI"
# Where SQLite's format has them: https://sqlite.org/fileformat2.html
_VERSION_AT = slice(60, 64)
_APPLICATION_AT = slice(68, 72)
BUSY_S = 5.0
"""Seconds to wait for another process at first."""
BUSY_MEANWHILE_S = 0.5
"""... and how long once it is open: an engine that waits for its ledger answers nobody."""


class NoLedger(DatasetError):  # noqa: N818 - named for what is missing, like FileNotFoundError's kin
    """The dataset folder holds no ledger: nothing was started there yet."""


class LedgerFull(DatasetError):  # noqa: N818 - names a state of the disk that the engine waits out
    """There is no room left to write the ledger; what was not written is kept and can be flushed later."""


@contextlib.contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors and the system's into DatasetError with one sentence about ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _plain(path, error) from error
    except UnicodeDecodeError as error:  # SQLite quotes what it cannot understand of a damaged file
        raise DatasetError(
            f"The ledger {path} is damaged; restore it from a copy, or move it away to start anew."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LedgerFull(f"The disk is full: {path} could not be written; make room.") from error
        raise DatasetError(
            f"{path} cannot be used ({error.strerror}); check the folder's permissions."
        ) from error


def _plain(path: Path, error: sqlite3.Error) -> DatasetError:
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return LedgerFull(f"The disk is full: the ledger {path} could not be written; make room.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR) and (why := missing_locks(path.parent)):
        return DatasetError(why)
    remedies = {
        sqlite3.SQLITE_BUSY: "is in use by another process; wait for it or stop it",
        sqlite3.SQLITE_LOCKED: "is in use by another process; wait for it or stop it",
        sqlite3.SQLITE_READONLY: "cannot be written; check the folder's permissions",
        sqlite3.SQLITE_CANTOPEN: "cannot be opened; check the folder's permissions",
        sqlite3.SQLITE_PERM: "cannot be opened; check the folder's permissions",
        sqlite3.SQLITE_IOERR: "cannot be read or written; check the disk",
        sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a copy, or move it away to start anew",
        sqlite3.SQLITE_NOTADB: "is damaged or no ledger; restore it, or move it away to start anew",
    }
    return DatasetError(f"The ledger {path} {remedies.get(code, f'cannot be used ({error})')}.")


def _code(error: Exception) -> int:
    # Errors that sqlite3 itself raises, rather than the library under it, carry no code.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


class Database:
    """A connection to a ledger's file whose every error is a DatasetError with one plain sentence."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a query."""
        with plain_errors(self.path):
            return self.connection.execute(sql, parameters).fetchall()

    def iterate(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Any]:
        """The rows of a query one by one, in constant memory."""
        with plain_errors(self.path):
            yield from self.connection.execute(sql, parameters)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that the block writes, or nothing."""
        with plain_errors(self.path), _whole_or_not(self.connection):
            yield self.connection

    def close(self) -> None:
        with plain_errors(self.path):
            self.connection.close()


@contextlib.contextmanager
def _whole_or_not(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself may have rolled back, as on a full disk
            connection.execute("ROLLBACK")
        raise


def connect(dataset: Path, *, read_only: bool) -> Database:
    """Open the ledger's database; one of an older version is brought up to date, for a reader too.

    Raises NoLedger, or DatasetError where it is not a ledger of ours.
    """
    path = ledger_path(dataset)
    with plain_errors(path):
        if not has_ledger(dataset):
            raise NoLedger(nothing_begun(dataset))
        connection = _connect_to_read(path) if read_only else _connect(path, "mode=rw")
    try:
        with plain_errors(path):
            if _checked_version(connection, path) < VERSION:
                _bring_up_to_date(path)
            if not read_only:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_MEANWHILE_S * 1000:.0f}")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA journal_size_limit = 16777216")
    except BaseException:
        connection.close()
        raise
    return Database(path, connection)


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)


def _connect_to_read(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except (sqlite3.Error, UnicodeDecodeError) as error:
        connection.close()
        if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        # A reader of a write-ahead log has to write its index; on a read-only file system it cannot,
        # and nobody else can change the file either.
        return _connect(path, "mode=ro&immutable=1")
    return connection


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    version = _version(connection)
    if application_id != APPLICATION_ID or version < 1:
        raise DatasetError(f"{path} was not written by this program; move it away or choose another folder.")
    if version > VERSION:
        raise DatasetError(f"{path} was written by a newer version: `pip install -U kinetics-tui`.")
    return version


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _bring_up_to_date(path: Path) -> None:
    # By a connection of its own: that of a reader may not write.
    with contextlib.closing(_connect(path, "mode=rw")) as connection:
        try:
            with _whole_or_not(connection):
                migrate(connection, _version(connection))  # asked again: another process may have been faster
        except sqlite3.Error as error:
            if _code(error) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
                raise DatasetError(
                    f"The ledger {path} was written by an older version and cannot be changed here; open it "
                    "once with kinetics-tui where it can be written."
                ) from error
            raise


def version_in_head(path: Path) -> int | None:
    """The version of a ledger of ours by the head of its file, which is not opened as a database for that.

    None for what is no ledger of ours. Raises OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(100)
    ours = int.from_bytes(head[_APPLICATION_AT]) == APPLICATION_ID
    return int.from_bytes(head[_VERSION_AT]) if ours else None


@contextlib.contextmanager
def new_database(dataset: Path) -> Iterator[sqlite3.Connection]:
    """A connection to an empty ledger that gets its name when the block ends without an exception.

    Raises DatasetError where there is a ledger already or none can be written.
    """
    make_state_folder(dataset)
    path = ledger_path(dataset)
    taken = DatasetError(f"{dataset} holds a ledger already; choose another folder, or go on with it.")
    if path.exists():
        raise taken
    remove(half_made(dataset, LEDGERS, STALE_S))
    with plain_errors(path):
        try:
            with whole_file(path, mode=0o600, replace=False) as making:
                yield from _filled(making)
        except FileExistsError:
            raise taken from None
        sync(path.parent)


def _filled(making: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(_connect(making, "mode=rw")) as connection:
        # Nobody sees the file before it is whole, so it needs no journal on disk while it is filled.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -16384")
        connection.executescript(SCHEMA)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


_T = TypeVar("_T")


def read_meta(database: Database, key: str, kind: type[_T]) -> _T:
    """A value that every ledger has. Raises DatasetError where it is missing or cannot be read."""
    value = find_meta(database, key, kind)
    if value is None:
        raise _damaged(database, key)
    return value


def find_meta(database: Database, key: str, kind: type[_T]) -> _T | None:
    """A value, None where there is none. Raises DatasetError where it cannot be read.

    Nothing takes the place of a damaged one: requests that were to leave by a proxy must not leave
    by the default route.
    """
    rows = database.read("SELECT value FROM meta WHERE key = ?", (key,))
    if not rows:
        return None
    try:
        return from_json(rows[0][0], kind)
    except (TypeError, msgspec.DecodeError) as error:
        raise _damaged(database, key) from error


def write_meta(connection: sqlite3.Connection, key: str, value: object) -> None:
    """Keep a value, in the caller's transaction; None takes it out."""
    if value is None:
        connection.execute("DELETE FROM meta WHERE key = ?", (key,))
        return
    text = to_json(value).decode()
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))


def _damaged(database: Database, key: str) -> DatasetError:
    return DatasetError(
        f"The ledger {database.path} is damaged ({key} cannot be read); restore it from a copy."
    )
