"""Pace: how many videos an hour may be asked for by one network."""

from __future__ import annotations

from kinetics_tui.model.options import HOUR_S

BURST_S = 60.0
"""A bucket holds what this many seconds let in, so that a short stall is made good, a long one not."""


class TokenBucket:
    """A token bucket on resolve requests; the time is handed in, in seconds.

    ``per_hour`` None means no limit. The bucket starts full.
    """

    def __init__(self, per_hour: float | None, now: float) -> None:
        self.per_hour = per_hour
        self._tokens = self._capacity
        self._at = now

    @property
    def _per_s(self) -> float:
        return (self.per_hour or 0.0) / HOUR_S

    @property
    def _capacity(self) -> float:
        return max(1.0, self._per_s * BURST_S)

    def _refill(self, now: float) -> None:
        # A clock set back must not freeze the bucket: time only counts forwards.
        self._tokens = min(self._capacity, self._tokens + max(0.0, now - self._at) * self._per_s)
        self._at = now

    def change(self, per_hour: float | None, now: float) -> None:
        """Set another pace from now on; what has been saved up is kept as far as the new bucket holds."""
        self._refill(now)
        self.per_hour = per_hour
        self._tokens = min(self._tokens, self._capacity)

    def take(self, now: float) -> bool:
        """Take the token for one video, False where there is none yet."""
        if self.per_hour is None:
            return True
        self._refill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def give_back(self) -> None:
        """Return a token that was taken for nothing."""
        self._tokens = min(self._capacity, self._tokens + 1.0)

    def next_at(self, now: float) -> float:
        """When the next token will be there; ``now`` where one is there already."""
        if self.per_hour is None:
            return now
        self._refill(now)
        return now if self._tokens >= 1.0 else now + (1.0 - self._tokens) / self._per_s
