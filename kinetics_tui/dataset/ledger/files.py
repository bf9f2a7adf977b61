"""What a dataset holds and what of its selection is missing, clip by clip, with where each came from.

Clips come in the order of their keys, which does not hang on who downloaded what when: two datasets of one
selection list alike. They are read a page at a time, so that nothing holds up an engine that writes.

What the ledger says of its clips' files, and the changes that a check of the files leads to.

The changes are made in the caller's transaction. Who makes them is the ledger's only writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.ledger.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.rows import Attempt, ClipStatus
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName

PAGE = 1000

_HOLDINGS = (
    f"SELECT {CLIP_COLUMNS}, timed, start_ms, end_ms, status, clips.category, clips.output_bytes,"  # noqa: S608 - constants
    " (SELECT message FROM attempts WHERE status = 'failed' AND clip_id = clips.id AND outcome = 'failed'"
    "  ORDER BY id DESC LIMIT 1),"
    " coalesce(programs.name, ''), duration_s, width_px, height_px, fps, sound, short, exact,"
    " source_itags, source_height_px, source_fps"
    f" FROM clips {CLIP_JOINS}"
    " LEFT JOIN attempts ON attempts.id = (SELECT max(id) FROM attempts INDEXED BY attempts_made"
    "  WHERE status = 'done' AND clip_id = clips.id AND outcome = 'done')"
    " LEFT JOIN programs ON programs.id = program_id"
    " WHERE selected = 1 AND (youtube_id, start_ms, end_ms) > (?, ?, ?)"
    " ORDER BY youtube_id, start_ms, end_ms LIMIT ?"
)
_BEFORE_ALL = ("", -(10**15), -(10**15))


class Made(msgspec.Struct, frozen=True, array_like=True):
    """What was recorded of a clip's file when it was made; empty and 0 where that is not known."""

    made_with: str = ""
    duration_s: float = 0.0
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0
    sound: bool = False
    short: bool = False
    exact: bool = True
    source_itags: str = ""
    source_height_px: int = 0
    source_fps: float = 0.0


class Holding(msgspec.Struct, frozen=True):
    """A selected clip as the ledger has it; ``path`` is its file, relative to the dataset folder.

    ``naming`` is how layouts name the file. ``why`` says in a few words why the clip is not there, with
    the ``message`` of its last failure; it is empty where it is done. ``output_bytes`` and ``made`` are
    what was recorded then; ``made`` is None where no attempt is known to have made it.
    """

    clip: Clip
    path: str
    naming: Naming
    why: str
    message: str
    output_bytes: int
    made: Made | None

    @property
    def done(self) -> bool:
        return not self.why


def read_holdings(database: Database, layout: LayoutName) -> Iterator[Holding]:
    """Every selected clip, by its key, in constant memory."""
    after: tuple[object, ...] = _BEFORE_ALL
    while rows := database.read(_HOLDINGS, (*after, PAGE)):
        for row in rows:
            yield _holding(layout, row)
        after = (rows[-1][0], rows[-1][6], rows[-1][7])


def count_selected(database: Database) -> int:
    """How many clips are selected."""
    ((count,),) = database.read("SELECT count(*) FROM clips WHERE selected = 1")
    return int(count)


def selected_labels(database: Database) -> list[str]:
    """The labels of the selected clips, in alphabetical order; clips without one are passed over."""
    rows = database.read(
        "SELECT name FROM labels WHERE name <> '' AND id IN (SELECT label_id FROM clips WHERE selected = 1)"
    )
    return sorted(name for (name,) in rows)


def _holding(layout: LayoutName, row: tuple[Any, ...]) -> Holding:
    clip, naming = read_clip(*row[:5]), Naming(row[5])
    status, category, output_bytes, message, *made = row[8:]
    return Holding(
        clip=clip,
        path=str(clip_path(layout, clip, naming)),
        naming=naming,
        why=_why_missing(ClipStatus(status), category),
        message=message or "",
        output_bytes=output_bytes,
        made=msgspec.convert(made, Made, strict=False) if made[1] is not None else None,
    )


def _why_missing(status: ClipStatus, category: str) -> str:
    match status:
        case ClipStatus.DONE:
            return ""
        case ClipStatus.FAILED:
            return Category(category).value
        case ClipStatus.WAITING:
            return "waits for another try"
        case ClipStatus.PENDING:
            return "not tried to the end yet"


_MADE = "id", "duration_s", "sound", "short", "exact"
_ACCOUNTS = (
    f"SELECT clips.id, clips.status, clips.output_bytes, timed, {CLIP_COLUMNS},"  # noqa: S608 - constants
    f" {', '.join(f'made.{name}' for name in _MADE)} FROM clips {CLIP_JOINS}"
    " LEFT JOIN (SELECT max(id) AS id, clip_id, duration_s, sound, short, exact"
    "  FROM attempts WHERE outcome = 'done' GROUP BY clip_id) AS made ON made.clip_id = clips.id"
    " ORDER BY clips.id"
)


class Recorded(msgspec.Struct, frozen=True, array_like=True):
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
    made: Recorded | None

    @property
    def done(self) -> bool:
        return self.status is ClipStatus.DONE


def read_accounts(database: Database, layout: LayoutName) -> Iterator[Account]:
    """The account of every clip, selected or not, by id and in constant memory."""
    for clip_id, status, output_bytes, timed, *columns in database.iterate(_ACCOUNTS):
        clip = read_clip(*columns[:5])
        path = str(clip_path(layout, clip, Naming(timed)))
        number, duration_s, *flags = columns[5:]
        made = Recorded(number, duration_s, *map(bool, flags)) if number is not None else None
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
