"""Dialogs: a question with a few answers, and a list to pick one of, narrowed down by typing.

All of them close once, however fast their keys come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.tui.parts.controls import Entry
from kinetics_tui.tui.parts.lines import fit

if TYPE_CHECKING:
    _Screen = Screen[Any]
else:
    # Textual looks for the style sheets of a screen along its first base that is a widget: not this one.
    _Screen = object


class DismissedOnce(_Screen):
    """Stands before the class of a screen, which then closes only while it is the one on top.

    Keys that came in one go are all handed to the screen that was on top at the time. Without this
    the second one would close whatever lies beneath.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close with ``result``; does nothing on a screen that is closed, or below another."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Palette(DismissedOnce, CommandPalette):
    """Textual's command palette, closing once."""


class Answer(NamedTuple):
    """One answer: the key that gives it, what it says, and what the screen then returns."""

    key: str
    text: str
    value: str


class ConfirmScreen(DismissedOnce, ModalScreen[str | None]):
    """Asks; returns the value of the answer, or None for "go back" (escape)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give('')", "back", id="ask.go-on", tooltip="Close the question, change nothing."),
    ]

    def __init__(
        self, title: str, text: str, answers: Sequence[Answer], *, on_ctrl_c: str | None = None
    ) -> None:
        super().__init__()
        # Names of networks stand in questions, which come from settings and the engine.
        self._title = for_screen(title)
        self._text = "\n".join(map(for_screen, text.split("\n")))
        self._answers = {answer.key: answer._replace(text=for_screen(answer.text)) for answer in answers}
        self._on_ctrl_c = on_ctrl_c

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="dialog-title")
            yield Static(Text(self._text), classes="dialog-text")
            yield OptionList(
                *(
                    Option(Text.assemble((answer.key, "bold"), f"  {answer.text}"), id=answer.key)
                    for answer in self._answers.values()
                )
            )

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.focus()
        # The last answer is the harmless one: enter pressed too early does nothing.
        choices.highlighted = len(self._answers) - 1

    def on_key(self, event: events.Key) -> None:
        if event.key == "ctrl+c":
            event.stop()
            self.dismiss(self._on_ctrl_c)
        elif event.key in self._answers:
            event.stop()
            self.dismiss(self._answers[event.key].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._answers[event.option.id or ""].value)

    def action_give(self, value: str) -> None:
        self.dismiss(value or None)


_NUMBER = 9


class Choice(NamedTuple):
    """One line of the list: what picking it returns, its name, and a number beside that."""

    value: Any
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
            Option(Text.assemble(fit(choice.number, _NUMBER, right=True), f"  {for_screen(choice.name)}"))
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
