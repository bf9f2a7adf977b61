"""When a list of failed clips is read again, and what becomes of the answers; nothing of it is awaited.

What a list of failed clips shows: a filter, the part of the list at hand, and where the cursor is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from textual.widget import Widget

from kinetics_tui.base.errors import UserError
from kinetics_tui.model.failed_clips import ClipHistory, FailedClip, FailedPage, FailedQuery
from kinetics_tui.model.failure import Category
from kinetics_tui.tui.parts.view_state import Link

AROUND = 200
"""Rows fetched to both sides of the cursor."""
NEAR = 60
"""The cursor so near to the end of what is at hand calls for more."""


class Filter(NamedTuple):
    """Which failed clips are shown; None and nothing: any."""

    category: Category | None = None
    label: str | None = None
    text: str = ""


class FailedView:
    """The list as far as it is at hand. The cursor stays with its clip, whatever comes in above it."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.page: FailedPage | None = None
        self.problem = ""
        """Why the list cannot be read, in one sentence."""
        self.place = 0
        """Of the cursor, counted from 0."""
        self._anchor: int | None = None

    @property
    def total(self) -> int:
        """The number of clips that the filter lets through."""
        return 0 if self.page is None else self.page.total

    def row(self, place: int) -> FailedClip | None:
        """The clip at a place, None where it is not at hand."""
        page = self.page
        if page is None or not page.first <= place < page.first + len(page.rows):
            return None
        return page.rows[place - page.first]

    @property
    def current(self) -> FailedClip | None:
        """The clip at the cursor."""
        return self.row(self.place)

    def move_to(self, place: int) -> None:
        """Put the cursor at a place, or at the nearest there is."""
        self.place = max(0, min(self.total - 1, place))
        current = self.current
        self._anchor = None if current is None else current.id

    def filter_by(self, filter_: Filter) -> None:
        """Show others; the cursor stays with its clip where that is among them."""
        current = self.current
        if self._anchor is None and self.place and current is not None:
            self._anchor = current.id
        self.filter = filter_
        self.place = 0

    def query(self) -> FailedQuery:
        """The query for the list."""
        category, label, text = self.filter
        return FailedQuery(
            category=category, label=label, text=text, anchor=self._anchor, place=self.place, around=AROUND
        )

    def take(self, page: FailedPage) -> None:
        """Show this part of the list; the cursor may have moved since it was asked for."""
        self.page, self.problem = page, ""
        places = {row.id: page.first + at for at, row in enumerate(page.rows)}
        anchored = self._anchor is not None
        if self._anchor is not None:
            self.place = places.get(self._anchor, self.place)
        self.place = max(0, min(page.total - 1, self.place))
        current = self.current
        if anchored or self.place:
            self._anchor = None if current is None else current.id

    @property
    def wants_more(self) -> bool:
        """True if the cursor is near the end of what is at hand, and there is more."""
        page = self.page
        if page is None:
            return False
        end = page.first + len(page.rows)
        above = page.first > 0 and self.place < page.first + NEAR
        return above or (end < page.total and self.place >= end - NEAR)

    def differs(self, failures: dict[Category, int]) -> bool:
        """True if clips have failed, or are pending again, since the list was read."""
        counted = {category: count for category, count in failures.items() if count}
        return self.page is not None and self.page.by_category != counted


REFRESH_S = 2.0
REFRESH_LEAST_S = 30.0
"""The least seconds between readings of the list while clips fail; more rarely, down to this, while that
brings nothing new."""
WORK_SHARE = 0.2
"""Reading takes this part of the time at most."""
TYPING_S = 0.15
"""Seconds that a typed filter must stand still before the list is read."""


class FailedReading:
    """Has one part of the list and one history read at a time. ``on_news`` is called when one has come."""

    def __init__(
        self,
        screen: Widget,
        link: Link,
        view: FailedView,
        now: Callable[[], float],
        on_news: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._link = link
        self._view = view
        self._now = now
        self._on_news = on_news
        self._last = 0
        self._under_way = 0
        self._answered_at = 0.0
        self._wait_s = REFRESH_S
        self._took_s = 0.0
        self.opened: int | None = None
        """The clip whose history is wanted, by its number."""
        self.history: ClipHistory | None = None
        self.problem = ""
        """Why the history cannot be read."""

    # -- the list -------------------------------------------------------------------------------------

    def look(self, failures: dict[Category, int]) -> None:
        """Read the list if it is not what it should be; called often."""
        if self._under_way:
            return
        old = self._view.differs(failures) or bool(self._view.problem)
        wait_s = max(self._wait_s, self._took_s / WORK_SHARE)
        # The clock may be set back meanwhile.
        if self._view.wants_more or (old and abs(self._now() - self._answered_at) >= wait_s):
            self.read()

    def read(self, after_s: float = 0.0) -> None:
        """Read the part of the list that the view wants now; what is being read is given up for it."""
        self._last += 1
        self._under_way = self._last
        self._screen.run_worker(self._read(self._last, after_s), group="failed clips", exclusive=True)

    async def _read(self, number: int, after_s: float) -> None:
        try:
            await asyncio.sleep(after_s)
            before = None if self._view.page is None else self._view.page.by_category
            began = time.monotonic()
            try:
                page = await self._link.failed_clips(self._view.query())
            except UserError as error:
                self._view.problem = str(error)
                self._slow_down()
            else:
                self._view.take(page)
                if page.by_category == before:
                    self._slow_down()
                else:
                    self._wait_s = REFRESH_S
            self._took_s = time.monotonic() - began
            self._answered_at = self._now()
        finally:
            if self._under_way == number:
                self._under_way = 0
        self._on_news()

    def _slow_down(self) -> None:
        self._wait_s = min(REFRESH_LEAST_S, self._wait_s * 2)

    # -- one clip -------------------------------------------------------------------------------------

    def open(self, clip_id: int | None) -> None:
        """Read what was tried with a clip; None: with none any more."""
        self.opened, self.history, self.problem = clip_id, None, ""
        if clip_id is not None:
            self._screen.run_worker(self._read_history(clip_id), group="history", exclusive=True)

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
