"""Clips on their way into the ledger, a batch at a time, however many there are.

Counts of the selected clips by split and status, kept beside them: what a start asks first.

Counting 650,000 clips takes a tenth of a second, and ``status`` is to answer at once. A trigger follows
every change of a clip; whoever adds or removes clips calls ``recount``.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import storable
from kinetics_tui.dataset.layout import Naming, clip_folder, same_to_some
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName

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
    """Count all clips again; the caller commits."""
    connection.execute("DELETE FROM tallies")
    connection.execute(_ROWS)
    connection.execute(_COUNTS)


BATCH = 5000
_LONGEST_MS = 10**12

_INSERT = """
INSERT INTO clips (youtube_id, start_ms, end_ms, split_id, label_id, timed) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
# A clip that is not done yet follows its annotations to another split or label. Its name then carries
# its times, which nothing in the new folder can clash with.
_FOLLOW = """
UPDATE clips SET split_id = ?4, label_id = ?5, timed = max(timed, 1)
WHERE youtube_id = ?1 AND start_ms = ?2 AND end_ms = ?3 AND status <> 'done'
    AND (split_id <> ?4 OR label_id <> ?5)
"""
_WANT = """
INSERT OR IGNORE INTO wanted SELECT id FROM clips WHERE youtube_id = ? AND start_ms = ? AND end_ms = ?
"""
_SAME_VIDEO = """
SELECT split_id, label_id FROM clips WHERE youtube_id = ?1 AND NOT (start_ms = ?2 AND end_ms = ?3)
"""

# Ids that differ in capitals alone are one name to some file systems: only the first keeps its names.
_MARK = """
UPDATE clips SET timed = 2 WHERE id > ?1 AND id IN (
    SELECT id FROM (
        SELECT id, youtube_id, first_value(youtube_id) OVER twins AS first
        FROM clips WHERE lower(youtube_id) IN (
            SELECT lower(youtube_id) FROM clips GROUP BY 1 HAVING min(youtube_id) <> max(youtube_id)
        ) WINDOW twins AS (PARTITION BY lower(youtube_id) ORDER BY id)
    ) WHERE youtube_id <> first
)
"""

_Row = tuple[str, int, int, int, int]


class Intake:
    """Adds clips to a ledger within the transaction of its caller; the first clip of a key wins."""

    def __init__(self, connection: sqlite3.Connection, layout: LayoutName) -> None:
        self._connection = connection
        self._layout = layout
        self._names: dict[str, dict[str, int]] = {
            table: dict(connection.execute(f"SELECT name, id FROM {table}").fetchall())  # noqa: S608 - ours
            for table in ("splits", "labels")
        }

    def add(self, clips: Iterable[Clip]) -> int:
        """Add the clips that are new; returns how many were. Raises DatasetError for an impossible time."""
        last_id = self._last_id()
        added = sum(self._insert(batch) for batch in self._batches(clips))
        self._keep_apart(last_id)
        recount(self._connection)
        return added

    def select(self, clips: Iterable[Clip]) -> int:
        """Add the clips that are new and make these clips the selected ones; returns how many were new."""
        execute = self._connection.execute
        execute("CREATE TEMP TABLE wanted (id INTEGER PRIMARY KEY)")
        last_id = self._last_id()
        added = 0
        for batch in self._batches(clips):
            added += self._insert(batch)
            self._connection.executemany(_FOLLOW, batch)
            self._connection.executemany(_WANT, (row[:3] for row in batch))
        execute("UPDATE clips SET selected = 1 WHERE selected = 0 AND id IN (SELECT id FROM wanted)")
        execute("UPDATE clips SET selected = 0 WHERE selected = 1 AND id NOT IN (SELECT id FROM wanted)")
        execute("DROP TABLE wanted")
        self._keep_apart(last_id)
        recount(self._connection)
        return added

    def _last_id(self) -> int:
        (last_id,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM clips").fetchone()
        return int(last_id)

    def _keep_apart(self, last_id: int) -> None:
        """Name the clips that were added after ``last_id`` so that no other has the same name anywhere."""
        if self._last_id() > last_id:
            self._connection.execute(_MARK, (last_id,))

    def _batches(self, clips: Iterable[Clip]) -> Iterator[list[_Row]]:
        rows = map(self._row, clips)
        while batch := list(itertools.islice(rows, BATCH)):
            yield batch

    def _insert(self, batch: list[_Row]) -> int:
        before = self._connection.total_changes
        if self._layout is LayoutName.SHOWMAX:
            for row in batch:
                naming = Naming.TIMED if self._clashes(row) else Naming.PLAIN
                self._connection.execute(_INSERT, (*row, naming))
        else:
            self._connection.executemany(_INSERT, ((*row, Naming.PLAIN) for row in batch))
        return self._connection.total_changes - before

    def _row(self, clip: Clip) -> _Row:
        return (
            storable(clip.youtube_id),
            _milliseconds(clip, clip.time_start),
            _milliseconds(clip, clip.time_end),
            self._id("splits", clip.split),
            self._id("labels", clip.label),
        )

    def _clashes(self, row: _Row) -> bool:
        """True if another clip of the video lies in the clip's folder, where names carry no times."""
        folder = self._folder(row[3], row[4])
        others = self._connection.execute(_SAME_VIDEO, row[:3]).fetchall()
        return any(self._folder(split, label) == folder for split, label in others)

    def _id(self, table: str, name: str) -> int:
        names = self._names[table]
        name = storable(name)
        if name not in names:
            cursor = self._connection.execute(f"INSERT INTO {table} (name) VALUES (?)", (name,))  # noqa: S608 - ours
            names[name] = cursor.lastrowid or 0
        return names[name]

    def _folder(self, split_id: int, label_id: int) -> str:
        (split,) = self._connection.execute("SELECT name FROM splits WHERE id = ?", (split_id,)).fetchone()
        (label,) = self._connection.execute("SELECT name FROM labels WHERE id = ?", (label_id,)).fetchone()
        return same_to_some(clip_folder(self._layout, split, label))


def _milliseconds(clip: Clip, time_s: float) -> int:
    if not abs(time_s) * 1000 < _LONGEST_MS:  # false for NaN too
        raise DatasetError(f"Clip {clip.youtube_id!r} has an impossible time; mend its annotations.")
    return round(time_s * 1000)
