"""What hosts say came of their clips: it counts under the lease that its worker has, and is void else."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import for_ledger
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.arrivals import Arrivals
from kinetics_tui.engine.hosts.host import Host, HostHand
from kinetics_tui.engine.hosts.leases import Leases
from kinetics_tui.engine.hosts.register import Register
from kinetics_tui.engine.wire.gate_frames import Came
from kinetics_tui.engine.wire.messages import Got, Result
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Cancelled, Failed, Finished, FromWorker
from kinetics_tui.engine.workers.start import WorkerTarget
from kinetics_tui.model.failure import Category

SPOILED_IN_A_ROW = 5
"""A host that sends so many files that are no clips, one after the other, takes part no more."""
REST_S = 30.0
"""A worker that cannot write on its machine gets nothing for so long."""

log = logging.getLogger(__name__)


class Results:
    """Takes in what comes back, and ends the leases that it comes under.

    ``heard`` and ``spoiled`` are told of it what a pool tells of its workers; ``remove`` takes a host of a
    name off the run, with what is told of it, and may raise DatasetError.
    """

    def __init__(
        self,
        context: RunContext,
        register: Register,
        leases: Leases,
        *,
        heard: Callable[[Hand, FromWorker], None],
        spoiled: Callable[[Hand, str], None],
        remove: Callable[[str, str], object],
        target: WorkerTarget,
    ) -> None:
        self._register = register
        self._leases = leases
        self._heard = heard
        self._spoiled = spoiled
        self._remove = remove
        self._arrivals = Arrivals(
            context.dataset,
            lambda: context.options,
            arrived=self._arrived,
            spoiled=self._arrived_spoiled,
            target=target,
        )

    def open(self) -> None:
        """Be ready for files."""
        self._arrivals.open()

    async def close(self) -> None:
        """Take nothing in any more."""
        await self._arrivals.close()

    def drop(self, lease: int) -> None:
        """Take the result of this lease in no further: it holds no more."""
        self._arrivals.drop(lease)

    def take_in(self, host: Host, result: Result) -> None:
        """Take in what a host says came of a clip; the file of one that it made comes after."""
        hand = host.hands.get(result.place)
        row = hand.row if hand is not None else None
        if hand is None or row is None or hand.lease != result.lease or result.said.clip_id != row.id:
            host.tell(Got(lease=result.lease))  # late, twice, or not its own: void
            return
        match result.said:
            case Finished():
                if why := self._arrivals.expect(hand, row, result):
                    self._arrived_spoiled(hand, result.lease, why)
            case Failed(category=Category.DISK_FULL | Category.NOT_WRITABLE, text=text):
                self._register.note(host, f"Its own disk: {for_ledger(text)[:200]}")
                hand.rest(REST_S)
                self._end(hand, Cancelled(clip_id=row.id))
            case Failed(text=text):
                self._end(hand, msgspec.structs.replace(result.said, text=for_ledger(text)[:500]))
            case _:
                self._end(hand, result.said)

    def file_came(self, host: Host, came: Came) -> None:
        """Take in what the gate says of a file of the host's."""
        self._arrivals.came(host.name, came)

    def _arrived(self, hand: HostHand, lease: int, message: Finished | Failed | Cancelled) -> None:
        if hand.lease == lease and hand.row is not None:
            host = self._register.get(hand.host)
            if host is not None and isinstance(message, Finished):
                host.clips += 1
                host.spoiled = 0
            self._end(hand, message)

    def _arrived_spoiled(self, hand: HostHand, lease: int, why: str) -> None:
        host = self._register.get(hand.host)
        if hand.lease != lease or host is None:
            return
        self._leases.end(hand, in_books=True)
        self._register.note(host, f"A file of it was spoiled: {why}")
        self._spoiled(hand, why)
        self._strike_if_gone(hand)
        host.spoiled += 1
        if host.spoiled >= SPOILED_IN_A_ROW:
            try:
                self._remove(host.name, f"was removed: {host.spoiled} files of it in a row were no clips")
            except DatasetError as error:  # it is removed with the next one
                log.warning("%s", error)

    def _end(self, hand: HostHand, message: FromWorker) -> None:
        """The last word on the clip of a lease has come."""
        self._leases.end(hand, in_books=True)
        self._heard(hand, message)
        self._strike_if_gone(hand)

    def _strike_if_gone(self, hand: HostHand) -> None:
        """Take a worker off the list that ended before its result had come, and has no successor."""
        host = self._register.get(hand.host)
        if host is not None and hand.gone and hand.leaving:
            host.taken_from(hand)
            self._register.tell(host)
