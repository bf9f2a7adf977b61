"""The clips of a ledger with their files: what was made, what is missing, and how a check corrects that.

Clips are read a page at a time, so that nothing holds up an engine that writes. Corrections are made in the
transaction of the caller, who is the ledger's only writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.ledger.attempts import CLIP_COLUMNS, CLIP_JOINS, columns_of, read_clip
from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.rows import Attempt, ClipStatus
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import LayoutName

PAGE = 1000

_MADE = MadeFile.__struct_fields__
_COLUMNS = ", ".join(
    (
        "clips.id",
        CLIP_COLUMNS,
        "timed, status, clips.output_bytes, selected, attempts.id",
        *("coalesce(programs.name, '')" if name == "made_with" else f"attempts.{name}" for name in _MADE),
    )
)
_MADE_JOINS = (
    "LEFT JOIN attempts ON attempts.id = (SELECT max(id) FROM attempts INDEXED BY attempts_made"
    "  WHERE status = 'done' AND clip_id = clips.id AND outcome = 'done')"
    " LEFT JOIN programs ON programs.id = program_id"
)
_TABLES = f"clips {CLIP_JOINS} {_MADE_JOINS}"
_ACCOUNTS = f"SELECT {_COLUMNS}, clips.id FROM {_TABLES} WHERE clips.id > ? ORDER BY clips.id LIMIT ?"  # noqa: S608 - constants
_OF_A_VIDEO = f"SELECT {_COLUMNS} FROM {_TABLES} WHERE youtube_id = ? ORDER BY clips.id"  # noqa: S608 - constants
# In the order of the keys, which does not hang on who downloaded what when: two datasets of one selection
# list alike.
_HOLDINGS = (
    f"SELECT {_COLUMNS}, clips.category, (SELECT message FROM attempts"  # noqa: S608 - constants
    "  WHERE status = 'failed' AND clip_id = clips.id AND outcome = 'failed' ORDER BY id DESC LIMIT 1),"
    " youtube_id, start_ms, end_ms"
    # With a plus, or SQLite would find the selected ones by another index and sort all for every page.
    f" FROM {_TABLES} WHERE +selected = 1 AND (youtube_id, start_ms, end_ms) > (?, ?, ?)"
    " ORDER BY youtube_id, start_ms, end_ms LIMIT ?"
)
_BEFORE_ALL = ("", -(10**15), -(10**15))


class Account(msgspec.Struct, frozen=True):
    """A clip as the ledger has it; ``path`` is its file, POSIX style, relative to the dataset folder.

    ``output_bytes`` is the recorded size of the file, ``made`` the file as the attempt ``attempt_id`` made
    it. Both are None where the clip is not done, and where no attempt is known to have made it.
    """

    id: int
    clip: Clip
    path: str
    status: ClipStatus
    output_bytes: int = 0
    selected: bool = True
    attempt_id: int | None = None
    made: MadeFile | None = None

    @property
    def done(self) -> bool:
        return self.status is ClipStatus.DONE


class Holding(Account, frozen=True, kw_only=True):
    """The account of a selected clip; ``naming`` is how layouts name its file.

    ``why`` says in a few words why the clip is not there, with the ``message`` of its last failure; it is
    empty where the clip is done.
    """

    naming: Naming
    why: str
    message: str


def read_accounts(database: Database, layout: LayoutName) -> Iterator[Account]:
    """The account of every clip, selected or not, by id and in constant memory."""
    return (Account(**_account(layout, row)) for row in _rows(database, _ACCOUNTS, (-1,)))


def accounts_of_video(database: Database, layout: LayoutName, youtube_id: str) -> list[Account]:
    """The accounts of the clips of one video, selected or not, by id."""
    return [Account(**_account(layout, row)) for row in database.read(_OF_A_VIDEO, (youtube_id,))]


def read_holdings(database: Database, layout: LayoutName) -> Iterator[Holding]:
    """Every selected clip, by its key, in constant memory."""
    for *row, category, message, _youtube_id, _start_ms, _end_ms in _rows(database, _HOLDINGS, _BEFORE_ALL):
        fields = _account(layout, row)
        why = _why_missing(fields["status"], category)
        yield Holding(**fields, naming=Naming(row[6]), why=why, message=message or "")


def _rows(database: Database, sql: str, after: tuple[object, ...]) -> Iterator[Any]:
    """The rows of a query page by page, each from where the last columns of the one before left off."""
    while rows := database.read(sql, (*after, PAGE)):
        yield from rows
        after = rows[-1][-len(after) :]


def _account(layout: LayoutName, row: Sequence[Any]) -> dict[str, Any]:
    """The fields of an account out of a row of ``_COLUMNS``."""
    clip = read_clip(*row[1:6])
    timed, status, output_bytes, selected, attempt_id = row[6:11]
    made = None
    if attempt_id is not None:
        made = msgspec.convert(dict(zip(_MADE, row[11:], strict=False)), MadeFile, strict=False)
    return {
        "id": row[0],
        "clip": clip,
        "path": str(clip_path(layout, clip, Naming(timed))),
        "status": ClipStatus(status),
        "output_bytes": output_bytes,
        "selected": bool(selected),
        "attempt_id": attempt_id,
        "made": made,
    }


def count_selected(database: Database) -> int:
    """The number of clips that are selected."""
    ((count,),) = database.read("SELECT count(*) FROM clips WHERE selected = 1")
    return int(count)


def selected_labels(database: Database) -> list[str]:
    """The labels of the selected clips, in alphabetical order; clips without one are passed over."""
    rows = database.read(
        "SELECT name FROM labels WHERE name <> '' AND id IN (SELECT label_id FROM clips WHERE selected = 1)"
    )
    return sorted(name for (name,) in rows)


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


def take_back(connection: sqlite3.Connection, account: Account) -> None:
    """Make a done clip pending, as if never tried: its file is not what was recorded.

    The attempt that made it settles nothing any more; the bytes it fetched stay in the totals.
    """
    connection.execute(
        "UPDATE clips SET status = 'pending', attempts = 0, crashes = 0, category = NULL, retry_at = NULL,"
        " output_bytes = 0 WHERE id = ?",
        (account.id,),
    )
    connection.execute("UPDATE attempts SET outcome = 'returned' WHERE id = ?", (account.attempt_id,))


def correct(connection: sqlite3.Connection, account: Account, found: Attempt) -> None:
    """Have a done clip recorded with the size and the shape of its file now, which who knows what made."""
    fields = {**columns_of(found), "attempt_id": account.attempt_id}
    connection.execute("UPDATE clips SET output_bytes = :output_bytes WHERE id = :clip_id", fields)
    connection.execute(
        "UPDATE attempts SET output_bytes = :output_bytes, duration_s = :duration_s, width_px = :width_px,"
        " height_px = :height_px, fps = :fps, sound = :sound, short = :short, exact = :exact,"
        " source_itags = '', source_height_px = 0, source_fps = 0, program_id = NULL,"
        " archive = ''"
        " WHERE id = :attempt_id",
        fields,
    )


def faults_of_structure(database: Database) -> Iterable[str]:
    """Faults of the ledger's file in SQLite's own words; nothing where it is whole."""
    return (text for (text,) in database.iterate("PRAGMA quick_check(3)") if text != "ok")
