"""What the throttles of a network taught: kept with it in the ledger, as plain data.

The rules that read and write it are in ``engine.pace`` and ``engine.waits``.
"""

from __future__ import annotations

import msgspec


class Lessons(msgspec.Struct, kw_only=True):
    """What is learned of one network: rates in requests an hour, waits in seconds; None: not known.

    Of its pace: the network is held to ``safe_per_hour``, and ``ceiling_per_hour`` is what it refused at
    last. A stretch of work, begun by a throttle or a rest, has ``stretch_requests`` in ``stretch_s`` so
    far, the last one at ``last_request_at``. ``clean_requests`` went out since the learned pace was
    changed, and ``clean_weeks`` were worked at its ceiling. ``compared_requests`` and
    ``compared_per_hour`` are the stretch that the next one is compared with; ``counts_requests``: the
    network counts requests, whatever their pace; ``doubts`` are the throttles in a row that spoke against
    what is believed of it. ``throttled_before``: it was ever throttled.

    Of its blocks: ``refused_after_s`` is the longest wait that was too short, seen at ``refused_at``,
    ``passed_after_s`` the shortest that was long enough. Of the cooldown in hand: ``blocked_since``; the
    length of its first wait; ``answered_after_s``, where a probe was answered and it is not known yet
    whether the block is over; ``outlasted``, where it lasts longer than the ones before.
    """

    safe_per_hour: float | None = None
    ceiling_per_hour: float | None = None
    stretch_requests: int = 0
    stretch_s: float = 0.0
    last_request_at: float | None = None
    clean_requests: int = 0
    clean_weeks: int = 0
    compared_requests: int | None = None
    compared_per_hour: float | None = None
    counts_requests: bool = False
    doubts: int = 0
    throttled_before: bool = False

    refused_after_s: float | None = None
    refused_at: float | None = None
    passed_after_s: float | None = None
    blocked_since: float | None = None
    first_wait_s: float | None = None
    answered_after_s: float | None = None
    outlasted: bool = False

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: what was learned when stays as long ago as it was."""
        if self.last_request_at is not None:
            self.last_request_at += by_s
        if self.refused_at is not None:
            self.refused_at += by_s
        if self.blocked_since is not None:
            self.blocked_since += by_s
