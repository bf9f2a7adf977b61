"""The manifest of a dataset: a row of CSV for every clip of its selection, the same for the same files.

====================================  =================================================================
label, youtube_id, time_start,        the clip as annotation files have it: a manifest is one itself, and
time_end, split                       ``run --annotations`` selects what is in it, there or missing
status                                ``here``; ``damaged``: a file that cannot be read or does not play;
                                      ``missing``
why                                   it is damaged or missing
path                                  the file, relative to the dataset folder
sha256, bytes                         of the file
frames, duration_s, width_px,         counted and read in the file; ``sound`` is ``yes`` or ``no``
height_px, fps, sound
short, exact                          the source ended inside the segment; cut on the frame, not on the
                                      keyframe before it
source_itags, source_height_px,       the formats it was made from, as yt-dlp told of them
source_fps
made_with                             programs with versions and the settings of the encoder
archive                               that it comes from; empty where it comes from YouTube
====================================  =================================================================

What was not recorded when a clip was made is ``unknown``; so is all of its making where its file is not the
one that was recorded. Rows come in the order of the keys.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

import msgspec

from kinetics_tui.annotations.row_rules import CLIP_COLUMNS, clip_row, shown, write_row
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.made import MadeFile

UNKNOWN = "unknown"
_FIGURES = MadeFile.__struct_fields__[1:]  # all but the size, in the order of the table above
COLUMNS = (*CLIP_COLUMNS, "status", "why", "path", "sha256", "bytes", "frames", *_FIGURES)
_NEEDED = (*CLIP_COLUMNS, "status", "sha256", "bytes")
_ARCHIVE = "archive"
_is_sha256 = re.compile(r"[0-9a-f]{64}").fullmatch


class Status(StrEnum):
    """The state of a clip's file."""

    HERE = "here"
    DAMAGED = "damaged"
    MISSING = "missing"


class Shape(msgspec.Struct, frozen=True):
    """The content of a file as it was found."""

    frames: int
    duration_s: float
    width_px: int
    height_px: int
    fps: float
    sound: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a clip, and what is there of it; ``made`` is its file as it was recorded, if that is known."""

    clip: Clip
    status: Status
    why: str = ""
    path: str = ""
    sha256: str = ""
    size_bytes: int = 0
    shape: Shape | None = None
    made: MadeFile | None = None


def write_header(text: TextIO) -> None:
    """The first line of a manifest."""
    write_row(text, COLUMNS)


def write_entry(text: TextIO, entry: Entry) -> None:
    """One line of a manifest."""
    clip = clip_row(entry.clip)
    if entry.status is Status.MISSING:
        write_row(text, (*clip, entry.status.value, entry.why, *[""] * (len(COLUMNS) - len(clip) - 2)))
        return
    shape = entry.shape
    found = entry.path, entry.sha256, entry.size_bytes if entry.sha256 else ""
    write_row(
        text,
        (
            *clip,
            entry.status.value,
            entry.why,
            *found,
            *(_shape_cells(shape) if shape else [""] * 6),
            *(_origin_cells(entry.made) if entry.made else [UNKNOWN] * 7),
        ),
    )


def _origin_cells(made: MadeFile) -> tuple[object, ...]:
    return (
        _yes_or_no(made.short),
        _yes_or_no(made.exact),
        made.source_itags or UNKNOWN,
        made.source_height_px or UNKNOWN,
        f"{made.source_fps:.6g}" if made.source_fps else UNKNOWN,
        made.made_with or UNKNOWN,
        made.archive,
    )


def _shape_cells(shape: Shape) -> tuple[object, ...]:
    length, rate = f"{shape.duration_s:.3f}", f"{shape.fps:.6g}"
    return shape.frames, length, shape.width_px, shape.height_px, rate, _yes_or_no(shape.sound)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


class Listed(msgspec.Struct, frozen=True):
    """A clip as a manifest lists it, as far as two of them are compared."""

    clip: Clip
    status: Status
    sha256: str
    size_bytes: int
    archive: str = ""


def read_manifest(path: Path) -> Iterator[Listed]:
    """The rows of a manifest, in constant memory.

    Raises DatasetError, which names file and line, for what is no manifest.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _rows(path, csv.reader(file, strict=True))
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read ({error.strerror}); give a dataset or a manifest."
        ) from None
    except UnicodeDecodeError:
        raise _not_one(path, 0, "it is not text in UTF-8") from None


def _rows(path: Path, reader: Any) -> Iterator[Listed]:
    try:
        header: list[str] = next(reader, [])
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise _not_one(path, 1, f"there is no column {missing[0]}")
        places = [header.index(name) for name in _NEEDED]
        archive = header.index(_ARCHIVE) if _ARCHIVE in header else None  # older versions knew of none
        for row in reader:
            if not row:
                continue
            _check_width(row, header)
            yield _listed([row[place] for place in places], "" if archive is None else row[archive])
    except UnicodeDecodeError:
        raise
    except (csv.Error, ValueError) as error:
        raise _not_one(path, reader.line_num, str(error)) from error


def _check_width(row: list[str], header: list[str]) -> None:
    if len(row) != len(header):
        raise ValueError(f"{len(row)} cells where the header has {len(header)}")


def _listed(cells: list[str], archive: str) -> Listed:
    label, youtube_id, start, end, split, status, sha256, size = cells
    if sha256 and not _is_sha256(sha256):
        raise ValueError(f"{shown(sha256)} is not a SHA-256")
    if status not in list(Status):
        raise ValueError(f"the status {shown(status)} is none of {', '.join(Status)}")
    time_start, time_end = float(start), float(end)
    if not abs(time_start) < 1e9 or not abs(time_end) < 1e9:
        raise ValueError("a time is out of all bounds")
    clip = Clip(youtube_id, time_start, time_end, split, label)
    return Listed(clip, Status(status), sha256, int(size or 0), "" if archive == UNKNOWN else archive)


def _not_one(path: Path, line: int, why: str) -> DatasetError:
    place = f"{path} line {line}" if line else str(path)
    return DatasetError(f"{place}: {why}; give a dataset folder or what kinetics-tui manifest wrote.")
