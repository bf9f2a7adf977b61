"""The keys of the failures screen, and which of them the bottom line offers."""

from __future__ import annotations

from functools import partial

from kinetics_tui.tui.screens.run_keys import bind
from kinetics_tui.tui.widgets.key_bar import Hint

_key = partial(bind, "failures")

KEYS = (
    _key("up", "move(-1)", "up", "To the clip above, or scroll an open one.", shown_as="↑"),
    _key("down", "move(1)", "down", "To the clip below, or scroll an open one.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "A page up.", shown_as="PgUp"),
    _key("pagedown", "page(1)", "page down", "A page down.", shown_as="PgDn"),
    _key("home", "to_end(False)", "to the start", "To the clip that failed last."),
    _key("end", "to_end(True)", "to the end", "To the clip that failed first."),
    _key("enter", "open_clip", "open it", "Every attempt at this clip with its message; again to go back."),
    _key("r", "retry_it", "retry it", "Make this clip pending again."),
    _key("R", "retry_more", "retry more", "Its category, its class, what is shown, or all transient ones."),
    _key("slash", "find", "find", "Show only clips in which what you type occurs.", shown_as="/"),
    _key("c", "pick_category", "category", "Show only clips of one failure category."),
    _key("l", "pick_class", "class", "Show only clips of one class."),
    _key("x", "show_all", "show all", "Take the filters off."),
    _key(
        "escape,f,q,ctrl+c",
        "back",
        "back",
        "From a clip to the list, from there to the run.",
        shown_as="esc f q",
    ),
    _key("question_mark", "help", "help", "What the keys do and what the words mean.", shown_as="?"),
)
"""Every key, in the order of the help."""

WORDS = (
    ("permanent", "Gone for everybody or for you: not tried again unless you ask."),
    (
        "transient",
        "May work later: it was tried again with longer and longer waits before it stood as failed.",
    ),
    ("attempt", "One try of a worker; those that were the network's fault are not held against the clip."),
    ("put back", "The network or this machine was to blame; the clip went back untouched."),
    ("to be tried again", "A transient failure; another try followed."),
    ("retry", "The clip is pending again, as if never tried; the run takes it up."),
)
"""The words of the failures screen."""


def hints(*, shown: bool, opened: bool, filtered: bool) -> list[Hint]:
    """The keys that do something now: whether a clip is shown, is open, and whether a filter is on."""
    back = Hint("esc", "back", "back")
    retries = []
    if shown:
        retries = [Hint("r", "retry it", "retry_it", "retry"), Hint("R", "retry more", "retry_more", "more")]
    if opened:
        return [back, *retries, Hint("↑↓", "scroll", "move(1)")]
    first = [Hint("enter", "open", "open_clip")] if shown else []
    show_all = [Hint("x", "show all", "show_all", "all")] if filtered else []
    filters = [
        Hint("/", "find", "find"),
        Hint("c", "category", "pick_category"),
        Hint("l", "class", "pick_class"),
    ]
    return [*first, *retries, *show_all, *filters, back]
