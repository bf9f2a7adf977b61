"""What the keys do and what the words mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from kinetics_tui.tui.screens.dismissal import DismissedOnce


class KeyHelp(NamedTuple):
    """One line of the help: a key, its name, and what it does in a sentence."""

    key: str
    name: str
    sentence: str


Words = Sequence[tuple[str, str]]
"""Words of a screen and what they mean."""

WORDS: Words = (
    ("RUNNING", "Workers fetch and trim clips."),
    ("PAUSING", "No new clips are handed out; those in hand are finished."),
    ("PAUSED", "Nothing is sent. The moment to switch networks."),
    ("COOLING DOWN", "YouTube throttles this network: nothing is sent until the countdown ends."),
    ("PROBING", "One clip goes first after a cooldown; if it comes through, the others follow."),
    ("SWITCHING", "Clips in hand finish by the old network, then one clip goes first by the new one."),
    ("OFFLINE", "No way to YouTube; the run goes on by itself when the line is back."),
    ("DISK FULL", "No room for clips: make some, then press space."),
    ("STOPPING", "Clips in hand are put back, then the engine ends."),
    ("DONE", "Every clip is on disk or settled as failed."),
    ("DISCONNECTED", "The engine does not answer; the app keeps trying."),
)


class HelpScreen(DismissedOnce, ModalScreen[None]):
    """Keys and words; scrolls where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,q,ctrl+c",
            "dismiss(None)",
            "close",
            id="help.close",
            tooltip="Back to the run.",
        ),
    ]

    def __init__(self, keys: Iterable[KeyHelp], words: Words = WORDS) -> None:
        super().__init__()
        self._keys = tuple(keys)
        self._words = words

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text("Keys"), classes="dialog-title")
            with VerticalScroll():
                yield Static(self._tables(), id="help-text")
            yield Static(Text("escape closes · arrow keys scroll · ctrl+p: every command", "dim"))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def _tables(self) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for key, name, sentence in self._keys:
            table.add_row(Text(key, "bold"), Text.assemble((name, "bold"), f"  {sentence}"))
        table.add_row()
        table.add_row(Text("Words", "bold"))
        for word, meaning in self._words:
            table.add_row(Text(word, "bold"), Text(meaning))
        return table
