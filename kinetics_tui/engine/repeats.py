"""Lines that repeat: the first few of a kind as they are, from then on how often there were more.

A worker that dies in a loop, or a ledger that cannot be written twice a second, must not push everything
else out of the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

AT_FIRST = 3
"""So many lines of a kind are written as they are."""
SHORTEST_S = 300.0
LONGEST_S = 3600.0
"""How often it is told of those held back: after the first, twice as long each time, up to the second."""
MOST_KINDS = 500
"""What is more is written as it comes."""


class Held(NamedTuple):
    """Lines of one kind that were held back: how many, and the last of them."""

    times: int
    last: str


class _Kind(msgspec.Struct):
    since: float
    every_s: float = SHORTEST_S
    seen: int = 0
    held: int = 0
    last: str = ""


class Repeats:
    """Decides which lines are written; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}

    def admit(self, kind: str, line: str) -> bool:
        """Whether a line is to be written now; one that is not is counted."""
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= MOST_KINDS:
                return True
            known = self._kinds[kind] = _Kind(self._clock())
        known.seen += 1
        if known.seen <= AT_FIRST:
            return True
        known.held += 1
        known.last = line
        return False

    def due(self) -> list[Held]:
        """What is to be told now of lines held back. A kind that is quiet is forgotten."""
        now, told = self._clock(), []
        for kind, known in list(self._kinds.items()):
            if 0 <= now - known.since < known.every_s:
                continue
            if known.held:
                told.append(Held(known.held, known.last))
                known.held = 0
                known.since = now
                known.every_s = min(LONGEST_S, known.every_s * 2)
            else:
                del self._kinds[kind]
        return told

    def rest(self) -> list[Held]:
        """All that is held back still, due or not; everything is forgotten."""
        left = [Held(known.held, known.last) for known in self._kinds.values() if known.held]
        self._kinds.clear()
        return left
