"""The failures screen: every clip that stands as failed, why, and the ways to have it tried again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from kinetics_tui.model.failed import FailedClip
from kinetics_tui.model.failure import Category
from kinetics_tui.tui.arrangement import arrange_failures
from kinetics_tui.tui.failed_reading import TYPING_S, FailedReading
from kinetics_tui.tui.failed_view import FailedView, Filter
from kinetics_tui.tui.moment import REFRESH_HZ, Moment
from kinetics_tui.tui.screens.failure_keys import KEYS, WORDS, hints
from kinetics_tui.tui.screens.failure_retries import FailureRetries
from kinetics_tui.tui.screens.on_run import OnRunScreen
from kinetics_tui.tui.screens.palette import Steering
from kinetics_tui.tui.screens.pick import Choice, PickScreen
from kinetics_tui.tui.widgets.entry import SearchEntry
from kinetics_tui.tui.widgets.failed_details import FailedDetailsPanel
from kinetics_tui.tui.widgets.failed_list import FailedPanel
from kinetics_tui.tui.widgets.failures import by_count
from kinetics_tui.tui.widgets.filter_line import FilterLine
from kinetics_tui.tui.widgets.key_bar import Hint

_NEEDS_A_CLIP = ("open_clip", "retry_it")


class FailuresScreen(OnRunScreen):
    """The list of failed clips, narrowed by a filter; one opened tells every attempt."""

    TITLE = "Failures"
    BINDINGS: ClassVar[list[BindingType]] = list(KEYS)
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS
    AUTO_FOCUS: ClassVar[str | None] = ""
    """The entry has the keys only while something is typed into it."""

    def __init__(
        self,
        run: Steering,
        *,
        now: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
        refresh_hz: float = REFRESH_HZ,
    ) -> None:
        super().__init__(run, now=now, zone=zone, refresh_hz=refresh_hz)
        self._view = FailedView()
        self._filter, self._entry = (
            FilterLine(self._view),
            SearchEntry(placeholder="words of a clip, class, category or message", id="find"),
        )
        self._list, self._details = FailedPanel(self._view), FailedDetailsPanel()
        self._reading = FailedReading(self, run.link, self._view, now, self._has_news)
        self._retries = FailureRetries(self, self._view)
        self._typing = False
        self._opened: FailedClip | None = None
        self._arranged: object = None

    def notice(self, text: str, *, bad: bool) -> None:
        """Show one line at the bottom for a few seconds."""
        self.say(text, bad=bad)

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
        return (
            *super().pressing(moment),
            self._view.filter,
            self._view.problem,
            self._view.place,
            self._opened,
        )

    def hints(self, moment: Moment) -> Sequence[Hint]:
        shown = self._shown is not None
        return hints(shown=shown, opened=self._opened is not None, filtered=self._view.filter != Filter())

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        self._reading.look(moment.state.failures)
        urgent = self._arrange() or urgent
        self._details.row = self._shown
        self._details.history, self._details.problem = self._reading.history, self._reading.problem
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
        if (rooms, self._typing) == self._arranged:
            return False
        self._arranged = (rooms, self._typing)
        heights = (
            (self._filter, 0 if self._typing else rooms.said),
            (self._entry, max(1, rooms.said) if self._typing else 0),
            (self._list, rooms.failed),
            (self._details, rooms.details),
        )
        with self.app.batch_update():
            for widget, rows in heights:
                widget.display = rows > 0
                widget.styles.height = rows
            self._list.flat = self._details.flat = not rooms.boxed
        return True

    # -- moving and opening -----------------------------------------------------------------------------

    def _move_to(self, place: int) -> None:
        self._view.move_to(place)
        if self._view.total and self._view.current is None:
            self._reading.read()
        self.tick(urgent=True)

    def on_failed_panel_pointed(self, message: FailedPanel.Pointed) -> None:
        self._move_to(message.place)

    def action_move(self, rows: int) -> None:
        if self._opened is None:
            self._move_to(self._view.place + rows)
        else:
            self._details.move(rows)

    def action_page(self, pages: int) -> None:
        if self._opened is None:
            self._move_to(self._view.place + pages * self._list.page_rows)
        else:
            self._details.move_page(pages)

    def action_to_end(self, end: bool) -> None:
        if self._opened is None:
            self._move_to(self._view.total - 1 if end else 0)
        else:
            self._details.move_to_end(end=end)

    def action_open_clip(self) -> None:
        self._open(self._view.current if self._opened is None else None)
        self.tick(urgent=True)

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
        counts = {} if page is None else page.by_category
        choices = [
            Choice(category.value, category.value, f"{count:,}") for category, count in by_count(counts)
        ]
        self._ask("Show which category?", choices, self._category_picked)

    def _category_picked(self, choice: Choice | None) -> None:
        if choice is not None:
            category = None if choice.value is None else Category(choice.value)
            self._show_only(self._view.filter._replace(category=category))

    def action_pick_class(self) -> None:
        page = self._view.page
        counts = sorted({} if page is None else page.by_label.items(), key=lambda item: (-item[1], item[0]))
        choices = [Choice(label, label or "none", f"{count:,}") for label, count in counts]
        self._ask("Show which class?", choices, self._class_picked)

    def _class_picked(self, choice: Choice | None) -> None:
        if choice is not None:
            self._show_only(self._view.filter._replace(label=choice.value))

    def _ask(self, title: str, choices: list[Choice], picked: Callable[[Choice | None], None]) -> None:
        if self.is_active:
            self.app.push_screen(PickScreen(title, [Choice(None, "any", ""), *choices]), picked)

    def action_show_all(self) -> None:
        self._entry.value = ""
        self._show_only(Filter())

    # -- retries ----------------------------------------------------------------------------------------

    def action_retry_it(self) -> None:
        if self._shown is not None:
            self._retries.retry(self._shown)
            self._open(None)

    def action_retry_more(self) -> None:
        self._retries.ask(self._shown)

    # -- what can be done -------------------------------------------------------------------------------

    def own_bindings(self) -> list[Binding]:
        """All but moving about; what is done to a clip where there is one to do it to."""
        moves = ("move", "page", "to_end")
        own = [key for key in KEYS if not key.action.startswith(moves)]
        return [key for key in own if self._shown is not None or key.action not in _NEEDS_A_CLIP]
