"""The state of the loopback YouTube while it serves: its videos, its line, its policy, its visitors.

The line has a speed and a distance, for all connections together. The policy is asked for each player
request, by the client's address, whether to refuse it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from kinetics_tui.demo.videos import Case, Catalogue, Failure, Video
from kinetics_tui.media.fetch.probe_program import PUBLIC_VIDEOS


class Line:
    """Shapes what the server sends.

    ``bytes_per_s`` is shared by all connections (None: as fast as the machine can); ``latency_s`` is
    what every request waits before it is answered. Both may be changed while requests are served.
    """

    def __init__(self, bytes_per_s: float | None = None, latency_s: float = 0.0) -> None:
        self.bytes_per_s = bytes_per_s
        self.latency_s = latency_s
        self._lock = threading.Lock()
        self._free_at = 0.0

    def delay_s(self, size_bytes: int) -> float:
        """Book ``size_bytes`` on the line; how long the caller has to wait before sending them."""
        if self.bytes_per_s is None:
            return 0.0
        with self._lock:
            now = time.monotonic()
            start = max(now, self._free_at)
            self._free_at = start + size_bytes / self.bytes_per_s
            return start - now


class Policy(Protocol):
    """Decides which player requests are refused for the network they come from."""

    def signal(self, client_address: str) -> Failure | None:
        """The refusal of a request from ``client_address`` now; None: answer it."""
        ...


class Open:
    """Refuses nothing."""

    def signal(self, client_address: str) -> Failure | None:  # noqa: ARG002 - asked of every policy
        return None


class Throttled:
    """Refuses everything until ``for_s`` seconds have passed, then lets ``afterwards`` decide.

    ``client_address`` limits it to one address. ``knocks`` counts the requests refused.
    """

    def __init__(
        self,
        signal: Failure,
        for_s: float,
        *,
        client_address: str | None = None,
        afterwards: Policy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._signal = signal
        self._until = clock() + for_s
        self._client_address = client_address
        self._afterwards = afterwards or Open()
        self._clock = clock
        self.knocks = 0

    def signal(self, client_address: str) -> Failure | None:
        if self._clock() >= self._until or self._client_address not in (None, client_address):
            return self._afterwards.signal(client_address)
        self.knocks += 1
        return self._signal


class AfterClips:
    """Lets ``count`` player requests of an address through, then refuses it for ``block_s`` seconds.

    After the block the count starts again, at most ``blocks`` times (None: for ever). ``knocks`` counts
    the requests refused.
    """

    def __init__(
        self,
        count: int,
        signal: Failure,
        block_s: float,
        *,
        blocks: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._signal = signal
        self._block_s = block_s
        self._blocks = blocks
        self._clock = clock
        self._lock = threading.Lock()
        self._answered: Counter[str] = Counter()
        self._blocked_until: dict[str, float] = {}
        self._blocks_made: Counter[str] = Counter()
        self.knocks = 0

    def signal(self, client_address: str) -> Failure | None:
        with self._lock:
            now = self._clock()
            until = self._blocked_until.get(client_address)
            if until is not None and now < until:
                self.knocks += 1
                return self._signal
            if until is not None:
                del self._blocked_until[client_address]
                self._answered[client_address] = 0
            more = self._blocks is None or self._blocks_made[client_address] < self._blocks
            if more and self._answered[client_address] >= self._count:
                self._blocked_until[client_address] = now + self._block_s
                self._blocks_made[client_address] += 1
                self.knocks += 1
                return self._signal
            self._answered[client_address] += 1
            return None


Stage = Literal["player", "media", "manifest"]
RequestKind = Literal["player", "page", "next", "script", "media", "manifest"]
ASKED = frozenset({"player", "page", "next"})
"""Kinds of requests that YouTube's budgets are said to count."""


class RequestSeen(msgspec.Struct):
    """One request, noted as it arrives; ``status`` and ``sent_bytes`` (of the body) grow with the answer.

    ``at`` is in seconds since the epoch. ``start`` and ``end`` are the first and last byte asked for of a
    media request, None where it named none. ``client`` is the name of yt-dlp's client that asked, or that
    the address was given to, ``visitor_data`` what it calls itself. ``given_to`` is who was given a media
    request's address, as that says itself. Status 0: not answered (yet).
    """

    at: float
    client_address: str
    kind: RequestKind
    video_id: str
    itag: int | None = None
    start: int | None = None
    end: int | None = None
    sent_bytes: int = 0
    status: int = 0
    client: str = ""
    visitor_data: str = ""
    given_to: str = ""


class Site:
    """State shared by all connections; ``policy`` and ``line`` may be changed at any time."""

    def __init__(self, catalogue: Catalogue, policy: Policy | None = None, line: Line | None = None) -> None:
        self._find = catalogue if callable(catalogue) else catalogue.get
        self._sources = {} if callable(catalogue) or not catalogue else next(iter(catalogue.values())).sources
        self.policy: Policy = policy or Open()
        self.line = line or Line()
        self.media_url = ""
        """Where media are served: ``http://`` host and port."""
        self.script_bytes = 0
        """The player script is about so long."""
        self.client_failures: dict[str, Failure] = {}
        """Failures of every video, by the client that asks; those of the key "" are of all clients."""
        self.stopping = threading.Event()
        self.last_request_at = time.monotonic()
        self._lock = threading.Lock()
        self._requests: list[RequestSeen] = []
        self._failed: Counter[tuple[Stage, str]] = Counter()
        self._addresses: Counter[str] = Counter()

    @property
    def requests(self) -> list[RequestSeen]:
        """All requests so far, oldest first."""
        with self._lock:
            return list(self._requests)

    def count(self, kind: RequestKind, video_id: str | None = None) -> int:
        """The number of requests of a kind, of all videos or of one."""
        return sum(seen.kind == kind and video_id in (None, seen.video_id) for seen in self.requests)

    def note(self, seen: RequestSeen) -> None:
        """Take a request into the log."""
        with self._lock:
            self._requests.append(seen)
            self.last_request_at = time.monotonic()

    def throttle_now(self, signal: Failure, for_s: float, client_address: str | None = None) -> Throttled:
        """Refuse player requests for ``for_s`` seconds from now; the policy so far decides afterwards."""
        throttled = Throttled(signal, for_s, client_address=client_address, afterwards=self.policy)
        self.policy = throttled
        return throttled

    def find(self, video_id: str) -> Video:
        """The video of an id; one that fails as unavailable where there is none.

        Those that everybody knows are there, as they are at the real one.
        """
        if (found := self._find(video_id)) is not None:
            return found
        if video_id in PUBLIC_VIDEOS and self._sources:
            return Video(video_id, "", 20.0, self._sources)
        return Video(video_id, "", 0.0, {}, Failure(Case.UNAVAILABLE))

    def failure_now(
        self, video: Video, stage: Stage, itag: int | None = None, client: str = ""
    ) -> Failure | None:
        """The failure of this request for the video, if it does; counts towards ``spared`` and ``times``."""
        of_client = self.client_failures.get(client) or self.client_failures.get("")
        if of_client is not None and stage == _stage(of_client):
            return of_client
        failure = video.failure
        if failure is None or stage != _stage(failure) or failure.itag not in (None, itag):
            return None
        if failure.clients and client not in failure.clients:
            return None
        if failure.case is Case.MEDIA_EXPIRED:
            return failure
        with self._lock:
            self._failed[stage, video.id] += 1
            number = self._failed[stage, video.id] - failure.spared
        return failure if number > 0 and (failure.times is None or number <= failure.times) else None

    def next_address_number(self, video_id: str) -> int:
        """Counts, from 1, how often the media addresses of a video were given out."""
        with self._lock:
            self._addresses[video_id] += 1
            return self._addresses[video_id]

    def pause(self, seconds: float) -> None:
        """Wait; raises ConnectionAbortedError when the server stops meanwhile."""
        if self.stopping.wait(seconds):
            raise ConnectionAbortedError


def _stage(failure: Failure) -> Stage:
    if failure.manifest:
        return "manifest"
    return "media" if failure.case.value.startswith("media ") else "player"


def is_player_fault(case: Case) -> bool:
    """True if the player endpoint fails to answer at all, rather than answering what is wrong."""
    return case.value.startswith("player ")
