"""What the ledger tells of the past, added up: classes, times of clips, sessions, throttles, hours.

Columns are taken as numbers within bounds, whatever somebody else's ledger holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kinetics_tui.dataset.database import Database

HOUR_S = 3600
LONGEST_S = 1e9
"""Seconds are taken to be fewer."""


class ClassCounts(NamedTuple):
    """Selected clips of one class in one split."""

    split: str
    label: str
    total: int
    done: int
    failed: int


class Effort(NamedTuple):
    """Attempts of one session that ended in one hour in the same way.

    ``hour`` counts from the epoch. ``fetched`` are those that took bytes from the network: clips that lay
    on the disk already took none. ``total_s`` is time in workers' hands.
    """

    session: int | None
    hour: int
    outcome: str
    attempts: int
    fetched: int
    wire_bytes: int
    total_s: float


class SessionRow(NamedTuple):
    """A stretch of work on one network; ``closed_at`` None: it is open, or its engine died."""

    id: int
    network: str
    pid: int
    opened_at: float
    closed_at: float | None
    why: str


class ThrottleRow(NamedTuple):
    """A refusal, which began a step of a cooldown."""

    network: str
    at: float
    signal: str
    step: int
    clips: int
    ended_at: float | None
    passed: int


class ClipTimes(NamedTuple):
    """Seconds of the attempt that made a clip."""

    resolve_s: float
    download_s: float
    trim_s: float
    total_s: float


def class_counts(database: Database) -> list[ClassCounts]:
    """How far each class of each split is, by name; clips without a label are under the empty one."""
    rows = database.read(
        "SELECT splits.name, labels.name, total, done, failed FROM"
        " (SELECT split_id, label_id, count(*) AS total, sum(status = 'done') AS done,"
        " sum(status = 'failed') AS failed FROM clips WHERE selected = 1 GROUP BY split_id, label_id)"
        " JOIN splits ON splits.id = split_id JOIN labels ON labels.id = label_id"
        " ORDER BY splits.name, labels.name"
    )
    return [ClassCounts(*row) for row in rows]


def clip_times(database: Database) -> Iterator[ClipTimes]:
    """Of every clip that was fetched, the last time where there were several; in constant memory."""
    columns = ", ".join(f"min({LONGEST_S}, max(0, CAST({name} AS REAL)))" for name in ClipTimes._fields)
    for row in database.iterate(
        # With max() in a group SQLite takes the other columns from the row that has it.
        f"SELECT {columns}, max(id) FROM attempts NOT INDEXED"  # noqa: S608 - our own field names
        " WHERE outcome = 'done' AND wire_bytes > 0 GROUP BY clip_id"
    ):
        yield ClipTimes(*row[:4])


def efforts(database: Database) -> list[Effort]:
    """All attempts, added up."""
    rows = database.read(
        f"SELECT session_id, CAST(at / {HOUR_S} AS INTEGER), outcome, count(*), sum(wire_bytes > 0),"  # noqa: S608
        f" CAST(total(wire_bytes) AS INTEGER), total(min({LONGEST_S}, max(0, CAST(total_s AS REAL))))"
        " FROM attempts GROUP BY 1, 2, 3 ORDER BY 2, 1, 3"
    )
    return [Effort(*row) for row in rows]


def sessions(database: Database) -> list[SessionRow]:
    """Every session, the oldest first."""
    rows = database.read(
        "SELECT sessions.id, coalesce(nullif(networks.label, ''), networks.name), pid,"
        " opened_at, closed_at, why FROM sessions JOIN networks ON networks.id = network_id"
        " ORDER BY sessions.id"
    )
    return [SessionRow(*row) for row in rows]


def throttles(database: Database) -> list[ThrottleRow]:
    """Every refusal that began a wait, the oldest first."""
    rows = database.read(
        "SELECT coalesce(nullif(networks.label, ''), networks.name), at, throttles.signal, throttles.step,"
        " throttles.clips, ended_at, passed FROM throttles JOIN networks ON networks.id = network_id"
        " ORDER BY throttles.id"
    )
    return [ThrottleRow(*row) for row in rows]


def last_attempt_at(database: Database) -> float | None:
    """When the last attempt ended."""
    ((at,),) = database.read("SELECT (SELECT at FROM attempts ORDER BY id DESC LIMIT 1)")
    return None if at is None else float(at)
