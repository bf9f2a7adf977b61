"""The outcome of a clip: written into the ledger, published, and acted on by its network and the queue."""

from __future__ import annotations

import time
from enum import Enum, auto

import msgspec

from kinetics_tui.dataset.ledger.rows import Attempt, ClipRow, Outcome
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.run.first_way import FirstWay
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.engine.run.suspicion import WITNESSES, Suspicion
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Failed, Finished
from kinetics_tui.model.events import NO_SLOT, ClipDone, ClipFailed, ClipReturned
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.made import NOTHING_SPENT, MadeFile, Spent

CRASHES_A_CLIP = 3
"""A clip that takes down so many workers fails."""
KILLS_A_CLIP = 10
"""As does one with which so many are killed from outside: its media may be what takes all the memory."""


class Aftermath(Enum):
    """The consequence of a failure for the clips in other hands."""

    NONE = auto()
    NETWORK_SHUT = auto()
    """Nothing more may be sent: clips that still need the network go back."""
    LOGGED_OUT = auto()
    """The login in the account's cookies has ended."""
    NOT_WRITTEN = auto()
    """Nothing can be written where clips go."""


class Outcomes:
    """Settles clips, puts them back, or has them wait for another try."""

    def __init__(
        self, context: RunContext, queue: ClipQueue, networks: Networks, first_way: FirstWay
    ) -> None:
        self.suspicion = Suspicion(reversed(context.ledger.newest_done(WITNESSES)))
        self._context = context
        self._queue = queue
        self._networks = networks
        self._first_way = first_way
        self._kills: dict[int, int] = {}
        """Of clips that are not settled: how many workers were killed with each since the engine began."""

    def finished(self, slot: Hand, row: ClipRow, message: Finished, now: float) -> None:
        """The clip is verified and on disk."""
        made, spent, network = message.made, message.spent, slot.stamp.network
        if slot.copy is not None and slot.copy.failed:
            self._context.reopen(self._context.ledger.retry_failed(clip_ids=[row.id]))
        self._record(row, slot, now, Outcome.DONE, made=made, spent=spent)
        self._settled(row)
        self._context.publish(
            ClipDone(at=now, slot=slot.number, clip=row.clip, made=made, spent=spent, network=network)
        )
        if slot.copy is not None:
            return
        self._first_way.came(spent.asked)
        if spent.wire_bytes:
            self._networks.settle(slot.stamp, spent)
            self.suspicion.came_through(row.clip.youtube_id, network, slot.assigned_at + spent.resolve_s)
            self._networks.passed(slot.stamp, now, done=True, width=self._context.options.workers)
        else:  # found on the disk already: nothing was asked of YouTube
            self._networks.give_back(slot.stamp)

    def copy_damaged(self, slot: Hand, row: ClipRow, message: Failed, now: float) -> None:
        """The copy in an archive is not whole: nothing is held against the clip."""
        category = Category.DAMAGED_IN_ARCHIVE
        self._record(row, slot, now, Outcome.RETURNED, category, message.text, spent=message.spent)
        self._context.publish(ClipReturned(at=now, slot=slot.number, clip=row.clip, reason=category.value))

    def not_held(self, row: ClipRow, category: Category, text: str) -> None:
        """The clip fails without a try: no archive gave it, and nothing else is asked for it."""
        now = self._context.clock()
        self._context.ledger.record(
            Attempt(
                clip_id=row.id, at=now, network="", outcome=Outcome.FAILED, category=category, message=text
            )
        )
        self._queue.settle(row)
        self._context.publish(
            ClipFailed(at=now, slot=NO_SLOT, clip=row.clip, category=category, message=text, settled=True)
        )

    def returned(self, slot: Hand, row: ClipRow, reason: str, now: float, *, last: bool = False) -> None:
        """The clip is handed out again, nothing held against it; ``last``: after others."""
        self._queue.put_back(row, last=last)
        self._context.publish(ClipReturned(at=now, slot=slot.number, clip=row.clip, reason=reason))

    def crashed(self, slot: Hand, row: ClipRow, how: str, now: float) -> None:
        """Its worker failed or hung: put back, settled as failed when that happened too often."""
        crashes = row.crashes + 1
        if crashes < CRASHES_A_CLIP:
            self._record(row, slot, now, Outcome.RETURNED, Category.WORKER_CRASHED, how, crashed=True)
            back = msgspec.structs.replace(row, crashes=crashes)
            self.returned(slot, back, f"worker died ({how})", now)
            return
        text = f"its worker died {crashes} times, the last time {how}"
        self._record(row, slot, now, Outcome.FAILED, Category.WORKER_CRASHED, text, crashed=True)
        self._settle_failed(slot, row, Category.WORKER_CRASHED, text, now)

    def killed(self, slot: Hand, row: ClipRow, how: str, now: float, reason: str = "") -> None:
        """Somebody killed its worker: put back behind others, settled as failed where that never ends.

        ``reason`` is for a file that was spoiled, whose worker lives.
        """
        kills = self._kills.get(row.id, 0) + 1
        if kills < KILLS_A_CLIP:
            self._record(row, slot, now, Outcome.RETURNED, Category.WORKER_CRASHED, how)
            self._kills[row.id] = kills
            self.returned(slot, row, reason or f"worker died ({how})", now, last=True)
            return
        text = f"its worker was killed {kills} times, the last time {how}"
        self._record(row, slot, now, Outcome.FAILED, Category.WORKER_CRASHED, text)
        self._settle_failed(slot, row, Category.WORKER_CRASHED, text, now)

    def failed(self, slot: Hand, row: ClipRow, failure: Failed, now: float) -> Aftermath:
        """The clip did not come through; its category says what follows."""
        category = failure.category
        self._networks.settle(slot.stamp, failure.spent)
        doubtful = category.may_be_of_everybody
        if doubtful and self.suspicion.distrusts(slot.stamp):
            self.returned(slot, row, "its network was not to be trusted", now)
            return Aftermath.NONE
        if doubtful and self._networks.is_probe(slot.stamp):
            self._record(row, slot, now, Outcome.RETURNED, category, failure.text, spent=failure.spent)
            self.returned(slot, row, category.value, now, last=True)
            self.suspicion.failed(row.id, slot.stamp.network, time.monotonic(), probe=True)
            return Aftermath.NONE
        match category.kind:
            case Kind.THROTTLE | Kind.LOCAL:
                self._record(row, slot, now, Outcome.RETURNED, category, failure.text, spent=failure.spent)
                self.returned(slot, row, category.value, now, last=True)
                return self._held_up(slot, category, failure, now)
            case Kind.TRANSIENT if row.attempts < len(self._context.options.retry_steps_s):
                self._try_again_later(slot, row, failure, now)
            case _:
                self._record(row, slot, now, Outcome.FAILED, category, failure.text, spent=failure.spent)
                self._settle_failed(slot, row, category, failure.text, now)
        if category is Category.SHORT_SOURCE:  # the video itself came through
            self.suspicion.came_through(row.clip.youtube_id, slot.stamp.network, time.monotonic())
        elif doubtful:
            self.suspicion.failed(row.id, slot.stamp.network, time.monotonic())
        if category.kind is Kind.PERMANENT:
            self._networks.passed(slot.stamp, now, done=False, width=self._context.options.workers)
        return Aftermath.NONE

    def _held_up(self, slot: Hand, category: Category, failure: Failed, now: float) -> Aftermath:
        if category in (Category.DISK_FULL, Category.NOT_WRITABLE):
            return Aftermath.NOT_WRITTEN
        if category is Category.LOGGED_OUT:
            return Aftermath.LOGGED_OUT
        if category is Category.OFFLINE:
            return Aftermath.NETWORK_SHUT if self._networks.saw_outage(slot.stamp, now) else Aftermath.NONE
        if self._networks.saw_signal(slot.stamp, category, now, failure.retry_after_s):
            self._first_way.throttled(slot.stamp.network)
            return Aftermath.NETWORK_SHUT
        return Aftermath.NONE

    def _try_again_later(self, slot: Hand, row: ClipRow, failure: Failed, now: float) -> None:
        category, text, spent = failure.category, failure.text, failure.spent
        retry_at = now + self._context.options.retry_steps_s[row.attempts]
        self._record(row, slot, now, Outcome.RETRY, category, text, spent=spent, retry_at=retry_at)
        self._queue.settle(row, retry_at)
        self._context.publish(
            ClipFailed(
                at=now,
                slot=slot.number,
                clip=row.clip,
                category=category,
                message=text,
                settled=False,
                retry_at=retry_at,
            )
        )

    def _settle_failed(self, slot: Hand, row: ClipRow, category: Category, text: str, now: float) -> None:
        self._settled(row)
        self._context.publish(
            ClipFailed(at=now, slot=slot.number, clip=row.clip, category=category, message=text, settled=True)
        )

    def _settled(self, row: ClipRow) -> None:
        self._queue.settle(row)
        self._kills.pop(row.id, None)

    def _record(
        self,
        row: ClipRow,
        slot: Hand,
        now: float,
        outcome: Outcome,
        category: Category | None = None,
        text: str = "",
        *,
        made: MadeFile | None = None,
        spent: Spent = NOTHING_SPENT,
        retry_at: float | None = None,
        crashed: bool = False,
    ) -> None:
        self._context.ledger.record(
            Attempt(
                clip_id=row.id,
                at=now,
                network=slot.stamp.network,
                outcome=outcome,
                category=category,
                message=text,
                made=made,
                spent=spent,
                pid=slot.pid,
                slot=slot.number,
                retry_at=retry_at,
                crashed=crashed,
            )
        )
