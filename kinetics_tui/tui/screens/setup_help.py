"""The help of the set-up screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown


class SetupHelpScreen(ModalScreen[None]):
    """A text over the screen; scrolls where the terminal is small."""

    DEFAULT_CSS = """
    SetupHelpScreen { align: center middle; }
    SetupHelpScreen > VerticalScroll {
        width: 84; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; padding: 0 1; background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss(None)", "Close", tooltip="Back to the set-up")
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "Set-up"
            scroll.border_subtitle = "escape closes"
            yield Markdown(self._text, open_links=False)
