"""Lists of clips out of the ledger, for those who look at them: failed ones, and those that are done.

``python -m kinetics_tui.dataset.ledger.clip_lists DATASET`` is a program of its own that answers one
question: it reads a query of ``model.clip_queries`` as JSON from standard input and prints the answer as a
line of JSON. A list of ten thousands of failures takes a good part of a second of a processor, which
neither an engine at work nor a screen has to spare.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.base.errors import UserError
from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.ledger.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.ledger.counts import class_counts
from kinetics_tui.dataset.ledger.database import Database, connect, read_meta
from kinetics_tui.model.clip_queries import (
    Answer,
    ClassesQuery,
    ClipHistory,
    DoneClip,
    DonePage,
    DoneQuery,
    FailedClip,
    FailedPage,
    FailedQuery,
    HistoryQuery,
    PastAttempt,
    Query,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.options import LayoutName, Options

MOST_ROWS = 1000
MOST_ATTEMPTS = 200
"""The most attempts of a page or of a history that are read at once."""

_STANDS = "WHERE status = 'failed' AND selected = 1"
_FAILED = (
    f"SELECT clips.id, clips.category, clips.attempts, last.at, last.message, {CLIP_COLUMNS}"  # noqa: S608 - constants
    f" FROM clips INDEXED BY clips_failed {CLIP_JOINS} LEFT JOIN attempts AS last ON last.id ="
    " (SELECT max(id) FROM attempts WHERE clip_id = clips.id AND outcome = 'failed')"
    f" {_STANDS} ORDER BY last.id DESC, clips.id"
)
_HISTORY = (
    "SELECT at, outcome, category, message, total_s, wire_bytes, coalesce(nullif(networks.label, ''),"
    " networks.name) FROM attempts JOIN networks ON networks.id = network_id WHERE clip_id = ?"
    " ORDER BY attempts.id DESC"
)


def read_page(database: Database, query: FailedQuery) -> FailedPage:
    """The part of the list that is wanted."""
    words = query.text.casefold().split()
    by_category: Counter[str] = Counter()
    by_label: Counter[str] = Counter()
    matching: list[Any] = []
    place = None
    for row in database.iterate(_FAILED):
        clip_id, category, label = row[0], row[1], row[-1]
        by_category[category] += 1
        by_label[label] += 1
        if query.category not in (None, category) or query.label not in (None, label):
            continue
        if words and not _has(row, words):
            continue
        if clip_id == query.anchor:
            place = len(matching)
        matching.append(row)
    first, end = _part(query, len(matching), place)
    return FailedPage(
        total=len(matching),
        first=first,
        rows=tuple(_failed_clip(*row) for row in matching[first:end]),
        by_category={Category(category): count for category, count in by_category.items()},
        by_label=dict(by_label),
    )


def _part(query: FailedQuery | DoneQuery, total: int, place: int | None) -> tuple[int, int]:
    """Where the wanted part of a list begins and ends; ``place`` is that of its anchor, None: not in it."""
    if place is None:
        place = max(0, min(total - 1, query.place))
    around = max(0, min(MOST_ROWS // 2, query.around))
    return max(0, place - around), min(total, place + around + 1)


def read_history(database: Database, query: HistoryQuery) -> ClipHistory:
    """Every attempt at a clip."""
    rows = database.read(_HISTORY, (query.clip_id,))
    attempts = tuple(
        PastAttempt(
            at=at,
            outcome=outcome,
            category=None if category is None else Category(category),
            message=message,
            took_s=took_s,
            wire_bytes=wire_bytes,
            network=network,
        )
        for at, outcome, category, message, took_s, wire_bytes, network in rows[:MOST_ATTEMPTS]
    )
    return ClipHistory(attempts=attempts, earlier=len(rows) - len(attempts))


def read_labels(database: Database) -> list[str]:
    """The classes of the clips that are wanted, by name."""
    return [
        label
        for (label,) in database.read(
            "SELECT name FROM labels WHERE EXISTS"
            " (SELECT 1 FROM clips WHERE label_id = labels.id AND selected = 1) ORDER BY name"
        )
    ]


def read_names(database: Database) -> dict[int, str]:
    """The names of the clips that stand as failed, by their numbers."""
    return {
        clip_id: read_clip(*clip).name
        for clip_id, *clip in database.iterate(
            f"SELECT clips.id, {CLIP_COLUMNS} FROM clips INDEXED BY clips_failed {CLIP_JOINS} {_STANDS}"  # noqa: S608 - constants
        )
    }


def _has(row: Any, words: Collection[str]) -> bool:
    _, category, _, _, message, *columns = row
    clip = read_clip(*columns)
    text = f"{clip.name} {clip.label} {clip.split} {category} {message or ''}".casefold()
    return all(word in text for word in words)


def _failed_clip(
    clip_id: int, category: str, attempts: int, at: float | None, message: str | None, *columns: Any
) -> FailedClip:
    return FailedClip(
        id=clip_id,
        clip=read_clip(*columns),
        category=Category(category),
        attempts=attempts,
        at=at or 0.0,
        message=message or "",
    )


# -- clips that are done ----------------------------------------------------------------------------

_MADE = MadeFile.__struct_fields__
_MADE_COLUMNS = ", ".join(
    "coalesce(programs.name, '')" if name == "made_with" else f"attempts.{name}" for name in _MADE
)
_NEWEST = "at DESC, wire_bytes DESC, attempts.id DESC"
"""The newest first, as the index of these attempts has them; below, from its other end."""
_OLDEST = _NEWEST.replace("DESC", "ASC")
_MADE_IT = (
    "ON attempts.id = (SELECT max(id) FROM attempts INDEXED BY attempts_made"
    " WHERE clip_id = clips.id AND outcome = 'done')"
)
_IN_ORDER = f"attempts INDEXED BY attempts_done CROSS JOIN clips {_MADE_IT} AND clips.id = clip_id"
_BY_CLIP = f"clips CROSS JOIN attempts {_MADE_IT}"
_IS_DONE = "outcome = 'done' AND status = 'done' AND selected = 1"
_ROWS = (
    "SELECT clips.id, timed, at, wire_bytes, coalesce(nullif(networks.label, ''), networks.name),"  # noqa: S608 - constants
    f" {CLIP_COLUMNS}, {_MADE_COLUMNS} FROM attempts JOIN clips ON clips.id = clip_id {CLIP_JOINS}"
    " JOIN networks ON networks.id = network_id LEFT JOIN programs ON programs.id = program_id"
    f" WHERE attempts.id IN (%s) ORDER BY {_NEWEST}"
)


def read_done(database: Database, query: DoneQuery) -> DonePage:
    """The part of the list of done clips that is wanted; of 650,000 only that part is read in full."""
    narrow = query.label is not None or bool(query.text.strip())
    total, first, numbers = (_among_few if narrow else _among_many)(database, query)
    layout = read_meta(database, "options", Options).layout
    rows = database.read(_ROWS % ",".join("?" * len(numbers)), numbers)
    return DonePage(total=total, first=first, rows=tuple(_done_clip(layout, *row) for row in rows))


def _among_few(database: Database, query: DoneQuery) -> tuple[int, int, list[int]]:
    """Of the list: its length, the place where the wanted part begins, and the attempts in that part.

    All clips are walked through once, and those that the filter lets through are put in order.
    """
    where, values = _condition(query)
    found = database.read(
        f"SELECT attempts.id, clips.id FROM {_BY_CLIP} WHERE {where} ORDER BY {_NEWEST}",  # noqa: S608 - constants
        values,
    )
    anchored = (place for place, (_, clip_id) in enumerate(found) if clip_id == query.anchor)
    first, end = _part(query, len(found), next(anchored, None))
    return len(found), first, [number for number, _ in found[first:end]]


def _among_many(database: Database, query: DoneQuery) -> tuple[int, int, list[int]]:
    """The same by the index of attempts, from that end of it which is nearer."""
    where, values = _condition(query)
    ((total,),) = database.read(
        "SELECT coalesce(sum(clips), 0) FROM tallies JOIN splits ON splits.id = split_id"
        " WHERE status = 'done' AND name = coalesce(?, name)",
        (query.split,),
    )
    old = query.place > total // 2
    beyond = None
    for key in database.read(
        f"SELECT at, wire_bytes, attempts.id FROM {_BY_CLIP} WHERE {where} AND clips.id = ?",  # noqa: S608 - constants
        (*values, query.anchor),
    ):
        ((beyond,),) = database.read(
            f"SELECT count(*) FROM {_IN_ORDER} WHERE {where}"  # noqa: S608 - constants
            f" AND (at, wire_bytes, attempts.id) {'<' if old else '>'} (?, ?, ?)",
            (*values, *key),
        )
    first, end = _part(query, total, total - 1 - beyond if old and beyond is not None else beyond)
    order, skipped = (_OLDEST, total - end) if old else (_NEWEST, first)
    found = database.read(
        f"SELECT attempts.id FROM {_IN_ORDER} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608 - constants
        (*values, end - first, skipped),
    )
    return total, first, [number for (number,) in found]


def _condition(query: DoneQuery) -> tuple[str, list[object]]:
    """The condition of the wanted clips and the attempts that made them, and its values."""
    terms: list[str] = [_IS_DONE]
    values: list[object] = []
    if query.split is not None:
        terms.append("split_id = (SELECT id FROM splits WHERE name = ?)")
        values.append(query.split)
    if query.label is not None:
        terms.append("label_id = (SELECT id FROM labels WHERE name = ?)")
        values.append(query.label)
    for word in query.text.lower().split():
        terms.append(
            "(instr(lower(youtube_id), ?) OR label_id IN (SELECT id FROM labels WHERE instr(lower(name), ?)))"
        )
        values += [word, word]
    return " AND ".join(terms), values


def _done_clip(
    layout: LayoutName, clip_id: int, timed: int, at: float, wire_bytes: int, network: str, *columns: Any
) -> DoneClip:
    clip = read_clip(*columns[:5])
    made = msgspec.convert(dict(zip(_MADE, columns[5:], strict=True)), MadeFile, strict=False)
    path = str(clip_path(layout, clip, Naming(timed)))
    return DoneClip(id=clip_id, clip=clip, path=path, at=at, made=made, network=network if wire_bytes else "")


def read_done_classes(database: Database) -> dict[str, int]:
    """The number of clips of each class that are done; classes without any are left out."""
    counts: Counter[str] = Counter()
    for part in class_counts(database):
        counts[part.label] += part.done
    return {label: count for label, count in counts.items() if count}


def read_samples(database: Database) -> list[tuple[str, tuple[str, ...]]]:
    """Each class that has done clips, by name, with the paths of one or two of their files."""
    layout = read_meta(database, "options", Options).layout
    found: dict[str, tuple[str, ...]] = {}
    for timed, *columns in database.read(
        f"SELECT timed, {CLIP_COLUMNS} FROM clips {CLIP_JOINS} JOIN"  # noqa: S608 - constants
        " (SELECT min(id) AS least, max(id) AS most FROM clips WHERE status = 'done' AND selected = 1"
        " GROUP BY label_id) ON clips.id IN (least, most) ORDER BY labels.name, clips.id"
    ):
        clip = read_clip(*columns)
        found[clip.label] = (*found.get(clip.label, ()), str(clip_path(layout, clip, Naming(timed))))
    return list(found.items())


# -- the program ------------------------------------------------------------------------------------


def answer(database: Database, query: Query) -> Answer:
    """The answer to a query."""
    match query:
        case FailedQuery():
            return read_page(database, query)
        case HistoryQuery():
            return read_history(database, query)
        case DoneQuery():
            return read_done(database, query)
        case ClassesQuery():
            return read_done_classes(database)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one query; the exit code is 1, with a sentence on stderr, where that fails."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.dataset.ledger.clip_lists")
    parser.add_argument("dataset", type=Path, help="the dataset folder")
    dataset = parser.parse_args(arguments).dataset
    try:
        query = JsonReader[Query](Query).decode(sys.stdin.buffer.read())
        with contextlib.closing(connect(dataset, read_only=True)) as database:
            answered = answer(database, query)
    except (UserError, msgspec.DecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(to_json(answered) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
