"""The run as a view sees it, and the one reducer that builds it from events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import (
    AnyEvent,
    ClipDone,
    ClipFailed,
    ClipProgress,
    ClipReturned,
    ClipsRetried,
    ClipStarted,
    DiskMeasured,
    EngineStatus,
    Event,
    Logged,
    LogLine,
    LogReplayed,
    NetworkChanged,
    NetworkChecked,
    NetworksListed,
    NetworkSwitched,
    NetworkThrottled,
    OptionsChanged,
    Phase,
    RunOpened,
    SplitCounts,
    SplitSwitched,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
    WorkerStopped,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkInfo, NetworkKind, NetworkStatus
from kinetics_tui.model.notices import Notice, NoticeKind, throttle_notice
from kinetics_tui.model.options import GUEST_PER_HOUR, LayoutName, Trim

LOG_LINES = 200
CHART_MINUTES = 120
THROTTLES = 64
"""How many past throttles are marked in the chart."""
RECENT_S = 300.0
"""Rates are means over this many seconds of work, or over the run where it is younger."""

IDLE_STATUSES = frozenset(
    {
        EngineStatus.PAUSING,
        EngineStatus.PAUSED,
        EngineStatus.COOLING,
        EngineStatus.SWITCHING,
        EngineStatus.OFFLINE,
        EngineStatus.DISK_FULL,
        EngineStatus.STOPPING,
        EngineStatus.STOPPED,
        EngineStatus.DONE,
    }
)
"""While a run is in one of these it hands out no clip, and its time does not count for rates."""


class WorkerState(msgspec.Struct):
    """One worker slot. ``since`` is when its clip was handed out, or when it fell idle."""

    slot: int
    pid: int = 0
    phase: Phase = Phase.STARTING
    clip: Clip | None = None
    fraction: float = 0.0
    wire_bytes: int = 0
    bytes_per_s: float = 0.0
    since: float = 0.0
    until: float | None = None


class NetworkState(msgspec.Struct):
    """The network in use; the fields are those of ``NetworkChanged``."""

    name: str = ""
    label: str = ""
    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    status: NetworkStatus = NetworkStatus.OPEN
    family: Family = Family.UNKNOWN
    signal: Category | None = None
    until: float | None = None
    step: int = 0
    steps_s: tuple[float, ...] = ()
    clips_since_throttle: int = 0
    last_throttle_at: float | None = None
    workers_allowed: int | None = None
    allowed_per_hour: float | None = None
    learned_per_hour: float | None = None


class RunState:
    """What is known of a run. Changed by ``apply`` alone; views read it and keep no count of their own."""

    def __init__(self) -> None:
        self.dataset = ""
        self.title = ""
        self.pid = 0
        self.started_at = 0.0
        self.at = 0.0
        self.status = EngineStatus.STARTING
        self.reason = ""
        self.status_since = 0.0
        self.splits: dict[str, SplitCounts] = {}
        self.failures: dict[Category, int] = {}
        self.retried: dict[Category, int] = {}
        self.workers: dict[int, WorkerState] = {}
        self.network = NetworkState()
        self.networks: dict[str, NetworkInfo] = {}
        self.throttled_at: deque[float] = deque(maxlen=THROTTLES)
        self.checked: NetworkChecked | None = None
        self.notice: Notice | None = None
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.log_count = 0
        self.total_bytes = 0
        self.wire_bytes = 0
        self.free_bytes: int | None = None
        self.done_by_minute: dict[int, int] = {}
        self.recent: deque[tuple[float, int]] = deque()
        self.idle_s = 0.0
        self.worker_target = 0
        self.pace_per_hour: float | None = GUEST_PER_HOUR
        self.height_px = 360
        self.trim = Trim.EXACT
        self.layout = LayoutName.ACTIVITYNET
        self.audio = True

    # -- what views ask -------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """Clips of the splits that are switched on."""
        return sum(s.total for s in self.splits.values() if s.enabled)

    @property
    def done(self) -> int:
        return sum(s.done for s in self.splits.values() if s.enabled)

    @property
    def failed(self) -> int:
        return sum(s.failed for s in self.splits.values() if s.enabled)

    @property
    def left(self) -> int:
        return sum(s.left for s in self.splits.values() if s.enabled)

    @property
    def in_hand(self) -> int:
        """Clips that workers hold right now."""
        return sum(worker.clip is not None for worker in self.workers.values())

    @property
    def idle(self) -> bool:
        """Whether no clip can be worked on: the rates are those of the time before."""
        return self.status in IDLE_STATUSES

    def _worked_until(self, now: float) -> float:
        """``now``, or when work last ended."""
        return min(now, self.status_since) if self.idle else now

    def _window_s(self, end: float) -> float:
        return max(1.0, min(RECENT_S, end - self.started_at - self.idle_s))

    def clips_per_minute(self, now: float) -> float:
        """Done clips a minute over the last ``RECENT_S`` seconds of work before ``now``."""
        end = self._worked_until(now)
        return sum(at > end - RECENT_S for at, _ in self.recent) / self._window_s(end) * 60

    def bytes_per_s(self, now: float) -> float:
        """Wire bytes of clips done in the last ``RECENT_S`` seconds of work before ``now``, a second."""
        end = self._worked_until(now)
        return sum(size for at, size in self.recent if at > end - RECENT_S) / self._window_s(end)

    # -- the reducer ----------------------------------------------------------------------------

    def apply(self, event: AnyEvent) -> None:
        """Fold one event in. An event about a slot or split that is not known makes it known."""
        self.at = max(self.at, event.at)
        _REDUCERS[type(event)](self, event)

    def apply_all(self, events: Iterable[AnyEvent]) -> None:
        """Fold in several events, oldest first."""
        for event in events:
            self.apply(event)

    def as_events(self) -> list[AnyEvent]:
        """Events that build this state in an empty ``RunState``: what a new view is sent first."""
        events: list[AnyEvent] = [
            RunOpened(
                at=self.at,
                dataset=self.dataset,
                title=self.title,
                pid=self.pid,
                started_at=self.started_at,
                splits=tuple(self.splits.values()),
                failures=dict(self.failures),
                retried=dict(self.retried),
                total_bytes=self.total_bytes,
                wire_bytes=self.wire_bytes,
                done_by_minute=dict(self.done_by_minute),
                recent=tuple(self.recent),
                idle_s=self.idle_s,
                throttled_at=tuple(self.throttled_at),
            ),
            OptionsChanged(
                at=self.at,
                workers=self.worker_target,
                pace_per_hour=self.pace_per_hour,
                height_px=self.height_px,
                trim=self.trim,
                layout=self.layout,
                audio=self.audio,
            ),
        ]
        for worker in self.workers.values():
            events.append(WorkerStarted(at=worker.since, slot=worker.slot, pid=worker.pid))
            if worker.clip is not None:
                events.append(ClipStarted(at=worker.since, slot=worker.slot, clip=worker.clip))
                events.append(
                    ClipProgress(
                        at=self.at,
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
        if self.free_bytes is not None:
            events.append(DiskMeasured(at=self.at, free_bytes=self.free_bytes))
        events.append(NetworksListed(at=self.at, networks=tuple(self.networks.values())))
        events.append(NetworkChanged(at=self.at, **msgspec.structs.asdict(self.network)))
        events.append(StatusChanged(at=self.status_since, status=self.status, reason=self.reason))
        if self.checked is not None:
            events.append(self.checked)
        events.append(
            LogReplayed(at=self.at, lines=tuple(self.log), count=self.log_count, notice=self.notice)
        )
        return events

    # -- one small step an event ------------------------------------------------------------------

    def _write(self, line: LogLine) -> None:
        self.log.append(line)
        self.log_count += 1

    def _worker(self, slot: int) -> WorkerState:
        return self.workers.setdefault(slot, WorkerState(slot))

    def _let_go(self, slot: int, at: float) -> None:
        worker = self._worker(slot)
        worker.phase = Phase.IDLE
        worker.clip = None
        worker.fraction = 0.0
        worker.wire_bytes = 0
        worker.bytes_per_s = 0.0
        worker.since = at
        worker.until = None

    def _count(self, split: str, *, done: int = 0, failed: int = 0) -> None:
        counts = self.splits.get(split) or SplitCounts(split, 0)
        self.splits[split] = msgspec.structs.replace(
            counts, done=counts.done + done, failed=counts.failed + failed
        )

    def _count_for_network(self, name: str) -> None:
        if name in ("", self.network.name):
            self.network.clips_since_throttle += 1
        known = self.networks.get(name)
        if known is not None:
            self.networks[name] = msgspec.structs.replace(
                known, clips=known.clips + 1, clips_since_throttle=known.clips_since_throttle + 1
            )

    def _run_opened(self, event: RunOpened) -> None:
        self.dataset = event.dataset
        self.title = event.title
        self.pid = event.pid
        self.started_at = event.started_at
        self.splits = {split.name: split for split in event.splits}
        self.failures = dict(event.failures)
        self.retried = dict(event.retried)
        self.total_bytes = event.total_bytes
        self.wire_bytes = event.wire_bytes
        self.done_by_minute = dict(event.done_by_minute)
        self.recent = deque(event.recent)
        self.idle_s = event.idle_s
        self.throttled_at = deque(event.throttled_at, maxlen=THROTTLES)
        # Idle time up to now is taken out of what was just read: none of it may be taken out again.
        self.status_since = event.at
        self.workers = {}

    def _options_changed(self, event: OptionsChanged) -> None:
        self.worker_target = event.workers
        self.pace_per_hour = event.pace_per_hour
        self.height_px = event.height_px
        self.trim = event.trim
        self.layout = event.layout
        self.audio = event.audio

    def _end_idle(self, at: float) -> None:
        """Take the time from the last change of status to ``at`` out of the rates, if it was idle."""
        idle_s = max(0.0, at - self.status_since) if self.idle else 0.0
        if idle_s:
            self.idle_s += idle_s
            self.recent = deque((done_at + idle_s, size) for done_at, size in self.recent)

    def _status_changed(self, event: StatusChanged) -> None:
        self._notice_status(event)
        self._end_idle(event.at)
        self.status = event.status
        self.reason = event.reason
        self.status_since = event.at
        self._write(LogLine(event.at, event.status.value, detail=event.reason))

    def _notice_status(self, event: StatusChanged) -> None:
        if event.status is self.status:
            return
        if event.status is EngineStatus.DISK_FULL:
            self.notice = Notice(event.at, NoticeKind.DISK_FULL, f"The run is held up: {event.reason}")
        elif event.status is EngineStatus.DONE and self.status is not EngineStatus.STOPPING:
            text = f"The run is through: {self.done:,} clips done, {self.failed:,} failed."
            self.notice = Notice(event.at, NoticeKind.DONE, text)
        elif (self.status, event.status) == (EngineStatus.COOLING, EngineStatus.PROBING):
            text = f"The cooldown of {self.network.label} has ended; one clip goes first."
            self.notice = Notice(event.at, NoticeKind.COOLDOWN_ENDED, text)

    def _split_switched(self, event: SplitSwitched) -> None:
        if event.split in self.splits:
            self.splits[event.split] = msgspec.structs.replace(
                self.splits[event.split], enabled=event.enabled
            )

    def _network_changed(self, event: NetworkChanged) -> None:
        self.network = NetworkState(**{name: getattr(event, name) for name in NetworkState.__struct_fields__})

    def _networks_listed(self, event: NetworksListed) -> None:
        self.networks = {network.name: network for network in event.networks}

    def _network_switched(self, event: NetworkSwitched) -> None:
        self._write(LogLine(event.at, "network", detail=f"Switched from {event.before} to {event.label}."))

    def _network_throttled(self, event: NetworkThrottled) -> None:
        self.throttled_at.append(event.at)
        self.notice = throttle_notice(event.at, event.label, event.signal, probe=event.probe)
        self._write(LogLine(event.at, "throttle", detail=f"{event.signal.heading}. {event.signal.advice}"))

    def _network_checked(self, event: NetworkChecked) -> None:
        self.checked = event
        self._write(LogLine(event.at, "network", detail=event.text))

    def _worker_started(self, event: WorkerStarted) -> None:
        self.workers[event.slot] = WorkerState(event.slot, event.pid, since=event.at)

    def _worker_stopped(self, event: WorkerStopped) -> None:
        self.workers.pop(event.slot, None)
        if event.reason:
            self._write(LogLine(event.at, "worker", str(event.slot), event.reason))

    def _worker_idle(self, event: WorkerIdle) -> None:
        self._let_go(event.slot, event.at)
        worker = self._worker(event.slot)
        worker.phase = event.phase
        worker.until = event.until

    def _clip_started(self, event: ClipStarted) -> None:
        self._let_go(event.slot, event.at)
        worker = self._worker(event.slot)
        worker.clip = event.clip
        worker.phase = Phase.RESOLVE

    def _clip_progress(self, event: ClipProgress) -> None:
        worker = self._worker(event.slot)
        if worker.clip is None:
            return  # about a clip that was taken from it in the meantime
        worker.phase = event.phase
        worker.fraction = event.fraction
        worker.wire_bytes = event.wire_bytes
        worker.bytes_per_s = event.bytes_per_s

    def _clip_done(self, event: ClipDone) -> None:
        self._let_go(event.slot, event.at)
        self._count(event.clip.split, done=1)
        self.total_bytes += event.output_bytes
        self.wire_bytes += event.wire_bytes
        if event.wire_bytes:  # not where the clip was found on the disk
            self._count_for_network(event.network)
        minute = int(event.at // 60)
        self.done_by_minute[minute] = self.done_by_minute.get(minute, 0) + 1
        while len(self.done_by_minute) > CHART_MINUTES:
            del self.done_by_minute[min(self.done_by_minute)]
        if not self.idle:  # a clip that is finished while the run pauses took time from before
            self.recent.append((event.at, event.wire_bytes))
            while self.recent[0][0] <= event.at - RECENT_S:
                self.recent.popleft()
        remarks = [f"{event.output_bytes / 1e6:.1f} MB", f"{event.duration_s:.1f} s"]
        remarks += ["short source"] * event.short + ["inexact"] * (not event.exact)
        self._write(LogLine(event.at, "done", path_text(event.clip), "  ".join(remarks)))

    def _clip_failed(self, event: ClipFailed) -> None:
        self._let_go(event.slot, event.at)
        if event.settled:
            self._count(event.clip.split, failed=1)
            self.failures[event.category] = self.failures.get(event.category, 0) + 1
            word, outcome = "failed", event.category.kind.value
        else:
            self.retried[event.category] = self.retried.get(event.category, 0) + 1
            word, outcome = "put back", "tried again later"
        self._write(LogLine(event.at, word, path_text(event.clip), f"{event.category.heading}  ({outcome})"))

    def _clip_returned(self, event: ClipReturned) -> None:
        self._let_go(event.slot, event.at)
        self._write(LogLine(event.at, "put back", path_text(event.clip), event.reason))

    def _clips_retried(self, event: ClipsRetried) -> None:
        for split, count in event.by_split.items():
            self._count(split, failed=-count)
        for category, count in event.by_category.items():
            left = self.failures.get(category, 0) - count
            if left > 0:
                self.failures[category] = left
            else:
                self.failures.pop(category, None)
        total = sum(event.by_category.values())
        names = ", ".join(category.value for category in event.by_category)
        self._write(LogLine(event.at, "retry", f"{total:,} clip{'s' if total != 1 else ''}", names))

    def _disk_measured(self, event: DiskMeasured) -> None:
        self.free_bytes = event.free_bytes

    def _logged(self, event: Logged) -> None:
        self._write(LogLine(event.at, event.level, detail=event.text))

    def _log_replayed(self, event: LogReplayed) -> None:
        self.log = deque(event.lines, maxlen=LOG_LINES)
        self.log_count = event.count
        self.notice = event.notice


def path_text(clip: Clip) -> str:
    """Split, label and name of a clip, as the log shows them."""
    return "/".join(part for part in (clip.split, clip.label, clip.name) if part)


_REDUCERS = cast(
    "dict[type[Event], Callable[[RunState, Any], None]]",
    {
        RunOpened: RunState._run_opened,
        OptionsChanged: RunState._options_changed,
        StatusChanged: RunState._status_changed,
        SplitSwitched: RunState._split_switched,
        NetworkChanged: RunState._network_changed,
        NetworksListed: RunState._networks_listed,
        NetworkSwitched: RunState._network_switched,
        NetworkThrottled: RunState._network_throttled,
        NetworkChecked: RunState._network_checked,
        WorkerStarted: RunState._worker_started,
        WorkerStopped: RunState._worker_stopped,
        WorkerIdle: RunState._worker_idle,
        ClipStarted: RunState._clip_started,
        ClipProgress: RunState._clip_progress,
        ClipDone: RunState._clip_done,
        ClipFailed: RunState._clip_failed,
        ClipReturned: RunState._clip_returned,
        ClipsRetried: RunState._clips_retried,
        DiskMeasured: RunState._disk_measured,
        Logged: RunState._logged,
        LogReplayed: RunState._log_replayed,
    },
)
