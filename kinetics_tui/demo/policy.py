"""When the loopback YouTube throttles: asked for each player request, by the client's address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from kinetics_tui.demo.videos import Failure


class Policy(Protocol):
    """Decides which player requests are refused for the network they come from."""

    def signal(self, client_address: str) -> Failure | None:
        """How to refuse a request from ``client_address`` now; None: answer it."""
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

    After the block the count starts anew, at most ``blocks`` times (None: for ever). ``knocks`` counts
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
        self._answered: dict[str, int] = {}
        self._blocked_until: dict[str, float] = {}
        self._blocks_made: dict[str, int] = {}
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
            answered = self._answered.get(client_address, 0)
            made = self._blocks_made.get(client_address, 0)
            if answered >= self._count and (self._blocks is None or made < self._blocks):
                self._blocked_until[client_address] = now + self._block_s
                self._blocks_made[client_address] = made + 1
                self.knocks += 1
                return self._signal
            self._answered[client_address] = answered + 1
            return None
