"""Leases: which clip is with which worker of a host, under a number of its own.

A lease is in the ledger before its clip goes out. An engine that comes after this one knows the leases that
were given out, and keeps their clips for a while for hosts that call again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import ClipRow, Lease
from kinetics_tui.engine.hosts.host import NO_LEASE, HostHand
from kinetics_tui.engine.wire.messages import SILENT_S, Work
from kinetics_tui.engine.workers.messages import Assign
from kinetics_tui.model.network import Route

LEASES_AN_EPOCH = 10**9


class Orphan(NamedTuple):
    """A lease that an engine before this one gave out, whose host may call again."""

    lease: Lease
    row: ClipRow


class Sent(NamedTuple):
    """A clip on its way out to a worker."""

    hand: HostHand
    work: Work
    lease: Lease


class Leases:
    """Gives leases out, and ends them.

    ``claim`` takes a clip out of the queue, if it is there, and ``put_back`` puts it back.
    """

    def __init__(
        self, ledger: Ledger, claim: Callable[[ClipRow], bool], put_back: Callable[[ClipRow], None]
    ) -> None:
        self._ledger = ledger
        self._claim = claim
        self._put_back = put_back
        self._epoch = 0
        self._given = 0
        self._outbox: list[Sent] = []
        self._ended: set[int] = set()
        """Those that hold no more, as the ledger is still to be told."""
        self._in_books: list[tuple[str, int]] = []
        """Hosts with those of their leases whose results the ledger is about to have."""
        self._orphans: dict[int, Orphan] = {}
        self._orphans_until = 0.0

    def open(self) -> int:
        """Begin; how many clips may still be with hosts of the engine before. Raises DatasetError."""
        self._epoch = self._ledger.next_epoch()
        for lease, row in self._ledger.leases():
            if self._claim(row):
                self._orphans[lease.number] = Orphan(lease, row)
        self._orphans_until = time.monotonic() + SILENT_S
        return len(self._orphans)

    # -- given out --------------------------------------------------------------------------------

    def give(self, hand: HostHand, work: Assign, at: float) -> None:
        """Put a clip on its way to a worker, under a new lease; it goes with ``send``."""
        self._given += 1
        number = self._epoch * LEASES_AN_EPOCH + self._given
        hand.lease = number
        way = work.route.way.partition("/")[2]
        lease = Lease(
            number=number,
            clip_id=work.clip_id,
            host=hand.host,
            network=hand.stamp.network,
            epoch=self._epoch,
            at=at,
        )
        assign = msgspec.structs.replace(work, path=f"{number}.mp4", route=Route())
        sent = Work(place=hand.place, pid=hand.pid, lease=number, network=way, assign=assign)
        self._outbox.append(Sent(hand, sent, lease))

    def send(self, tell: Callable[[str, Work], None]) -> None:
        """Send what is on its way. Raises DatasetError where the ledger does not take it: it goes later."""
        if not self._outbox:
            return
        self._outbox = [sent for sent in self._outbox if sent.hand.lease == sent.lease.number]
        self._ledger.give_out([sent.lease for sent in self._outbox])
        for sent in self._outbox:
            tell(sent.hand.host, sent.work)
        self._outbox.clear()

    # -- ended ------------------------------------------------------------------------------------

    def end(self, hand: HostHand, *, in_books: bool) -> None:
        """The lease of a worker holds no more; ``in_books``: since what came of it is known."""
        if hand.lease == NO_LEASE:
            return
        self._ended.add(hand.lease)
        if in_books:
            self._in_books.append((hand.host, hand.lease))
        hand.end_lease()

    def flushed(self) -> Iterable[tuple[str, int]]:
        """The ledger has what was known: hosts, and leases of theirs that they may forget.

        Raises DatasetError.
        """
        if self._ended:
            self._ledger.end_leases(self._ended)
            self._ended.clear()
        written, self._in_books = self._in_books, []
        return written

    # -- of the engine before ---------------------------------------------------------------------

    def adopt(self, number: int, host: str) -> Orphan | None:
        """The clip of a lease that this host had of the engine before, if it still holds."""
        orphan = self._orphans.get(number)
        if orphan is None or orphan.lease.host != host:
            return None
        return self._orphans.pop(number)

    def expire(self) -> int:
        """Put the clips of hosts back that did not call again in time; how many there are."""
        if not self._orphans or time.monotonic() <= self._orphans_until:
            return 0
        expired, self._orphans = self._orphans, {}
        for orphan in expired.values():
            self._put_back(orphan.row)
            self._ended.add(orphan.lease.number)
        return len(expired)
