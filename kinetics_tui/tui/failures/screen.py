"""The failures screen: every clip that stands as failed, why, and the ways to have it tried again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.model.clip_queries import FailedClip
from kinetics_tui.model.failure import by_count
from kinetics_tui.tui.failures.details import FailedDetailsPanel
from kinetics_tui.tui.failures.list import FailedPanel
from kinetics_tui.tui.failures.reading import FailedReading, FailedView
from kinetics_tui.tui.failures.retries import FailureRetries
from kinetics_tui.tui.lists.screen import FilterLine, ListScreen, class_choices, class_words
from kinetics_tui.tui.parts.bars import Hint, bind, help_key, undo_key
from kinetics_tui.tui.parts.dialogs import Choice
from kinetics_tui.tui.parts.palette import Steering
from kinetics_tui.tui.parts.view_state import Moment

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
    _key("y", "copy_address", "copy address", "Copy its address on YouTube."),
    _key("Y", "copy_path", "copy path", "Copy the path where its file would be."),
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
    undo_key("failures"),
    help_key("failures"),
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
    copies = []
    if shown:
        copies = [Hint("y", "copy address", "copy_address"), Hint("Y", "path", "copy_path")]
    if opened:
        return [back, *retries, *copies, Hint("↑↓", "scroll", "move(1)")]
    first = [Hint("enter", "open", "open_clip")] if shown else []
    show_all = [Hint("x", "show all", "show_all", "all")] if filtered else []
    filters = [
        Hint("/", "find", "find"),
        Hint("c", "category", "pick_category"),
        Hint("l", "class", "pick_class"),
    ]
    return [*first, *retries, *show_all, back, *filters, *copies]


class FailuresScreen(ListScreen[FailedClip]):
    """The list of failed clips, narrowed by a filter; one opened tells every attempt."""

    TITLE = "Failures"
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS
    NEEDS_A_ROW = ("open_clip", "retry_it", "copy_address", "copy_path")
    ROWS = "failed clips"
    NO_ROW = "No clip has failed."

    view: FailedView

    def __init__(self, run: Steering) -> None:
        view = FailedView()
        self._reading = FailedReading(self, run.link, view, run.looking.now, self.has_news)
        self._failed_details = FailedDetailsPanel(self._reading)
        said = FilterLine("all failed clips, the last one first", self._filters)
        widgets = (said, FailedPanel(view), self._failed_details)
        super().__init__(run, view, widgets, "words of a clip, class, category or message")
        self._retries = FailureRetries(self, view)

    def _filters(self) -> list[tuple[str, str | None]]:
        category, label, text = self.view.filter
        return [
            ("category", None if category is None else category.value),
            ("class", class_words(label)),
            ("text", text or None),
        ]

    @property
    def reading(self) -> FailedReading:
        return self._reading

    def is_old(self, moment: Moment) -> bool:
        return self.view.differs(moment.state.failures)

    def row_hints(self, *, shown: bool, opened: bool) -> list[Hint]:
        return hints(shown=shown, opened=opened, filtered=self.filtered)

    def details_lines(self) -> int:
        return 5

    def show_row(self, row: FailedClip | None, *, opened: bool) -> None:
        self._failed_details.row = row

    def open_row(self, row: FailedClip | None) -> None:
        super().open_row(row)
        self._reading.open(None if row is None else row.id)

    def action_copy_address(self) -> None:
        if (row := self.row_or_notice()) is not None:
            self.copy(row.clip.address)

    def action_copy_path(self) -> None:
        if (row := self.row_or_notice()) is not None:
            state = self.link.state
            path = Path(state.dataset).absolute() / clip_path(state.options.layout, row.clip)
            self.copy(str(path), " (no file is there: the clip has failed)")

    # -- filters ----------------------------------------------------------------------------------------

    def action_pick_category(self) -> None:
        page = self.view.page
        counts = by_count({} if page is None else page.by_category)
        choices = [Choice(category, category.value, f"{count:,}") for category, count in counts if count]
        self.ask("Show which category?", choices, "category")

    def action_pick_class(self) -> None:
        page = self.view.page
        self.ask("Show which class?", class_choices({} if page is None else page.by_label), "label")

    # -- retries ----------------------------------------------------------------------------------------

    def action_retry_it(self) -> None:
        if (row := self.row_or_notice()) is not None:
            self._retries.retry(row)
            self.open_row(None)

    def action_retry_more(self) -> None:
        self._retries.ask(self.shown)
