"""Reads the rows of records in CSV, whoever wrote them: within bounds, and with the line of each.

``stats.csv``: what it tells of each video, of the sessions, and of the time they took.
"""

from __future__ import annotations

import csv
import math
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kinetics_tui.annotations.row_rules import MAX_ROWS, UnusableRowError, is_youtube_id, shown
from kinetics_tui.annotations.row_rules import checked_label as annotated_label
from kinetics_tui.base.errors import ReportError
from kinetics_tui.base.words import counted
from kinetics_tui.dataset.stats_csv import STATS_COLUMNS
from kinetics_tui.report.figures import Session
from kinetics_tui.report.statistics import Times

MAX_FILE_BYTES = 2 * 1024**3
MAX_LINE_BYTES = 64 * 1024
MAX_CELLS = 64
SHOWN_REFUSALS = 3


class UnusableRecordError(ValueError):
    """Raised where a row cannot be used; ``str(error)`` says why in a few words."""


class Refusals:
    """Rows that could not be used: how many of each file, and the first few."""

    def __init__(self) -> None:
        self._counts: dict[Path, int] = {}
        self._first: dict[Path, list[str]] = {}

    def note(self, path: Path, line: int, why: str) -> None:
        """A row could not be used."""
        self._counts[path] = self._counts.get(path, 0) + 1
        first = self._first.setdefault(path, [])
        if len(first) < SHOWN_REFUSALS:
            first.append(f"line {line}: {why}")

    def sentences(self) -> Iterator[str]:
        """One for each file with such rows."""
        for path, count in self._counts.items():
            yield f"{counted(count, 'row')} of {path} could not be used ({'; '.join(self._first[path])})."

    def require_none(self, path: Path, columns: str) -> None:
        """Raise ReportError for a file without a usable row, unless it is empty: nothing may have failed."""
        if path in self._first:
            raise ReportError(
                f"{path} {self._first[path][0]}, and no other row is usable either; "
                f"give a CSV file with the columns {columns}."
            )


def read_rows(path: Path, columns: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file that are not empty, each with the line that it ends on.

    ``columns`` is what the file should have, for messages. Raises ReportError where it cannot be read, or
    is no CSV in UTF-8.
    """
    _require_plain(path)
    lines = _lines(path, columns)
    rows = csv.reader(lines, strict=False)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            why = f"{error}, such as after a quote left open"
            raise _unusable(path, rows.line_num, why, columns) from None
        except OSError as error:
            raise _unreadable(path, error) from None
        if rows.line_num > MAX_ROWS:
            raise _unusable(path, rows.line_num, "more lines than any release has", columns)
        if len(cells) > MAX_CELLS:
            raise _unusable(path, rows.line_num, f"{len(cells):,} cells in a row", columns)
        if any(cells):
            yield rows.line_num, cells


def _require_plain(path: Path) -> None:
    try:
        about = path.stat()
    except FileNotFoundError:
        raise ReportError(f"{path} does not exist; check the path of the file.") from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(about.st_mode):
        raise ReportError(f"{path} is not a plain file; give the CSV file itself.")
    if about.st_size > MAX_FILE_BYTES:
        raise ReportError(f"{path} has {about.st_size:,} bytes, more than any records; give another file.")


def _unusable(path: Path, line: int, why: str, columns: str) -> ReportError:
    return ReportError(f"{path} line {line:,}: {why}; give a CSV file with the columns {columns}.")


def _unreadable(path: Path, error: Exception) -> ReportError:
    why = getattr(error, "strerror", None) or str(error)
    return ReportError(f"{path} cannot be read ({why}); check the path and its permissions.")


def _lines(path: Path, columns: str) -> Iterator[str]:
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise _unusable(path, number, f"a line of more than {MAX_LINE_BYTES:,} bytes", columns)
                if b"\0" in line:
                    raise _unusable(path, number, "not text", columns)
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ReportError(f"{path} line {number:,} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise _unreadable(path, error) from None


NEEDED = ("video_id", "download_duration", "ffmpeg_duration", "total_duration")
COLUMNS = ",".join(STATS_COLUMNS)
_WITHOUT_HEADER = (len(STATS_COLUMNS), len(STATS_COLUMNS) - 1)
"""The cells of a row: the last column is ours alone."""
LONGEST_S = 1e9
"""No record tells of more seconds."""
_DONE = frozenset(
    {"success", "successful", "succeeded", "completed", "done", "downloaded", "ok", "true", "1"}
)
_THERE = frozenset({"exists"})
"""The write-up's word for a clip that lay on disk already: it is done, and this row is of no download."""
_FAILED = frozenset({"failed", "fail", "failure", "error", "false", "0"})


class _Row(NamedTuple):
    """A row of the file; ``elapsed_s``, ``iteration`` and ``skipped`` are None where it does not tell.

    ``done``: the clip is on disk; ``fetched``: this row is of its download.
    """

    youtube_id: str
    label: str
    done: bool
    fetched: bool
    download_s: float
    ffmpeg_s: float
    total_s: float
    elapsed_s: float | None
    iteration: float | None
    skipped: float | None


class Stats:
    """The sums of so many ``rows``; ``in_hand_s`` is the sum of all their durations.

    ``taken_s`` is the time from the start of each session to its last row, None where the file does not
    tell.
    """

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.rows = 0
        self.in_hand_s = 0.0
        self.taken_s: float | None = None
        self._places: dict[str, int] = {}
        self._done: list[bool] = []
        self._fetched: list[bool] = []
        self._labels: list[str] = []
        self._times = Times.none()

    @property
    def videos(self) -> int:
        """The number of videos that the rows are of."""
        return len(self._done)

    def on_disk(self, youtube_id: str) -> bool:
        """True if the last row of a video says that it was downloaded."""
        place = self._places.get(youtube_id)
        return place is not None and self._done[place]

    def labels_on_disk(self) -> Iterator[str]:
        """The label of each video that was downloaded."""
        return (label for label, done in zip(self._labels, self._done, strict=True) if done)

    def fetched(self) -> Times:
        """The seconds of the videos that were downloaded."""
        return self._times.only(self._fetched)

    def take(self, row: _Row) -> None:
        """Note a row; an earlier one of the same video counts no more, but for the times of its download."""
        times = (self._times.fetch, self._times.trim, self._times.total)
        seconds = (row.download_s, row.ffmpeg_s, row.total_s)
        self.rows += 1
        self.in_hand_s += row.total_s
        place = self._places.setdefault(row.youtube_id, len(self._done))
        if place == len(self._done):
            self._done.append(row.done)
            self._fetched.append(row.fetched)
            self._labels.append(row.label)
            for values, value in zip(times, seconds, strict=True):
                values.append(value)
            return
        self._done[place], self._labels[place] = row.done, row.label
        if row.done and not row.fetched:
            return
        self._fetched[place] = row.fetched
        for values, value in zip(times, seconds, strict=True):
            values[place] = value


def read_stats(path: Path, refusals: Refusals) -> Stats:
    """Read the file. Raises ReportError where it cannot be used, or holds no usable row."""
    stats, sittings = Stats(), _Sittings()
    columns: dict[str, int] | None = None
    used = 0
    for line, cells in read_rows(path, COLUMNS):
        if columns is None:
            columns, is_header = _columns(path, line, cells)
            if is_header:
                continue
        try:
            row = _row(cells, columns)
        except UnusableRecordError as error:
            refusals.note(path, line, str(error))
            continue
        used += 1
        stats.take(row)
        sittings.take(row)
    if not used:
        refusals.require_none(path, COLUMNS)
        raise ReportError(f"{path} holds no row; give a CSV file with the columns {COLUMNS}.")
    stats.sessions, stats.taken_s = sittings.sessions(), sittings.taken_s()
    return stats


def checked_label(text: str) -> str:
    """A label from a record. Raises UnusableRecordError."""
    try:
        return annotated_label(text)
    except UnusableRowError as error:
        raise UnusableRecordError(str(error)) from None


def _columns(path: Path, line: int, cells: list[str]) -> tuple[dict[str, int], bool]:
    """Where the columns stand, and whether this row names them."""
    places = {cell.strip().lower(): place for place, cell in enumerate(cells)}
    if "video_id" not in places and len(cells) in _WITHOUT_HEADER and is_youtube_id(cells[0]):
        return {name: place for place, name in enumerate(STATS_COLUMNS[: len(cells)])}, False
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise ReportError(
            f"{path} line {line}: the header lacks {' and '.join(missing)}; "
            f"give a CSV file with the columns {COLUMNS}."
        )
    return places, True


def _row(cells: list[str], columns: dict[str, int]) -> _Row:
    def cell(name: str) -> str:
        place = columns.get(name)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    youtube_id = cell("video_id")
    if not is_youtube_id(youtube_id):
        raise UnusableRecordError(f"{shown(youtube_id)} is not a YouTube id")
    status = cell("status").lower()
    if status not in _DONE | _THERE | _FAILED and "status" in columns:
        raise UnusableRecordError(f"the status {shown(status)} is neither success nor failed")
    done = status not in _FAILED
    fetched = done and status not in _THERE
    return _Row(
        sys.intern(youtube_id),
        checked_label(cell("label")),
        done,
        fetched,
        _seconds(cell("download_duration"), "download_duration", needed=fetched) or 0.0,
        _seconds(cell("ffmpeg_duration"), "ffmpeg_duration", needed=fetched) or 0.0,
        _seconds(cell("total_duration"), "total_duration", needed=fetched) or 0.0,
        _seconds(cell("elapsed"), "elapsed"),
        _seconds(cell("iteration"), "iteration"),
        _seconds(cell("skipped_iteration"), "skipped_iteration"),
    )


def _seconds(text: str, name: str, *, needed: bool = False) -> float | None:
    """A number from 0; an empty cell is None where none is needed."""
    if not text and not needed:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= LONGEST_S:
        raise UnusableRecordError(f"the {name} {shown(text)} is not a number from 0 to {LONGEST_S:,.0f}")
    return value


class _Sittings:
    """Tells sessions apart: iterations count again in the next one, or more clips lay there as it began."""

    def __init__(self) -> None:
        self._clips: list[int] = []
        self._took_s: list[float] = []
        self._done = 0
        self._before: _Row | None = None

    def take(self, row: _Row) -> None:
        """The next row of the file."""
        before, self._before = self._before, row
        begins = before is None or self._begins(before, row)
        if begins:
            self._clips.append(0)
            self._took_s.append(0.0)
        elapsed_s = row.elapsed_s or 0.0
        told_s = before.elapsed_s if before is not None and before.elapsed_s is not None else 0.0
        if not begins or before is None:
            # Rows of several workers may come a little out of order.
            grown_s = max(0.0, elapsed_s - told_s)
        elif elapsed_s < told_s:
            grown_s = elapsed_s  # it counts again
        else:
            # The time between two sessions belongs to none of them.
            grown_s = min(elapsed_s - told_s, row.total_s)
        self._took_s[-1] += grown_s
        self._clips[-1] += row.fetched
        self._done += row.fetched

    def _begins(self, before: _Row, row: _Row) -> bool:
        if row.iteration is None or before.iteration is None:
            return False
        if row.iteration <= before.iteration:
            return True
        # As this program writes it: the iterations go on, and what lay there counts all that was done.
        return row.skipped != before.skipped and row.skipped == self._done

    def sessions(self) -> list[Session]:
        """Those in which a clip was downloaded, the oldest first; a file without iterations has none."""
        if self._before is None or self._before.iteration is None:
            return []
        both = zip(self._clips, self._took_s, strict=True)
        return [Session(clips=clips, took_s=took_s) for clips, took_s in both if clips]

    def taken_s(self) -> float | None:
        """The time that all sessions took, None where the file does not tell."""
        return sum(self._took_s) or None
