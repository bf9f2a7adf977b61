"""The list of clips that are done and its filter, and the reading of the pictures of the one looked at."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from textual.widget import Widget

from kinetics_tui.model.clip_queries import DoneClip, DonePage, DoneQuery, Pictures, PicturesQuery
from kinetics_tui.tui.lists.pages import AROUND, PagedView
from kinetics_tui.tui.parts.view_state import Link

STANDS_S = 0.3
"""Seconds that the cursor stands on a clip before its pictures are made: who pages through pays for none."""
MOST_BYTES = 8_000_000
"""The pictures kept of clips looked at before."""


class Filter(NamedTuple):
    """Which clips are shown; None and nothing: any."""

    split: str | None = None
    label: str | None = None
    text: str = ""


class DoneView(PagedView[Filter, DonePage, DoneClip]):
    """The list as far as it is at hand."""

    def __init__(self) -> None:
        super().__init__(Filter())
        self.of_all = 0
        """The clips that were done, as the engine counts them, when the list was last asked for."""

    def query(self) -> DoneQuery:
        """The query for the list."""
        split, label, text = self.filter
        return DoneQuery(
            split=split, label=label, text=text, anchor=self.anchor, place=self.place, around=AROUND
        )


class PictureReading:
    """Has the pictures of one clip made at a time. ``on_news`` is called when they have come."""

    def __init__(self, screen: Widget, link: Link, on_news: Callable[[], None]) -> None:
        self._screen = screen
        self._link = link
        self._on_news = on_news
        self._wanted: tuple[DoneClip, PicturesQuery] | None = None
        self._kept: OrderedDict[tuple[DoneClip, PicturesQuery], Pictures] = OrderedDict()

    def of(self, row: DoneClip, query: PicturesQuery) -> Pictures | None:
        """The pictures of a clip; None: they are not made yet, which is seen to. Called at every look."""
        key = (row, query)
        found = self._kept.get(key)
        if found is None and key != self._wanted:
            self._wanted = key
            # Not the coroutine itself: a worker that is cancelled before it begins would leave it unawaited.
            self._screen.run_worker(partial(self._read, row, query), group="pictures", exclusive=True)  # type: ignore[arg-type]
        return found

    async def _read(self, row: DoneClip, query: PicturesQuery) -> None:
        await asyncio.sleep(STANDS_S)
        pictures = await self._link.pictures(query)
        self._kept[row, query] = pictures
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > MOST_BYTES:
            self._kept.popitem(last=False)
        self._on_news()

    def again(self) -> None:
        """Have all pictures made again: a file may have come back."""
        self._kept.clear()
        self._wanted = None


def _size(pictures: Pictures) -> int:
    return 200 + sum(map(len, pictures.pictures))
