"""A run told anew: the events that build it, which a view is sent first."""

from __future__ import annotations

import msgspec

from kinetics_tui.model.events import (
    AnyEvent,
    ClipProgress,
    ClipStarted,
    DiskMeasured,
    LogReplayed,
    NetworkChanged,
    NetworksListed,
    OptionsChanged,
    Phase,
    RunOpened,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
)
from kinetics_tui.model.run import Run


def retell(run: Run) -> list[AnyEvent]:
    """Events that build this run out of nothing."""
    events: list[AnyEvent] = [
        RunOpened(
            at=run.at,
            dataset=run.dataset,
            title=run.title,
            pid=run.pid,
            started_at=run.started_at,
            splits=tuple(run.splits.values()),
            failures=dict(run.failures),
            retried=dict(run.retried),
            total_bytes=run.total_bytes,
            wire_bytes=run.wire_bytes,
            done_by_minute=dict(run.done_by_minute),
            recent=tuple(run.rates.recent),
            idle_s=run.rates.idle_s,
            throttled_at=tuple(run.throttled_at),
        ),
        OptionsChanged(
            at=run.at,
            workers=run.worker_target,
            pace_per_hour=run.pace_per_hour,
            height_px=run.height_px,
            trim=run.trim,
            layout=run.layout,
            audio=run.audio,
        ),
    ]
    for worker in run.workers.values():
        events.append(WorkerStarted(at=worker.since, slot=worker.slot, pid=worker.pid))
        if worker.clip is not None:
            events.append(ClipStarted(at=worker.since, slot=worker.slot, clip=worker.clip))
            events.append(
                ClipProgress(
                    at=run.at,
                    slot=worker.slot,
                    phase=worker.phase,
                    fraction=worker.fraction,
                    wire_bytes=worker.wire_bytes,
                    bytes_per_s=worker.bytes_per_s,
                )
            )
        elif worker.phase is not Phase.STARTING:
            events.append(
                WorkerIdle(at=worker.since, slot=worker.slot, phase=worker.phase, until=worker.until)
            )
    if run.free_bytes is not None:
        events.append(DiskMeasured(at=run.at, free_bytes=run.free_bytes))
    events.append(NetworksListed(at=run.at, networks=tuple(run.networks.values())))
    events.append(NetworkChanged(at=run.at, **msgspec.structs.asdict(run.network)))
    events.append(StatusChanged(at=run.status_since, status=run.status, reason=run.reason))
    if run.checked is not None:
        events.append(run.checked)
    events.append(LogReplayed(at=run.at, lines=tuple(run.log), count=run.log_count, notice=run.notice))
    return events
