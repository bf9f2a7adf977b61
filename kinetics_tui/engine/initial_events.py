"""The run as the ledger tells it: the events that every view begins with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import options_event
from kinetics_tui.engine.networks.cooldown import Waits
from kinetics_tui.model.events import AnyEvent, NetworkChanged, RunOpened
from kinetics_tui.model.run import CHART_MINUTES


def opening_events(ledger: Ledger, dataset: Path, at: float, pid: int) -> list[AnyEvent]:
    """Counts, options and the network used last; ``pid`` is the engine's, 0 where none runs."""
    totals = ledger.totals()
    events: list[AnyEvent] = [
        RunOpened(
            at=at,
            dataset=str(dataset),
            title=ledger.title,
            pid=pid,
            started_at=at,
            splits=tuple(ledger.split_counts()),
            failures=ledger.failure_counts(),
            retried=ledger.retried_counts(),
            total_bytes=totals.output_bytes,
            wire_bytes=totals.wire_bytes,
            done_by_minute=ledger.done_by_minute(at - CHART_MINUTES * 60),
            throttled_at=ledger.throttled_since(at - CHART_MINUTES * 60),
        ),
        options_event(ledger.options, at),
    ]
    row = ledger.last_network()
    if row is not None:
        kept = msgspec.structs.asdict(row)
        shown = {name: value for name, value in kept.items() if name in NetworkChanged.__struct_fields__}
        steps_s = Waits(ledger.options.cooldown_steps_s, row.lessons).in_hand_s
        pace = ledger.options.pace_per_hour
        learned = row.lessons.safe_per_hour if ledger.options.learn_pace else None
        allowed = min((rate for rate in (pace, learned) if rate is not None), default=None)
        events.append(
            NetworkChanged(
                at=at, steps_s=steps_s, allowed_per_hour=allowed, learned_per_hour=learned, **shown
            )
        )
    return events
