"""Attempts on their way into the ledger's tables, and back out for the records.

Its figures are columns named as the fields of ``Spent`` and ``MadeFile``, but for ``made_with``, whose text
is kept once and told by its number.
"""

from __future__ import annotations

import operator
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from kinetics_tui.base.safe_text import storable
from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.networks import network_id
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome, Settled
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent

MAX_MESSAGE_CHARS = 500
MAX_ORIGIN_CHARS = 200

_OWN = ("clip_id", "at", "outcome", "category", "pid", "slot", "retry_at", "crashed")
_FIGURES = (*Spent.__struct_fields__, *MadeFile.__struct_fields__)
# Columns of the table that are named and typed as fields.
_PLAIN = (*_OWN, *(name for name in _FIGURES if name != "made_with"))
_COLUMNS = (*_PLAIN, "network_id", "session_id", "program_id", "message")
_plain_of = operator.itemgetter(*_PLAIN)
_NO_FILE = msgspec.structs.asdict(
    MadeFile(
        output_bytes=0, duration_s=0, width_px=0, height_px=0, fps=0, sound=False, short=False, exact=True
    )
)
_INSERT = f"INSERT INTO attempts ({', '.join(_COLUMNS)}) VALUES ({','.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own field names

_ON_OUTCOME = {
    Outcome.DONE: "UPDATE clips SET status = 'done', category = NULL, retry_at = NULL,"
    " attempts = attempts + 1, output_bytes = :output_bytes WHERE id = :clip_id",
    Outcome.FAILED: "UPDATE clips SET status = 'failed', category = :category, retry_at = NULL,"
    " attempts = attempts + 1 WHERE id = :clip_id",
    Outcome.RETRY: "UPDATE clips SET status = 'waiting', retry_at = coalesce(:retry_at, :at),"
    " attempts = attempts + 1 WHERE id = :clip_id",
}
CLIP_COLUMNS = "youtube_id, start_ms, end_ms, splits.name, labels.name"
CLIP_JOINS = "JOIN splits ON splits.id = split_id JOIN labels ON labels.id = label_id"


def write_attempts(connection: sqlite3.Connection, attempts: Iterable[tuple[Attempt, int | None]]) -> None:
    """Write attempts, each with its session, and what they make of their clips; the caller commits."""
    networks: dict[str, int] = {}
    programs: dict[str, int | None] = {}
    done_by: Counter[int] = Counter()
    kept = wire_bytes = 0
    for attempt, session_id in attempts:
        fields = columns_of(attempt)
        if attempt.outcome in _ON_OUTCOME:
            connection.execute(_ON_OUTCOME[attempt.outcome], fields)
        if attempt.crashed:
            connection.execute("UPDATE clips SET crashes = crashes + 1 WHERE id = :clip_id", fields)
        if attempt.outcome is Outcome.RETURNED and attempt.category is None and not attempt.crashed:
            continue
        network = networks.get(attempt.network)
        if network is None:
            network = networks[attempt.network] = network_id(connection, attempt.network)
        made_with = fields["made_with"]
        program = programs.get(made_with)
        if program is None:
            name = storable(made_with[:MAX_ORIGIN_CHARS])
            program = programs[made_with] = _program_id(connection, name)
        for name in ("source_itags", "archive"):
            fields[name] = storable(fields[name][:MAX_ORIGIN_CHARS])
        message = storable(attempt.message[:MAX_MESSAGE_CHARS])
        connection.execute(_INSERT, (*_plain_of(fields), network, session_id, program, message))
        done_by[network] += attempt.outcome is Outcome.DONE and attempt.spent.wire_bytes > 0
        kept += 1
        wire_bytes += attempt.spent.wire_bytes
    # Sums over the whole batch: one by one they would be half of all that is written.
    connection.executemany(
        "UPDATE networks SET clips = clips + ? WHERE id = ?", [(n, number) for number, n in done_by.items()]
    )
    connection.execute(
        "UPDATE sums SET attempts = attempts + ?, wire_bytes = wire_bytes + ?", (kept, wire_bytes)
    )


def columns_of(attempt: Attempt) -> dict[str, Any]:
    """The fields of an attempt with its figures beside them, zeros where no file came of it."""
    fields: dict[str, Any] = msgspec.to_builtins(attempt)
    return {**fields, **fields["spent"], **(fields["made"] or _NO_FILE)}


def settled_attempts(database: Database) -> Iterator[Settled]:
    """Attempts that settled their clip, oldest first, in constant memory."""
    columns = ", ".join(f"attempts.{name}" for name in _PLAIN)
    for row in database.iterate(
        f"SELECT {CLIP_COLUMNS}, networks.name, message, session_id, coalesce(programs.name, ''), {columns}"  # noqa: S608 - constants
        f" FROM attempts JOIN clips ON clips.id = clip_id {CLIP_JOINS}"
        " JOIN networks ON networks.id = network_id LEFT JOIN programs ON programs.id = program_id"
        " WHERE outcome IN ('done', 'failed') ORDER BY attempts.id"
    ):
        plain: dict[str, Any] = dict(zip(_PLAIN, row[9:], strict=True), made_with=row[8])
        made = plain if plain["outcome"] == Outcome.DONE else None
        fields = {**plain, "network": row[5], "message": row[6], "made": made, "spent": plain}
        yield Settled(read_clip(*row[:5]), msgspec.convert(fields, Attempt, strict=False), row[7])


def _program_id(connection: sqlite3.Connection, made_with: str) -> int | None:
    if not made_with:
        return None
    found = connection.execute("SELECT id FROM programs WHERE name = ?", (made_with,)).fetchone()
    if found is None:
        return connection.execute("INSERT INTO programs (name) VALUES (?)", (made_with,)).lastrowid
    number: int = found[0]
    return number


def standing_failures(database: Database) -> Iterator[tuple[Clip, Category, str]]:
    """Selected clips that stand as failed, by id, each with the message of its last failure."""
    for *clip, category, message in database.iterate(
        f"SELECT {CLIP_COLUMNS}, clips.category, (SELECT message FROM attempts"  # noqa: S608 - constants
        " WHERE clip_id = clips.id AND outcome = 'failed' ORDER BY attempts.id DESC LIMIT 1)"
        f" FROM clips {CLIP_JOINS} WHERE status = 'failed' AND selected = 1 ORDER BY clips.id"
    ):
        yield read_clip(*clip), Category(category), message or ""


def newest_done(database: Database, limit: int = 1) -> list[str]:
    """The videos of the clips done last, newest first, each once.

    Clips that lay on the disk already are left out: YouTube was not asked for their videos.
    """
    videos: dict[str, None] = {}
    rows = database.iterate(
        "SELECT youtube_id FROM attempts INDEXED BY attempts_done CROSS JOIN clips ON clips.id = clip_id"
        " WHERE outcome = 'done' AND wire_bytes > 0 ORDER BY at DESC"
    )
    for (youtube_id,) in rows:
        if len(videos) >= limit:
            break
        videos[youtube_id] = None
    return list(videos)


def read_clip(youtube_id: str, start_ms: int, end_ms: int, split: str, label: str) -> Clip:
    """The clip in a row of ``CLIP_COLUMNS``."""
    return Clip(youtube_id, start_ms / 1000, end_ms / 1000, split, label)
