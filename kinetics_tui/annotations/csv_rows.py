"""Reads the rows of a CSV annotation file, with or without a header.

Lines are parsed one by one, so that a quote left open spoils its own line and not the rest of the
file. A pattern made for the columns at hand takes nearly all of them; the csv module takes the rest.
The file is decoded a block at a time: its lines never exist all at once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from kinetics_tui.annotations.row_rules import (
    LONGEST_CLIP_S,
    MAX_ROWS,
    SPLIT_WORDS,
    Heap,
    UnusableRowError,
    checked_clip,
    checked_label,
    checked_split,
    is_youtube_id,
    shown,
)
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip

EXPECTED = "label,youtube_id,time_start,time_end,split or id,start,end"
MAX_LINE_LENGTH = 4096
MAX_LINE_BYTES = 64 * 1024**2
"""A line longer than ``MAX_LINE_LENGTH`` is left out; one longer than this makes the file something else."""
MAX_LINES = 2 * MAX_ROWS
BLOCK_BYTES = 1024**2
# A file that shows neither a header nor a row in so many lines is something else altogether.
_LINES_TO_RECOGNISE = 1000
# Patterns take time to be made: for rows that are very wide, or change all the time, it does not pay.
_WIDEST_PATTERN = 64
_MOST_PATTERNS = 100
_MOST_TIMES = 100_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

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

_CELL = r'(?:"[^"\r]*"|[^",\r]*)'
_TIME = r"(\d{1,6}(?:\.\d{1,3})?)"
_is_number = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE).fullmatch


_Match = Callable[[str], re.Match[str] | None]


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


class _Times(dict[str, float]):
    """From a cell of a plain time to its seconds; those that come again and again share one number."""

    def __missing__(self, cell: str) -> float:
        time_s = float(cell)
        if len(self) < _MOST_TIMES:
            self[cell] = time_s
        return time_s


class _Splits(dict[str, str]):
    """From a cell as written to the split; each word is checked once."""

    def __missing__(self, cell: str) -> str:
        split = checked_split(cell)
        self[cell] = split
        return split


def read_csv(
    data: bytes, file: str, default_split: str, heap: Heap, on_progress: Callable[[int], None] | None = None
) -> None:
    """Put the rows of a file's bytes on the heap; rows without a split get ``default_split``.

    ``on_progress`` is told after every block how many clips there are. Raises AnnotationError where the
    bytes are no annotation CSV at all.
    """
    _CsvReader(file, default_split, heap).read(_blocks(data, file), on_progress)


def _blocks(data: bytes, file: str) -> Iterator[list[str]]:
    """The lines of a file, a block of them at a time."""
    # str.splitlines would also break lines at characters that editors do not count as line ends.
    line_end = "\r" if b"\r" in data and b"\n" not in data else "\n"
    end_byte = line_end.encode()
    start = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    while start < len(data):
        end = data.find(end_byte, start + BLOCK_BYTES) + 1 or len(data)
        if end - start > MAX_LINE_BYTES:
            line = data.count(end_byte, 0, end - 1) + 1
            raise AnnotationError(
                f"{file} line {line}: a line of more than {MAX_LINE_BYTES:,} bytes; "
                f"give a CSV file with the columns {EXPECTED}."
            )
        text = _decoded(data, start, end, file)
        if line_end == "\n" and "\r" in text:
            text = text.replace("\r\n", "\n")
        yield text.removesuffix(line_end).split(line_end)
        start = end


def _decoded(data: bytes, start: int, end: int, file: str) -> str:
    try:
        return data[start:end].decode()
    except UnicodeDecodeError as error:
        at = start + error.start
    if b"\0" in data:
        raise AnnotationError(
            f"{file} is not text in UTF-8; give a CSV, JSON or .tar.gz annotation file."
        ) from None
    line = data.count(b"\n", 0, at) + 1
    raise AnnotationError(f"{file} line {line}: byte {at:,} of the file is not UTF-8; save it as UTF-8.")


class _CsvReader:
    def __init__(self, file: str, default_split: str, heap: Heap) -> None:
        self.file = file
        self.heap = heap
        self.labels = _Labels({"": ""})
        self.times = _Times()
        self.splits = _Splits({"": default_split})
        self.columns: Columns | None = None
        self.has_header = False
        self.first_line = 0
        self.tried = 0
        self.pattern: tuple[_Match, tuple[int, ...]] | None = None
        self.patterns = 0

    def read(self, blocks: Iterable[list[str]], on_progress: Callable[[int], None] | None) -> None:
        number = 1
        for lines in blocks:
            used = self._recognise(lines, number) if self.columns is None else 0
            if self.columns is not None:
                self._read_block(lines[used:] if used else lines, number + used)
            number += len(lines)
            if number > MAX_LINES:
                raise AnnotationError(
                    f"{self.file} line {number - 1:,}: more lines than any release has; "
                    "give only the annotations, in smaller files."
                )
            if on_progress is not None:
                on_progress(len(self.heap.clips))
        if self.columns is None:
            raise self._not_recognised()

    def _recognise(self, lines: list[str], first_line: int) -> int:
        """Look for the columns; returns how many lines were used up on the way."""
        for number, line in enumerate(lines, first_line):
            if not line.strip():
                continue
            self.first_line = self.first_line or number
            self.tried += 1
            self._read_line(line, number)
            if self.columns is not None:
                return number + 1 - first_line
            if self.tried == _LINES_TO_RECOGNISE:
                raise self._not_recognised()
        return len(lines)

    def _not_recognised(self) -> AnnotationError:
        line = self.first_line
        found = f"line {line} is neither a header nor an annotation row" if line else "is empty"
        return AnnotationError(f"{self.file} {found}; give a CSV file with the columns {EXPECTED}.")

    def _pattern(self, columns: Columns) -> tuple[_Match, tuple[int, ...]]:
        self.patterns += 1
        too_much = columns.width > _WIDEST_PATTERN or self.patterns > _MOST_PATTERNS
        self.pattern = (_never, ()) if too_much else _pattern(columns)
        return self.pattern

    def _read_block(self, lines: list[str], first_line: int) -> None:
        columns = self.columns
        assert columns is not None
        match_row, groups = self.pattern or self._pattern(columns)
        labels, splits, times, keep, file = self.labels, self.splits, self.times, self.heap.keep, self.file
        for number, line in enumerate(lines, first_line):
            match = match_row(line) if len(line) <= MAX_LINE_LENGTH else None
            if match is None:
                self._read_line(line, number)
                if self.columns != columns:
                    assert self.columns is not None
                    columns = self.columns
                    match_row, groups = self._pattern(columns)
                continue
            youtube_id, start, end, split, label = match.group(*groups)
            start_s = times[start]
            end_s = times[end]
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


def _never(_line: str) -> None:
    """The match of no line at all."""


def _pattern(columns: Columns) -> tuple[_Match, tuple[int, ...]]:
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
