"""What is known of a run: plain data, and what views ask of it."""

from __future__ import annotations

from collections import deque

from kinetics_tui.model.events import EngineStatus, LogLine, NetworkChecked, SplitCounts
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkInfo
from kinetics_tui.model.notices import Notice
from kinetics_tui.model.options import GUEST_PER_HOUR, LayoutName, Trim
from kinetics_tui.model.rates import Rates
from kinetics_tui.model.run_parts import NetworkState, WorkerState

LOG_LINES = 200
CHART_MINUTES = 120
THROTTLES = 64
"""How many past throttles are marked in the chart."""

IDLE_STATUSES = frozenset(
    {
        EngineStatus.PAUSING,
        EngineStatus.PAUSED,
        EngineStatus.COOLING,
        EngineStatus.SWITCHING,
        EngineStatus.OFFLINE,
        EngineStatus.DISK_FULL,
        EngineStatus.HELD,
        EngineStatus.STOPPING,
        EngineStatus.STOPPED,
        EngineStatus.DONE,
    }
)
"""While a run is in one of these it hands out no clip, and its time does not count for rates."""


class Run:
    """A run as told so far. Views read it and keep no count of their own."""

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
        self.extracted: int | None = None
        self.throttled_at: deque[float] = deque(maxlen=THROTTLES)
        self.checked: NetworkChecked | None = None
        self.notice: Notice | None = None
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.log_count = 0
        self.total_bytes = 0
        self.wire_bytes = 0
        self.free_bytes: int | None = None
        self.done_by_minute: dict[int, int] = {}
        self.rates = Rates()
        self.worker_target = 0
        self.pace_per_hour: float | None = GUEST_PER_HOUR
        self.height_px = 360
        self.trim = Trim.EXACT
        self.layout = LayoutName.ACTIVITYNET
        self.audio = True

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

    def clips_per_minute(self, now: float) -> float:
        """Done clips a minute over the last minutes of work before ``now``."""
        return self.rates.clips_per_minute(self._worked_until(now))

    def bytes_per_s(self, now: float) -> float:
        """Wire bytes of clips done in the last minutes of work before ``now``, a second."""
        return self.rates.bytes_per_s(self._worked_until(now))
