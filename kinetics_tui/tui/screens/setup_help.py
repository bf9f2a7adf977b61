"""The help of the set-up screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from kinetics_tui.tui.screens.dismissal import DismissedOnce

HELP = """\
Choose what to get on the left and in the middle; the right side says what that comes to before
anything is fetched or written. **ctrl+s** starts.

- **tab**, **shift+tab** go from field to field; arrows choose; **space** ticks.
- **/** (in a text field **ctrl+f**) searches the classes: every word must occur in the class or its
  category. **enter** goes to what was found, **escape** shows all classes again.
- In the tree **space** ticks a class or a whole category, **enter** opens a category, **a** ticks and **n**
  unticks all classes that are shown (search, then n or a, to work on a part). `[-]` marks a category of
  which some classes are ticked. A class that stands in two categories is ticked in both.
- **N per class** takes that many clips of each class, drawn with the seed: the same seed draws the same.
- Numbers with "about" or `~` come from published counts until the annotations are fetched; *Start* fetches
  them if need be. Without a connection, choose *annotation files* and give a file that you have
  (several paths with blanks between them; quote a path that has blanks itself).
- In a path the right arrow takes the completion shown.
- **Pace** is how many videos an hour are asked for. YouTube lets a guest have about 300, an account 2,000.
- On a small terminal **1**, **2**, **3** show the sections one at a time.
- **escape** leaves; nothing is changed.
"""


class SetupHelpScreen(DismissedOnce, ModalScreen[None]):
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
        from textual.widgets import Markdown  # its parser takes long to load, and few ask for help

        with VerticalScroll() as scroll:
            scroll.border_title = "Set-up"
            scroll.border_subtitle = "escape closes"
            yield Markdown(self._text, open_links=False)
