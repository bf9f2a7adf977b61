"""A question with a few answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kinetics_tui.tui.screens.dismissal import DismissedOnce
from kinetics_tui.tui.text import clean


class Answer(NamedTuple):
    """One answer: the key that gives it, what it says, and what the screen then returns."""

    key: str
    text: str
    value: str


class ConfirmScreen(DismissedOnce, ModalScreen[str | None]):
    """Asks; returns the value of the answer, or None for "go on as before" (escape)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give('')", "go on", id="ask.go-on", tooltip="Close the question, change nothing."),
    ]

    def __init__(
        self, title: str, text: str, answers: Sequence[Answer], *, on_ctrl_c: str | None = None
    ) -> None:
        super().__init__()
        # Names of networks stand in questions, which come from settings and the engine.
        self._title = clean(title)
        self._text = "\n".join(map(clean, text.split("\n")))
        self._answers = {answer.key: answer._replace(text=clean(answer.text)) for answer in answers}
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
