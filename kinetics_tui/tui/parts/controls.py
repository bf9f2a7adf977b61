"""The controls of a form: a choice of one, a list to tick, a line to type into, and the row round them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.dataset.folder import as_path
from kinetics_tui.tui.parts.lines import fit

_Value = TypeVar("_Value")


class ControlChanged(Message, Generic[_Value]):
    """A control holds another value now."""

    def __init__(self, control: Widget, value: _Value) -> None:
        super().__init__()
        self._control = control
        self.value = value

    @property
    def control(self) -> Widget:
        return self._control


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

    class Changed(ControlChanged[str]):
        """Another option was chosen."""

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


class PathSuggester(Suggester):
    """Completes the last part of a path from the folder it is in."""

    def __init__(self, *, only_folders: bool) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._only_folders = only_folders

    async def get_suggestion(self, value: str) -> str | None:
        head, tail = os.path.split(value)
        if not tail:
            return None
        try:
            with os.scandir(as_path(head or ".")) as entries:
                names = sorted(
                    entry.name + ("/" if entry.is_dir() else "")
                    for entry in entries
                    if entry.name.startswith(tail) and (entry.is_dir() or not self._only_folders)
                )
        except (OSError, ValueError):
            return None
        if not names or for_screen(names[0]) != names[0]:
            return None
        return value + names[0][len(tail) :]


class Entry(Input):
    """One line to type into, underlined so that it shows without colour; the cursor does not blink."""

    DEFAULT_CSS = """
    Entry { width: 1fr; text-style: underline; }
    Entry:focus { text-style: underline bold; }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        suggester: Suggester | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, suggester=suggester, id=id, compact=True, select_on_focus=False
        )
        self.cursor_blink = False


class SearchEntry(Entry):
    """The search over the classes: enter and down go to what was found, escape takes it back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "submit", "To the classes", show=False),
        Binding("escape", "take_back", "All classes", tooltip="Empty the search and go to the classes"),
    ]

    async def action_take_back(self) -> None:
        self.value = ""
        await self.action_submit()


class FormRow(Vertical):
    """A name, its control, and below them a line that shows only when there is something to say."""

    DEFAULT_CSS = """
    FormRow { width: 1fr; height: auto; }
    FormRow > Horizontal { height: auto; }
    FormRow .form--name { width: 9; }
    FormRow > .form--note { display: none; height: auto; }
    FormRow > .form--note.-said { display: block; }
    FormRow > .form--note.-problem { color: $text-error; text-style: bold; }
    FormRow > .form--note.-problem:ansi { color: ansi_red; }
    """

    def __init__(self, name: str, *controls: Widget, id: str | None = None) -> None:
        super().__init__(id=id)
        self._name = name
        self._controls = controls
        self._note = Static(classes="form--note", markup=False)
        self._said = ("", "")

    def compose(self) -> ComposeResult:
        with Horizontal():
            if self._name:
                yield Static(self._name, classes="form--name", markup=False)
            yield from self._controls
        yield self._note

    def say(self, note: str, problem: str = "") -> None:
        """Say something about the choice; a problem takes the note's place and begins with a ``!``."""
        if (note, problem) == self._said:
            return
        self._said = (note, problem)
        self._note.set_class(bool(problem), "-problem")
        self._note.set_class(bool(note or problem), "-said")
        self._note.update(f"! {for_screen(problem)}" if problem else for_screen(note))


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

    class Changed(ControlChanged[frozenset[str]]):
        """The ticked names are others now."""

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
            line = f"{mark} {fit(for_screen(name), name_width)} {number:>{number_width}}"
            lines.append(Text(line, Style(reverse=reverse, meta={"index": index})))
        return Text("\n").join(lines)

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
