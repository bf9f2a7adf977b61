"""Networks in the ledger's tables: their state, their sessions, their throttles."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.rows import NetworkHistory, NetworkRow
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import PastThrottle
from kinetics_tui.model.options import Resolve

PAST_THROTTLES = 8
"""The number of throttles that the history of a network holds."""

_FIELDS = msgspec.structs.fields(NetworkRow)
_NAMES = [field.name for field in _FIELDS]
_READ = f"SELECT {', '.join(_NAMES)} FROM networks"  # noqa: S608 - our own field names
_SAVE = (
    f"INSERT INTO networks ({', '.join(_NAMES)}) VALUES ({','.join('?' * len(_NAMES))})"  # noqa: S608 - our own field names
    f" ON CONFLICT (name) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES)}"
)
_LESSONS = "lessons"
"""The field whose column holds JSON."""


def read_networks(database: Database) -> dict[str, NetworkRow]:
    """All that is remembered of each network, by name."""
    return {row.name: row for row in _rows(database, _READ)}


def last_network(database: Database) -> NetworkRow | None:
    """The network of the newest session, else the newest one; None where there is none."""
    # A name that was seen keeps its number: the network met last need not have the highest.
    newest = "(SELECT network_id FROM sessions ORDER BY id DESC LIMIT 1)"
    rows = _rows(database, f"{_READ} ORDER BY id = {newest} DESC, id DESC LIMIT 1")
    return next(rows, None)


def _rows(database: Database, sql: str) -> Iterator[NetworkRow]:
    return map(_network_row, database.read(sql))


def _network_row(columns: Sequence[Any]) -> NetworkRow:
    found = dict(zip(_NAMES, columns, strict=True))
    with contextlib.suppress(msgspec.MsgspecError, TypeError):
        return msgspec.convert({**found, _LESSONS: msgspec.json.decode(found[_LESSONS])}, NetworkRow)
    # What cannot be read, damaged or in the words of another version, is as if it had never been
    # written: nothing that is remembered of a network is worth a ledger that cannot be opened.
    known: dict[str, Any] = {}
    for field, value in zip(_FIELDS, columns, strict=True):
        with contextlib.suppress(msgspec.DecodeError, TypeError):
            if field.name == _LESSONS:
                known[field.name] = msgspec.json.decode(value, type=field.type)
            else:
                known[field.name] = msgspec.convert(value, field.type)
    return NetworkRow(**known)


def save_networks(connection: sqlite3.Connection, *rows: NetworkRow) -> None:
    """Keep this of networks; in the caller's transaction, as all that changes something here."""
    for row in rows:
        fields = msgspec.to_builtins(row)
        fields[_LESSONS] = msgspec.json.encode(row.lessons).decode()
        connection.execute(_SAVE, [fields[name] for name in _NAMES])


def take_over(connection: sqlite3.Connection, row: NetworkRow, former: Iterable[str]) -> None:
    """Keep this of a network, and give it the past of others, which are forgotten with their cooldowns.

    A throttle that was not over has no end of which anything is known: it took no time.
    """
    save_networks(connection, row)
    number = network_id(connection, row.name)
    for name in set(former) - {row.name}:
        other = network_id(connection, name)
        for table in ("sessions", "throttles", "attempts"):
            connection.execute(f"UPDATE {table} SET network_id = ? WHERE network_id = ?", (number, other))  # noqa: S608 - our own tables
        connection.execute(
            "UPDATE networks SET clips = clips + (SELECT clips FROM networks WHERE id = ?) WHERE id = ?",
            (other, number),
        )
        connection.execute("DELETE FROM networks WHERE id = ?", (other,))
    connection.execute(
        "UPDATE throttles SET ended_at = at WHERE network_id = ? AND ended_at IS NULL", (number,)
    )


def network_id(connection: sqlite3.Connection, name: str) -> int:
    """The number of a network in the tables; a name never seen gets one."""
    connection.execute("INSERT INTO networks (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    row: tuple[int] = connection.execute("SELECT id FROM networks WHERE name = ?", (name,)).fetchone()
    return row[0]


def open_session(
    connection: sqlite3.Connection, network: str, at: float, pid: int, others: Mapping[str, int]
) -> int:
    """Begin a session beside ``others``, and return its number.

    Any more that are open were left so by a dead engine, and end with their last attempts.
    """
    connection.execute(
        "UPDATE sessions SET why = 'the engine died', closed_at = coalesce("  # noqa: S608 - placeholders
        " (SELECT at FROM attempts WHERE session_id = sessions.id ORDER BY id DESC LIMIT 1), opened_at)"
        f" WHERE closed_at IS NULL AND id NOT IN ({','.join('?' * len(others))})",
        tuple(others.values()),
    )
    cursor = connection.execute(
        "INSERT INTO sessions (network_id, pid, opened_at) VALUES (?, ?, ?)",
        (network_id(connection, network), pid, at),
    )
    return cursor.lastrowid or 0


def close_session(connection: sqlite3.Connection, session_id: int, at: float, why: str) -> None:
    """End a session."""
    connection.execute("UPDATE sessions SET closed_at = ?, why = ? WHERE id = ?", (at, why, session_id))


# -- throttles ------------------------------------------------------------------------------------


_MOSTLY_ASKED = (
    "SELECT asked FROM attempts WHERE outcome = 'done' AND network_id = ? AND wire_bytes > 0"
    " AND at > coalesce((SELECT max(at) FROM throttles WHERE network_id = ?), 0)"
    " GROUP BY asked ORDER BY count(*) DESC LIMIT 1"
)


def begin_throttle(
    connection: sqlite3.Connection,
    network: str,
    session_id: int | None,
    at: float,
    signal: Category,
    step: int,
    clips: int,
) -> None:
    """The network was refused, and a step of a cooldown began; one under way ends without an answer.

    ``session_id`` is the session of the network, None where there is none.
    """
    number = network_id(connection, network)
    connection.execute(
        "UPDATE throttles SET ended_at = ? WHERE network_id = ? AND ended_at IS NULL", (at, number)
    )
    connection.execute(
        "INSERT INTO throttles (network_id, session_id, at, signal, step, clips, asked) VALUES"  # noqa: S608 - our own text
        f" (?, ?, ?, ?, ?, ?, ({_MOSTLY_ASKED}))",
        (number, session_id, at, signal.value, step, clips, number, number),
    )


def end_throttle(connection: sqlite3.Connection, network: str, at: float) -> None:
    """The network answered: the step under way ends well."""
    connection.execute(
        "UPDATE throttles SET ended_at = ?, passed = 1"
        " WHERE network_id = (SELECT id FROM networks WHERE name = ?) AND ended_at IS NULL",
        (at, network),
    )


def throttled_since(database: Database, since: float) -> tuple[float, ...]:
    """When networks were refused, from ``since`` on, oldest first."""
    return tuple(
        at for (at,) in database.read("SELECT at FROM throttles WHERE at >= ? ORDER BY at", (since,))
    )


def read_histories(database: Database) -> dict[str, NetworkHistory]:
    """The past of each network, by name; looks at no attempt, of which there are too many."""
    return {
        name: NetworkHistory(sessions, clips, _past_throttles(database, number))
        for number, name, clips, sessions in database.read(
            "SELECT networks.id, name, clips, coalesce(number, 0) FROM networks LEFT JOIN"
            " (SELECT network_id, count(*) AS number FROM sessions GROUP BY network_id)"
            " ON network_id = networks.id"
        )
    }


class _Step(NamedTuple):
    """A row of throttles."""

    at: float
    signal: str
    clips: int
    ended_at: float | None
    passed: int
    asked: str | None


def _past_throttles(database: Database, number: int) -> tuple[PastThrottle, ...]:
    """The last throttles of a network, oldest first: the steps up to one that ended well are one."""
    throttles: list[list[_Step]] = []  # the newest first, and so the steps of each
    for row in database.iterate(
        f"SELECT {', '.join(_Step._fields)} FROM throttles WHERE network_id = ? ORDER BY id DESC",  # noqa: S608 - our own field names
        (number,),
    ):
        step = _Step(*row)
        if step.passed or not throttles:
            if len(throttles) == PAST_THROTTLES:
                break
            throttles.append([])
        throttles[-1].append(step)
    return tuple(_past_throttle(steps) for steps in reversed(throttles))


def _past_throttle(steps: Sequence[_Step]) -> PastThrottle:
    last, first = steps[0], steps[-1]
    # A clock may have been set back meanwhile.
    took_s = max(0.0, last.ended_at - first.at) if last.passed and last.ended_at is not None else None
    return PastThrottle(
        at=first.at,
        signal=_signal(first.signal),
        clips=first.clips,
        steps=len(steps),
        took_s=took_s,
        asked=Resolve(first.asked) if first.asked in set(Resolve) else None,
    )


def _signal(word: str) -> Category:
    try:
        return Category(word)
    except ValueError:  # another version's word; that there was a throttle still counts
        return Category.TOO_MANY_REQUESTS
