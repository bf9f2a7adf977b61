"""Widgets that paint lines of toned text: a canvas, and a panel with a frame and a view in full that scrolls.

Only lines that changed are painted. Beside them stands the room that a screen has to share out among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from kinetics_tui.tui.parts.lines import Ink, Line, Span, Tone, changed_width
from kinetics_tui.tui.parts.view_state import Moment

WIDE_COLUMNS = 100
WIDE_ROWS = 24
BARS = 2
"""Rows of the top line and the bottom line."""


def is_wide(width: int, height: int) -> bool:
    """True where there is room for panels with frames; else they have ruled titles."""
    return width >= WIDE_COLUMNS and height >= WIDE_ROWS


def share_out(
    rows: int, steps: Sequence[tuple[str, int]], *, last: str, least: int, heir: str
) -> dict[str, int]:
    """Rows of each part of a screen, by name; 0 leaves it out.

    Each step raises one part to a height, the most needed first, until the rows are used up. In fewer rows
    than ``least`` the part ``last`` tells nothing: ``heir`` gets them.
    """
    heights = {name: 0 for name, _ in steps}
    for name, wanted in steps:
        heights[name] += max(0, min(wanted - heights[name], rows - sum(heights.values())))
    if heights[last] < least:
        heights[heir] += heights[last]
        heights[last] = 0
    return heights


class Canvas(Widget, can_focus=False):
    """Paints what ``compose_lines`` makes of the moment it was last shown.

    Over a slow line every byte counts: a timer may show it a new moment as often as it likes, and
    only lines that came out differently are painted, from their left end to the last difference.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"canvas--{tone}" for tone in Tone}

    every_tick = False
    """True if it is composed at every tick, or once a second (and at once when ``urgent``)."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.moment: Moment | None = None
        """The moment on screen."""
        self._painted: list[tuple[Span, ...]] = []
        self._strips: list[Strip] = []
        self._composed_size = (-1, -1)
        self._styles_by_tone: dict[Tone, Style] = {}

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        """The lines to be seen, at most ``height`` of them; each is cut or padded to ``width``."""
        raise NotImplementedError

    def show(self, moment: Moment, *, urgent: bool = False) -> None:
        """Paint ``moment``; a canvas not meant for every tick waits for the next whole second."""
        before = self.moment
        if before is not None and not (urgent or self.every_tick) and int(before.now) == int(moment.now):
            return
        self.moment = moment
        self.repaint()

    def repaint(self) -> None:
        """Compose again, and mark what has changed for painting."""
        width, height = self.size
        if self._composed_size != (width, height) or not self._strips:
            self._compose_all()
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(self._painted, self._spans(width, height), strict=True)):
            if old != new:
                self._painted[y] = new
                self._strips[y] = self._strip(new, width)
                regions.append(Region(0, y, changed_width(old, new, width), 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        if self._composed_size != tuple(self.size):
            self._compose_all()
        if 0 <= y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_by_tone.clear()
        # Strips carry the styles that they were made with.
        self._composed_size = (-1, -1)

    def _compose_all(self) -> None:
        width, height = self.size
        self._painted = self._spans(width, height)
        self._strips = [self._strip(spans, width) for spans in self._painted]
        self._composed_size = (width, height)

    def _spans(self, width: int, height: int) -> list[tuple[Span, ...]]:
        if self.moment is None or width <= 0 or height <= 0:
            lines: list[Line] = []
        else:
            lines = self.compose_lines(self.moment, width, height)[:height]
        spans = [line.spans(width) for line in lines]
        return spans + [Line().spans(width)] * (height - len(spans))

    def _strip(self, spans: tuple[Span, ...], width: int) -> Strip:
        # Each change of style costs some 25 bytes on the line; tones that look alike share a run.
        runs: list[tuple[str, Style]] = []
        for text, tone in spans:
            style = self._style(tone)
            if runs and runs[-1][1] == style:
                text = runs.pop()[0] + text
            runs.append((text, style))
        return Strip([Segment(text, style) for text, style in runs], width)

    def _style(self, tone: Ink) -> Style:
        if isinstance(tone, Style):
            return tone
        style = self._styles_by_tone.get(tone)
        if style is None:
            style = self.get_component_rich_style(f"canvas--{tone}")
            self._styles_by_tone[tone] = style
        return style


class Frame(NamedTuple):
    """The pieces of a frame: corners, and lines across and down."""

    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    across: str
    down: str


ROUND = Frame("╭", "╮", "╰", "╯", "─", "│")
HEAVY = Frame("┏", "┓", "┗", "┛", "━", "┃")


class Panel(Canvas):
    """Base of the panels.

    A panel has a box round it, or, where room is short (``flat``), a ruled title line alone. In
    ``full`` view it has the room of all panels and its body may be longer than the room: it
    scrolls. ``number`` is the key that opens it, 0 where none does.
    """

    number = 0
    heading = ""
    from_end = False
    """True if a body longer than the room shows its end (a log) or its start."""

    class Opened(Message):
        """The title was clicked: show the panel in full, or go back."""

        def __init__(self, panel: Panel) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self) -> None:
        super().__init__(id=self.heading.lower(), classes="panel")
        self.flat = False
        self.full = False
        self._scrolled: int | None = None
        self._body_length = 0
        self._body_room = 0

    # -- what a panel says of itself ----------------------------------------------------------------

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        """The lines inside the frame; in full view as many as there are, else at most ``height``."""
        raise NotImplementedError

    def title(self, moment: Moment) -> str:
        """The word in the title."""
        return self.heading

    def figures(self, moment: Moment) -> str:
        """The figures behind the heading in the title."""
        return ""

    def columns(self, moment: Moment, width: int) -> list[tuple[int, str]]:
        """Column headings, set into the title line: where each starts in the body, from the left."""
        return []

    def frame(self, moment: Moment) -> Frame:
        return ROUND

    # -- scrolling ------------------------------------------------------------------------------------

    @property
    def first_line(self) -> int:
        """The first line of the body in view."""
        last_start = max(0, self._body_length - self._body_room)
        if self._scrolled is None:
            return last_start if self.from_end else 0
        return max(0, min(last_start, self._scrolled))

    def move(self, lines: int) -> None:
        """Scroll a panel in full view; a log moved to its end follows it again."""
        target = max(0, self.first_line + lines)
        at_end = target >= self._body_length - self._body_room
        self._scrolled = None if self.from_end and at_end else target
        self.repaint()

    def move_page(self, pages: int) -> None:
        self.move(pages * max(1, self._body_room - 1))

    def move_to_end(self, *, end: bool) -> None:
        self.move(self._body_length if end else -self._body_length)

    def set_full(self, *, full: bool) -> None:
        self.full = full
        self._scrolled = None

    # -- painting -------------------------------------------------------------------------------------

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        boxed = not self.flat and width >= 6 and height >= 3
        ruled = boxed or height >= 2
        inner_width = max(1, width - (4 if boxed else 2 if width > 2 else 0))
        room = max(1, height - (2 if boxed else 1 if ruled else 0))
        lines = self.body(moment, inner_width, room)
        self._body_length, self._body_room = len(lines), room
        start = self.first_line
        lines = lines[start : start + room]
        if not boxed:
            indent = " " if width > 2 else ""
            shown = [Line(indent).append(line) for line in lines]
            return [self._title(moment, width, ROUND, inner_width, flat=True), *shown] if ruled else shown
        frame = self.frame(moment)
        lines += [Line()] * (room - len(lines))
        return [
            self._title(moment, width, frame, inner_width, flat=False),
            *(self._framed(line, inner_width, frame) for line in lines),
            self._bottom(width, frame, start, room),
        ]

    def _title(self, moment: Moment, width: int, frame: Frame, inner_width: int, *, flat: bool) -> Line:
        line = Line(frame.across if flat else frame.top_left + frame.across, Tone.BORDER)
        line.add(f" {self.number} " if self.number else " ", Tone.DIM).add(self.title(moment), Tone.ACCENT)
        figures = self.figures(moment)
        line.add(f"  {figures} " if figures else " ", Tone.STRONG)
        left = 1 if flat else 2
        end = width - (0 if flat else 1)
        for x, text in self.columns(moment, inner_width):
            start = left + x - 1
            if start >= line.width and start + len(text) + 2 <= end:
                line.add(frame.across * (start - line.width), Tone.BORDER).add(f" {text} ", Tone.DIM)
        line.add(frame.across * (width - line.width - (0 if flat else 1)), Tone.BORDER)
        return line if flat else line.add(frame.top_right, Tone.BORDER)

    @staticmethod
    def _framed(line: Line, inner_width: int, frame: Frame) -> Line:
        framed = Line(f"{frame.down} ", Tone.BORDER).append_spans(line.spans(inner_width), inner_width)
        return framed.add(f" {frame.down}", Tone.BORDER)

    def _bottom(self, width: int, frame: Frame, start: int, room: int) -> Line:
        line = Line(frame.bottom_left, Tone.BORDER)
        if self.full and self._body_length > room:
            end = min(self._body_length, start + room)
            note = f" {start + 1}-{end} of {self._body_length} "
            if len(note) + 4 <= width:
                line.add(frame.across * (width - len(note) - 4), Tone.BORDER).add(note, Tone.DIM)
        line.add(frame.across * (width - line.width - 1), Tone.BORDER)
        return line.add(frame.bottom_right, Tone.BORDER)

    # -- mouse ----------------------------------------------------------------------------------------

    def body_line_at(self, y: int) -> int | None:
        """Which line of the body is at row ``y`` of the panel, None for its frame."""
        width, height = self.size
        boxed = not self.flat and width >= 6 and height >= 3
        row = y - (1 if boxed or height >= 2 else 0)
        line = row + self.first_line
        return line if 0 <= row < self._body_room and line < self._body_length else None

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y == 0 and self.size.height > 1:
            self.post_message(self.Opened(self))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if self.full:
            event.stop()
            self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        if self.full:
            event.stop()
            self.move(-3)


class ListPanel(Panel):
    """A panel of rows that a cursor moves over; more than there is room for scroll under it."""

    wheel_rows = 1
    """The rows that the mouse wheel moves the cursor by."""

    class Moved(Message):
        """The cursor is at another row."""

    def __init__(self) -> None:
        super().__init__()
        self._first = 0

    @property
    def count(self) -> int:
        """The number of rows that there are."""
        raise NotImplementedError

    @property
    def place(self) -> int:
        """The row of the cursor, counted from 0."""
        raise NotImplementedError

    def put_cursor(self, place: int) -> None:
        """Put the cursor at one of the rows."""
        raise NotImplementedError

    def rows_in_view(self, height: int) -> range:
        """The rows that ``height`` lines show: as before, or moved so that the cursor is among them."""
        lowest = max(self.place - height + 1, min(self.place, self._first))
        self._first = max(0, min(self.count - height, lowest))
        return range(self._first, min(self.count, self._first + height))

    def move(self, lines: int) -> None:
        """Move the cursor, stopping at the first and last row."""
        if self.count:
            self.put_cursor(max(0, min(self.count - 1, self.place + lines)))
            self.repaint()
            self.post_message(self.Moved())

    def move_to_end(self, *, end: bool) -> None:
        self.move(self.count if end else -self.count)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        event.prevent_default()
        line = self.body_line_at(event.y)
        if line is not None:
            self.move(self._first + line - self.place)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(self.wheel_rows)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-self.wheel_rows)
