"""How fast a run goes, over its time of work alone."""

from __future__ import annotations

from collections import deque

import msgspec

RECENT_S = 300.0
"""Rates are means over this many seconds of work, or over the run where it is younger."""
GRAIN_S = 0.1
"""Clips that come within it are counted as one entry: the memory is bounded, however fast they come."""


class Rates(msgspec.Struct):
    """Clips done lately, in a time that stands still while no clip can be worked on.

    ``recent`` holds (time, clips, wire bytes), oldest first, with the time taken out in which the run was
    idle; ``idle_s`` is that time since ``started_at``.
    """

    started_at: float = 0.0
    idle_s: float = 0.0
    recent: deque[tuple[float, int, int]] = msgspec.field(default_factory=deque)

    def came(self, at: float, wire_bytes: int) -> None:
        """A clip was done."""
        began, clips, so_far_bytes = self.recent[-1] if self.recent else (at, 0, 0)
        if clips and 0 <= at - began < GRAIN_S:
            self.recent[-1] = (began, clips + 1, so_far_bytes + wire_bytes)
            return
        self.recent.append((at, 1, wire_bytes))
        while self.recent[0][0] <= at - RECENT_S:
            self.recent.popleft()

    def take_out(self, idle_s: float) -> None:
        """Take idle time that has just ended out of what came before it."""
        if idle_s:
            self.idle_s += idle_s
            self._move_recent(idle_s)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: the rates stay what they are."""
        self.started_at += by_s
        self._move_recent(by_s)

    def _move_recent(self, by_s: float) -> None:
        self.recent = deque((at + by_s, clips, size) for at, clips, size in self.recent)

    def clips_per_minute(self, end: float) -> float:
        """Done clips a minute over the last ``RECENT_S`` seconds before ``end``."""
        return sum(clips for at, clips, _ in self.recent if at > end - RECENT_S) / self._window_s(end) * 60

    def bytes_per_s(self, end: float) -> float:
        """Wire bytes of clips done in the last ``RECENT_S`` seconds before ``end``, a second."""
        return sum(size for at, _, size in self.recent if at > end - RECENT_S) / self._window_s(end)

    def _window_s(self, end: float) -> float:
        return max(1.0, min(RECENT_S, end - self.started_at - self.idle_s))
