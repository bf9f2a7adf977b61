"""The list of failed clips and its filter, and the reading of it and of what was tried with one clip."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from textual.widget import Widget

from kinetics_tui.base.errors import UserError
from kinetics_tui.model.clip_queries import ClipHistory, FailedClip, FailedPage, FailedQuery
from kinetics_tui.model.failure import Category
from kinetics_tui.tui.lists.pages import AROUND, PagedView, PageReading
from kinetics_tui.tui.parts.view_state import Link


class Filter(NamedTuple):
    """Which failed clips are shown; None and nothing: any."""

    category: Category | None = None
    label: str | None = None
    text: str = ""


class FailedView(PagedView[Filter, FailedPage, FailedClip]):
    """The list as far as it is at hand."""

    def __init__(self) -> None:
        super().__init__(Filter())

    def query(self) -> FailedQuery:
        """The query for the list."""
        category, label, text = self.filter
        return FailedQuery(
            category=category, label=label, text=text, anchor=self.anchor, place=self.place, around=AROUND
        )

    def differs(self, failures: dict[Category, int]) -> bool:
        """True if clips have failed, or are pending again, since the list was read."""
        counted = {category: count for category, count in failures.items() if count}
        return self.page is not None and self.page.by_category != counted


class FailedReading(PageReading[FailedPage]):
    """Has one part of the list and one history read at a time. ``on_news`` is called when one has come."""

    def __init__(
        self,
        screen: Widget,
        link: Link,
        view: FailedView,
        now: Callable[[], float],
        on_news: Callable[[], None],
    ) -> None:
        super().__init__(
            screen,
            view,
            read=lambda: link.failed_clips(view.query()),
            news=lambda page: page.by_category,
            now=now,
            on_news=on_news,
        )
        self._link = link
        self.opened: int | None = None
        """The clip whose history is wanted, by its number."""
        self.history: ClipHistory | None = None
        self.problem = ""
        """Why the history cannot be read."""

    def open(self, clip_id: int | None) -> None:
        """Read what was tried with a clip; None: with none any more."""
        self.opened, self.history, self.problem = clip_id, None, ""
        if clip_id is not None:
            # Not the coroutine itself: a worker that is cancelled before it begins would leave it unawaited.
            self._screen.run_worker(partial(self._read_history, clip_id), group="history", exclusive=True)  # type: ignore[arg-type]

    async def _read_history(self, clip_id: int) -> None:
        try:
            history = await self._link.history(clip_id)
        except UserError as error:
            if self.opened == clip_id:
                self.problem = str(error)
        else:
            if self.opened == clip_id:
                self.history = history
        self._on_news()
