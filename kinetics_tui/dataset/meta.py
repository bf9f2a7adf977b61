"""Single values in the ledger, each as JSON under its name."""

from __future__ import annotations

import sqlite3
from typing import TypeVar

import msgspec

from kinetics_tui.dataset.database import Database
from kinetics_tui.model.errors import DatasetError

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
        return msgspec.json.decode(rows[0][0], type=kind)
    except (TypeError, msgspec.DecodeError) as error:
        raise _damaged(database, key) from error


def write_meta(connection: sqlite3.Connection, key: str, value: object) -> None:
    """Keep a value, in the caller's transaction; None takes it out."""
    if value is None:
        connection.execute("DELETE FROM meta WHERE key = ?", (key,))
        return
    text = msgspec.json.encode(value).decode()
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))


def _damaged(database: Database, key: str) -> DatasetError:
    return DatasetError(
        f"The ledger {database.path} is damaged ({key} cannot be read); restore it from a copy."
    )
