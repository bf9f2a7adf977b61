"""The failures screen: every clip that stands as failed, why, and the ways to have it tried again.

Beside it stand its keys, and the line that tells which failed clips are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.model.failed_clips import FailedClip
from kinetics_tui.model.failure import by_count
from kinetics_tui.tui.failures.details import FailedDetailsPanel
from kinetics_tui.tui.failures.list import FailedPanel
from kinetics_tui.tui.failures.reading import TYPING_S, FailedReading, FailedView, Filter
from kinetics_tui.tui.failures.retries import FailureRetries
from kinetics_tui.tui.parts.bars import Hint, bind, help_key, undo_key
from kinetics_tui.tui.parts.canvas import BARS, Canvas, Panel, is_wide, share_out
from kinetics_tui.tui.parts.controls import SearchEntry
from kinetics_tui.tui.parts.dialogs import Choice, PickScreen
from kinetics_tui.tui.parts.lines import Line, Tone
from kinetics_tui.tui.parts.palette import Steering
from kinetics_tui.tui.parts.run_screen_base import OnRunScreen
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
    return [*first, *retries, *show_all, *filters, back, *copies]


class FilterLine(Canvas):
    """The filters that are on; without any, how to put one on."""

    def __init__(self, view: FailedView) -> None:
        super().__init__(id="filter")
        self._view = view

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        category, label, text = self._view.filter
        parts = [
            ("category", None if category is None else category.value),
            ("class", label if label != "" else "none"),
            ("text", text or None),
        ]
        line = Line(" only  ", Tone.DIM)
        shown = [(name, value) for name, value in parts if value is not None]
        for name, value in shown:
            line.add(f"{name} ", Tone.DIM).add(value, Tone.STRONG).add("   ")
        return [line if shown else Line(" all failed clips, the last one first", Tone.DIM)]


_NEEDS_A_CLIP = ("open_clip", "retry_it", "copy_address", "copy_path")


def arrange_failures(width: int, height: int, *, opened: bool) -> dict[str, int]:
    """Rows of the filters, the list and one clip, which has all of them when open; 0 leaves a part out."""
    rows = max(0, height - BARS)
    if opened:
        return {"said": 0, "failed": 0, "details": rows}
    frame = 2 if is_wide(width, height) else 1
    steps = (
        ("failed", frame + 2),
        ("said", 1),
        ("failed", rows // 2),
        ("details", frame + 5),
        ("failed", rows),
    )
    return share_out(rows, steps, last="details", least=frame + 1, heir="failed")


class FailuresScreen(OnRunScreen):
    """The list of failed clips, narrowed by a filter; one opened tells every attempt."""

    TITLE = "Failures"
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS
    AUTO_FOCUS: ClassVar[str | None] = ""
    """The entry has the keys only while something is typed into it."""

    def __init__(self, run: Steering) -> None:
        super().__init__(run)
        self._view = FailedView()
        self._reading = FailedReading(self, run.link, self._view, run.looking.now, self._has_news)
        self._filter = FilterLine(self._view)
        self._entry = SearchEntry(placeholder="words of a clip, class, category or message", id="find")
        self._list, self._details = FailedPanel(self._view), FailedDetailsPanel(self._reading)
        self._retries = FailureRetries(self, self._view)
        self._typing = False
        self._opened: FailedClip | None = None

    def open_networks(self) -> None:
        """Show the network screen in this one's place."""
        self.dismiss()
        self._run.open_networks()

    # -- looking at the failures ------------------------------------------------------------------------

    def body_widgets(self) -> Iterable[Widget]:
        return (self._filter, self._entry, self._list, self._details)

    def on_mount(self) -> None:
        super().on_mount()
        self._reading.read()

    def pressing(self, moment: Moment) -> tuple[object, ...]:
        view = self._view
        return (*super().pressing(moment), view.filter, view.problem, view.place, self._opened)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        shown = self._shown is not None
        return hints(shown=shown, opened=self._opened is not None, filtered=self._view.filter != Filter())

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self._reading.look(moment.state.failures)
        urgent = self._arrange() or urgent
        self._details.row = self._shown
        for canvas in (self._filter, self._list, self._details):
            canvas.show(moment, urgent=urgent)

    @property
    def _shown(self) -> FailedClip | None:
        """The clip that keys act on: the open one, else that at the cursor."""
        return self._opened or self._view.current

    def _has_news(self) -> None:
        opened, view = self._opened, self._view
        if opened is not None and view.current not in (None, opened) and view.current.id == opened.id:
            self._open(view.current)  # it was tried again meanwhile, and failed again
        self.tick(urgent=True)

    def _arrange(self) -> bool:
        """Give the parts their places; returns whether any of them changed."""
        rooms = arrange_failures(*self.size, opened=self._opened is not None)
        return self.place(
            (self._filter, 0 if self._typing else rooms["said"]),
            (self._entry, max(1, rooms["said"]) if self._typing else 0),
            (self._list, rooms["failed"]),
            (self._details, rooms["details"]),
        )

    # -- moving and opening -----------------------------------------------------------------------------

    @property
    def moved(self) -> Panel:
        return self._list if self._opened is None else self._details

    def on_list_panel_moved(self) -> None:
        if self._view.current is None:
            self._reading.read()
        self.tick(urgent=True)

    def action_open_clip(self) -> None:
        if self._clip() is not None:
            self._open(self._view.current if self._opened is None else None)
            self.tick(urgent=True)

    def _clip(self) -> FailedClip | None:
        """The clip that keys act on; that there is none is said."""
        if self._shown is None:
            self.notice("No failed clip is shown here.", bad=True)
        return self._shown

    def action_copy_address(self) -> None:
        if (row := self._clip()) is not None:
            self.copy(row.clip.address)

    def action_copy_path(self) -> None:
        if (row := self._clip()) is not None:
            state = self.link.state
            self.copy(str(Path(state.dataset).absolute() / clip_path(state.options.layout, row.clip)))

    def _open(self, row: FailedClip | None) -> None:
        self._opened = row
        self._reading.open(None if row is None else row.id)
        self._details.set_full(full=row is not None)

    def action_back(self) -> None:
        if self._opened is not None:
            self.action_open_clip()
        elif self.is_active:
            self.dismiss()

    # -- filters ----------------------------------------------------------------------------------------

    def _show_only(self, filter_: Filter, after_s: float = 0.0) -> None:
        self._open(None)
        if filter_ != self._view.filter:
            self._view.filter_by(filter_)
            self._reading.read(after_s)
        self.tick(urgent=True)

    def action_find(self) -> None:
        self._open(None)
        self._typing = True
        self.tick(urgent=True)
        self._entry.focus()

    @on(Input.Changed, "#find")
    def _typed(self, event: Input.Changed) -> None:
        self._show_only(self._view.filter._replace(text=event.value.strip()), TYPING_S)

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self._typing = False
        self.set_focus(None)
        self.tick(urgent=True)

    def action_pick_category(self) -> None:
        page = self._view.page
        counts = by_count({} if page is None else page.by_category)
        choices = [Choice(category, category.value, f"{count:,}") for category, count in counts if count]
        self._ask("Show which category?", choices, "category")

    def action_pick_class(self) -> None:
        page = self._view.page
        counts = sorted({} if page is None else page.by_label.items(), key=lambda item: (-item[1], item[0]))
        choices = [Choice(label, label or "none", f"{count:,}") for label, count in counts]
        self._ask("Show which class?", choices, "label")

    def _ask(self, title: str, choices: list[Choice], field: str) -> None:
        if not choices:
            self.notice("No clip has failed.", bad=True)
        elif self.is_active:
            ask = PickScreen(title, [Choice(None, "any", ""), *choices])
            self.app.push_screen(ask, partial(self._picked, field))

    def _picked(self, field: str, choice: Choice | None) -> None:
        if choice is not None:
            self._show_only(self._view.filter._replace(**{field: choice.value}))

    def action_show_all(self) -> None:
        if self._view.filter == Filter():
            self.notice("All failed clips are shown already.", bad=True)
            return
        self._entry.value = ""
        self._show_only(Filter())

    # -- retries ----------------------------------------------------------------------------------------

    def action_retry_it(self) -> None:
        if (row := self._clip()) is not None:
            self._retries.retry(row)
            self._open(None)

    def action_retry_more(self) -> None:
        self._retries.ask(self._shown)

    # -- what can be done -------------------------------------------------------------------------------

    def own_bindings(self) -> list[Binding]:
        """All but moving about; what is done to a clip where there is one to do it to."""
        own = super().own_bindings()
        return [key for key in own if self._shown is not None or key.action not in _NEEDS_A_CLIP]
