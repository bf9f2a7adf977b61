"""What the ledger says of its clips' files, and the changes that a check of the files leads to.

The changes are made in the caller's transaction. Who makes them is the ledger's only writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from kinetics_tui.dataset.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.database import Database
from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.rows import Attempt, ClipStatus
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName

_MADE = "id", "duration_s", "sound", "short", "exact"
_ACCOUNTS = (
    f"SELECT clips.id, clips.status, clips.output_bytes, timed, {CLIP_COLUMNS},"  # noqa: S608 - constants
    f" {', '.join(f'made.{name}' for name in _MADE)} FROM clips {CLIP_JOINS}"
    " LEFT JOIN (SELECT max(id) AS id, clip_id, duration_s, sound, short, exact"
    "  FROM attempts WHERE outcome = 'done' GROUP BY clip_id) AS made ON made.clip_id = clips.id"
    " ORDER BY clips.id"
)


class Made(msgspec.Struct, frozen=True, array_like=True):
    """What was recorded of a file when its clip was done, by the attempt of this number."""

    attempt_id: int
    duration_s: float
    sound: bool
    short: bool
    exact: bool


class Account(msgspec.Struct, frozen=True, array_like=True):
    """What the ledger says of a clip and its file; ``path`` is relative to the dataset folder, POSIX style.

    ``output_bytes`` is the recorded size; ``made`` is None where no attempt is known to have made it.
    """

    id: int
    clip: Clip
    path: str
    status: ClipStatus
    output_bytes: int
    made: Made | None

    @property
    def done(self) -> bool:
        return self.status is ClipStatus.DONE


def read_accounts(database: Database, layout: LayoutName) -> Iterator[Account]:
    """The account of every clip, selected or not, by id and in constant memory."""
    for clip_id, status, output_bytes, timed, *columns in database.iterate(_ACCOUNTS):
        clip = read_clip(*columns[:5])
        path = str(clip_path(layout, clip, Naming(timed)))
        number, duration_s, *flags = columns[5:]
        made = Made(number, duration_s, *map(bool, flags)) if number is not None else None
        yield Account(clip_id, clip, path, ClipStatus(status), output_bytes, made)


def unselected_ids(database: Database) -> Iterator[int]:
    """The ids of clips that the ledger knows, and that the selection leaves out."""
    return (clip_id for (clip_id,) in database.iterate("SELECT id FROM clips WHERE selected = 0"))


def take_back(connection: sqlite3.Connection, account: Account) -> None:
    """Make a done clip pending, as if never tried: its file is not what was recorded.

    The attempt that made it settles nothing any more; the bytes it fetched stay in the totals.
    """
    connection.execute(
        "UPDATE clips SET status = 'pending', attempts = 0, crashes = 0, category = NULL, retry_at = NULL,"
        " output_bytes = 0 WHERE id = ?",
        (account.id,),
    )
    if account.made is not None:
        connection.execute(
            "UPDATE attempts SET outcome = 'returned' WHERE id = ?", (account.made.attempt_id,)
        )


def correct(connection: sqlite3.Connection, account: Account, found: Attempt) -> None:
    """Have a done clip recorded with the size and the shape of its file now, which who knows what made."""
    fields = {**msgspec.to_builtins(found), "attempt_id": account.made.attempt_id if account.made else None}
    connection.execute("UPDATE clips SET output_bytes = :output_bytes WHERE id = :clip_id", fields)
    connection.execute(
        "UPDATE attempts SET output_bytes = :output_bytes, duration_s = :duration_s, width_px = :width_px,"
        " height_px = :height_px, fps = :fps, sound = :sound, short = :short, exact = :exact,"
        " source_itags = '', source_height_px = 0, source_fps = 0, program_id = NULL"
        " WHERE id = :attempt_id",
        fields,
    )


def faults_of_structure(database: Database) -> Iterable[str]:
    """What SQLite itself finds wrong with the ledger's file, in its words; nothing where it is whole."""
    return (text for (text,) in database.iterate("PRAGMA quick_check(3)") if text != "ok")
