"""Failed clips as the ledger knows them: read for those who look at them or want them tried again.

``python -m kinetics_tui.dataset.ledger.failed_clips DATASET`` is a program of its own that answers one
question: it reads a query of ``model.failed_clips`` as JSON from standard input and prints the answer as a
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
from kinetics_tui.dataset.ledger.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.ledger.database import Database, connect
from kinetics_tui.model.failed_clips import (
    ClipHistory,
    FailedClip,
    FailedPage,
    FailedQuery,
    HistoryQuery,
    PastAttempt,
    Query,
)
from kinetics_tui.model.failure import Category

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
    if place is None:
        place = max(0, min(len(matching) - 1, query.place))
    around = max(0, min(MOST_ROWS // 2, query.around))
    first = max(0, place - around)
    return FailedPage(
        total=len(matching),
        first=first,
        rows=tuple(_failed_clip(*row) for row in matching[first : place + around + 1]),
        by_category={Category(category): count for category, count in by_category.items()},
        by_label=dict(by_label),
    )


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


def answer(database: Database, query: Query) -> FailedPage | ClipHistory:
    """The answer to a query."""
    return read_page(database, query) if isinstance(query, FailedQuery) else read_history(database, query)


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one query; the exit code is 1, with a sentence on stderr, where that fails."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.dataset.ledger.failed_clips")
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
