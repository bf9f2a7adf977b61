"""A screen with a long list, the line that tells which rows are shown, and the row at the cursor below it.

Of the list only the rows in view are made, as columns that a narrow terminal gives up one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from kinetics_tui.base.safe_text import ELLIPSIS
from kinetics_tui.tui.lists.pages import TYPING_S, PagedView, PageReading, Row
from kinetics_tui.tui.parts.bars import Hint
from kinetics_tui.tui.parts.canvas import BARS, Canvas, ListPanel, Panel, is_wide, share_out
from kinetics_tui.tui.parts.controls import SearchEntry
from kinetics_tui.tui.parts.dialogs import Choice, PickScreen
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.palette import Steering
from kinetics_tui.tui.parts.run_screen_base import OnRunScreen
from kinetics_tui.tui.parts.view_state import Moment

_MARK = 2
_GAP = 2
_LEAST = 12
"""The id of a video and an ellipsis."""
LABEL_CUT = 12
"""A class gives way to the id of its clip down to so many cells."""
_Row = TypeVar("_Row", bound=Row)


def fit_columns(
    wanted: Mapping[str, int],
    width: int,
    given_up: Sequence[str],
    *,
    cut: str,
    grows: str,
    never: str,
    gives: tuple[str, int],
) -> dict[str, int]:
    """Widths of the columns of a list ``width`` cells wide; 0 leaves a column out.

    Those of ``given_up`` before ``cut`` are left out in their order until the rest is whole. Then ``cut`` is
    cut, down to what still tells its row from others, and ``gives`` is a column that gives cells too, down
    to so many; those behind ``cut`` are left out for that, and itself as the last one. ``grows`` takes the
    room that nobody needs, ``never`` is never left out.
    """
    widths = dict(wanted)
    whole = given_up.index(cut)
    for name in given_up[:whole]:
        if _taken(widths) > width:
            widths[name] = 0
    giver, least = gives
    leasts = {cut: min(wanted[cut], _LEAST), giver: min(wanted[giver], least)}
    for name in (*given_up[whole + 1 :], cut):
        spare = sum(max(0, widths[giving] - leasts[giving]) for giving in leasts)
        if _taken(widths) - spare > width:
            widths[name] = 0
    for name in leasts:
        widths[name] -= max(0, min(_taken(widths) - width, widths[name] - leasts[name]))
    if widths[grows]:
        widths[grows] += max(0, width - _taken(widths))
    widths[never] = max(0, min(widths[never], width - _MARK))
    return widths


def _taken(widths: Mapping[str, int]) -> int:
    columns = [width for width in widths.values() if width]
    return _MARK + sum(columns) + _GAP * (len(columns) - 1)


def row_line(cells: Mapping[str, tuple[str, Tone]], columns: Mapping[str, int], *, cursor: bool) -> Line:
    """One row; ``›`` is the cursor, whose row is in one tone."""
    line = Line("› " if cursor else "  ", Tone.STRONG)
    for name, (text, tone) in cells.items():
        if width := columns[name]:
            line.add(" " * _GAP if line.width > _MARK else "")
            line.cell(text, width, Tone.STRONG if cursor else tone)
    return line


class PagedPanel(ListPanel, Generic[_Row]):
    """Rows that the cursor moves over, as many as there are; those not at hand yet are dots."""

    wheel_rows = 3

    def __init__(self, view: PagedView[Any, Any, _Row]) -> None:
        super().__init__()
        self._view = view
        self._columns: tuple[object, int, dict[str, int]] | None = None

    # -- what a list says of itself -----------------------------------------------------------------

    def widths(self, rows: Sequence[_Row], moment: Moment, width: int) -> dict[str, int]:
        """The widths of the columns for these rows, by name; 0 leaves a column out."""
        raise NotImplementedError

    def cells(self, row: _Row, moment: Moment) -> dict[str, tuple[str, Tone]]:
        """The text of each column, and its tone where the cursor is elsewhere."""
        raise NotImplementedError

    def titles(self) -> Mapping[str, str]:
        """The titles of columns that are not called by their names."""
        raise NotImplementedError

    def nothing(self) -> str:
        """The words for a list without rows."""
        raise NotImplementedError

    def of_all(self) -> int:
        """The number of rows without a filter."""
        raise NotImplementedError

    # -- cursor -------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        return self._view.total

    @property
    def place(self) -> int:
        return self._view.place

    def put_cursor(self, place: int) -> None:
        self._view.move_to(place)

    # -- painting -----------------------------------------------------------------------------------

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        view = self._view
        if view.problem:
            return [Line(row, Tone.BAD) for row in paragraph(view.problem, width)][:height]
        if view.page is None:
            return [Line("reading the ledger ...", Tone.DIM)]
        if not view.total:
            return [Line(self.nothing(), Tone.DIM)]
        columns = self._columns_for(moment, width)
        lines = []
        for place in self.rows_in_view(height):
            row, cursor = view.row(place), place == view.place
            if row is None:
                lines.append(Line(f"{'› ' if cursor else '  '}{ELLIPSIS}", Tone.DIM))
            else:
                lines.append(row_line(self.cells(row, moment), columns, cursor=cursor))
        return lines

    def _columns_for(self, moment: Moment, width: int) -> dict[str, int]:
        page = self._view.page
        if self._columns is None or self._columns[0] is not page or self._columns[1] != width:
            rows = () if page is None else page.rows
            self._columns = (page, width, self.widths(rows, moment, width))
        return self._columns[2]

    def figures(self, moment: Moment) -> str:
        view = self._view
        if view.page is None:
            return ""
        of_all = self.of_all()
        many = f"{view.total:,}" if view.total == of_all else f"{view.total:,} of {of_all:,}"
        return f"{many}, at {view.place + 1:,}" if view.total else many

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        if not self._view.total:
            return []
        titles, headings, x = self.titles(), [], _MARK
        for name, column in self._columns_for(moment, width).items():
            if column:
                headings.append((x, titles.get(name, name)))
                x += column + _GAP
        return headings


class FilterLine(Canvas):
    """The filters that are on; without any, all rows in words.

    ``parts`` gives the name of each filter and its value, None where it is off.
    """

    def __init__(self, every: str, parts: Callable[[], Iterable[tuple[str, str | None]]]) -> None:
        super().__init__(id="filter")
        self._every = every
        self._parts = parts

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        line = Line(" only  ", Tone.DIM)
        shown = [(name, value) for name, value in self._parts() if value is not None]
        for name, value in shown:
            line.add(f"{name} ", Tone.DIM).add(value, Tone.STRONG).add("   ")
        return [line if shown else Line(f" {self._every}", Tone.DIM)]


def class_choices(by_label: Mapping[str, int]) -> list[Choice]:
    """Classes to pick from, those with the most clips first."""
    counts = sorted(by_label.items(), key=lambda item: (-item[1], item[0]))
    return [Choice(label, label or "none", f"{count:,}") for label, count in counts]


def class_words(label: str | None) -> str | None:
    """A class in the line of filters."""
    return label if label != "" else "none"


def arrange_list(width: int, height: int, *, opened: bool, details: int) -> dict[str, int]:
    """Rows of the filters, the list and one row's details of so many lines, which have all rows when open.

    0 leaves a part out.
    """
    rows = max(0, height - BARS)
    if opened:
        return {"said": 0, "list": 0, "details": rows}
    frame = 2 if is_wide(width, height) else 1
    steps = (
        ("list", frame + 2),
        ("said", 1),
        ("list", max(frame + 2, min(rows // 2, rows - 1 - frame - details))),
        ("details", frame + details),
        ("list", rows),
    )
    return share_out(rows, steps, last="details", least=frame + 1, heir="list")


class ListScreen(OnRunScreen, Generic[_Row]):
    """The list narrowed by filters, and the row at the cursor, which has the whole screen when opened."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    """The entry has the keys only while something is typed into it."""
    NEEDS_A_ROW: ClassVar[Sequence[str]] = ()
    """The actions that the palette offers only where there is a row to do them to."""
    ROWS: ClassVar[str] = "clips"
    """The rows in words: ``failed clips``."""
    NO_ROW: ClassVar[str] = "There is no clip."

    def __init__(
        self,
        run: Steering,
        view: PagedView[Any, Any, _Row],
        widgets: tuple[FilterLine, Panel, Panel],
        words: str,
    ) -> None:
        """``widgets`` are the line of filters, the list and the details; ``words`` stand in the entry."""
        super().__init__(run)
        self.view = view
        self._filter, self._list, self._details = widgets
        self._entry = SearchEntry(placeholder=words, id="find")
        self._typing = False
        self.opened: _Row | None = None

    # -- what a screen adds -----------------------------------------------------------------------------

    @property
    def reading(self) -> PageReading[Any]:
        """The reading of the list."""
        raise NotImplementedError

    def is_old(self, moment: Moment) -> bool:
        """True if the list has changed since it was read."""
        raise NotImplementedError

    def row_hints(self, *, shown: bool, opened: bool) -> list[Hint]:
        """The keys for the row, and those that narrow the list."""
        raise NotImplementedError

    def details_lines(self) -> int:
        """The lines of details that are worth having beside the list."""
        raise NotImplementedError

    def show_row(self, row: _Row | None, *, opened: bool) -> None:
        """Have this row in the details."""
        raise NotImplementedError

    # -- looking at the list ----------------------------------------------------------------------------

    def open_networks(self) -> None:
        """Show the network screen in this one's place."""
        self.dismiss()
        self._run.open_networks()

    def body_widgets(self) -> Iterable[Widget]:
        return (self._filter, self._entry, self._list, self._details)

    def on_mount(self) -> None:
        super().on_mount()
        self.reading.read()

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        view = self.view
        return (*super().pressing(moment), view.filter, view.problem, view.place, self.opened)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        return self.row_hints(shown=self.shown is not None, opened=self.opened is not None)

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self.reading.look(old=self.is_old(moment))
        urgent = self._arrange() or urgent
        self.show_row(self.shown, opened=self.opened is not None)
        for canvas in (self._filter, self._list, self._details):
            canvas.show(moment, urgent=urgent)

    @property
    def shown(self) -> _Row | None:
        """The row that keys act on: the open one, else that at the cursor."""
        return self.opened or self.view.current

    @property
    def filtered(self) -> bool:
        """True if a filter is on."""
        return bool(self.view.filter != self.view.every)

    def has_news(self) -> None:
        """Something that was read has come."""
        opened, current = self.opened, self.view.current
        if opened is not None and current is not None and current != opened and current.id == opened.id:
            self.open_row(current)  # it has changed meanwhile
        self.tick(urgent=True)

    def _arrange(self) -> bool:
        """Give the parts their places; returns whether any of them changed."""
        rooms = arrange_list(*self.size, opened=self.opened is not None, details=self.details_lines())
        return self.place(
            (self._filter, 0 if self._typing else rooms["said"]),
            (self._entry, max(1, rooms["said"]) if self._typing else 0),
            (self._list, rooms["list"]),
            (self._details, rooms["details"]),
        )

    # -- moving and opening -----------------------------------------------------------------------------

    @property
    def moved(self) -> Panel:
        return self._list if self.opened is None else self._details

    def on_list_panel_moved(self) -> None:
        if self.view.current is None:
            self.reading.read()
        self.tick(urgent=True)

    def action_open_clip(self) -> None:
        if self.row_or_notice() is not None:
            self.open_row(self.view.current if self.opened is None else None)
            self.tick(urgent=True)

    def row_or_notice(self) -> _Row | None:
        """The row that keys act on; that there is none is said."""
        if self.shown is None:
            self.notice(f"No {self.ROWS.removesuffix('s')} is shown here.", bad=True)
        return self.shown

    def open_row(self, row: _Row | None) -> None:
        """Give a row the whole screen; None: no row any more."""
        self.opened = row
        self._details.set_full(full=row is not None)

    def action_back(self) -> None:
        if self.opened is not None:
            self.action_open_clip()
        elif self.is_active:
            self.dismiss()

    # -- filters ----------------------------------------------------------------------------------------

    def show_only(self, filter_: Any, after_s: float = 0.0) -> None:
        """Show the rows that a filter lets through."""
        self.open_row(None)
        if filter_ != self.view.filter:
            self.view.filter_by(filter_)
            self.reading.read(after_s)
        self.tick(urgent=True)

    def action_find(self) -> None:
        self.open_row(None)
        self._typing = True
        self.tick(urgent=True)
        self._entry.focus()

    @on(Input.Changed, "#find")
    def _typed(self, event: Input.Changed) -> None:
        self.show_only(self.view.filter._replace(text=event.value.strip()), TYPING_S)

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._typing = False
        self.set_focus(None)
        self.tick(urgent=True)

    def ask(self, title: str, choices: Sequence[Choice], field: str) -> None:
        """Ask for the value of a field of the filter."""
        if not choices:
            self.notice(self.NO_ROW, bad=True)
        elif self.is_active:
            pick = PickScreen(title, [Choice(None, "any", ""), *choices])
            self.app.push_screen(pick, partial(self._picked, field))

    def _picked(self, field: str, choice: Choice | None) -> None:
        if choice is not None:
            self.show_only(self.view.filter._replace(**{field: choice.value}))

    def action_show_all(self) -> None:
        if not self.filtered:
            self.notice(f"All {self.ROWS} are shown already.", bad=True)
            return
        self._entry.value = ""
        self.show_only(self.view.every)

    # -- what can be done -------------------------------------------------------------------------------

    def own_bindings(self) -> list[Binding]:
        """All but moving about; what is done to a row where there is one to do it to."""
        own = super().own_bindings()
        return [key for key in own if self.shown is not None or key.action not in self.NEEDS_A_ROW]
