"""Suspect the network before the clips: a long streak of final failures is not believed at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from kinetics_tui.engine.networks import Stamp

STREAK = 10
"""So many final failures in a row are suspicious. Where 2 or 3 % of clips are gone, that is no chance."""
LONGEST_STREAK = 160
"""A streak that proved true makes the next one suspicious at twice its length, up to this."""
WITNESSES = 2
"""A video that came through may be gone itself by now: a second one is asked for where the first fails."""


class Suspicion:
    """Counts final failures in a row by the network they came by.

    ``witnesses`` are the YouTube ids of the clips that came through last: asked for again by the same
    network, they tell whether the streak is the clips' or the network's.
    """

    def __init__(self, witnesses: Iterable[str] = ()) -> None:
        self.witnesses: deque[str] = deque(witnesses, maxlen=WITNESSES)
        self._clip_ids: list[int] = []
        self._network = ""
        self._bound = STREAK
        self._blamed: dict[str, int] = {}

    @property
    def streak(self) -> int:
        """How many clips in a row failed for good."""
        return len(self._clip_ids)

    @property
    def aroused(self) -> bool:
        """Whether the streak is too long to be believed unchecked, and there is something to check it by."""
        return self.streak >= self._bound and bool(self.witnesses)

    def came_through(self, youtube_id: str) -> None:
        """A clip was fetched: what failed before it failed by itself."""
        if youtube_id in self.witnesses:
            self.witnesses.remove(youtube_id)
        self.witnesses.append(youtube_id)
        self._clip_ids.clear()
        self._bound = STREAK

    def failed(self, clip_id: int, stamp: Stamp) -> None:
        """A clip was settled as failed for good."""
        if stamp.network != self._network:
            self._network = stamp.network
            self._clip_ids.clear()
        self._clip_ids.append(clip_id)

    def believe(self) -> None:
        """The network is innocent: the clips are gone."""
        self._clip_ids.clear()
        self._bound = min(LONGEST_STREAK, self._bound * 2)

    def blame(self, stamp: Stamp) -> list[int]:
        """The network did it; ``stamp`` is how it stands. Returns the clips that are to be tried again."""
        self._blamed[stamp.network] = stamp.epoch
        blamed, self._clip_ids = self._clip_ids, []
        self._bound = STREAK
        return blamed

    def distrusts(self, stamp: Stamp) -> bool:
        """Whether an answer was asked for while the network was giving wrong ones."""
        return stamp.epoch <= self._blamed.get(stamp.network, -1)
