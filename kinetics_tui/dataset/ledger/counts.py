"""Sums over a ledger: clips, classes, times of clips, sessions, throttles, hours.

Columns are taken as numbers within bounds, whatever somebody else's ledger holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.rows import ClipStatus, Totals
from kinetics_tui.model.clip import TEST, TRAIN, VAL
from kinetics_tui.model.events import SplitCounts
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent

_SPLIT_ORDER = {TRAIN: 0, VAL: 1, TEST: 2}


def split_counts(database: Database) -> list[SplitCounts]:
    """The progress of each split with selected clips: train, val, test, then any others by name."""
    found: dict[str, SplitCounts] = {}
    for name, enabled, status, number in database.read(
        "SELECT name, enabled, status, clips FROM tallies JOIN splits ON splits.id = split_id WHERE clips > 0"
    ):
        split = found.get(name) or SplitCounts(name, 0, enabled=bool(enabled))
        found[name] = SplitCounts(
            name,
            split.total + number,
            split.done + (number if status == ClipStatus.DONE else 0),
            split.failed + (number if status == ClipStatus.FAILED else 0),
            split.enabled,
        )
    return sorted(found.values(), key=lambda split: (_SPLIT_ORDER.get(split.name, 3), split.name))


def failure_counts(database: Database) -> dict[Category, int]:
    """Settled failures of selected clips."""
    return _by_category(
        database,
        # Without statistics the planner would rather walk through all clips than through those that failed.
        "SELECT category, count(*) FROM clips INDEXED BY clips_failed"
        " WHERE status = 'failed' AND selected = 1 GROUP BY category",
    )


def retried_counts(database: Database) -> dict[Category, int]:
    """Attempts after which the clip was put back for a later try."""
    return _by_category(
        database,
        "SELECT category, count(*) FROM attempts WHERE outcome = 'retry' GROUP BY category",
    )


def totals(database: Database) -> Totals:
    """Sums over the ledger."""
    ((output_bytes,),) = database.read(
        "SELECT coalesce(sum(output_bytes), 0) FROM tallies WHERE status = 'done'"
    )
    ((wire_bytes, attempts),) = database.read("SELECT wire_bytes, attempts FROM sums")
    ((first_at, last_at),) = database.read(
        "SELECT (SELECT at FROM attempts ORDER BY id LIMIT 1),"
        " (SELECT at FROM attempts ORDER BY id DESC LIMIT 1)"
    )
    # A session that is open, or whose engine died, reaches to the last attempt.
    spans = database.read(
        "SELECT opened_at, coalesce(closed_at, ?, opened_at) FROM sessions ORDER BY id", (last_at,)
    )
    return Totals(output_bytes, wire_bytes, attempts, union_s(spans), first_at, last_at)


def union_s(spans: Iterable[tuple[float, float]]) -> float:
    """The seconds of times of work from their beginnings to their ends, those of several networks at once
    counted once.

    In the order in which they began: one that begins before all the time of those before was on a clock
    that was set back, and counts whole.
    """
    total_s, first, last = 0.0, math.inf, -math.inf
    for began_at, ended_at in spans:
        if began_at < first or began_at > last:
            first = last = began_at
        total_s += max(0.0, ended_at - last)
        last = max(last, ended_at)
    return total_s


def done_by_minute(database: Database, since: float) -> dict[int, int]:
    """Clips done in each minute since the epoch, from ``since`` on."""
    return dict(
        database.read(
            "SELECT CAST(at AS INTEGER) / 60, count(*) FROM attempts"
            " WHERE outcome = 'done' AND at >= ? GROUP BY 1 ORDER BY 1",
            (since,),
        )
    )


def _by_category(database: Database, sql: str) -> dict[Category, int]:
    return {Category(category): number for category, number in database.read(sql)}


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
    on the disk already took none, nor did those that came out of archives, ``of_archives``. ``total_s`` is
    time in workers' hands.
    """

    session: int | None
    hour: int
    outcome: str
    attempts: int
    fetched: int
    of_archives: int
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
    passed: bool


def class_counts(database: Database) -> list[ClassCounts]:
    """The progress of each class of each split, by name; clips without a label are under the empty one."""
    rows = database.read(
        "SELECT splits.name, labels.name, total, done, failed FROM"
        " (SELECT split_id, label_id, count(*) AS total, sum(status = 'done') AS done,"
        " sum(status = 'failed') AS failed FROM clips WHERE selected = 1 GROUP BY split_id, label_id)"
        " JOIN splits ON splits.id = split_id JOIN labels ON labels.id = label_id"
        " ORDER BY splits.name, labels.name"
    )
    return [ClassCounts(*row) for row in rows]


def clip_times(database: Database) -> Iterator[Spent]:
    """The seconds of every clip that was fetched, the last ones where it was fetched several times.

    In constant memory.
    """
    names = "resolve_s", "download_s", "trim_s", "total_s"
    columns = ", ".join(f"min({LONGEST_S}, max(0, CAST({name} AS REAL)))" for name in names)
    for row in database.iterate(
        # With max() in a group SQLite takes the other columns from the row that has it.
        f"SELECT {columns}, max(id) FROM attempts NOT INDEXED"  # noqa: S608 - our own field names
        " WHERE outcome = 'done' AND wire_bytes > 0 GROUP BY clip_id"
    ):
        yield Spent(**dict(zip(names, row, strict=False)))


def efforts(database: Database) -> list[Effort]:
    """All attempts, added up."""
    # Of older ledgers: what was in hand as a session ended is noted with none, and was of the one before.
    session = (
        "CASE WHEN session_id IS NULL AND wire_bytes > 0 THEN"
        " (SELECT max(id) FROM sessions WHERE opened_at <= attempts.at) ELSE session_id END"
    )
    rows = database.read(
        f"SELECT {session}, CAST(at / {HOUR_S} AS INTEGER), outcome, count(*),"  # noqa: S608
        " sum(wire_bytes > 0), sum(archive <> ''),"
        f" CAST(total(wire_bytes) AS INTEGER), total(min({LONGEST_S}, max(0, CAST(total_s AS REAL))))"
        " FROM attempts GROUP BY 1, 2, 3 ORDER BY 2, 1, 3"
    )
    return [Effort(*row) for row in rows]


class NetworkCounts(NamedTuple):
    """By one network: clips that it fetched, clips that are given up for what came by it, and its bytes."""

    network: str
    clips: int
    failed: int
    wire_bytes: int


def network_counts(database: Database) -> list[NetworkCounts]:
    """Every network with attempts. A clip counts once, by the network of its last attempt that did it."""
    rows = database.read(
        # With max() in a group SQLite takes the other columns from the row that has it.
        "WITH last AS (SELECT outcome, network_id, max(id) FROM attempts NOT INDEXED"
        " WHERE outcome = 'done' AND wire_bytes > 0 OR outcome = 'failed'"
        " AND clip_id IN (SELECT id FROM clips WHERE status = 'failed') GROUP BY clip_id, outcome),"
        " settled AS (SELECT network_id, sum(outcome = 'done') AS done, sum(outcome = 'failed') AS failed"
        " FROM last GROUP BY network_id),"
        " sent AS (SELECT network_id, CAST(total(wire_bytes) AS INTEGER) AS wire_bytes FROM attempts"
        " GROUP BY network_id)"
        " SELECT coalesce(nullif(label, ''), name), coalesce(done, 0), coalesce(failed, 0), wire_bytes"
        # What became of clips of archives is noted under no name.
        " FROM sent JOIN networks ON networks.id = sent.network_id AND name <> ''"
        " LEFT JOIN settled ON settled.network_id = sent.network_id ORDER BY networks.id"
    )
    return [NetworkCounts(*row) for row in rows]


def source_counts(database: Database) -> tuple[int, int, dict[str, int]]:
    """Selected clips that are done: from YouTube, on the disk before a run, and by archive they come from."""
    fetched = here = 0
    by_archive: dict[str, int] = {}
    for archive, of_youtube, clips in database.iterate(
        # With max() in a group SQLite takes the other columns from the row that has it.
        "WITH last AS (SELECT archive, wire_bytes > 0 AS fetched, max(id) FROM attempts NOT INDEXED"
        " WHERE outcome = 'done' AND clip_id IN"
        " (SELECT id FROM clips WHERE status = 'done' AND selected = 1) GROUP BY clip_id)"
        " SELECT archive, fetched, count(*) FROM last GROUP BY 1, 2"
    ):
        if archive:
            by_archive[archive] = by_archive.get(archive, 0) + clips
        elif of_youtube:
            fetched += clips
        else:
            here += clips
    return fetched, here, by_archive


def archive_wire_bytes(database: Database) -> int:
    """The bytes that were fetched of archives."""
    ((wire_bytes,),) = database.read("SELECT coalesce(sum(wire_bytes), 0) FROM archives")
    return int(wire_bytes)


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
    return [ThrottleRow._make((*row[:-1], bool(row[-1]))) for row in rows]


def last_attempt_at(database: Database) -> float | None:
    """When the last attempt ended."""
    ((at,),) = database.read("SELECT (SELECT at FROM attempts ORDER BY id DESC LIMIT 1)")
    return None if at is None else float(at)


def sittings(database: Database) -> dict[int, int]:
    """The number of the sitting that each session belongs to, from 1.

    Those of several networks at once are one sitting.
    """
    found: dict[int, int] = {}
    number, last = 0, -math.inf
    for row in sessions(database):
        number += row.opened_at >= last
        found[row.id] = number
        last = max(last, math.inf if row.closed_at is None else row.closed_at)
    return found
