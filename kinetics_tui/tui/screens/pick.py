"""A dialog with a list to pick one of, narrowed down by typing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from kinetics_tui.tui.screens.dismissal import DismissedOnce
from kinetics_tui.tui.text import clean, fit
from kinetics_tui.tui.widgets.entry import Entry

_NUMBER = 9


class Choice(NamedTuple):
    """One line of the list: what picking it returns, its name, and a number beside that."""

    value: str | None
    name: str
    number: str


class PickScreen(DismissedOnce, ModalScreen[Choice | None]):
    """Returns the choice that was picked, or None where none was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss(None)", "close", id="pick.close", tooltip="Leave it as it is."),
        Binding("up", "cursor('up')", "up", show=False),
        Binding("down", "cursor('down')", "down", show=False),
        Binding("pageup", "cursor('page_up')", "page up", show=False),
        Binding("pagedown", "cursor('page_down')", "page down", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._shown: tuple[Choice, ...] = ()
        self._list = OptionList()
        self._list.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="dialog-title")
            yield Entry(placeholder="type to narrow down", id="narrow")
            yield self._list
            yield Static(Text("enter picks · escape closes", "dim"))

    def on_mount(self) -> None:
        self._lay("")
        self.query_one(Entry).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._lay(event.value)

    def _lay(self, typed: str) -> None:
        words = typed.casefold().split()
        self._shown = tuple(
            choice for choice in self._choices if all(word in choice.name.casefold() for word in words)
        )
        self._list.clear_options()
        self._list.add_options(
            Option(Text.assemble(fit(choice.number, _NUMBER, right=True), f"  {clean(choice.name)}"))
            for choice in self._shown
        )
        self._list.highlighted = 0 if self._shown else None

    def action_cursor(self, how: str) -> None:
        getattr(self._list, f"action_{'' if how.startswith('page') else 'cursor_'}{how}")()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._pick(self._list.highlighted)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._pick(event.option_index)

    def _pick(self, index: int | None) -> None:
        if index is not None and index < len(self._shown):
            self.dismiss(self._shown[index])
