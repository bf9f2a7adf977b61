"""Reads the rows of records in CSV, whoever wrote them: within bounds, and with the line of each."""

from __future__ import annotations

import csv
import stat
from collections.abc import Iterator
from pathlib import Path

from kinetics_tui.annotations.rows import MAX_ROWS
from kinetics_tui.model.errors import ReportError

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
            rows = "1 row" if count == 1 else f"{count:,} rows"
            yield f"{rows} of {path} could not be used ({'; '.join(self._first[path])})."

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
    remedy = f"give a CSV file with the columns {columns}"
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise ReportError(
                f"{path} line {rows.line_num:,}: {error}, such as after a quote left open; {remedy}."
            ) from None
        except OSError as error:
            raise _unreadable(path, error) from None
        if rows.line_num > MAX_ROWS:
            raise ReportError(f"{path} line {rows.line_num:,}: more lines than any release has; {remedy}.")
        if len(cells) > MAX_CELLS:
            raise ReportError(f"{path} line {rows.line_num:,}: {len(cells):,} cells in a row; {remedy}.")
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


def _unreadable(path: Path, error: Exception) -> ReportError:
    why = getattr(error, "strerror", None) or str(error)
    return ReportError(f"{path} cannot be read ({why}); check the path and its permissions.")


def _lines(path: Path, columns: str) -> Iterator[str]:
    remedy = f"give a CSV file with the columns {columns}"
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise ReportError(
                        f"{path} line {number:,}: a line of more than {MAX_LINE_BYTES:,} bytes; {remedy}."
                    )
                if b"\0" in line:
                    raise ReportError(f"{path} line {number:,}: not text; {remedy}.")
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ReportError(f"{path} line {number:,} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise _unreadable(path, error) from None
