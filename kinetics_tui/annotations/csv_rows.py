"""Reads the rows of a CSV annotation file, with or without a header.

Lines are parsed one by one, so that a quote left open spoils its own line and not the rest of the
file. A pattern made for the columns at hand takes nearly all of them; the csv module takes the rest.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

from kinetics_tui.annotations.rows import (
    LONGEST_CLIP_S,
    SPLIT_WORDS,
    Heap,
    UnusableRowError,
    checked_clip,
    checked_label,
    checked_split,
    is_youtube_id,
    shown,
)
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.errors import AnnotationError

EXPECTED = "label,youtube_id,time_start,time_end,split or id,start,end"
MAX_LINE_LENGTH = 4096
PROGRESS_EVERY_LINES = 20_000
# A file that shows neither a header nor a row by then is something else altogether.
_LINES_TO_RECOGNISE = 1000

_COLUMN_NAMES = {
    "label": "label",
    "class": "label",
    "youtube_id": "youtube_id",
    "video_id": "youtube_id",
    "id": "youtube_id",
    "time_start": "time_start",
    "start": "time_start",
    "time_end": "time_end",
    "end": "time_end",
    "split": "split",
    "subset": "split",
}
_REQUIRED = ("youtube_id", "time_start", "time_end")

_CELL = r'(?:"[^"]*"|[^",]*)'
_TIME = r"(\d{1,6}(?:\.\d{1,3})?)"
_is_number = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE).fullmatch


class Columns(NamedTuple):
    """Where the cells that matter stand in a row, and how many there are at most."""

    youtube_id: int
    time_start: int
    time_end: int
    split: int | None
    label: int | None
    width: int


class _Labels(dict[str, str]):
    """From a cell as written, quotes and all, to the checked label; each is checked once."""

    def __missing__(self, cell: str) -> str:
        label = checked_label(cell[1:-1] if cell.startswith('"') else cell)
        self[cell] = label
        return label


class _Splits(dict[str, str]):
    """From a cell as written to the split; each word is checked once."""

    def __missing__(self, cell: str) -> str:
        split = checked_split(cell)
        self[cell] = split
        return split


def read_csv(
    text: str, file: str, default_split: str, heap: Heap, on_progress: Callable[[int], None] | None = None
) -> None:
    """Put the rows of a file's text on the heap; rows without a split get ``default_split``.

    Raises AnnotationError where the text is no annotation CSV at all.
    """
    _CsvReader(file, default_split, heap).read(_lines(text), on_progress)


def _lines(text: str) -> list[str]:
    # str.splitlines would also break lines at characters that editors do not count as line ends.
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
    return text.split("\n")


class _CsvReader:
    def __init__(self, file: str, default_split: str, heap: Heap) -> None:
        self.file = file
        self.heap = heap
        self.labels = _Labels({"": ""})
        self.splits = _Splits({"": default_split})
        self.columns: Columns | None = None
        self.has_header = False

    def read(self, lines: list[str], on_progress: Callable[[int], None] | None) -> None:
        position = self._recognise(lines)
        while position < len(lines):
            block = itertools.islice(lines, position, position + PROGRESS_EVERY_LINES)
            self._read_block(block, position + 1)
            position += PROGRESS_EVERY_LINES
            if on_progress is not None:
                on_progress(len(self.heap.clips))

    def _recognise(self, lines: list[str]) -> int:
        """Find the columns; returns how many lines were used up on the way."""
        for index, line in enumerate(lines[:_LINES_TO_RECOGNISE]):
            if line.strip():
                self._read_line(line, index + 1)
                if self.columns is not None:
                    return index + 1
        first = next((index + 1 for index, line in enumerate(lines) if line.strip()), None)
        found = "is empty" if first is None else f"line {first} is neither a header nor an annotation row"
        raise AnnotationError(f"{self.file} {found}; give a CSV file with the columns {EXPECTED}.")

    def _read_block(self, lines: itertools.islice[str], first_line: int) -> None:
        columns = self.columns
        assert columns is not None
        match_row, groups = _pattern(columns)
        labels, splits, keep, file = self.labels, self.splits, self.heap.keep, self.file
        for number, line in enumerate(lines, first_line):
            match = match_row(line)
            if match is None:
                self._read_line(line, number)
                if self.columns != columns:
                    assert self.columns is not None
                    columns = self.columns
                    match_row, groups = _pattern(columns)
                continue
            youtube_id, start, end, split, label = match.group(*groups)
            start_s = float(start)
            end_s = float(end)
            try:
                # The pattern has seen to all else that checked_clip looks at.
                make = Clip if start_s < end_s <= start_s + LONGEST_CLIP_S else checked_clip
                keep(make(youtube_id, start_s, end_s, splits[split], labels[label]), file, number)
            except UnusableRowError as error:
                self.heap.refuse(file, number, str(error))

    def _read_line(self, line: str, number: int) -> None:
        """The careful way: headers, quotes, blanks round the cells, odd numbers, bad rows."""
        if not line.strip():
            return
        try:
            clip = self._clip(_cells(line), number)
        except UnusableRowError as error:
            self.heap.refuse(self.file, number, str(error))
            return
        if clip is not None:
            self.heap.keep(clip, self.file, number)

    def _clip(self, cells: list[str], number: int) -> Clip | None:
        header = self._header(cells, number)
        if header is not None:
            self.columns, self.has_header = header, True
            return None
        columns = self.columns
        if columns is None or (not self.has_header and len(cells) != columns.width):
            columns = _columns_by_content(cells) or columns
        if columns is None:
            raise UnusableRowError(f"neither a header nor a row of {EXPECTED}")
        self.columns = columns
        if len(cells) > columns.width:
            raise UnusableRowError(f"{len(cells)} cells where {columns.width} are expected")
        if len(cells) <= max(columns.youtube_id, columns.time_start, columns.time_end):
            raise UnusableRowError(f"only {len(cells)} cells")
        split = self.splits[_at(cells, columns.split)]
        label = checked_label(_at(cells, columns.label))
        times = (_seconds(cells[columns.time_start]), _seconds(cells[columns.time_end]))
        return checked_clip(cells[columns.youtube_id], *times, split, label)

    def _header(self, cells: list[str], number: int) -> Columns | None:
        """The columns that a header row names; also one in mid-file, as joined files have it."""
        places: dict[str, int] = {}
        for place, cell in enumerate(cells):
            name = _COLUMN_NAMES.get(cell.casefold())
            if name is not None:
                places.setdefault(name, place)
        named = [name for name in _REQUIRED if name in places]
        if not named or len(places) < 2 or any(_is_number(cell) for cell in cells):
            return None
        missing = [name for name in _REQUIRED if name not in places]
        if missing and self.columns is not None:
            return None
        if missing:
            raise AnnotationError(
                f"{self.file} line {number}: the header lacks {' and '.join(missing)}; "
                f"give a CSV file with the columns {EXPECTED}."
            )
        return Columns(
            places["youtube_id"],
            places["time_start"],
            places["time_end"],
            places.get("split"),
            places.get("label"),
            len(cells),
        )


def _cells(line: str) -> list[str]:
    if len(line) > MAX_LINE_LENGTH:
        raise UnusableRowError(f"the line has {len(line):,} characters, more than {MAX_LINE_LENGTH:,}")
    if "\r" in line.strip():
        raise UnusableRowError(f"a stray line end is in {shown(line)}")
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True, skipinitialspace=True))]
    except csv.Error:
        raise UnusableRowError(f"the quotes in {shown(line)} do not match") from None


def _columns_by_content(cells: list[str]) -> Columns | None:
    """The columns of a row without header: an id, then two times; what is round them by its looks."""
    for place in range(len(cells) - 2):
        start, end = cells[place + 1], cells[place + 2]
        if not (is_youtube_id(cells[place]) and _is_number(start) and _is_number(end)):
            continue
        # A label of eleven letters before an id of digits alone must not be taken for the id.
        if not float(start) < float(end) <= float(start) + LONGEST_CLIP_S:
            continue
        # An empty cell may be the split or the label of a row that has none: later rows may have one.
        after = range(place + 3, len(cells))
        words = [other for other in after if cells[other].casefold() in SPLIT_WORDS]
        split = next(iter(words or [other for other in after if not cells[other]]), None)
        texts = (other for other in after if other != split and not _is_number(cells[other]))
        label = place - 1 if place else next(texts, None)
        return Columns(place, place + 1, place + 2, split, label, len(cells))
    return None


def _pattern(columns: Columns) -> tuple[Callable[[str], re.Match[str] | None], tuple[int, ...]]:
    """A match for plain rows of these columns, and its groups in the order id, times, split, label."""
    kinds = {columns.youtube_id: "([A-Za-z0-9_-]{11})", columns.time_start: _TIME, columns.time_end: _TIME}
    captured = [columns.youtube_id, columns.time_start, columns.time_end]
    if columns.split is not None:
        kinds[columns.split] = r"(\w*)"
        captured.append(columns.split)
    if columns.label is not None:
        kinds[columns.label] = f"({_CELL})"
        captured.append(columns.label)
    pattern = ",".join(kinds.get(place, _CELL) for place in range(columns.width))
    group_of = {place: group for group, place in enumerate(sorted(captured), 1)}
    # The last group is always empty: it stands for the columns that the file has not.
    empty = len(captured) + 1
    groups = (*captured[:3], columns.split, columns.label)
    return re.compile(pattern + "()", re.ASCII).fullmatch, tuple(
        empty if place is None else group_of[place] for place in groups
    )


def _at(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _seconds(cell: str) -> float:
    if not _is_number(cell):
        raise UnusableRowError(f"the time {shown(cell)} is not a number")
    return float(cell)
