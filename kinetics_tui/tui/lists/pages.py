"""A long list of which only the part near the cursor is at hand, and when that part is read again.

Nothing of the reading is awaited by who shows the list. The cursor stays with its row, whatever comes in
above it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from textual.widget import Widget

from kinetics_tui.base.errors import UserError

AROUND = 200
"""Rows fetched to both sides of the cursor."""
NEAR = 60
"""The cursor so near to the end of what is at hand calls for more."""
REFRESH_S = 2.0
REFRESH_LEAST_S = 30.0
"""The least seconds between readings of a list that changes; more rarely, down to this, while that brings
nothing new."""
WORK_SHARE = 0.2
"""Reading takes this part of the time at most."""
TYPING_S = 0.15
"""Seconds that a typed filter must stand still before the list is read."""


class Row(Protocol):
    """A row of such a list."""

    @property
    def id(self) -> int:
        """Its number in the ledger."""


_Row_co = TypeVar("_Row_co", bound=Row, covariant=True)


class Page(Protocol[_Row_co]):
    """A part of the list, from place ``first`` on; ``total`` rows are in all of it."""

    @property
    def total(self) -> int: ...

    @property
    def first(self) -> int: ...

    @property
    def rows(self) -> Sequence[_Row_co]: ...


_Page = TypeVar("_Page", bound=Page[Row])
_Row = TypeVar("_Row", bound=Row)
_Filter = TypeVar("_Filter")


class PagedView(Generic[_Filter, _Page, _Row]):
    """The list as far as it is at hand, the filter that it is read by, and the cursor."""

    def __init__(self, every: _Filter) -> None:
        self.every = every
        """The filter that lets all through."""
        self.filter = every
        self.page: _Page | None = None
        self.problem = ""
        """Why the list cannot be read, in one sentence."""
        self.place = 0
        """Of the cursor, counted from 0."""
        self.anchor: int | None = None
        """The row that the cursor stays with, by its number in the ledger."""

    @property
    def total(self) -> int:
        """The number of rows that the filter lets through."""
        return 0 if self.page is None else self.page.total

    def row(self, place: int) -> _Row | None:
        """The row at a place, None where it is not at hand."""
        page = self.page
        if page is None or not page.first <= place < page.first + len(page.rows):
            return None
        row: _Row = page.rows[place - page.first]  # type: ignore[assignment]  # a page's rows are of its kind
        return row

    @property
    def current(self) -> _Row | None:
        """The row at the cursor."""
        return self.row(self.place)

    def move_to(self, place: int) -> None:
        """Put the cursor at a place, or at the nearest there is."""
        self.place = max(0, min(self.total - 1, place))
        current = self.current
        self.anchor = None if current is None else current.id

    def filter_by(self, filter_: _Filter) -> None:
        """Show others; the cursor stays with its row where that is among them."""
        current = self.current
        if self.anchor is None and self.place and current is not None:
            self.anchor = current.id
        self.filter = filter_
        self.place = 0

    def take(self, page: _Page) -> None:
        """Show this part of the list; the cursor may have moved since it was asked for."""
        self.page, self.problem = page, ""
        places = {row.id: page.first + at for at, row in enumerate(page.rows)}
        anchored = self.anchor is not None
        if self.anchor is not None:
            self.place = places.get(self.anchor, self.place)
        self.place = max(0, min(page.total - 1, self.place))
        current = self.current
        if anchored or self.place:
            self.anchor = None if current is None else current.id

    @property
    def wants_more(self) -> bool:
        """True if the cursor is near the end of what is at hand, and there is more."""
        page = self.page
        if page is None:
            return False
        end = page.first + len(page.rows)
        above = page.first > 0 and self.place < page.first + NEAR
        return above or (end < page.total and self.place >= end - NEAR)


class PageReading(Generic[_Page]):
    """Has one part of a list read at a time.

    ``read`` reads the part that the view wants, ``news`` is what of a part tells whether anything is new,
    ``on_news`` is called when a part has come.
    """

    def __init__(
        self,
        screen: Widget,
        view: PagedView[_Filter, _Page, _Row],
        read: Callable[[], Awaitable[_Page]],
        news: Callable[[_Page], object],
        now: Callable[[], float],
        on_news: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._view = view
        self._read_page = read
        self._news = news
        self._now = now
        self._on_news = on_news
        self._last = 0
        self._under_way = 0
        self._answered_at = 0.0
        self._wait_s = REFRESH_S
        self._took_s = 0.0

    def look(self, *, old: bool) -> None:
        """Read the list if the cursor needs more of it, or now and then if it is ``old``; called often."""
        if self._under_way:
            return
        old = old or bool(self._view.problem)
        wait_s = max(self._wait_s, self._took_s / WORK_SHARE)
        # The clock may be set back meanwhile.
        if self._view.wants_more or (old and abs(self._now() - self._answered_at) >= wait_s):
            self.read()

    def read(self, after_s: float = 0.0) -> None:
        """Read the part of the list that the view wants now; what is being read is given up for it."""
        self._last += 1
        self._under_way = self._last
        # Not the coroutine itself: a worker that is cancelled before it begins would leave it unawaited.
        self._screen.run_worker(partial(self._read, self._last, after_s), group="pages", exclusive=True)  # type: ignore[arg-type]

    async def _read(self, number: int, after_s: float) -> None:
        try:
            await asyncio.sleep(after_s)
            before = None if self._view.page is None else self._news(self._view.page)
            began = time.monotonic()
            try:
                page = await self._read_page()
            except UserError as error:
                self._view.problem = str(error)
                self._slow_down()
            else:
                self._view.take(page)
                if self._news(page) == before:
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
