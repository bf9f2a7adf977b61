"""The engine: hands clips to workers, writes down what becomes of them, and tells everybody.

It owns the ledger, the pool of workers, the throttle and the pace. One asyncio loop runs all of it;
everything that happens is published as an event and folded into one ``RunState``, from which a view
that comes later is brought up to date.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import scratch_path, sweep
from kinetics_tui.dataset.ledger.database import LedgerFull
from kinetics_tui.dataset.ledger.ledger import ClipRow, Ledger
from kinetics_tui.engine.context import never_set
from kinetics_tui.engine.initial_events import opening_events
from kinetics_tui.engine.networks.checks import Ask, Checks, ask_youtube
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.run.commands import Orders
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.notify import Notifier
from kinetics_tui.engine.run.outcomes import Aftermath, Outcomes
from kinetics_tui.engine.run.queue import Backlog
from kinetics_tui.engine.run.stats_writer import RecordKeeper
from kinetics_tui.engine.run.suspicion import StreakCheck
from kinetics_tui.engine.status import Facts, tell
from kinetics_tui.engine.workers.messages import (
    Cancelled,
    Failed,
    Finished,
    FromWorker,
    Progress,
    Ready,
    Taken,
)
from kinetics_tui.engine.workers.pool import LET_GO_S, Death, Pool, Slot
from kinetics_tui.engine.workers.start import WorkerTarget, run_worker
from kinetics_tui.model.commands import AnyCommand, Reply
from kinetics_tui.model.events import (
    AnyEvent,
    ClipProgress,
    ClockSet,
    EngineStatus,
    Logged,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
    WorkerStopped,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.state import RunState

TICK_S = 0.25
FLUSH_EVERY_S = 0.5
DISK_EVERY_S = 1.0
NETWORK_EVERY_S = 1.0
LIST_EVERY_S = 3.0
RECORDS_EVERY_S = 120.0
LINGER_S = 1.0
FIRST_LINGER_S = 15.0
"""How long a run that is through stays after the last view has gone, and for a first one to come."""

WORKING = (EngineStatus.RUNNING, EngineStatus.PROBING)
AT_REST = (
    EngineStatus.PAUSED,
    EngineStatus.DISK_FULL,
    EngineStatus.HELD,
    EngineStatus.COOLING,
    EngineStatus.DONE,
)

log = logging.getLogger(__name__)


class Engine:
    """One run on one dataset. ``clock`` gives seconds since the epoch.

    ``clock_set_by`` tells by how many seconds somebody set the clock since it was asked last, ``watchers``
    how many views look on; one that left since that was asked last is counted too.
    """

    def __init__(
        self,
        dataset: Path,
        ledger: Ledger,
        *,
        ways: Ways,
        broadcast: Callable[[AnyEvent], None],
        watchers: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.time,
        clock_set_by: Callable[[], float] = never_set,
        target: WorkerTarget = run_worker,
        make_pool: Callable[..., Pool] = Pool,
        ask: Ask = ask_youtube,
    ) -> None:
        self.state = RunState()
        self._ledger = ledger
        self._clock = clock
        self._clock_set_by = clock_set_by
        self._broadcast = broadcast
        self._watchers = watchers
        self._dataset = dataset
        self._scratch = scratch_path(dataset)
        self._due: dict[str, float] = {}
        now, options = clock(), ledger.options
        self._notifier = Notifier(options.notify, ledger.title)
        for event in opening_events(ledger, dataset, now, os.getpid()):
            self._publish(event)
        self._records = RecordKeeper(dataset)
        self._disk = DiskWatch(dataset, self._publish, clock, lambda: self._outcomes.options.workers)
        self._networks = Networks(ledger, options, ways, self._publish, now, os.getpid())
        self._networks.changed(now)
        self._networks.list(now)
        self._backlog = Backlog(ledger)
        self._extraction = Extraction(ledger, dataset, options.extras, self._publish, clock)
        self._outcomes = Outcomes(ledger, self._backlog, self._networks, self._publish, options)
        self._pool = make_pool(
            dataset=dataset,
            scratch=self._scratch,
            options=options,
            on_message=self._heard,
            on_started=self._worker_started,
            on_gone=self._worker_gone,
            target=target,
        )
        self._dispatcher = Dispatcher(
            self._pool,
            self._backlog,
            self._extraction,
            self._networks,
            self._disk,
            self.state,
            self._publish,
            clock,
        )
        self._checks = Checks(
            ledger=ledger,
            networks=self._networks,
            options=lambda: self._outcomes.options,
            witnesses=lambda: self._outcomes.suspicion.witnesses,
            let_go=lambda: self._dispatcher.let_go_of_all(network_only=True),
            publish=self._publish,
            clock=clock,
            ask=ask,
        )
        self._streak_check = StreakCheck(
            self._outcomes.suspicion,
            checks=self._checks,
            ledger=ledger,
            networks=self._networks,
            backlog=self._backlog,
            dispatcher=self._dispatcher,
            publish=self._publish,
            clock=clock,
        )
        self._orders = Orders(
            ledger=ledger,
            state=self.state,
            networks=self._networks,
            backlog=self._backlog,
            pool=self._pool,
            outcomes=self._outcomes,
            extraction=self._extraction,
            dispatcher=self._dispatcher,
            disk=self._disk,
            checks=self._checks,
            publish=self._publish,
            clock=clock,
        )

    @property
    def at_home(self) -> bool:
        """Whether the dataset folder is where it was, and not away or another one."""
        return self._disk.here

    def obey(self, command: AnyCommand) -> Reply:
        """Carry a command out, or say in one sentence why not."""
        reply = self._orders.obey(command)
        self._look_at_network(self._clock())
        self._settle_switch()
        self._dispatcher.dispatch()
        self._tell_status()
        return reply

    def stop(self) -> None:
        """Put the clips in hand back and end."""
        self._orders.stop()

    # -- the life of a run -------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until stopped. Returns when the workers are gone and the ledger is written."""
        sweep(self._dataset)
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._disk.measure()
        self._due["leave"] = time.monotonic() + FIRST_LINGER_S
        self._pool.resize(self._outcomes.options.workers)
        try:
            while not self._orders.stopping:
                self._tick()
                await asyncio.sleep(TICK_S)
            await self._wind_down()
        finally:
            self._disk.measure()
            at_home = self._disk.here
            self._disk.close()
            await self._checks.close()
            await self._pool.close()
            self._flush()
            await self._notifier.close()
            if at_home:  # else somebody else's may be in its place
                shutil.rmtree(self._scratch, ignore_errors=True)

    async def _wind_down(self) -> None:
        self._tell_status()
        self._dispatcher.let_go_of_all()
        for slot in self._pool.slots.values():
            slot.leaving = True
        deadline = time.monotonic() + LET_GO_S
        while (self._backlog.in_hand or self._extraction.in_hand) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await self._pool.close()
        self._networks.journal.end_session(self._clock(), "stopped")
        self._networks.save()
        self._flush()
        if self._disk.here:
            await self._records.finish()
        left = self.state.left
        status = EngineStatus.STOPPED if left else EngineStatus.DONE
        reason = f"{left:,} clips are left; run goes on with them." if left else "Every clip is settled."
        self._publish(StatusChanged(at=self._clock(), status=status, reason=reason))

    def _every(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _tick(self) -> None:
        if by_s := self._clock_set_by():
            self._move_times(by_s)
        now = self._clock()
        if self._networks.tick(now) or self._every("network", NETWORK_EVERY_S):
            self._look_at_network(now)
        if self._every("list", LIST_EVERY_S):
            self._networks.list(now)
        if self._every("disk", DISK_EVERY_S):
            self._disk.measure()
            if self._disk.deleted:
                log.warning("the dataset was deleted: the run ends")
                self.stop()
        if self._every("flush", FLUSH_EVERY_S):
            self._flush()
        if self._every("records", RECORDS_EVERY_S) and self._records.stale:
            self._records.write()
        self._dispatcher.kill_hung(self._outcomes.options.clip_deadline_s)
        self._settle_switch()
        self._dispatcher.dispatch()
        self._tell_status()
        self._end_when_done()

    def _move_times(self, by_s: float) -> None:
        """Somebody set the clock: every wait keeps the time it has left."""
        now = self._clock()
        self._publish(ClockSet(at=now, by_s=by_s))
        self._backlog.move_times(by_s)
        self._networks.move_times(by_s, now)
        self._dispatcher.forget_waiting()

    def _end_when_done(self) -> None:
        """With every clip settled and nobody looking, there is nothing to stay for."""
        now = time.monotonic()
        if self._watchers():
            self._due["leave"] = now + LINGER_S
        elif self.state.status is not EngineStatus.DONE:
            self._due["leave"] = max(self._due["leave"], now + LINGER_S)
        elif now > self._due["leave"]:
            self.stop()

    def _flush(self) -> None:
        """Write out what is known. What cannot be written stays in memory until it can."""
        try:
            self._networks.journal.write()
            self._ledger.flush()
        except DatasetError as error:
            log.warning("%s", error)
            self._disk.hold(str(error), full=isinstance(error, LedgerFull))

    def _look_at_network(self, now: float) -> None:
        before = self._networks.current.label
        if not self._networks.look(now):
            return
        after = self._networks.current.label
        self._publish(Logged(at=now, level="network", text=f"Changed from {before} to {after}."))
        self._dispatcher.let_go_of_all(network_only=True)
        self._networks.list(now)
        if self.state.status in WORKING:
            self._begin_session(now)

    def _settle_switch(self) -> None:
        """A switch is through when no clip is in hand by the old network any more."""
        if self._networks.leaving and not self._dispatcher.in_hand_by_others():
            now = self._clock()
            self._networks.settle_switch(now)
            if self.state.status in WORKING:
                self._begin_session(now)

    def _begin_session(self, now: float) -> None:
        self._networks.journal.begin_session(self._networks.current.name, now)

    # -- telling -----------------------------------------------------------------------------------

    def _publish(self, event: AnyEvent) -> None:
        before = self.state.notice
        self.state.apply(event)
        self._broadcast(event)
        if self.state.notice is not None and self.state.notice is not before:
            self._notifier.notify(self.state.notice)

    def _facts(self) -> Facts:
        throttle, backlog = self._networks.throttle, self._backlog
        return Facts(
            stopping=self._orders.stopping,
            paused=self._orders.paused,
            disk_problem=self._disk.problem,
            disk_full=self._disk.full,
            worker_problem=self._pool.problem,
            in_hand=backlog.in_hand + self._extraction.in_hand,
            extracting=bool(self._extraction.in_hand) or not self._extraction.exhausted,
            left=self.state.left,
            switched_off=not any(split.enabled for split in self.state.splits.values()),
            network=NetworkStatus.OFFLINE if self._networks.unreachable else throttle.status,
            until=throttle.until,
            next_retry_at=backlog.next_retry_at,
            only_retries_left=backlog.only_retries_left,
            leaving=self._networks.leaving,
            in_hand_by_others=self._dispatcher.in_hand_by_others() if self._networks.leaving else 0,
            suspicious=self._streak_check.streak,
        )

    def _tell_status(self) -> None:
        status, reason = tell(self._facts())
        if (status, reason) == (self.state.status, self.state.reason):
            return
        now, before = self._clock(), self.state.status
        self._publish(StatusChanged(at=now, status=status, reason=reason))
        if status in WORKING and before not in WORKING:
            self._begin_session(now)
        elif status in AT_REST and before not in AT_REST:
            self._networks.journal.end_session(now, status.value)
            self._flush()
            self._records.write()

    # -- what workers say --------------------------------------------------------------------------

    def _worker_started(self, slot: Slot) -> None:
        self._publish(WorkerStarted(at=self._clock(), slot=slot.number, pid=slot.pid))

    def _worker_gone(self, slot: Slot, death: Death | None) -> None:
        now = self._clock()
        if self._orders.stopping or slot.let_go_by is not None:
            death = None  # it was told to let go
        row, slot.row = slot.row, None
        if death is not None:
            log.warning(
                "worker %d died (%s) with %s", slot.pid, death.how, row.clip.name if row else "no clip"
            )
        if row is None:
            pass
        elif slot.extracting:
            self._extraction.dropped(slot, row, death.how if death is not None else "")
        elif death is None:
            self._outcomes.returned(slot, row, "unfinished", now)
        elif death.from_outside:
            self._outcomes.killed(slot, row, death.how, now)
        else:
            self._outcomes.crashed(slot, row, death.how, now)
        self._dispatcher.forget_waiting(slot)
        reason = f"died: {death.how}" if death is not None else ""
        self._publish(WorkerStopped(at=now, slot=slot.number, reason=reason))

    def _heard(self, slot: Slot, message: FromWorker) -> None:
        if isinstance(message, Ready):
            self._publish(WorkerIdle(at=self._clock(), slot=slot.number))
            self._dispatcher.dispatch()
            return
        row = slot.row
        if row is None or message.clip_id != row.id:
            return  # about a clip that was taken from it in the meantime
        if isinstance(message, Progress):
            self._publish(
                ClipProgress(
                    at=self._clock(),
                    slot=slot.number,
                    phase=message.phase,
                    fraction=message.fraction,
                    wire_bytes=message.wire_bytes,
                    bytes_per_s=message.bytes_per_s,
                )
            )
            return
        extracting = slot.extracting
        slot.release()
        if extracting:
            self._settle_extraction(slot, row, message)
        else:
            self._settle(slot, row, message)
        self._settle_switch()
        self._streak_check.look_into()
        self._records.stale = True
        if not self._pool.renew_if_old(slot) and not slot.leaving:
            self._dispatcher.dispatch()
        self._tell_status()

    def _settle_extraction(
        self, slot: Slot, row: ClipRow, message: Finished | Taken | Failed | Cancelled
    ) -> None:
        match message:
            case Taken():
                self._extraction.made(slot, row, message)
            case Failed(category=Category.DISK_FULL | Category.NOT_WRITABLE):
                self._extraction.dropped(slot, row)
                self._disk.hold(message.text, full=message.category is Category.DISK_FULL)
            case Failed():
                self._extraction.failed(slot, row, message.text)
            case _:
                self._extraction.dropped(slot, row)

    def _settle(self, slot: Slot, row: ClipRow, message: Finished | Taken | Failed | Cancelled) -> None:
        now = self._clock()
        match message:
            case Finished():
                self._outcomes.finished(slot, row, message, now)
                self._extraction.add(row)
            case Taken():  # a worker that went mad: nobody asked it
                self._outcomes.returned(slot, row, "unfinished", now)
            case Cancelled():
                self._outcomes.returned(slot, row, "unfinished", now)
            case Failed():
                match self._outcomes.failed(slot, row, message, now):
                    case Aftermath.NETWORK_SHUT:
                        self._dispatcher.let_go_of_all(network_only=True)
                    case Aftermath.NOT_WRITTEN:
                        self._disk.hold(message.text, full=message.category is Category.DISK_FULL)
                    case Aftermath.NONE:
                        pass
