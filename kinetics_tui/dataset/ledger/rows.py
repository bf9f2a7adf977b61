"""Rows that go into the ledger and come out of it, as plain data."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import NOTHING_SPENT, MadeFile, Spent
from kinetics_tui.model.network import Family, Lessons, NetworkKind, NetworkStatus, PastThrottle


class ClipStatus(StrEnum):
    """The state of a clip."""

    PENDING = "pending"
    WAITING = "waiting"
    """For the time of its next try, after a transient failure."""
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """The end of an attempt."""

    DONE = "done"
    FAILED = "failed"
    """Settled: not tried again unless the user asks."""
    RETRY = "retry"
    """Transient: the clip waits until ``retry_at``."""
    RETURNED = "returned"
    """The clip was put back, nothing held against it."""


class ClipRow(msgspec.Struct, frozen=True):
    """A clip to be worked on; ``path`` is its file, POSIX style, relative to the dataset folder.

    ``attempts`` counts the tries held against it since it was last made pending by hand,
    ``crashes`` the workers it took down.
    """

    id: int
    clip: Clip
    path: str
    attempts: int
    crashes: int


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's try at one clip; ``at`` is its end, seconds since the epoch.

    ``made`` is None where no file came of it.
    """

    clip_id: int
    at: float
    network: str
    outcome: Outcome
    category: Category | None = None
    message: str = ""
    made: MadeFile | None = None
    spent: Spent = NOTHING_SPENT
    pid: int = 0
    slot: int = 0
    retry_at: float | None = None
    crashed: bool = False


class NetworkRow(msgspec.Struct):
    """All that is remembered of a network from run to run; times are seconds since the epoch.

    What happened to it is its ``NetworkHistory``, which the ledger adds up by itself.
    """

    name: str
    label: str = ""
    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    family: Family = Family.UNKNOWN
    status: NetworkStatus = NetworkStatus.OPEN
    signal: Category | None = None
    until: float | None = None
    step: int = 0
    clips_since_throttle: int = 0
    last_throttle_at: float | None = None
    lessons: Lessons = msgspec.field(default_factory=Lessons)


class NetworkHistory(msgspec.Struct, frozen=True):
    """The past of a network so far.

    ``sessions`` began on it, ``clips`` were done by it, those left out that lay on the disk already;
    ``throttles`` are the last ones, oldest first.
    """

    sessions: int = 0
    clips: int = 0
    throttles: tuple[PastThrottle, ...] = ()


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A clip given out: ``number`` is that of the attempt, and unlike that of any other in this dataset.

    ``epoch`` counts the engines of the dataset, of which this one gave it out; ``network`` is the one that it
    goes by.
    """

    number: int
    clip_id: int
    host: str
    network: str
    epoch: int
    at: float


class HostsKept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of hosts from run to run.

    ``networks`` are those of each host, by their ways; ``one`` are names of networks that turned out to be
    another one, with the name of that; ``removed`` are hosts that are not let in, ``unused`` are ways of
    hosts that the user took out of use.
    """

    networks: dict[str, NetworkRow] = {}
    one: dict[str, str] = {}
    removed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


class Totals(msgspec.Struct, frozen=True):
    """Sums over a ledger.

    ``output_bytes`` is what the selected clips that are done take on disk, ``wire_bytes`` what all
    attempts fetched, ``elapsed_s`` the time in which an engine was at work; ``first_at`` and
    ``last_at`` are the ends of the first and the last attempt.
    """

    output_bytes: int = 0
    wire_bytes: int = 0
    attempts: int = 0
    elapsed_s: float = 0.0
    first_at: float | None = None
    last_at: float | None = None


class Settled(msgspec.Struct, frozen=True):
    """An attempt that settled its clip; ``session`` is the number of the session it belongs to."""

    clip: Clip
    attempt: Attempt
    session: int | None = None
