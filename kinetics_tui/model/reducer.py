"""The one reducer: folds what the engine publishes into a run, one small step an event.

It also gives the events that build a run out of nothing, which a view that comes later is sent first, and
moves the times of a run whose clock was set, so that what lasted an hour still did.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

import msgspec

from kinetics_tui.base.words import counted
from kinetics_tui.model import events
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import AnyEvent, EngineStatus, LogLine, Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkStatus, moved_if_any
from kinetics_tui.model.reasons import Reason, Why, reason_text
from kinetics_tui.model.run import CHART_MINUTES, LOG_LINES, THROTTLES, Rates, Run, WorkerState


def retell(run: Run) -> list[AnyEvent]:
    """Events that build this run out of nothing."""
    told: list[AnyEvent] = [
        events.RunOpened(
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
            recent_by_network={
                name: (rates.started_at, tuple(rates.recent)) for name, rates in run.rates_by_network.items()
            },
            idle_s=run.rates.idle_s,
            throttled_at=tuple(run.throttled_at),
        ),
        run.options,
    ]
    told += [events.HostChanged(at=run.at, host=host) for host in run.hosts.values()]
    for worker in run.workers.values():
        told.append(
            events.WorkerStarted(
                at=worker.since, slot=worker.slot, pid=worker.pid, host=worker.host, place=worker.place
            )
        )
        if worker.clip is not None:
            told.append(events.ClipStarted(at=worker.since, slot=worker.slot, clip=worker.clip))
            told.append(
                events.ClipProgress(
                    at=run.at,
                    slot=worker.slot,
                    phase=worker.phase,
                    fraction=worker.fraction,
                    wire_bytes=worker.wire_bytes,
                    bytes_per_s=worker.bytes_per_s,
                )
            )
        elif worker.phase is not Phase.STARTING:
            told.append(
                events.WorkerIdle(at=worker.since, slot=worker.slot, phase=worker.phase, until=worker.until)
            )
    if run.archives.total:
        told.append(run.archives)
    if run.free_bytes is not None:
        told.append(events.DiskMeasured(at=run.at, free_bytes=run.free_bytes))
    told += [events.NetworkChanged(at=run.at, network=network) for network in run.networks.values()]
    told.append(events.StatusChanged(at=run.status_since, status=run.status, reason=run.why))
    if run.checked is not None:
        told.append(run.checked)
    told.append(events.LogReplayed(at=run.at, lines=tuple(run.log), count=run.log_count, notice=run.notice))
    return told


def move_times(run: Run, at: float, by_s: float) -> None:
    """Move all times that something is counted from or waited for by ``by_s`` seconds; it is ``at`` now.

    What the log says was said at its time and stays.
    """
    run.at = at
    run.started_at += by_s
    run.status_since += by_s
    for rates in (run.rates, *run.rates_by_network.values()):
        rates.move_times(by_s)
    minutes = round(by_s / 60)
    run.done_by_minute = {minute + minutes: count for minute, count in run.done_by_minute.items()}
    run.throttled_at = deque((then + by_s for then in run.throttled_at), run.throttled_at.maxlen)
    run.hosts = {
        name: msgspec.structs.replace(host, said_at=host.said_at + by_s) for name, host in run.hosts.items()
    }
    for worker in run.workers.values():
        worker.since += by_s
        worker.until = moved_if_any(worker.until, by_s)
    run.networks = {
        name: msgspec.structs.replace(
            known,
            until=moved_if_any(known.until, by_s),
            last_throttle_at=moved_if_any(known.last_throttle_at, by_s),
        )
        for name, known in run.networks.items()
    }


def fold(run: Run, event: AnyEvent) -> None:
    """Fold one event in. An event about a slot or split that is not known makes it known."""
    run.at = max(run.at, event.at)
    _STEPS[type(event)](run, event)


def _write(run: Run, line: LogLine) -> None:
    run.log.append(line)
    run.log_count += 1


def _let_go(run: Run, slot: int, at: float) -> WorkerState:
    """The worker of a slot, with no clip in its hand from now on."""
    former = run.workers.get(slot) or WorkerState(slot)
    worker = WorkerState(slot, former.pid, Phase.IDLE, since=at, host=former.host, place=former.place)
    run.workers[slot] = worker
    return worker


def _count(run: Run, split: str, *, done: int = 0, failed: int = 0) -> None:
    counts = run.splits.get(split) or events.SplitCounts(split, 0)
    run.splits[split] = msgspec.structs.replace(
        counts, done=counts.done + done, failed=counts.failed + failed
    )


def _count_for_network(run: Run, name: str) -> None:
    known = run.networks.get(name or run.network.name)
    if known is not None:
        run.networks[known.name] = msgspec.structs.replace(
            known, clips=known.clips + 1, clips_since_throttle=known.clips_since_throttle + 1
        )


def _run_opened(run: Run, event: events.RunOpened) -> None:
    run.dataset = event.dataset
    run.title = event.title
    run.pid = event.pid
    run.started_at = event.started_at
    run.splits = {split.name: split for split in event.splits}
    run.failures = dict(event.failures)
    run.retried = dict(event.retried)
    run.total_bytes = event.total_bytes
    run.wire_bytes = event.wire_bytes
    run.done_by_minute = dict(event.done_by_minute)
    run.rates = Rates(event.started_at, event.idle_s, deque(event.recent))
    run.rates_by_network = {
        name: Rates(since, recent=deque(recent)) for name, (since, recent) in event.recent_by_network.items()
    }
    run.throttled_at = deque(event.throttled_at, maxlen=THROTTLES)
    # Idle time up to now is taken out of what was just read: none of it may be taken out again.
    run.status_since = event.at
    run.workers = {}
    run.hosts = {}
    run.networks = {}  # those of an engine before may be known no more


def _options_changed(run: Run, event: events.OptionsChanged) -> None:
    run.options = event


def _status_changed(run: Run, event: events.StatusChanged) -> None:
    _notice_status(run, event)
    if run.idle:
        run.rates.take_out(max(0.0, event.at - run.status_since))
    run.status = event.status
    run.why = event.reason
    run.status_since = event.at
    _write(run, LogLine(event.at, event.status.value, detail=run.reason))


def _notice_status(run: Run, event: events.StatusChanged) -> None:
    if event.status is run.status:
        return
    if event.status in (EngineStatus.DISK_FULL, EngineStatus.HELD):
        if _told_of(run, event.reason):
            return
        kind = events.NoticeKind(event.status.value)
        run.notice = events.Notice(event.at, kind, f"The run is held up: {reason_text(event.reason)}")
    elif event.status is EngineStatus.DONE and run.status is not EngineStatus.STOPPING:
        text = f"The run is through: {run.tally}."
        run.notice = events.Notice(event.at, events.NoticeKind.DONE, text)


def _told_of(run: Run, reason: Reason) -> bool:
    """True if people were called as YouTube began to refuse every video: no look since then is news."""
    told = run.notice is not None and run.notice.kind is events.NoticeKind.HELD and run.notice.at
    return reason.why is Why.REFUSED and reason.at is not None and bool(told) and told >= reason.at


def _split_switched(run: Run, event: events.SplitSwitched) -> None:
    if event.split in run.splits:
        run.splits[event.split] = msgspec.structs.replace(run.splits[event.split], enabled=event.enabled)


def _network_changed(run: Run, event: events.NetworkChanged) -> None:
    network, before = event.network, run.networks.get(event.network.name)
    run.networks[network.name] = network
    if not network.able:
        run.rates_by_network.pop(network.name, None)
    elif network.name not in run.rates_by_network:
        run.rates_by_network[network.name] = Rates(event.at)
    turn = (before.status if before is not None else network.status, network.status)
    if network.in_use and turn == (NetworkStatus.COOLING, NetworkStatus.PROBING):
        paused = run.status in (EngineStatus.PAUSED, EngineStatus.PAUSING)
        then = "the run is paused" if paused else "one clip goes first"
        text = f"The cooldown of {network.label} has ended; {then}."
        run.notice = events.Notice(event.at, events.NoticeKind.COOLDOWN_ENDED, text)
    match event.news:
        case events.NetworkNews.NONE:
            pass
        case events.NetworkNews.THROTTLED | events.NetworkNews.PROBE_REFUSED:
            signal = network.signal or Category.TOO_MANY_REQUESTS
            run.throttled_at.append(event.at)
            probe = event.news is events.NetworkNews.PROBE_REFUSED
            run.notice = events.throttle_notice(event.at, network.label, signal, probe=probe)
            whose = f"{network.label}: " if len(run.in_use) > 1 else ""
            _write(run, LogLine(event.at, "throttle", detail=f"{whose}{signal.value}: {signal.advice}"))
        case events.NetworkNews.LEFT:
            text = f"Switched from {network.label} to {run.label}."
            _write(run, LogLine(event.at, "network", detail=text))
        case events.NetworkNews.FORGOTTEN:
            del run.networks[network.name]
            run.rates_by_network.pop(network.name, None)


def _network_checked(run: Run, event: events.NetworkChecked) -> None:
    run.checked = event
    _write(run, LogLine(event.at, "network", detail=event.text))


def _host_changed(run: Run, event: events.HostChanged) -> None:
    if event.removed:
        run.hosts.pop(event.host.name, None)
    else:
        run.hosts[event.host.name] = event.host
    if event.news:
        _write(run, LogLine(event.at, "host", event.host.name, event.news))


def _worker_started(run: Run, event: events.WorkerStarted) -> None:
    run.workers[event.slot] = WorkerState(
        event.slot, event.pid, since=event.at, host=event.host, place=event.place
    )


def _worker_stopped(run: Run, event: events.WorkerStopped) -> None:
    stopped = run.workers.pop(event.slot, None) or WorkerState(event.slot)
    if event.reason:
        _write(run, LogLine(event.at, "worker", stopped.label, event.reason))


def _worker_idle(run: Run, event: events.WorkerIdle) -> None:
    worker = _let_go(run, event.slot, event.at)
    worker.phase = event.phase
    worker.until = event.until


def _clip_started(run: Run, event: events.ClipStarted) -> None:
    worker = _let_go(run, event.slot, event.at)
    worker.clip = event.clip
    worker.phase = Phase.RESOLVE


def _clip_progress(run: Run, event: events.ClipProgress) -> None:
    worker = run.workers.setdefault(event.slot, WorkerState(event.slot))
    if worker.clip is None:
        return  # about a clip that was taken from it in the meantime
    worker.phase = event.phase
    worker.fraction = event.fraction
    worker.wire_bytes = event.wire_bytes
    worker.bytes_per_s = event.bytes_per_s


def _clip_done(run: Run, event: events.ClipDone) -> None:
    made, wire_bytes = event.made, event.spent.wire_bytes
    worker = _let_go(run, event.slot, event.at)
    _count(run, event.clip.split, done=1)
    if (host := run.hosts.get(worker.host)) is not None:
        run.hosts[host.name] = msgspec.structs.replace(host, clips=host.clips + 1)
    run.total_bytes += made.output_bytes
    run.wire_bytes += wire_bytes
    if wire_bytes:  # not where the clip was found on the disk
        _count_for_network(run, event.network)
    minute = int(event.at // 60)
    run.done_by_minute[minute] = run.done_by_minute.get(minute, 0) + 1
    while len(run.done_by_minute) > CHART_MINUTES:
        del run.done_by_minute[min(run.done_by_minute)]
    if not run.idle:  # a clip that is finished while the run pauses took time from before
        run.rates.came(event.at, wire_bytes)
    if event.network in run.rates_by_network:
        run.rates_by_network[event.network].came(event.at, wire_bytes)
    remarks = [f"{made.output_bytes / 1e6:.1f} MB", f"{made.duration_s:.1f} s"]
    remarks += [f"from {made.archive}"] * bool(made.archive)
    remarks += ["short source"] * made.short + ["inexact"] * (not made.exact)
    _write(run, LogLine(event.at, "done", path_text(event.clip), "  ".join(remarks)))


def _clip_failed(run: Run, event: events.ClipFailed) -> None:
    if event.slot != events.NO_SLOT:
        _let_go(run, event.slot, event.at)
    if event.settled:
        _count(run, event.clip.split, failed=1)
        run.failures[event.category] = run.failures.get(event.category, 0) + 1
        word, outcome = "failed", event.category.kind.value
    else:
        run.retried[event.category] = run.retried.get(event.category, 0) + 1
        word, outcome = "put back", "tried again later"
    _write(run, LogLine(event.at, word, path_text(event.clip), f"{event.category.value}  ({outcome})"))


def _clip_returned(run: Run, event: events.ClipReturned) -> None:
    _let_go(run, event.slot, event.at)
    _write(run, LogLine(event.at, "put back", path_text(event.clip), event.reason))


def _clip_extracted(run: Run, event: events.ClipExtracted) -> None:
    _let_go(run, event.slot, event.at)
    run.extracted = event.through
    made = [f"{event.frames:,} frames"] * bool(event.frames) + ["sound"] * event.sound
    word = "no extract" if event.why else "extract"
    _write(run, LogLine(event.at, word, path_text(event.clip), event.why or "  ".join(made) or "nothing new"))


def _clips_retried(run: Run, event: events.ClipsRetried) -> None:
    for split, count in event.by_split.items():
        _count(run, split, failed=-count)
    for category, count in event.by_category.items():
        left = run.failures.get(category, 0) - count
        if left > 0:
            run.failures[category] = left
        else:
            run.failures.pop(category, None)
    total = sum(event.by_category.values())
    names = ", ".join(category.value for category in event.by_category)
    _write(run, LogLine(event.at, "retry", counted(total, "clip"), names))


def _archives_changed(run: Run, event: events.ArchivesChanged) -> None:
    run.archives = event


def _disk_measured(run: Run, event: events.DiskMeasured) -> None:
    run.free_bytes = event.free_bytes


def _clock_set(run: Run, event: events.ClockSet) -> None:
    move_times(run, event.at, event.by_s)
    way = "forward" if event.by_s > 0 else "back"
    text = f"The clock was set {way} by {abs(event.by_s):,.0f} s; waits keep their length."
    _write(run, LogLine(event.at, "clock", detail=text))


def _logged(run: Run, event: events.Logged) -> None:
    _write(run, LogLine(event.at, event.level, detail=event.text))


def _log_replayed(run: Run, event: events.LogReplayed) -> None:
    run.log = deque(event.lines, maxlen=LOG_LINES)
    run.log_count = event.count
    run.notice = event.notice


def path_text(clip: Clip) -> str:
    """Split, label and name of a clip, as the log shows them."""
    return "/".join(part for part in (clip.split, clip.label, clip.name) if part)


_STEPS = cast(
    "dict[type[events.Event], Callable[[Run, Any], None]]",
    {
        events.RunOpened: _run_opened,
        events.OptionsChanged: _options_changed,
        events.StatusChanged: _status_changed,
        events.SplitSwitched: _split_switched,
        events.NetworkChanged: _network_changed,
        events.NetworkChecked: _network_checked,
        events.HostChanged: _host_changed,
        events.WorkerStarted: _worker_started,
        events.WorkerStopped: _worker_stopped,
        events.WorkerIdle: _worker_idle,
        events.ClipStarted: _clip_started,
        events.ClipProgress: _clip_progress,
        events.ClipDone: _clip_done,
        events.ClipFailed: _clip_failed,
        events.ClipReturned: _clip_returned,
        events.ClipExtracted: _clip_extracted,
        events.ClipsRetried: _clips_retried,
        events.ArchivesChanged: _archives_changed,
        events.DiskMeasured: _disk_measured,
        events.ClockSet: _clock_set,
        events.Logged: _logged,
        events.LogReplayed: _log_replayed,
    },
)
