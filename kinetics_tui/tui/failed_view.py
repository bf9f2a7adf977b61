"""What a list of failed clips shows: a filter, the part of the list at hand, and where the cursor is."""

from __future__ import annotations

from typing import NamedTuple

from kinetics_tui.model.failed import FailedClip, FailedPage, FailedQuery
from kinetics_tui.model.failure import Category

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
        """How many clips the filter lets through."""
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
        """What to ask for."""
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
        """Whether the cursor is near the end of what is at hand, and there is more."""
        page = self.page
        if page is None:
            return False
        end = page.first + len(page.rows)
        above = page.first > 0 and self.place < page.first + NEAR
        return above or (end < page.total and self.place >= end - NEAR)

    def differs(self, failures: dict[Category, int]) -> bool:
        """Whether clips have failed, or are pending again, since the list was read."""
        counted = {category: count for category, count in failures.items() if count}
        return self.page is not None and self.page.by_category != counted
