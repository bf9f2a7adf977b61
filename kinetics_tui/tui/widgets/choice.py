"""One of several: every option in view, the chosen one in brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """A line (or, ``vertical``, a list) of options; the arrows choose at once.

    The brackets say what is chosen, so that it can be read without colour.
    """

    DEFAULT_CSS = """
    Choice { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "step(-1)", "Previous", show=False),
        Binding("right,down", "step(1)", "Next", show=False),
        Binding("home", "jump(0)", "First", show=False),
        Binding("end", "jump(-1)", "Last", show=False),
    ]

    value: reactive[str] = reactive("", init=False)

    class Changed(Message):
        """Another option was chosen."""

        def __init__(self, choice: Choice, value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(
        self,
        options: Sequence[tuple[str, str]],
        value: str,
        *,
        vertical: bool = False,
        id: str | None = None,
    ) -> None:
        """``options`` are (value, text on screen)."""
        super().__init__(id=id)
        self._options = list(options)
        self._vertical = vertical
        self.set_reactive(Choice.value, value)

    @property
    def options(self) -> list[tuple[str, str]]:
        return self._options

    def set_text(self, value: str, text: str) -> None:
        """Word an option differently."""
        options = [(known, text if known == value else old) for known, old in self._options]
        if options != self._options:
            self._options = options
            self.refresh(layout=True)

    def watch_value(self) -> None:
        self.post_message(self.Changed(self, self.value))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows(width))

    def _rows(self, width: int) -> list[list[tuple[str, str]]]:
        """The options line by line, as many on one as fit."""
        if self._vertical:
            return [[option] for option in self._options]
        rows: list[list[tuple[str, str]]] = [[]]
        used = 0
        for value, text in self._options:
            needed = cell_len(text) + 2
            if rows[-1] and used + needed > width:
                rows.append([])
                used = 0
            rows[-1].append((value, text))
            used += needed
        return rows

    def render(self) -> Text:
        lines = []
        for row in self._rows(self.size.width):
            lines.append(Text.assemble(*(self._option(value, text) for value, text in row)))
        return Text("\n").join(lines)

    def _option(self, value: str, text: str) -> Text:
        chosen = value == self.value
        style = Style(bold=chosen, reverse=chosen and self.has_focus, meta={"option": value})
        return Text(f"[{text}]" if chosen else f" {text} ", style)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        option = event.style.meta.get("option")
        if option is not None:
            self.value = option

    def _index(self) -> int:
        return next((i for i, (value, _) in enumerate(self._options) if value == self.value), 0)

    def action_step(self, by: int) -> None:
        self.value = self._options[(self._index() + by) % len(self._options)][0]

    def action_jump(self, index: int) -> None:
        self.value = self._options[index][0]
