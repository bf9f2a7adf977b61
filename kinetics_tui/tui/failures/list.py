"""The list of failed clips: a row for each, of which only those in view are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from kinetics_tui.base.safe_text import ELLIPSIS, for_screen
from kinetics_tui.base.words import when_text
from kinetics_tui.model.failed_clips import FailedClip
from kinetics_tui.model.failure import Kind
from kinetics_tui.tui.failures.reading import FailedView
from kinetics_tui.tui.parts.canvas import ListPanel
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment

_MARK = 2
_GAP = 2
_MOST = {"category": 25, "label": 34, "clip": 34}
_LABEL_CUT = 26
"""A class gives way to the id of its clip down to so many cells."""
_TITLES = {"when": "failed", "label": "class"}
"""The titles of columns that are not called by their names."""
_MESSAGE_LEAST = 16
_GIVEN_UP = ("message", "clip", "when", "label")
"""The columns that a narrow list leaves out, one after the other, until the rest is whole."""
_LEAST = 12


def failed_columns(rows: Sequence[FailedClip], moment: Moment, width: int) -> dict[str, int]:
    """Widths of the columns of a list ``width`` cells wide that holds these rows; 0 leaves a column out."""
    wanted = {
        "when": max((len(_when(row, moment)) for row in rows), default=0),
        "category": max((len(row.category.value) for row in rows), default=0),
        "label": max((cell_len(for_screen(row.clip.label)) for row in rows), default=0),
        "clip": max((cell_len(for_screen(row.clip.name)) for row in rows), default=0),
        "message": _MESSAGE_LEAST,
    }
    wanted.update({name: min(most, wanted[name]) for name, most in _MOST.items()})
    for name in _GIVEN_UP:
        if _taken(wanted) <= width:
            break
        # The last column takes what is left, if that is worth having.
        spare = width - _taken(wanted) + wanted[name]
        if name == "clip" and spare < _LEAST:
            given = max(0, min(_LEAST - spare, wanted["label"] - _LABEL_CUT))
            wanted["label"], spare = wanted["label"] - given, spare + given
        wanted[name] = spare if name == "clip" and spare >= _LEAST else 0
    if wanted["message"]:
        wanted["message"] += width - _taken(wanted)
    wanted["category"] = max(0, min(wanted["category"], width - _MARK))
    return wanted


def _taken(widths: dict[str, int]) -> int:
    columns = [width for width in widths.values() if width]
    return _MARK + sum(columns) + _GAP * (len(columns) - 1)


def _when(row: FailedClip, moment: Moment) -> str:
    return when_text(row.at, moment.now, moment.zone) if row.at else ""


def failed_line(row: FailedClip, columns: Mapping[str, int], moment: Moment, *, cursor: bool) -> Line:
    """One row; ``›`` is the cursor."""
    permanent = row.category.kind is Kind.PERMANENT
    tone = Tone.STRONG if cursor else Tone.PLAIN
    cells = {
        "when": (_when(row, moment), tone if cursor else Tone.DIM),
        "category": (row.category.value, tone if permanent or cursor else Tone.WARN),
        "label": (row.clip.label, tone),
        "clip": (row.clip.name, tone),
        "message": (row.message, tone if cursor else Tone.DIM),
    }
    line = Line("› " if cursor else "  ", Tone.STRONG)
    for name, (text, cell_tone) in cells.items():
        if width := columns[name]:
            line.add(" " * _GAP if line.width > _MARK else "").cell(text, width, cell_tone)
    return line


class FailedPanel(ListPanel):
    """Rows that the cursor moves over, as many as there are; those not at hand yet are dots."""

    heading = "Failed"

    wheel_rows = 3

    def __init__(self, view: FailedView) -> None:
        super().__init__()
        self._view = view
        self._columns: tuple[object, int, dict[str, int]] | None = None

    @property
    def count(self) -> int:
        return self._view.total

    @property
    def place(self) -> int:
        return self._view.place

    def put_cursor(self, place: int) -> None:
        self._view.move_to(place)

    # -- painting -------------------------------------------------------------------------------------

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        view = self._view
        if view.problem:
            return [Line(row, Tone.BAD) for row in paragraph(view.problem, width)][:height]
        if view.page is None:
            return [Line("reading the ledger ...", Tone.DIM)]
        if not view.total:
            filtered = bool(view.page.by_category)
            return [
                Line("none of the failed clips is like that" if filtered else "no clip has failed", Tone.DIM)
            ]
        at = view.place
        columns = self._columns_for(moment, width)
        lines = []
        for place in self.rows_in_view(height):
            row = view.row(place)
            if row is None:
                lines.append(Line(f"{'› ' if place == at else '  '}{ELLIPSIS}", Tone.DIM))
            else:
                lines.append(failed_line(row, columns, moment, cursor=place == at))
        return lines

    def _columns_for(self, moment: Moment, width: int) -> dict[str, int]:
        page = self._view.page
        if self._columns is None or self._columns[0] is not page or self._columns[1] != width:
            rows = () if page is None else page.rows
            self._columns = (page, width, failed_columns(rows, moment, width))
        return self._columns[2]

    def figures(self, moment: Moment) -> str:
        view = self._view
        if view.page is None:
            return ""
        of_all = sum(view.page.by_category.values())
        many = f"{view.total:,}" if view.total == of_all else f"{view.total:,} of {of_all:,}"
        if not view.total:
            return many
        return f"{many}, at {view.place + 1:,}"

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        if not self._view.total:
            return []
        headings, x = [], _MARK
        for name, column in self._columns_for(moment, width).items():
            if column:
                headings.append((x, _TITLES.get(name, name)))
                x += column + _GAP
        return headings
