"""Networks and sessions in the ledger's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from kinetics_tui.dataset.database import Database
from kinetics_tui.dataset.rows import NetworkRow

_FIELDS = NetworkRow.__struct_fields__
_READ = f"SELECT {', '.join(_FIELDS)} FROM networks"  # noqa: S608 - our own field names
_SAVE = (
    f"INSERT INTO networks ({', '.join(_FIELDS)}) VALUES ({','.join('?' * len(_FIELDS))})"  # noqa: S608 - our own field names
    f" ON CONFLICT (name) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _FIELDS)}"
)


def read_networks(database: Database) -> dict[str, NetworkRow]:
    """What is remembered of each network, by name."""
    return {row.name: row for row in _rows(database, _READ)}


def last_network(database: Database) -> NetworkRow | None:
    """The network of the newest session, else the newest one; None where there is none."""
    # A name that was seen keeps its number: the network met last need not have the highest.
    newest = "(SELECT network_id FROM sessions ORDER BY id DESC LIMIT 1)"
    rows = _rows(database, f"{_READ} ORDER BY id = {newest} DESC, id DESC LIMIT 1")
    return next(rows, None)


def _rows(database: Database, sql: str) -> Iterator[NetworkRow]:
    for row in database.read(sql):
        yield msgspec.convert(dict(zip(_FIELDS, row, strict=True)), NetworkRow)


def save_network(connection: sqlite3.Connection, row: NetworkRow) -> None:
    """Keep this of the network; in the caller's transaction, as all that changes something here."""
    fields = msgspec.to_builtins(row)
    connection.execute(_SAVE, [fields[name] for name in _FIELDS])


def network_id(connection: sqlite3.Connection, name: str) -> int:
    """The number of a network in the tables; a name never seen gets one."""
    connection.execute("INSERT INTO networks (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    row: tuple[int] = connection.execute("SELECT id FROM networks WHERE name = ?", (name,)).fetchone()
    return row[0]


def open_session(connection: sqlite3.Connection, network: str, at: float, pid: int) -> int:
    """Begin a session and return its number; one that a dead engine left open ends with its last attempt."""
    connection.execute(
        "UPDATE sessions SET why = 'the engine died', closed_at = coalesce("
        " (SELECT at FROM attempts WHERE session_id = sessions.id ORDER BY id DESC LIMIT 1), opened_at)"
        " WHERE closed_at IS NULL"
    )
    cursor = connection.execute(
        "INSERT INTO sessions (network_id, pid, opened_at) VALUES (?, ?, ?)",
        (network_id(connection, network), pid, at),
    )
    return cursor.lastrowid or 0


def close_session(connection: sqlite3.Connection, session_id: int, at: float, why: str) -> None:
    """End a session."""
    connection.execute("UPDATE sessions SET closed_at = ?, why = ? WHERE id = ?", (at, why, session_id))
