"""Rows that can still be read from a damaged ledger, taken over into a new one.

A page of a damaged file that cannot be read takes its rows with it; the rows before and behind are read.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kinetics_tui.base.any_text import from_json
from kinetics_tui.dataset.ledger.database import write_meta
from kinetics_tui.dataset.ledger.intake import recount
from kinetics_tui.dataset.ledger.rows import ClipStatus, Outcome
from kinetics_tui.dataset.ledger.schema import TABLES_SINCE, VERSION
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Way
from kinetics_tui.model.options import Options, Selection

_TABLES = ("splits", "labels", "clips", "networks", "sessions", "throttles", "programs", "attempts")
_META: dict[str, Any] = {
    "title": str,
    "release": str,
    "selection": Selection,
    "options": Options,
    "way": Way,
    "ways in use": tuple[Way, ...],
    "networks in use": tuple[str, ...],
    "ways": dict[str, Way],
}
_LAST_ID = 1 << 40
_UNREADABLE = (sqlite3.Error, UnicodeError)
"""The errors of reading damage; what SQLite says of it may quote bytes that are no text."""

_STATUSES = ", ".join(f"'{status.value}'" for status in ClipStatus)
_OUTCOMES = ", ".join(f"'{outcome.value}'" for outcome in Outcome)
# What would break those who read it: rows that lean on lost ones, and words that nobody wrote.
_TIDY = (
    f"DELETE FROM clips WHERE status NOT IN ({_STATUSES}) OR typeof(youtube_id) <> 'text'"  # noqa: S608 - constants
    " OR timed NOT IN (0, 1, 2) OR typeof(start_ms) <> 'integer' OR typeof(end_ms) <> 'integer'"
    " OR typeof(output_bytes) <> 'integer'"
    " OR typeof(attempts) <> 'integer' OR typeof(crashes) <> 'integer'"
    " OR split_id NOT IN (SELECT id FROM splits) OR label_id NOT IN (SELECT id FROM labels)",
    f"DELETE FROM attempts WHERE outcome NOT IN ({_OUTCOMES}) OR typeof(at) <> 'real'"  # noqa: S608 - constants
    " OR clip_id NOT IN (SELECT id FROM clips) OR network_id NOT IN (SELECT id FROM networks)",
    "UPDATE attempts SET session_id = NULL WHERE session_id NOT IN (SELECT id FROM sessions)",
    "UPDATE attempts SET program_id = NULL WHERE program_id NOT IN (SELECT id FROM programs)",
    "DELETE FROM sessions WHERE network_id NOT IN (SELECT id FROM networks)",
    "DELETE FROM throttles WHERE network_id NOT IN (SELECT id FROM networks)",
    "UPDATE sums SET attempts = (SELECT count(*) FROM attempts),"
    " wire_bytes = (SELECT coalesce(sum(wire_bytes), 0) FROM attempts)",
)


class Salvaged(msgspec.Struct):
    """The things taken over: values of ``meta`` by name, numbers of rows by table.

    ``lost`` names values that were there and could not be read.
    """

    meta: dict[str, Any] = {}
    rows: dict[str, int] = {}
    lost: list[str] = []


def salvage(damaged: Path, connection: sqlite3.Connection) -> Salvaged:
    """Take over what can be read of a damaged ledger into a new, empty one; the caller commits.

    A file that is no database at all yields nothing, one with older tables its meta values alone.
    """
    found = Salvaged()
    with contextlib.suppress(*_UNREADABLE), contextlib.closing(_open(damaged)) as source:
        _take_meta(source, connection, found)
        (version,) = source.execute("PRAGMA user_version").fetchone()
        if TABLES_SINCE <= version <= VERSION:
            for table in _TABLES:
                found.rows[table] = _take_rows(source, connection, table)
    for statement in _TIDY:
        connection.execute(statement)
    _drop_unknown_categories(connection)
    recount(connection)
    (found.rows["clips"],) = connection.execute("SELECT count(*) FROM clips").fetchone()
    (found.rows["attempts"],) = connection.execute("SELECT count(*) FROM attempts").fetchone()
    return found


def _open(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    source = sqlite3.connect(f"{uri}?mode=ro", uri=True, isolation_level=None)
    try:
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except _UNREADABLE:
        source.close()
        return sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None)
    return source


def _take_meta(source: sqlite3.Connection, connection: sqlite3.Connection, found: Salvaged) -> None:
    for key, kind in _META.items():
        try:
            row = source.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            if row is None:
                continue
            found.meta[key] = from_json(row[0], kind)
        except (*_UNREADABLE, msgspec.DecodeError, TypeError):
            found.lost.append(key)
        else:
            write_meta(connection, key, found.meta[key])


def _take_rows(source: sqlite3.Connection, connection: sqlite3.Connection, table: str) -> int:
    columns = _columns(connection, table)
    with contextlib.suppress(*_UNREADABLE):
        there = _columns(source, table)
        columns = [name for name in columns if name in there]  # an older version has fewer
    if not columns:
        return 0
    places = ",".join("?" * len(columns))
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - ours
    taken = 0
    for row in _readable(source, f"SELECT {', '.join(columns)} FROM {table} WHERE id > ? ORDER BY id"):  # noqa: S608 - ours
        with contextlib.suppress(sqlite3.Error):
            cursor = connection.execute(insert, row)
            taken += cursor.rowcount
    return taken


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def _readable(source: sqlite3.Connection, sql: str) -> Iterator[Sequence[Any]]:
    """Rows by their id, with a leap over those that cannot be read, each time twice as far."""
    at, leap = 0, 1
    while at < _LAST_ID:
        try:
            for row in source.execute(sql, (at,)):
                at, leap = max(at + 1, row[0]), 1
                yield row
        except (*_UNREADABLE, TypeError):
            at, leap = at + leap, leap * 2
        else:
            return


def _drop_unknown_categories(connection: sqlite3.Connection) -> None:
    known = [category.value for category in Category]
    places = ",".join("?" * len(known))
    connection.execute(
        f"UPDATE clips SET status = 'pending', category = NULL WHERE status = 'failed'"  # noqa: S608 - ours
        f" AND (category IS NULL OR category NOT IN ({places}))",
        known,
    )
    connection.execute(
        f"DELETE FROM attempts WHERE category IS NOT NULL AND category NOT IN ({places})",  # noqa: S608 - ours
        known,
    )
