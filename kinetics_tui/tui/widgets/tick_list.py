"""Some of several: a short list with a mark, a name and a number on each line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from kinetics_tui.tui.text import clean, fit


class TickList(Widget, can_focus=True):
    """Names to tick, ``[x]`` or ``[ ]``; empty, it says ``hint``."""

    DEFAULT_CSS = """
    TickList { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Tick", tooltip="Tick or untick what the cursor is on"),
        Binding("enter", "tick", "Tick", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
    ]

    class Changed(Message):
        """The ticked names are others now."""

        def __init__(self, ticks: TickList, ticked: frozenset[str]) -> None:
            super().__init__()
            self.ticks = ticks
            self.ticked = ticked

        @property
        def control(self) -> TickList:
            return self.ticks

    def __init__(self, hint: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hint = hint
        self._numbers: dict[str, str] = {}
        self._ticked: frozenset[str] = frozenset()
        self._cursor = 0

    def show(self, numbers: Mapping[str, str], ticked: frozenset[str]) -> None:
        """Show these names, with what stands behind each."""
        if (dict(numbers), ticked) == (self._numbers, self._ticked):
            return
        grown = len(numbers) != len(self._numbers)
        self._numbers = dict(numbers)
        self._ticked = ticked
        self._cursor = min(self._cursor, max(0, len(numbers) - 1))
        self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._numbers))

    def render(self) -> Text:
        if not self._numbers:
            return Text(self._hint, "dim")
        lines = []
        number_width = max(len(number) for number in self._numbers.values())
        name_width = max(1, min(24, self.size.width - number_width - 5))
        for index, (name, number) in enumerate(self._numbers.items()):
            mark = "[x]" if name in self._ticked else "[ ]"
            reverse = self.has_focus and index == self._cursor
            line = f"{mark} {fit(clean(name), name_width)} {number:>{number_width}}"
            lines.append(Text(line, Style(reverse=reverse, meta={"index": index})))
        return Text("\n").join(lines)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        index = event.style.meta.get("index")
        if index is not None:
            self._cursor = index
            self.action_tick()

    def action_move(self, by: int) -> None:
        if self._numbers:
            self._cursor = (self._cursor + by) % len(self._numbers)
            self.refresh()

    def action_tick(self) -> None:
        if not self._numbers:
            return
        self._ticked ^= {list(self._numbers)[self._cursor]}
        self.refresh()
        self.post_message(self.Changed(self, self._ticked))
