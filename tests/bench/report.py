"""What a bench found: a table for people, which is Markdown too, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

Cell = str | int | float


class Column(msgspec.Struct, frozen=True):
    """A column: its ``heading``, its ``key`` in the JSON, and how a value of it is written."""

    heading: str
    key: str
    form: str = ""

    @property
    def is_number(self) -> bool:
        return bool(self.form)

    def text(self, value: Cell) -> str:
        return format(value, self.form)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The table of one bench, and ``notes`` that say how it was made."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]

    def markdown(self) -> str:
        """An aligned table, and the notes under it."""
        cells = [[column.heading for column in self.columns]]
        cells += [
            [column.text(value) for column, value in zip(self.columns, row, strict=True)] for row in self.rows
        ]
        widths = [max(len(row[number]) for row in cells) for number in range(len(self.columns))]
        rule = [
            "-" * (width - 1) + ":" if column.is_number else "-" * width
            for column, width in zip(self.columns, widths, strict=True)
        ]
        lines = [self._line(row, widths) for row in (cells[0], rule, *cells[1:])]
        return "\n".join([*lines, "", *self.notes])

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        padded = (
            text.rjust(width) if column.is_number else text.ljust(width)
            for column, text, width in zip(self.columns, row, widths, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    def plain(self) -> dict[str, object]:
        """The same for JSON."""
        keys = [column.key for column in self.columns]
        return {
            "rows": [dict(zip(keys, row, strict=True)) for row in self.rows],
            "notes": list(self.notes),
        }
