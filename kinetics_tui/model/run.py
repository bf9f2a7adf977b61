"""All that is known of a run: plain data, the questions that views ask of it, and its rates.

Rates are over the time of work alone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import msgspec

from kinetics_tui.base.words import tally_text
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import (
    NO_ARCHIVES,
    EngineStatus,
    LogLine,
    NetworkChecked,
    Notice,
    OptionsChanged,
    Phase,
    SplitCounts,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import HERE, HostState, HostStatus, NetworkState, NetworkStatus
from kinetics_tui.model.options import BUDGETS, LayoutName, Preset, Trim, clips_per_hour
from kinetics_tui.model.reasons import NO_REASON, reason_text


class WorkerState(msgspec.Struct):
    """One worker slot. ``since`` is when its clip was handed out, or when it fell idle.

    ``host`` is the name of the machine that it is on, where that is not the engine's; there it is the
    ``place``-th.
    """

    slot: int
    pid: int = 0
    phase: Phase = Phase.STARTING
    clip: Clip | None = None
    fraction: float = 0.0
    wire_bytes: int = 0
    bytes_per_s: float = 0.0
    since: float = 0.0
    until: float | None = None
    host: str = HERE
    place: int = 0

    @property
    def label(self) -> str:
        """The slot as people read it: ``3``, or ``lab2·3`` where it is on a host."""
        return f"{self.host}·{self.place}" if self.host else str(self.slot)


RECENT_S = 300.0
"""Rates are means over so many seconds of work before the last clip, or over the run where it is younger."""
_STALLED = 3.0
"""A run in which no clip came for so many times what one took has no rate, nor has one in ``RECENT_S``."""
GRAIN_S = 0.1
"""Clips that come within it are counted as one entry: the memory is bounded, however fast they come."""


class Rates(msgspec.Struct):
    """Clips done lately, in a time that stands still while no clip can be worked on.

    A rate changes as a clip comes, and as one is overdue; not with every look at it.

    ``recent`` holds (time, clips, wire bytes), oldest first, with the time taken out in which the run was
    idle; the first entry may be older than ``RECENT_S``: it tells when the time of the others began.
    ``idle_s`` is the idle time since ``started_at``.
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
        while len(self.recent) > 1 and self.recent[1][0] <= at - RECENT_S:
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
        """Done clips a minute, as it stands at ``end``."""
        return self._clips_per_s(end) * 60

    def bytes_per_s(self, end: float) -> float:
        """Wire bytes of done clips a second, as it stands at ``end``."""
        clips = sum(clips for _, clips, _ in self.recent)
        size = sum(size for _, _, size in self.recent)
        return self._clips_per_s(end) * size / clips if clips else 0.0

    def measured_until(self, end: float) -> float:
        """The end of what the rates at ``end`` are of: the last clip, or ``end`` if one is overdue."""
        clips, took_s, last = self._up_to_last()
        overdue = not clips or (end - last) * clips > took_s
        return end if overdue else min(end, last)

    def _up_to_last(self) -> tuple[int, float, float]:
        """Clips done lately, the seconds in which they came, and when the last one came."""
        if not self.recent:
            return 0, 1.0, 0.0
        first, last = self.recent[0][0], self.recent[-1][0]
        began = first if first <= last - RECENT_S else max(self.started_at + self.idle_s, last - RECENT_S)
        return sum(clips for at, clips, _ in self.recent if at > began), max(1.0, last - began), last

    def _clips_per_s(self, end: float) -> float:
        clips, took_s, last = self._up_to_last()
        if not clips or end - last > max(RECENT_S, _STALLED * took_s / clips):
            return 0.0
        # Where the next one is overdue, as if it came now.
        since = max(last - took_s, min(last, end - RECENT_S))
        one_more = sum(clips for at, clips, _ in self.recent if at > since) + 1
        return min(clips / took_s, one_more / max(1.0, end - since))


LOG_LINES = 200
CHART_MINUTES = 120
THROTTLES = 64
"""The number of past throttles that are marked in the chart."""

IDLE_STATUSES = frozenset(EngineStatus) - {EngineStatus.STARTING, EngineStatus.RUNNING, EngineStatus.PROBING}
"""While a run is in one of these it hands out no clip, and its time does not count for rates."""


NO_NETWORK = NetworkState()
NO_OPTIONS = OptionsChanged(
    at=0.0,
    workers=0,
    pace_per_hour=clips_per_hour(Preset.GUEST),
    budget_per_hour=BUDGETS[Preset.GUEST],
    height_px=360,
    trim=Trim.EXACT,
    layout=LayoutName.ACTIVITYNET,
    audio=True,
)
"""Until the first are told."""


def _turn(network: NetworkState) -> tuple[bool, float]:
    away = network.status is NetworkStatus.OFFLINE
    return not network.able, network.until or (math.inf if away else 0.0)


def _sum(paces: Iterable[float | None]) -> float | None:
    found = list(paces)
    return None if None in found or not found else sum(pace for pace in found if pace is not None)


class Run:
    """A run as told so far. Views read it and keep no count of their own."""

    def __init__(self) -> None:
        self.dataset = ""
        self.title = ""
        self.pid = 0
        self.started_at = 0.0
        self.at = 0.0
        self.status = EngineStatus.STARTING
        self.why = NO_REASON
        self.status_since = 0.0
        self.splits: dict[str, SplitCounts] = {}
        self.failures: dict[Category, int] = {}
        self.retried: dict[Category, int] = {}
        self.workers: dict[int, WorkerState] = {}
        self.networks: dict[str, NetworkState] = {}
        self.hosts: dict[str, HostState] = {}
        self.extracted: int | None = None
        self.throttled_at: deque[float] = deque(maxlen=THROTTLES)
        self.checked: NetworkChecked | None = None
        self.notice: Notice | None = None
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.log_count = 0
        self.total_bytes = 0
        self.wire_bytes = 0
        self.archives = NO_ARCHIVES
        self.free_bytes: int | None = None
        self.done_by_minute: dict[int, int] = {}
        self.rates = Rates()
        self.rates_by_network: dict[str, Rates] = {}
        """Of each network that can send, since it could."""
        self.options = NO_OPTIONS

    @property
    def in_use(self) -> list[NetworkState]:
        """The networks that requests go out by; one that can work comes first, then by when it can."""
        return sorted((n for n in self.networks.values() if n.in_use), key=_turn)

    @property
    def network(self) -> NetworkState:
        """The network in use that can work, else the one whose cooldown ends first."""
        return next(iter(self.in_use), NO_NETWORK)

    @property
    def label(self) -> str:
        """The networks in use for people's eyes: the one by its label, of several how many."""
        return self.network.label if len(self.in_use) < 2 else f"{len(self.in_use)} networks"

    @property
    def allowed_per_hour(self) -> float | None:
        """The pace in force, the sum of the networks in use that lead anywhere; None: unlimited."""
        return _sum(network.allowed_per_hour for network in self._leading)

    @property
    def budget_per_hour(self) -> float | None:
        """The same in requests; None where it is not counted in them everywhere."""
        return _sum(network.budget_per_hour for network in self._leading)

    @property
    def _leading(self) -> list[NetworkState]:
        """The networks in use that lead anywhere now; all where none does."""
        leading = [network for network in self.in_use if network.status is not NetworkStatus.OFFLINE]
        return leading or self.in_use

    @property
    def reason(self) -> str:
        """The reason of the status in one plain sentence, or empty."""
        return reason_text(self.why)

    @property
    def total(self) -> int:
        """Clips of all splits: done, failed, left and switched off."""
        return sum(s.total for s in self.splits.values())

    @property
    def done(self) -> int:
        """Clips on disk, of all splits: switching one off takes none away."""
        return sum(s.done for s in self.splits.values())

    @property
    def failed(self) -> int:
        """Clips settled as failed, of all splits."""
        return sum(s.failed for s in self.splits.values())

    @property
    def left(self) -> int:
        """Clips that the run still has to settle: of the splits that are switched on."""
        return sum(s.left for s in self.splits.values() if s.enabled)

    @property
    def off(self) -> dict[str, int]:
        """Clips left in splits that are switched off, by split: nobody is going to fetch them."""
        return {s.name: s.left for s in self.splits.values() if not s.enabled and s.left}

    @property
    def switched_off(self) -> int:
        """The sum of ``off``."""
        return sum(self.off.values())

    @property
    def tally(self) -> str:
        """All these counts in words."""
        return tally_text(self.total, self.done, self.failed, self.left, self.off)

    @property
    def archives_tally(self) -> str:
        """What became of the files in the archives, in words."""
        archives = self.archives
        parts = [f"{archives.taken:,} taken"]
        parts += [f"{archives.damaged:,} damaged"] * bool(archives.damaged)
        parts += [f"{archives.unwanted:,} not needed"] * bool(archives.unwanted)
        parts += [f"{archives.refused:,} refused"] * bool(archives.refused)
        return " · ".join(parts)

    @property
    def hosts_here(self) -> int:
        """Hosts that lend their workers now."""
        return sum(host.status is HostStatus.HERE for host in self.hosts.values())

    @property
    def hosts_listed(self) -> list[HostState]:
        """Every host: those that are here first, then those that went away, then the rest."""
        order = list(HostStatus)
        return sorted(
            self.hosts.values(), key=lambda host: (order.index(host.status), not host.last_word, host.name)
        )

    @property
    def hosts_gone(self) -> list[HostState]:
        """Hosts that took part since the engine began, and of which nothing is heard now."""
        return [host for host in self.hosts.values() if host.status is HostStatus.AWAY and host.last_word]

    @property
    def workers_wanted(self) -> int:
        """Workers that the run means to have: on this machine, and on the hosts that are here."""
        lent = sum(host.workers for host in self.hosts.values() if host.status is HostStatus.HERE)
        return self.options.workers + lent

    @property
    def in_hand(self) -> int:
        """Clips that workers hold right now."""
        return sum(worker.clip is not None for worker in self.workers.values())

    @property
    def idle(self) -> bool:
        """True if no clip can be worked on: the rates are those of the time before."""
        return self.status in IDLE_STATUSES

    @property
    def stands(self) -> bool:
        """True if next to nothing is worked on: idle, or one clip goes first. Rates are those before."""
        return self.idle or self.status is EngineStatus.PROBING

    def _worked_until(self, now: float) -> float:
        """``now``, or when work last ended."""
        return min(now, self.status_since) if self.stands else now

    def clips_per_minute(self, now: float) -> float:
        """Done clips a minute over the last minutes of work before ``now``."""
        return self.rates.clips_per_minute(self._worked_until(now))

    def measured_until(self, now: float) -> float:
        """The end of the time that the rates of the moment are of."""
        return now if self.idle else self.rates.measured_until(now)

    def bytes_per_s(self, now: float) -> float:
        """Wire bytes of clips done in the last minutes of work before ``now``, a second."""
        return self.rates.bytes_per_s(self._worked_until(now))
