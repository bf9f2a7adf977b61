"""The keys of the report screen, and which of them the bottom line offers."""

from __future__ import annotations

from functools import partial

from kinetics_tui.tui.screens.run_keys import bind
from kinetics_tui.tui.widgets.key_bar import Hint

_key = partial(bind, "report")

KEYS = (
    _key("up", "move(-1)", "up", "A line up.", shown_as="↑"),
    _key("down", "move(1)", "down", "A line down.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "A page up.", shown_as="PgUp"),
    _key("pagedown,space", "page(1)", "page down", "A page down.", shown_as="PgDn space"),
    _key("home", "to_end(False)", "to the start", "To the first line."),
    _key("end", "to_end(True)", "to the end", "To the last line."),
    _key("r", "make", "make it again", "Add everything up again, as the run stands now."),
    _key("escape,q,ctrl+c", "back", "back", "Back to the run.", shown_as="esc q"),
    _key("question_mark", "help", "help", "What the keys do and what the words mean.", shown_as="?"),
)
"""Every key, in the order of the help."""

WORDS = (
    ("share", "Of the clips that are settled, downloaded or failed for good, how many failed."),
    ("p95", "95 of 100 clips took less."),
    ("fences", "Clips that took far longer or shorter than most are left out: 1.5 times the middle half."),
    ("one after the other", "The mean seconds a clip times all settled clips, as the 2019 write-up has it."),
    ("session", "Work on one network, from a start to a throttle, a pause, a switch or a stop."),
    ("not known", "It waited, and then another engine went on: when the first ended is written nowhere."),
)
"""The words of the report."""

HINTS = (
    Hint("esc", "back", "back"),
    Hint("r", "make again", "make"),
    Hint("↑↓", "move", "move(1)"),
    Hint("PgDn", "page", "page(1)"),
    Hint("end", "to the end", "to_end(True)"),
)
