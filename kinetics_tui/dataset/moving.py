"""Times in the ledger moved, where the clock that they are waited for by was set."""

from __future__ import annotations

import sqlite3

import msgspec

from kinetics_tui.dataset.lessons import Lessons
from kinetics_tui.dataset.rows import Attempt

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
