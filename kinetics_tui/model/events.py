"""Events: typed facts that the engine publishes. Every view is built from events alone.

On the wire each is one JSON object a line with its type under ``event``; times (``at``, ``until``)
are seconds since the epoch. No event carries proxy passwords, cookies or media addresses.

Notices: the few turns of a run for which people want to be called.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.network import HERE, HostState, NetworkState
from kinetics_tui.model.options import LayoutName, Trim
from kinetics_tui.model.reasons import NO_REASON, Reason


class NoticeKind(StrEnum):
    """The events that people are called for."""

    THROTTLED = "throttled"
    PROBE_FAILED = "probe failed"
    COOLDOWN_ENDED = "cooldown ended"
    DISK_FULL = "disk full"
    HELD = "held"
    DONE = "done"


class Notice(msgspec.Struct, frozen=True):
    """One call: when (seconds since the epoch), what for, and one plain sentence."""

    at: float
    kind: NoticeKind
    text: str


def throttle_notice(at: float, label: str, signal: Category, *, probe: bool) -> Notice:
    """A network is throttled; ``probe``: the clip that was to find out whether it still is."""
    if probe:
        return Notice(at, NoticeKind.PROBE_FAILED, f"The probe by {label} was refused: {signal.value}.")
    return Notice(at, NoticeKind.THROTTLED, f"YouTube throttles {label}: {signal.value}.")


class EngineStatus(StrEnum):
    """The state of the run as a whole; the value is the word in the header."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    COOLING = "cooling down"
    PROBING = "probing"
    SWITCHING = "switching"
    OFFLINE = "offline"
    DISK_FULL = "disk full"
    HELD = "held"
    """The machine keeps the run from going on, for another reason than a full disk."""
    STOPPING = "stopping"
    SILENT = "not answering"
    """No engine says so of itself: it is what others find who get no answer."""
    STOPPED = "stopped"
    DONE = "done"


ENDED = (EngineStatus.DONE, EngineStatus.STOPPED)
"""Of a run that is over: its engine leaves, or has left."""


class Phase(StrEnum):
    """Where on its way the clip in a worker's hand is."""

    STARTING = "starting"
    IDLE = "idle"
    PACE = "waiting for pace"
    RESOLVE = "resolve"
    DOWNLOAD = "download"
    TRIM = "trim"
    VERIFY = "verify"
    EXTRACT = "extract"


class SplitCounts(msgspec.Struct, frozen=True):
    """The progress of one split; ``failed`` counts only clips settled as failed."""

    name: str
    total: int
    done: int = 0
    failed: int = 0
    enabled: bool = True

    @property
    def left(self) -> int:
        return self.total - self.done - self.failed


FARTHEST_S = 1e11
"""Times of events are closer than that, in the year 5138: what is not cannot be counted with."""


class Event(msgspec.Struct, frozen=True, tag_field="event", kw_only=True):
    """A fact with the time it came true (``at``, seconds since the epoch)."""

    at: Annotated[float, msgspec.Meta(ge=-FARTHEST_S, le=FARTHEST_S)]


class LogLine(msgspec.Struct, frozen=True):
    """One line of the log: what happened (``word``), to whom (``subject``), and the particulars."""

    at: float
    word: str
    subject: str = ""
    detail: str = ""


Recent = tuple[tuple[float, int, int], ...]


class RunOpened(Event, frozen=True, tag="run-opened"):
    """The run as it stands when a view begins to look: the counts that later events add to.

    ``retried`` counts transient failures whose clip was put back to be tried again later.
    ``total_bytes`` is what the done clips take on disk, ``wire_bytes`` what fetching them cost.
    ``done_by_minute`` maps minutes since the epoch to clips done in them, for the chart of the rate;
    ``recent`` holds (time, clips, wire bytes) of the clips done last, for the rates of the moment, with the
    time taken out in which none could be worked on (pauses, cooldowns); ``idle_s`` is that time since
    ``started_at``. ``recent_by_network`` holds the same of each network in use, since a time of its own.
    ``throttled_at`` are the times of the throttles within the chart.
    """

    dataset: str
    title: str
    pid: int
    started_at: float
    splits: tuple[SplitCounts, ...]
    failures: dict[Category, int] = {}
    retried: dict[Category, int] = {}
    total_bytes: int = 0
    wire_bytes: int = 0
    done_by_minute: dict[int, int] = {}
    recent: Recent = ()
    recent_by_network: dict[str, tuple[float, Recent]] = {}
    idle_s: float = 0.0
    throttled_at: tuple[float, ...] = ()


class OptionsChanged(Event, frozen=True, tag="options-changed"):
    """The options in force, as far as views show them.

    ``pace_per_hour`` is in clips; of a budget (``budget_per_hour`` requests) as it gives at full cost.
    ``listen`` is where hosts call (empty: none can).
    """

    workers: int
    pace_per_hour: float | None
    height_px: int
    trim: Trim
    layout: LayoutName
    audio: bool
    budget_per_hour: float | None = None
    listen: str = ""


class StatusChanged(Event, frozen=True, tag="status-changed"):
    """The run does something else now, and why; views put the reason into words."""

    status: EngineStatus
    reason: Reason = NO_REASON


class SplitSwitched(Event, frozen=True, tag="split-switched"):
    """A split was switched on or off."""

    split: str
    enabled: bool


class NetworkNews(StrEnum):
    """The turn of events that a changed network brings; most changes are none."""

    NONE = ""
    THROTTLED = "throttled"
    """YouTube refuses it: a cooldown has begun."""
    PROBE_REFUSED = "probe refused"
    """YouTube refused it once more as its cooldown ended: the next step has begun."""
    LEFT = "left"
    """After a switch to another network, no clip is in a worker's hand by this one any more."""
    FORGOTTEN = "forgotten"
    """It is listed no longer."""


class NetworkChanged(Event, frozen=True, tag="network-changed"):
    """A network as it is from now on, whole."""

    network: NetworkState
    news: NetworkNews = NetworkNews.NONE


class NetworkChecked(Event, frozen=True, tag="network-checked"):
    """The result of one request by a network, in one plain sentence; ``ok``: YouTube answers."""

    name: str
    label: str
    ok: bool
    text: str
    signal: Category | None = None


class HostChanged(Event, frozen=True, tag="host-changed"):
    """A host as it is from now on, whole; ``removed``: it is listed no longer.

    ``news`` is a line for the log; most changes are none.
    """

    host: HostState
    news: str = ""
    removed: bool = False


NO_SLOT = 0
"""Of a clip that was settled without a worker."""


class SlotEvent(Event, frozen=True):
    """A fact about the worker in one slot (slots count from 1)."""

    slot: int


class ClipEvent(SlotEvent, frozen=True):
    """A fact about a clip and the worker that has it in hand."""

    clip: Clip


class WorkerStarted(SlotEvent, frozen=True, tag="worker-started"):
    """A worker process took a slot: the ``place``-th of a host, where it is not on the engine's machine."""

    pid: int
    host: str = HERE
    place: int = 0


class WorkerStopped(SlotEvent, frozen=True, tag="worker-stopped"):
    """A slot's process is gone; ``reason`` is empty when it was meant to go."""

    reason: str = ""


class WorkerIdle(SlotEvent, frozen=True, tag="worker-idle"):
    """A worker holds no clip; ``phase`` says whether it waits for pace, ``until`` for how long."""

    phase: Phase = Phase.IDLE
    until: float | None = None


class ClipStarted(ClipEvent, frozen=True, tag="clip-started"):
    """A clip was put into a worker's hand."""


class ClipProgress(SlotEvent, frozen=True, tag="clip-progress"):
    """The progress of a worker's clip; ``fraction`` of the phase, 0 to 1."""

    phase: Phase
    fraction: float = 0.0
    wire_bytes: int = 0
    bytes_per_s: float = 0.0


class ClipDone(ClipEvent, frozen=True, tag="clip-done"):
    """A clip was verified and has its final name; ``network`` is the name of the one it came by."""

    made: MadeFile
    spent: Spent
    network: str = ""


class ClipFailed(ClipEvent, frozen=True, tag="clip-failed"):
    """A clip did not come through.

    ``settled``: it counts as failed now. Otherwise it went back and is tried again, not before
    ``retry_at``.
    """

    category: Category
    message: str
    settled: bool
    retry_at: float | None = None


class ClipReturned(ClipEvent, frozen=True, tag="clip-returned"):
    """A clip went back unsettled, nothing held against it; ``reason`` in a few words."""

    reason: str


class ClipExtracted(ClipEvent, frozen=True, tag="clip-extracted"):
    """Of a clip that was done before, so many ``frames`` were made, and a file of ``sound`` if it says so.

    ``why`` says in one sentence why not all of it could be made, and is empty otherwise. ``through``: so many
    of the clips that are done have been gone through.
    """

    frames: int = 0
    sound: bool = False
    why: str = ""
    through: int = 0


class ClipsRetried(Event, frozen=True, tag="clips-retried"):
    """Settled failures were made pending again: counts by split and by category."""

    by_split: dict[str, int]
    by_category: dict[Category, int]


class ArchiveState(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that is being read: the bytes that it has, that are here, and that were passed.

    ``found`` are the clips taken out of it so far, ``wanted`` those that it holds or, unless ``known``, is
    taken to hold (None: nobody knows). ``waits`` says why nothing comes, and is empty otherwise.
    """

    name: str
    size_bytes: int | None = None
    got_bytes: int = 0
    passed_bytes: int = 0
    bytes_per_s: float = 0.0
    found: int = 0
    wanted: int | None = None
    known: bool = False
    waits: str = ""


class ArchivesChanged(Event, frozen=True, tag="archives-changed"):
    """The reading of archives as it stands.

    ``turn``: it is theirs now, and not YouTube's. ``passed`` of ``total`` archives are read in this run, and
    ``reading`` are on their way, or were as the run was paused; ``left_bytes`` are those to come, at
    ``bytes_per_s`` over the last half minute or so. ``expected`` is the number of clips in those to come,
    None where nobody knows for sure, and ``then_youtube`` says that what none of them holds is asked of
    YouTube after them. Of the files in them ``taken`` became clips, ``damaged`` are not whole, ``unwanted``
    are clips that this run does not want, or has already, ``refused`` were passed over as no clips.
    """

    turn: bool
    reading: tuple[ArchiveState, ...] = ()
    passed: int = 0
    total: int = 0
    left_bytes: int = 0
    bytes_per_s: float = 0.0
    expected: int | None = None
    then_youtube: bool = False
    taken: int = 0
    damaged: int = 0
    unwanted: int = 0
    refused: int = 0


NO_ARCHIVES = ArchivesChanged(at=0.0, turn=False)


class DiskMeasured(Event, frozen=True, tag="disk-measured"):
    """Room on the dataset's file system, measured now and then."""

    free_bytes: int


class ClockSet(Event, frozen=True, tag="clock-set"):
    """Somebody set the clock by ``by_s`` seconds: all times before ``at`` are moved by as much."""

    by_s: float


class Logged(Event, frozen=True, tag="logged"):
    """A line for the log that is about no single clip."""

    text: str
    level: str = "info"


class LogReplayed(Event, frozen=True, tag="log-replayed"):
    """The last lines of the log, for a view that begins to look now, and how many there ever were.

    ``notice`` is the last one that people were called by.
    """

    lines: tuple[LogLine, ...]
    count: int
    notice: Notice | None = None


AnyEvent = (
    RunOpened
    | OptionsChanged
    | StatusChanged
    | SplitSwitched
    | NetworkChanged
    | NetworkChecked
    | HostChanged
    | WorkerStarted
    | WorkerStopped
    | WorkerIdle
    | ClipStarted
    | ClipProgress
    | ClipDone
    | ClipFailed
    | ClipReturned
    | ClipExtracted
    | ClipsRetried
    | ArchivesChanged
    | DiskMeasured
    | ClockSet
    | Logged
    | LogReplayed
)

_FLAT = (
    *("event", "slot", "clip"),
    *("duration_s", "output_bytes", "wire_bytes", "width_px", "height_px", "fps", "sound", "short", "exact"),
    *("total_s", "network", "archive", "at"),
)


def flat(event: AnyEvent) -> dict[str, Any]:
    """An event as scripts read it: the figures of a clip that is done stand beside its other fields."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    if isinstance(event, ClipDone):
        fields |= {**fields["made"], **fields["spent"]}
        return {name: fields[name] for name in _FLAT}
    return fields
