"""What a dataset holds and what of its selection is missing, clip by clip, with where each came from.

Clips come in the order of their keys, which does not hang on who downloaded what when: two datasets of one
selection list alike. They are read a page at a time, so that nothing holds up an engine that writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kinetics_tui.dataset.attempts import CLIP_COLUMNS, CLIP_JOINS, read_clip
from kinetics_tui.dataset.database import Database
from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.dataset.rows import ClipStatus
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
