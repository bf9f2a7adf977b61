"""Reads the rows of a CSV annotation file, with or without a header.

Rows that are plain, which nearly all are, are taken a column at a time. The others are parsed line by
line, so that a quote left open spoils its own line and not the rest of the file. The file is decoded a
block at a time: its lines never exist all at once.
"""

from __future__ import annotations

import csv
import re
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from operator import sub
from typing import NamedTuple, TypeVar

from kinetics_tui.annotations.row_rules import (
    LONGEST_CLIP_S,
    MAX_ROWS,
    SPLIT_WORDS,
    TIME_LIMIT_S,
    Heap,
    UnusableRowError,
    checked_clip,
    checked_label,
    checked_split,
    shown,
    youtube_id_in,
)
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip

EXPECTED = "label,youtube_id,time_start,time_end,split or id,start,end"
_REMEDY = f"give a CSV file with the columns {EXPECTED}."
MAX_LINE_LENGTH = 4096
MAX_LINE_BYTES = 64 * 1024**2
"""A line longer than ``MAX_LINE_LENGTH`` is left out; one longer than this makes the file something else."""
MAX_LINES = 2 * MAX_ROWS
BLOCK_BYTES = 64 * 1024
"""Larger blocks are slower: what they are parsed into does not fit the processor's cache."""
PROGRESS_EVERY_LINES = 20_000
# A file that shows neither a header nor a row in so many lines is something else altogether.
_LINES_TO_RECOGNISE = 1000
_FEW_CHARACTERS = 400
"""So short a text is read line by line where it is not plain."""
_MOST_CELLS = 100_000
"""So many different cells of a kind are remembered; there are some hundred labels, splits and times."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ID_SIGNS = f"{string.ascii_letters}{string.digits}_-".encode()

_COLUMN_NAMES = {
    "youtube_id": "youtube_id youtubeid yt_id ytid video_id videoid id youtube_url video_url url link video",
    "time_start": "time_start start_time start_seconds start_second start_sec start_s t_start start begin",
    "time_end": "time_end end_time end_seconds end_second end_sec end_s t_end end stop",
    "label": "label class class_name action",
    "split": "split subset",
}
"""The names of each column in files from elsewhere; where a header has several, the first of them counts."""
_NAMED = {name: column for column, names in _COLUMN_NAMES.items() for name in names.split()}
_RANK = {name: rank for rank, name in enumerate(_NAMED)}
_REQUIRED = ("youtube_id", "time_start", "time_end")

_is_number = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE).fullmatch

_Value = TypeVar("_Value")


class Columns(NamedTuple):
    """Where the cells that matter stand in a row, and how many there are at most."""

    youtube_id: int
    time_start: int
    time_end: int
    split: int | None
    label: int | None
    width: int


class _Checked(dict[str, _Value]):
    """From a cell as written to what it says. Each is checked once; the check raises UnusableRowError."""

    def __init__(self, check: Callable[[str], _Value]) -> None:
        super().__init__()
        self._check = check

    def __missing__(self, cell: str) -> _Value:
        value = self._check(cell)
        if len(self) < _MOST_CELLS:
            self[cell] = value
        return value


def read_csv(
    data: bytes, file: str, default_split: str, heap: Heap, on_progress: Callable[[int], None] | None = None
) -> None:
    """Put the rows of a file's bytes on the heap; rows without a split get ``default_split``.

    ``on_progress`` is told now and then how many clips there are. Raises AnnotationError where the
    bytes are no annotation CSV at all.
    """
    _CsvReader(file, default_split, heap).read(_blocks(data, file), on_progress)


def _blocks(data: bytes, file: str) -> Iterator[str]:
    """The text of a file, some whole lines at a time, with newlines between them."""
    # Only what editors count as line ends; str.splitlines would break lines at more characters.
    line_end = b"\r" if b"\r" in data and b"\n" not in data else b"\n"
    start = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    while start < len(data):
        end = data.find(line_end, start + BLOCK_BYTES) + 1 or len(data)
        if end - start > MAX_LINE_BYTES:
            line = data.count(line_end, 0, end - 1) + 1
            raise AnnotationError(
                f"{file} line {line}: a line of more than {MAX_LINE_BYTES:,} bytes; {_REMEDY}"
            )
        text = _decoded(data, start, end, file)
        if "\r" in text:
            text = text.replace("\r\n" if line_end == b"\n" else "\r", "\n")
        yield text.removesuffix("\n")
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
        self.labels = _Checked(checked_label)
        self.times = _Checked(_plain_time)
        self.splits = _Checked(lambda cell: checked_split(cell) if cell.strip() else default_split)
        self.columns: Columns | None = None
        self.has_header = False
        self.first_line = 0
        self.tried = 0

    def read(self, blocks: Iterable[str], on_progress: Callable[[int], None] | None) -> None:
        number, told = 1, 1
        for text in blocks:
            number = self._read(text, number)
            if number > MAX_LINES:
                raise AnnotationError(
                    f"{self.file} line {number - 1:,}: more lines than any release has; "
                    "give only the annotations, in smaller files."
                )
            if on_progress is not None and number >= told + PROGRESS_EVERY_LINES:
                on_progress(len(self.heap.clips))
                told = number
        if self.columns is None:
            raise self._not_recognised()

    def _not_recognised(self) -> AnnotationError:
        line = self.first_line
        found = f"line {line} is neither a header nor an annotation row" if line else "is empty"
        return AnnotationError(f"{self.file} {found}; {_REMEDY}")

    def _read(self, text: str, number: int) -> int:
        """Take lines, of which the first is line ``number``; returns the number of the line after them.

        They are taken at once where all of them are plain, else by halves, and at last one by one.
        """
        clips = self._plain_clips(text)
        if clips is not None:
            self.heap.keep_all(clips, self.file, number)
            return number + len(clips)
        if len(text) > _FEW_CHARACTERS and (middle := text.find("\n", len(text) // 2)) >= 0:
            return self._read(text[middle + 1 :], self._read(text[:middle], number))
        lines = text.split("\n")
        for line_number, line in enumerate(lines, number):
            self._read_line(line, line_number)
        return number + len(lines)

    def _plain_clips(self, text: str) -> list[Clip] | None:
        """The clips of lines that all are rows of the known columns, in which nothing is amiss; else None."""
        at = self.columns
        cells = None if at is None else _cells_by_column(text, at.width)
        if at is None or cells is None:
            return None
        ids = cells[at.youtube_id]
        if set(map(len, ids)) != {11}:
            ids = list(map(youtube_id_in, map(str.strip, ids)))
        if set(map(len, ids)) != {11} or "".join(ids).encode().translate(None, _ID_SIGNS):
            return None
        labels = map(self.labels.__getitem__, repeat("") if at.label is None else cells[at.label])
        splits = map(self.splits.__getitem__, repeat("") if at.split is None else cells[at.split])
        try:
            starts_s = list(map(self.times.__getitem__, cells[at.time_start]))
            ends_s = list(map(self.times.__getitem__, cells[at.time_end]))
            lengths_s = set(map(sub, ends_s, starts_s))
            if min(lengths_s) <= 0 or max(lengths_s) > LONGEST_CLIP_S:
                return None
            return list(map(Clip, ids, starts_s, ends_s, splits, labels))
        except UnusableRowError:
            return None

    def _read_line(self, line: str, number: int) -> None:
        """The careful way: headers, quotes, blanks round the cells, odd numbers, bad rows."""
        if not line.strip():
            return
        if self.columns is None:
            self.first_line = self.first_line or number
            self.tried += 1
        try:
            clip = self._clip(_cells(line), number)
        except UnusableRowError as error:
            self.heap.refuse(self.file, number, str(error))
        else:
            if clip is not None:
                self.heap.keep(clip, self.file, number)
        if self.columns is None and self.tried == _LINES_TO_RECOGNISE:
            raise self._not_recognised()

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
        label = self.labels[_at(cells, columns.label)]
        times = (_seconds(cells[columns.time_start]), _seconds(cells[columns.time_end]))
        named = cells[columns.youtube_id]
        return checked_clip(youtube_id_in(named) or named, *times, split, label)

    def _header(self, cells: list[str], number: int) -> Columns | None:
        """The columns that a header row names; also one in mid-file, as joined files have it."""
        names = [cell.casefold().lstrip("# ").replace(" ", "_").replace("-", "_") for cell in cells]
        known = sorted((name for name in names if name in _NAMED), key=_RANK.__getitem__)
        places: dict[str, int] = {}
        for name in known:
            places.setdefault(_NAMED[name], names.index(name))
        missing = [name for name in _REQUIRED if name not in places]
        if len(missing) == len(_REQUIRED) or len(places) < 2 or any(map(_is_number, cells)):
            return None
        if missing and self.columns is not None:
            return None
        if missing:
            lacks = f"the header lacks {' and '.join(missing)}"
            raise AnnotationError(f"{self.file} line {number}: {lacks}; {_REMEDY}")
        self._note_reading({column: cells[place] for column, place in places.items()})
        start, end = places["time_start"], places["time_end"]
        return Columns(places["youtube_id"], start, end, places.get("split"), places.get("label"), len(cells))

    def _note_reading(self, named: dict[str, str]) -> None:
        """Note how a header with names of its own is read; ``named`` is what it calls each column."""
        others = [f"{shown(cell)} as {column}" for column, cell in named.items() if cell.casefold() != column]
        if others and not self.has_header:
            self.heap.readings.append(f"{self.file}: read {', '.join(others)}.")


def _cells_by_column(text: str, width: int) -> Sequence[Sequence[str]] | None:
    """The cells of each column, where every line has ``width`` of them; None where one has not."""
    if "\r" in text or _has_long_line(text):
        return None
    if '"' in text:
        lines = text.split("\n")
        try:
            rows = list(csv.reader(lines, strict=True, skipinitialspace=True))
        except csv.Error:
            return None
        return list(zip(*rows, strict=True)) if list(map(len, rows)) == [width] * len(lines) else None
    # Each line end as a cell of its own: where all of them stand in one column, all lines are equally wide.
    marked = text.replace("\n", ",\n,")
    line_ends = (len(marked) - len(text)) // 2
    cells = marked.split(",")
    step = width + 1
    if len(cells) != step * line_ends + width or cells[width::step].count("\n") != line_ends:
        return None
    return [cells[place::step] for place in range(width)]


def _has_long_line(text: str) -> bool:
    start = 0
    while len(text) - start > MAX_LINE_LENGTH:
        end = text.rfind("\n", start, start + MAX_LINE_LENGTH + 1)
        if end < 0:
            return True
        start = end + 1
    return False


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
        if not (youtube_id_in(cells[place]) and _is_number(start) and _is_number(end)):
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


def _at(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _seconds(cell: str) -> float:
    if not _is_number(cell):
        raise UnusableRowError(f"the time {shown(cell)} is not a number")
    return float(cell)


def _plain_time(cell: str) -> float:
    """A time as clips carry it; those that no clip can have are left to ``checked_clip``."""
    time_s = round(_seconds(cell.strip()), 3) + 0.0
    if not 0 <= time_s < TIME_LIMIT_S:
        raise UnusableRowError("a time that no clip has")
    return time_s
