"""The report as plain data: what gathers it fills it in, what shows it reads nothing else.

Times are seconds since the epoch. What a source does not tell is None or empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from kinetics_tui.base.words import HOUR_S


class Progress(msgspec.Struct, frozen=True):
    """The progress of a split, a class of a split (``label``) or all of it.

    ``failed`` is settled as failed; ``off`` are neither, in splits that are switched off.
    """

    split: str
    label: str
    total: int
    done: int
    failed: int
    off: int = 0

    @property
    def left(self) -> int:
        return self.total - self.done - self.failed - self.off

    @property
    def settled(self) -> int:
        return self.done + self.failed

    @property
    def failed_share(self) -> float:
        """Of the clips that are settled."""
        return self.failed / self.settled if self.settled else 0.0

    @classmethod
    def sum_of(cls, parts: Iterable[Progress], label: str = "") -> Progress:
        """Several splits or classes in one."""
        total = done = failed = off = 0
        for part in parts:
            total, done, failed = total + part.total, done + part.done, failed + part.failed
            off += part.off
        return cls("", label, total, done, failed, off)


class Count(msgspec.Struct, frozen=True):
    """Clips, or attempts, under one name."""

    name: str
    clips: int


def ranked(found: Mapping[str, int]) -> tuple[Count, ...]:
    """Names with what they count, the most frequent first; those with nothing are left out."""
    items = sorted(found.items(), key=lambda item: (-item[1], item[0].lower()))
    return tuple(Count(name, clips) for name, clips in items if clips > 0)


class Spread(msgspec.Struct, frozen=True):
    """The spread of some seconds; 95 % of them are below ``p95_s``."""

    mean_s: float
    median_s: float
    p95_s: float
    max_s: float


class Seconds(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that ``clips`` clips took.

    ``fetch`` is resolving and downloading in one, which the write-up called download; ``resolve`` and
    ``download`` are its parts. ``total`` is the time in a worker's hand.
    """

    clips: int
    resolve: Spread | None = None
    download: Spread | None = None
    fetch: Spread
    trim: Spread
    total: Spread


class Histogram(msgspec.Struct, frozen=True):
    """Clips by the seconds they took in all: ``clips[n]`` took ``n`` to ``n + 1`` times ``bin_s``.

    ``beyond`` took longer than the last of these.
    """

    bin_s: float
    clips: tuple[int, ...]
    beyond: int


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a clip, ``in_full`` and ``fenced``: without those outside of the interquartile fences.

    ``fetch_longer`` clips took longer to fetch than to trim. ``sequential_s`` is what all settled clips
    would take one after the other: their number times the mean, as the write-up reckoned it.
    ``in_hand_s`` is what workers spent on all attempts, ``taken_s`` the time in which they were at work.
    """

    in_full: Seconds
    fenced: Seconds
    fetch_longer: int
    histogram: Histogram
    sequential_s: float
    fenced_sequential_s: float
    in_hand_s: float | None = None
    taken_s: float | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of work on one network, and why it ended; ``clips`` were fetched in it."""

    clips: int
    took_s: float
    why: str = ""
    network: str = ""
    began_at: float | None = None


class NetworkWork(msgspec.Struct, frozen=True, kw_only=True):
    """The work by one network: clips that it fetched, clips given up for what came by it, and its bytes.

    A clip counts once. ``took_s`` is the time of its sessions. Those of several networks at once overlap:
    these times add up to more than the run's. ``throttles`` are the refusals that began a wait.
    """

    network: str
    clips: int
    failed: int
    wire_bytes: int
    took_s: float
    throttles: int

    @property
    def clips_per_hour(self) -> float | None:
        """Clips an hour of its sessions; None where these took no time."""
        return self.clips * HOUR_S / self.took_s if self.took_s else None


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where the clips that are done come from: YouTube, archives, or ``here``, which were on the disk before.

    ``by_archive`` has the archives that gave the most in front; ``archive_bytes`` were fetched of archives.
    """

    youtube: int
    archives: int
    here: int
    by_archive: tuple[Count, ...] = ()
    archive_bytes: int = 0


class Throttle(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal that began the ``step``-th wait in a row; ``ended_at`` None: it is not over.

    ``clips`` were done by the network since the throttle before; ``passed``: an answer ended it, not the
    next refusal.
    """

    network: str
    at: float
    signal: str
    step: int
    clips: int
    ended_at: float | None
    passed: bool


class Doing(StrEnum):
    """The doings of a run, as far as the ledger tells."""

    WORKING = "working"
    COOLING = "cooling down"
    PAUSED = "paused"
    OFFLINE = "offline"
    DISK_FULL = "disk full"
    SWITCHING = "switching networks"
    AWAY = "no engine"
    UNKNOWN = "not known"
    """It was held up, and then another engine went on: when the first one ended is written nowhere."""


class Stretch(msgspec.Struct, frozen=True):
    """A time in which a run did one thing."""

    doing: Doing
    began_at: float
    ended_at: float

    @property
    def took_s(self) -> float:
        return self.ended_at - self.began_at


class Traffic(msgspec.Struct, frozen=True):
    """Bytes: ``wire_bytes`` of all attempts, ``done_wire_bytes`` of those that made a clip.

    ``stored_bytes`` is what the clips take on disk, ``free_bytes`` what is free there.
    """

    wire_bytes: int
    done_wire_bytes: int
    stored_bytes: int
    free_bytes: int | None = None


class Hour(msgspec.Struct, frozen=True):
    """The work of the hour that began at ``at``; hours without anything are left out."""

    at: float
    done: int
    failed: int
    wire_bytes: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one dataset at one moment (``at``); ``source`` is the folder or the files.

    ``whole`` is all splits in one. ``classes`` are the classes of each split. ``failures`` are why clips
    failed, ``retried`` why attempts failed whose clips were tried again, both the most frequent first.
    ``running``: an engine was at work. ``notes`` are sentences about the source.
    """

    title: str
    source: str
    at: float
    running: bool = False
    whole: Progress
    splits: tuple[Progress, ...] = ()
    classes: tuple[Progress, ...] = ()
    failures: tuple[Count, ...] = ()
    retried: tuple[Count, ...] = ()
    timing: Timing | None = None
    sessions: tuple[Session, ...] = ()
    networks: tuple[NetworkWork, ...] = ()
    sources: Sources | None = None
    throttles: tuple[Throttle, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    traffic: Traffic | None = None
    hours: tuple[Hour, ...] = ()
    notes: tuple[str, ...] = ()


class Still(msgspec.Struct, frozen=True):
    """The picture of a class, a JPEG in base64."""

    label: str
    jpeg: str


class Sheet(msgspec.Struct, frozen=True):
    """The pictures by class, and in sentences why some classes have none."""

    stills: tuple[Still, ...] = ()
    notes: tuple[str, ...] = ()
