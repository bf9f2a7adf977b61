"""What a ledger adds up to."""

from __future__ import annotations

from kinetics_tui.dataset.database import Database
from kinetics_tui.dataset.rows import ClipStatus, Totals
from kinetics_tui.model.clip import TEST, TRAIN, VAL
from kinetics_tui.model.events import SplitCounts
from kinetics_tui.model.failure import Category

_SPLIT_ORDER = {TRAIN: 0, VAL: 1, TEST: 2}


def split_counts(database: Database) -> list[SplitCounts]:
    """How far each split with selected clips is: train, val, test, then any others by name."""
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
    ((elapsed_s,),) = database.read(
        "SELECT coalesce(sum(max(0, coalesce(closed_at, ?, opened_at) - opened_at)), 0) FROM sessions",
        (last_at,),
    )
    return Totals(output_bytes, wire_bytes, attempts, elapsed_s, first_at, last_at)


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
