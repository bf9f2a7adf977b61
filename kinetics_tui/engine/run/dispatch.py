"""Handing out: which worker gets a clip now, and how clips are taken back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.database import LedgerFull
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.queue import Backlog
from kinetics_tui.engine.workers.pool import Pool, Slot
from kinetics_tui.model.events import AnyEvent, ClipStarted, Phase, WorkerIdle
from kinetics_tui.model.state import RunState

HANG_MARGIN_S = 30.0
"""A worker keeps its own deadline a clip; one that is this late has hung and is killed."""
OFF_THE_NETWORK = (Phase.TRIM, Phase.VERIFY, Phase.EXTRACT)
"""Phases in which all the clip's bytes are here already."""

log = logging.getLogger(__name__)


class Dispatcher:
    """Hands out one clip at a time, as far as pause, disk, network and pace allow."""

    def __init__(
        self,
        pool: Pool,
        backlog: Backlog,
        extraction: Extraction,
        networks: Networks,
        disk: DiskWatch,
        state: RunState,
        publish: Callable[[AnyEvent], None],
        clock: Callable[[], float],
    ) -> None:
        self.held = False
        """Nothing is handed out: paused by the user, or stopping."""
        self.suspended = False
        """Nothing is handed out while the network itself is under suspicion."""
        self._pool = pool
        self._backlog = backlog
        self._extraction = extraction
        self._networks = networks
        self._disk = disk
        self._state = state
        self._publish = publish
        self._clock = clock
        self._waiting_until: dict[int, float] = {}

    def dispatch(self) -> None:
        """Give every idle worker a clip, if there is any that may be handed out."""
        try:
            for slot in list(self._pool.slots.values()):
                if slot.idle and not self._hand_out(slot):
                    return
        except DatasetError as error:
            # The ledger cannot be read or written just now; what is known stays in memory.
            self._disk.hold(str(error), full=isinstance(error, LedgerFull))

    def _hand_out(self, slot: Slot) -> bool:
        if self.held or self._disk.problem:
            return False
        # Of a clip that has just come its frames first, else clips pile up; of older ones when nothing else
        # may be handed out: it needs neither network nor pace.
        if self._extraction.fresh and self._extract(slot):
            return True
        return self._fetch(slot) or self._extract(slot)

    def _extract(self, slot: Slot) -> bool:
        row = self._extraction.take()
        if row is None:
            return False
        self._waiting_until.pop(slot.number, None)
        slot.assign_extract(row, self._extraction.extras)
        self._publish(ClipStarted(at=self._clock(), slot=slot.number, clip=row.clip))
        return True

    def _fetch(self, slot: Slot) -> bool:
        if self.suspended:
            return False
        allowed = self._networks.workers_allowed
        if allowed is not None and self._backlog.in_hand >= allowed:
            return False
        now = self._clock()
        row = self._backlog.take(now)
        if row is None:
            return False
        if not self._networks.pace.take(now):
            self._backlog.put_back(row)
            self._tell_waiting(now)
            return False
        self._waiting_until.pop(slot.number, None)
        slot.assign(row, self._networks.stamp(), self._networks.route)
        self._publish(ClipStarted(at=now, slot=slot.number, clip=row.clip))
        return True

    def _tell_waiting(self, now: float) -> None:
        until = self._networks.pace.next_at(now)
        for slot in self._pool.slots.values():
            if slot.idle and self._waiting_until.get(slot.number, 0.0) < now:
                self._waiting_until[slot.number] = until
                self._publish(WorkerIdle(at=now, slot=slot.number, phase=Phase.PACE, until=until))

    def in_hand_by_others(self) -> int:
        """Clips in hand that were sent by another network than the one in use."""
        name = self._networks.current.name
        return sum(
            slot.row is not None and not slot.extracting and slot.stamp.network != name
            for slot in self._pool.slots.values()
        )

    def forget_waiting(self, slot: Slot | None = None) -> None:
        """The pace changed, or a worker went: what was told of waiting holds no more."""
        if slot is None:
            self._waiting_until.clear()
        else:
            self._waiting_until.pop(slot.number, None)

    def let_go_of_all(self, *, network_only: bool = False) -> None:
        """Ask for the clips in hand back; those not given back in time are taken by force.

        ``network_only``: not those that need the network no more.
        """
        for slot in self._pool.slots.values():
            if slot.row is not None and not (slot.extracting and network_only):
                worker = self._state.workers.get(slot.number)
                through = worker is not None and worker.phase in OFF_THE_NETWORK
                slot.cancel(network_only=network_only, forced=not (network_only and through))

    def kill_hung(self, deadline_s: float) -> None:
        """Kill workers that are far behind their clip's deadline, or do not let go of it."""
        now = time.monotonic()
        for slot in self._pool.slots.values():
            if slot.row is None:
                continue
            late = now - slot.assigned_at > deadline_s + HANG_MARGIN_S
            if late:
                log.warning("worker %d hangs with %s: killed", slot.pid, slot.row.clip.name)
            if late or (slot.let_go_by is not None and now > slot.let_go_by):
                slot.kill()
