"""The list of failed clips: a row for each, of which only those in view are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.message import Message

from kinetics_tui.base.safe_text import ELLIPSIS, for_screen
from kinetics_tui.base.words import when_text
from kinetics_tui.model.failed_clips import FailedClip
from kinetics_tui.model.failure import Kind
from kinetics_tui.tui.failures.reading import FailedView
from kinetics_tui.tui.parts.canvas import Panel
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment

_MARK = 2
_GAP = 2
_MOST = {"category": 25, "label": 26, "clip": 34}
_MESSAGE_LEAST = 16
_GIVEN_UP = ("message", "clip", "when", "label")
"""The columns that a narrow list leaves out, one after the other, until the rest is whole."""
_LEAST = 8


class Columns(NamedTuple):
    """Widths of the columns, in cells; 0 leaves a column out."""

    when: int
    category: int
    label: int
    clip: int
    message: int


def failed_columns(rows: Sequence[FailedClip], moment: Moment, width: int) -> Columns:
    """Columns for a list ``width`` cells wide that holds these rows."""
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
        wanted[name] = spare if name == "clip" and spare >= _LEAST else 0
    if wanted["message"]:
        wanted["message"] += width - _taken(wanted)
    wanted["category"] = max(0, min(wanted["category"], width - _MARK))
    return Columns(**wanted)


def _taken(widths: dict[str, int]) -> int:
    columns = [width for width in widths.values() if width]
    return _MARK + sum(columns) + _GAP * (len(columns) - 1)


def _when(row: FailedClip, moment: Moment) -> str:
    return when_text(row.at, moment.now, moment.zone) if row.at else ""


def failed_line(row: FailedClip, columns: Columns, moment: Moment, *, cursor: bool) -> Line:
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
        width = getattr(columns, name)
        if width:
            line.add(" " * _GAP if line.width > _MARK else "").cell(text, width, cell_tone)
    return line


class FailedPanel(Panel):
    """Rows that the cursor moves over, as many as there are; those not at hand yet are dots."""

    heading = "Failed"

    class Pointed(Message):
        """The mouse sent the cursor somewhere else."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, view: FailedView) -> None:
        super().__init__()
        self._view = view
        self._first = 0
        self._columns: tuple[object, int, Columns] | None = None

    @property
    def page_rows(self) -> int:
        """The rows that a page moves the cursor by."""
        return max(1, self._body_room - 1)

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
        self._first = max(0, min(view.total - height, max(at - height + 1, min(at, self._first))))
        columns = self._columns_for(moment, width)
        lines = []
        for place in range(self._first, min(view.total, self._first + height)):
            row = view.row(place)
            if row is None:
                lines.append(Line(f"{'› ' if place == at else '  '}{ELLIPSIS}", Tone.DIM))
            else:
                lines.append(failed_line(row, columns, moment, cursor=place == at))
        return lines

    def _columns_for(self, moment: Moment, width: int) -> Columns:
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
        titles = {
            "when": "failed",
            "category": "category",
            "label": "class",
            "clip": "clip",
            "message": "message",
        }
        for name, column in self._columns_for(moment, width)._asdict().items():
            if column:
                headings.append((x, titles[name]))
                x += column + _GAP
        return headings

    # -- mouse ----------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        event.stop()
        event.prevent_default()
        line = self.body_line_at(event.y)
        if line is not None and self._view.total:
            self.post_message(self.Pointed(self._first + line))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Pointed(self._view.place + 3))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Pointed(self._view.place - 3))
