"""Clips to be worked on: those pending, those that wait for another try, and those made pending again.

Times in the ledger moved, where the clock that they are waited for by was set. Clips that are with hosts: a
lease is written before its clip goes out, so that an engine that comes after knows whose result counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.ledger.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.rows import Attempt, ClipRow, Lease
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons
from kinetics_tui.model.options import LayoutName

_COLUMNS = f"SELECT clips.id, clips.attempts, crashes, timed, {CLIP_COLUMNS}"
_PENDING = (
    f" FROM clips {CLIP_JOINS} WHERE selected = 1 AND splits.name = ? AND status = 'pending' AND clips.id > ?"
    " ORDER BY clips.id LIMIT ?"
)
_DONE = (
    f" FROM clips NOT INDEXED {CLIP_JOINS} WHERE clips.id > ? AND selected = 1 AND status = 'done'"
    " ORDER BY clips.id LIMIT ?"
)
# Without statistics the planner would rather walk through all clips than through the few that wait.
_WAITING = (
    f" FROM clips INDEXED BY clips_waiting {CLIP_JOINS}"
    " WHERE status = 'waiting' AND selected = 1 AND splits.enabled = 1"
)
_STANDS = "WHERE status = 'failed' AND selected = 1"
_FAILED = f" FROM clips JOIN splits ON splits.id = split_id {_STANDS}"


def next_pending(
    database: Database, layout: LayoutName, split: str, after_id: int, limit: int
) -> list[ClipRow]:
    """Selected pending clips of a split with larger ids than ``after_id``, by id."""
    return _clips(database, layout, _PENDING, (split, after_id, limit))


def done_clips(database: Database, layout: LayoutName, after_id: int, limit: int) -> list[ClipRow]:
    """Selected clips that are done with larger ids than ``after_id``, by id."""
    return _clips(database, layout, _DONE, (after_id, limit))


def due_retries(database: Database, layout: LayoutName, now: float, limit: int) -> list[ClipRow]:
    """Clips of enabled splits whose time to be tried again has come, the longest due first."""
    return _clips(database, layout, f"{_WAITING} AND retry_at <= ? ORDER BY retry_at LIMIT ?", (now, limit))


def unsettled_of(database: Database, layout: LayoutName, clip_ids: Collection[int]) -> list[ClipRow]:
    """Those of these selected clips that are neither done nor failed."""
    ids = ",".join(map(str, clip_ids))
    sql = f" FROM clips {CLIP_JOINS} WHERE selected = 1 AND status IN ('pending', 'waiting')"
    return _clips(database, layout, f"{sql} AND clips.id IN ({ids})", ())


def next_retry_at(database: Database) -> float | None:
    """When the next waiting clip of an enabled split may be tried again."""
    rows = database.read(f"SELECT retry_at {_WAITING} ORDER BY retry_at LIMIT 1")
    return rows[0][0] if rows else None


def retry_failed(
    connection: sqlite3.Connection,
    categories: Collection[Category] = (),
    labels: Collection[str] = (),
    clip_ids: Collection[int] = (),
    *,
    copies: bool = True,
) -> dict[tuple[str, Category], int]:
    """Make selected clips that failed pending, as if never tried; the caller commits.

    ``copies``: those in archives that were not whole are tried again, too; what is asked of them may be less.

    Categories, labels and ids narrow each other; an empty one narrows nothing, and with all three empty no
    clip is meant. Returns how many there were, by split and category.
    """
    wanted: list[tuple[str, list[object]]] = []
    if categories:
        wanted.append(("category", [category.value for category in categories]))
    if labels:
        wanted.append(("label_id", _label_ids(connection, labels)))
    if clip_ids:
        wanted.append(("clips.id", list(clip_ids)))
    if not wanted:
        return {}
    where = "".join(f" AND {column} IN ({','.join('?' * len(values))})" for column, values in wanted)
    parameters = [value for _, values in wanted for value in values]
    # As above: the planner would walk through all clips of a ledger, not through the few that failed.
    index = "" if clip_ids else " INDEXED BY clips_failed"
    found = {
        (split, Category(category)): count
        for split, category, count in connection.execute(
            f"SELECT splits.name, category, count(*) FROM clips{index}"  # noqa: S608 - names of ours
            f" JOIN splits ON splits.id = split_id {_STANDS}{where} GROUP BY 1, 2",
            parameters,
        )
    }
    if copies:
        connection.execute(
            "UPDATE members SET damaged = 0 WHERE damaged = 1 AND (youtube_id, start_ms, end_ms) IN"  # noqa: S608
            f" (SELECT youtube_id, start_ms, end_ms FROM clips{index} {_STANDS}{where} AND category = ?)",
            [*parameters, Category.DAMAGED_IN_ARCHIVE.value],
        )
    connection.execute(
        f"UPDATE clips{index} SET status = 'pending', attempts = 0, crashes = 0, category = NULL"  # noqa: S608
        f" {_STANDS}{where}",
        parameters,
    )
    return found


def _label_ids(connection: sqlite3.Connection, labels: Collection[str]) -> list[object]:
    known = dict(connection.execute("SELECT name, id FROM labels"))
    return [known[label] for label in labels if label in known]


def reopen(connection: sqlite3.Connection, clip_ids: Collection[int]) -> dict[tuple[str, Category], int]:
    """Make clips pending as if the attempt that failed each had not been held against it.

    Those are counted that stood as failed, not those that waited for another try. The caller commits.
    """
    # That attempt becomes what it would have been had the network been known to be at fault: one after
    # which the clip was put back, with a category. So it settles nothing and is in no record, while the
    # bytes and the try stay in the totals, and its message where it was. Failures before it, which the
    # user had tried again, and tries held against the clip until then stay what they are.
    found: dict[tuple[str, Category], int] = {}
    for clip_id in clip_ids:
        for split, category in connection.execute(
            f"SELECT splits.name, category {_FAILED} AND clips.id = ?",
            (clip_id,),
        ).fetchall():
            key = (split, Category(category))
            found[key] = found.get(key, 0) + 1
            _put_back(connection, clip_id, "failed")
        for _ in connection.execute(
            "SELECT 1 FROM clips WHERE status = 'waiting' AND id = ?", (clip_id,)
        ).fetchall():
            _put_back(connection, clip_id, "retry")
    return found


def _put_back(connection: sqlite3.Connection, clip_id: int, outcome: str) -> None:
    settled_by, crashed = connection.execute(
        "SELECT id, crashed FROM attempts WHERE clip_id = ? AND outcome = ? ORDER BY id DESC LIMIT 1",
        (clip_id, outcome),
    ).fetchone() or (None, False)
    connection.execute("UPDATE attempts SET outcome = 'returned' WHERE id = ?", (settled_by,))
    connection.execute(
        "UPDATE clips SET status = 'pending', category = NULL, retry_at = NULL,"
        " attempts = max(0, attempts - 1), crashes = max(0, crashes - ?) WHERE id = ?",
        (crashed, clip_id),
    )


def _clips(
    database: Database, layout: LayoutName, tables: str, parameters: Sequence[object]
) -> list[ClipRow]:
    return [_clip_row(layout, *row) for row in database.read(_COLUMNS + tables, parameters)]


def _clip_row(
    layout: LayoutName, clip_id: int, attempts: int, crashes: int, timed: int, *columns: Any
) -> ClipRow:
    clip = read_clip(*columns)
    path = clip_path(layout, clip, Naming(timed))
    return ClipRow(clip_id, clip, str(path), attempts, crashes)


_MOVED = (
    "UPDATE clips SET retry_at = retry_at + :by_s WHERE status = 'waiting'",
    "UPDATE networks SET until = until + :by_s, last_throttle_at = last_throttle_at + :by_s",
    "UPDATE throttles SET at = at + :by_s WHERE ended_at IS NULL",
    "UPDATE sessions SET opened_at = opened_at + :by_s WHERE closed_at IS NULL",
)


def move_times(connection: sqlite3.Connection, by_s: float) -> None:
    """Move what is waited for or still goes on by ``by_s`` seconds; the caller commits.

    Cooldowns of all networks, retries, the session and the throttle under way. What is over stays.
    """
    for statement in _MOVED:
        connection.execute(statement, {"by_s": by_s})
    for number, text in connection.execute("SELECT id, lessons FROM networks").fetchall():
        try:
            lessons = msgspec.json.decode(text, type=Lessons)
        except msgspec.DecodeError:
            continue  # what cannot be read is as if it had never been written
        lessons.move_times(by_s)
        connection.execute(
            "UPDATE networks SET lessons = ? WHERE id = ?", (msgspec.json.encode(lessons).decode(), number)
        )


def moved(attempt: Attempt, by_s: float) -> Attempt:
    """An attempt that is not written yet: its end stays, its retry is as far away as it was."""
    if attempt.retry_at is None:
        return attempt
    return msgspec.structs.replace(attempt, retry_at=attempt.retry_at + by_s)


# -- clips that are with hosts -----------------------------------------------------------------------

_LEASE = [field.name for field in msgspec.structs.fields(Lease)]
_LEASE_COLUMNS = ", ".join(_LEASE)


def give_out(connection: sqlite3.Connection, leases: Iterable[Lease]) -> None:
    """Write these leases; one that a clip had before is void."""
    connection.executemany(
        f"INSERT OR REPLACE INTO leases ({_LEASE_COLUMNS}) VALUES ({','.join('?' * len(_LEASE))})",  # noqa: S608 - our own field names
        (msgspec.structs.astuple(lease) for lease in leases),
    )


def end_leases(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """These leases hold no more."""
    listed = ",".join(map(str, numbers))  # in one go: they are found by going through all leases
    connection.execute(f"DELETE FROM leases WHERE number IN ({listed})")  # noqa: S608 - our own numbers


def read_leases(database: Database, layout: LayoutName) -> list[tuple[Lease, ClipRow]]:
    """Every lease on a clip that is not settled yet, with the clip."""
    sql = f"SELECT {_LEASE_COLUMNS} FROM leases"  # noqa: S608 - our own field names
    leases = [Lease(**dict(zip(_LEASE, row, strict=True))) for row in database.read(sql)]
    rows = {row.id: row for row in unsettled_of(database, layout, [lease.clip_id for lease in leases])}
    return [(lease, rows[lease.clip_id]) for lease in leases if lease.clip_id in rows]
