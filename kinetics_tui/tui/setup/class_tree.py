"""The classes to tick, under headings that open and close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.tui.parts.controls import ControlChanged
from kinetics_tui.tui.parts.lines import fit, paragraph

ALL_MARK, SOME_MARK, NONE_MARK = "[x]", "[-]", "[ ]"


class Row(msgspec.Struct, frozen=True):
    """A line of the tree: a heading (``label`` None) or a class under it."""

    group: str
    label: str | None = None


class ClassTree(ScrollView, can_focus=True):
    """Groups of classes with tri-state marks and counts.

    A class may stand in several groups: it is ticked in all of them at once. While a filter is set
    only matching classes show, and "all" and "none" mean those.
    """

    DEFAULT_CSS = """
    ClassTree { width: 1fr; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Tick", tooltip="Tick or untick the class or the whole category"),
        Binding("a", "tick_all", "All", tooltip="Tick every class that is shown"),
        Binding("n", "tick_none", "None", tooltip="Untick every class that is shown"),
        Binding("enter", "open_or_tick", "Open", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "jump(0)", "First", show=False),
        Binding("end", "jump(-1)", "Last", show=False),
        Binding("right", "open", "Open", show=False),
        Binding("left", "close", "Close", show=False),
        Binding("escape", "clear_filter", "All classes", tooltip="Show all classes again"),
    ]

    class Changed(ControlChanged[frozenset[str]]):
        """Other classes are ticked now."""

    class FilterCleared(Message):
        """The filter was taken off from within the tree."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._groups: dict[str, tuple[str, ...]] = {}
        self.ticked: frozenset[str] = frozenset()
        self._numbers: Mapping[str, str] = {}
        self._open: set[str] = set()
        self._filter = ""
        self.rows: list[Row] = []
        """The lines that can be scrolled to."""
        self._cursor = 0

    # -- what is shown --------------------------------------------------------------------------

    @property
    def cursor_row(self) -> Row | None:
        return self.rows[self._cursor] if self.rows else None

    def show(
        self, groups: Mapping[str, tuple[str, ...]], ticked: frozenset[str], numbers: Mapping[str, str]
    ) -> None:
        """Show these classes by group, with what stands behind each."""
        if groups != self._groups:
            self._groups = dict(groups)
            self._open = set(groups) if len(groups) == 1 else set()
            self._cursor = 0
            self._lay_rows()
        if (ticked, numbers) != (self.ticked, self._numbers):
            self.ticked = ticked
            self._numbers = numbers
            self.refresh()

    def set_filter(self, text: str) -> None:
        """Show only classes in which (or in whose group) every word of ``text`` occurs.

        The cursor stays on its class as long as that is shown.
        """
        before = self.cursor_row
        self._filter = text.strip().casefold()
        self._lay_rows()
        if before is not None:
            places = (before, Row(before.group))
            self._move_to(next((self.rows.index(row) for row in places if row in self.rows), 0))
        self.refresh_bindings()

    def shown(self, group: str) -> list[str]:
        """The classes of a group that match the filter."""
        words = self._filter.split()
        heading = group.casefold()
        return [
            label
            for label in self._groups[group]
            if all(word in label.casefold() or word in heading for word in words)
        ]

    def shown_classes(self) -> frozenset[str]:
        """All classes that match the filter."""
        return frozenset(label for group in self._groups for label in self.shown(group))

    def _lay_rows(self) -> None:
        rows: list[Row] = []
        for group in self._groups:
            labels = self.shown(group)
            if not labels:
                continue
            rows.append(Row(group))
            if self._filter or group in self._open:
                rows.extend(Row(group, label) for label in labels)
        self.rows = rows
        self._cursor = min(self._cursor, max(0, len(rows) - 1))
        self.virtual_size = Size(self.scrollable_content_region.width, len(rows))
        self.refresh()
        self._keep_cursor_in_view()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.rows))
        self._keep_cursor_in_view()

    # -- painting -------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + round(self.scroll_offset.y)
        base = self.rich_style
        if not self.rows:
            hint = "No class matches." if self._filter else "The classes show once the annotations are read."
            said = paragraph(hint, width)[y : y + 1]
            return Strip([Segment("".join(said), base + Style(dim=True))]).adjust_cell_length(width, base)
        if index >= len(self.rows):
            return Strip.blank(width, base)
        row = self.rows[index]
        text, number = self._words(row)
        name_width = max(0, width - len(number) - 1)
        style = base + Style(
            bold=row.label is None,
            reverse=self.has_focus and index == self._cursor,
            meta={"row": index},
        )
        line = f"{fit(text, name_width)} {number}"
        return Strip([Segment(line, style)]).adjust_cell_length(width, base).crop(0, width)

    def _words(self, row: Row) -> tuple[str, str]:
        if row.label is not None:
            mark = ALL_MARK if row.label in self.ticked else NONE_MARK
            return f"    {mark} {for_screen(row.label)}", self._numbers.get(row.label, "")
        labels = self.shown(row.group)
        ticked = len(self.ticked.intersection(labels))
        mark = ALL_MARK if ticked == len(labels) else SOME_MARK if ticked else NONE_MARK
        is_open = self._filter or row.group in self._open
        return f"{'▾' if is_open else '▸'} {mark} {for_screen(row.group)}", f"{ticked}/{len(labels)}"

    def _refresh_row(self, index: int) -> None:
        y = index - round(self.scroll_offset.y)
        if 0 <= y < self.scrollable_content_region.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # -- moving ---------------------------------------------------------------------------------

    def _move_to(self, index: int) -> None:
        if not self.rows:
            return
        self._refresh_row(self._cursor)
        self._cursor = min(max(0, index), len(self.rows) - 1)
        self._refresh_row(self._cursor)
        self._keep_cursor_in_view()

    def _keep_cursor_in_view(self) -> None:
        height = max(1, self.scrollable_content_region.height)
        top = round(self.scroll_offset.y)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)

    def action_move(self, by: int) -> None:
        self._move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        self._move_to(self._cursor + by * max(1, self.scrollable_content_region.height - 1))

    def action_jump(self, index: int) -> None:
        self._move_to(index % len(self.rows) if self.rows else 0)

    def _set_open(self, group: str, is_open: bool) -> None:
        if self._filter:
            return
        (self._open.add if is_open else self._open.discard)(group)
        self._lay_rows()
        self._move_to(self.rows.index(Row(group)))

    def action_open(self) -> None:
        row = self.cursor_row
        if row is not None and row.label is None:
            self._set_open(row.group, True)

    def action_close(self) -> None:
        """Close the group; from a class, the one it stands in."""
        if row := self.cursor_row:
            self._set_open(row.group, False)

    def action_open_or_tick(self) -> None:
        row = self.cursor_row
        if row is None:
            return
        if row.label is None and not self._filter:
            self._set_open(row.group, row.group not in self._open)
        else:
            self.action_tick()

    # -- ticking --------------------------------------------------------------------------------

    def _tick(self, ticked: frozenset[str]) -> None:
        if ticked != self.ticked:
            self.ticked = ticked
            self.refresh()
            self.post_message(self.Changed(self, ticked))

    def action_tick(self) -> None:
        row = self.cursor_row
        if row is None:
            return
        labels = frozenset(self.shown(row.group)) if row.label is None else frozenset({row.label})
        self._tick(self.ticked - labels if labels <= self.ticked else self.ticked | labels)

    def action_tick_all(self) -> None:
        self._tick(self.ticked | self.shown_classes())

    def action_tick_none(self) -> None:
        self._tick(self.ticked - self.shown_classes())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is the tree's own only while there is a filter to take off."""
        return bool(self._filter) if action == "clear_filter" else True

    def action_clear_filter(self) -> None:
        self.set_filter("")
        self.post_message(self.FilterCleared())

    def on_click(self, event: events.Click) -> None:
        """The arrow of a heading opens it; anywhere else on a line ticks."""
        index = event.style.meta.get("row")
        if index is None:
            return
        self._move_to(index)
        row = self.rows[index]
        if row.label is None and event.x < 2:
            self._set_open(row.group, row.group not in self._open)
        else:
            self.action_tick()
