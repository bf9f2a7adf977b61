"""The run as the ledger tells it: the events that every view begins with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.model.events import AnyEvent, NetworkChanged, OptionsChanged, RunOpened
from kinetics_tui.model.options import Options
from kinetics_tui.model.state import CHART_MINUTES


def options_event(options: Options, at: float) -> OptionsChanged:
    """The options that views show."""
    return OptionsChanged(
        at=at,
        workers=options.workers,
        pace_per_hour=options.pace_per_hour,
        height_px=options.height_px,
        trim=options.trim,
        layout=options.layout,
        audio=options.audio,
    )


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
        ),
        options_event(ledger.options, at),
    ]
    row = ledger.last_network()
    if row is not None:
        steps = ledger.options.cooldown_steps_s
        events.append(NetworkChanged(at=at, steps_s=steps, **msgspec.structs.asdict(row)))
    return events
