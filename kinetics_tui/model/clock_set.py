"""A run whose clock was set: its times moved, so that what lasted an hour still did."""

from __future__ import annotations

from collections import deque

import msgspec

from kinetics_tui.model.run import Run


def move_times(run: Run, at: float, by_s: float) -> None:
    """Move all times that something is counted from or waited for by ``by_s`` seconds; it is ``at`` now.

    What the log says was said at its time and stays.
    """
    run.at = at
    run.started_at += by_s
    run.status_since += by_s
    run.rates.move_times(by_s)
    minutes = round(by_s / 60)
    run.done_by_minute = {minute + minutes: count for minute, count in run.done_by_minute.items()}
    run.throttled_at = deque((then + by_s for then in run.throttled_at), run.throttled_at.maxlen)
    for worker in run.workers.values():
        worker.since += by_s
        worker.until = moved_if_any(worker.until, by_s)
    network = run.network
    network.until = moved_if_any(network.until, by_s)
    network.last_throttle_at = moved_if_any(network.last_throttle_at, by_s)
    run.networks = {
        name: msgspec.structs.replace(known, until=moved_if_any(known.until, by_s))
        for name, known in run.networks.items()
    }


def moved_if_any(at: float | None, by_s: float) -> float | None:
    """A time, if there is one, on a clock that was set by ``by_s`` seconds."""
    return None if at is None else at + by_s
