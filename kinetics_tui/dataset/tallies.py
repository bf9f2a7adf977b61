"""Counts of the selected clips by split and status, kept beside them: what a start asks first.

Counting 650,000 clips takes a tenth of a second, and ``status`` is to answer at once. A trigger follows
every change of a clip; whoever adds or removes clips calls ``recount``.
"""

from __future__ import annotations

import sqlite3

TABLE = """
CREATE TABLE tallies (
    split_id INTEGER NOT NULL REFERENCES splits (id),
    status TEXT NOT NULL,
    clips INTEGER NOT NULL,
    output_bytes INTEGER NOT NULL,
    PRIMARY KEY (split_id, status)
) WITHOUT ROWID
"""
TRIGGER = """
CREATE TRIGGER clips_changed AFTER UPDATE OF split_id, selected, status, output_bytes ON clips BEGIN
    UPDATE tallies SET clips = clips - 1, output_bytes = output_bytes - old.output_bytes
        WHERE split_id = old.split_id AND status = old.status AND old.selected;
    UPDATE tallies SET clips = clips + 1, output_bytes = output_bytes + new.output_bytes
        WHERE split_id = new.split_id AND status = new.status AND new.selected;
END
"""

# Every split has a row for each status, also those that no clip is in: the trigger makes none.
_ROWS = """
INSERT INTO tallies SELECT splits.id, statuses.column1, 0, 0
FROM splits, (VALUES ('pending'), ('waiting'), ('done'), ('failed')) AS statuses
"""
_COUNTS = """
UPDATE tallies SET (clips, output_bytes) = (
    SELECT count(*), coalesce(sum(clips.output_bytes), 0) FROM clips
    WHERE selected = 1 AND clips.split_id = tallies.split_id AND clips.status = tallies.status
)
"""


def recount(connection: sqlite3.Connection) -> None:
    """Count all clips anew; the caller commits."""
    connection.execute("DELETE FROM tallies")
    connection.execute(_ROWS)
    connection.execute(_COUNTS)
