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
from kinetics_tui.base.safe_text import shell_word
from kinetics_tui.dataset.folder import scratch_path, sweep
from kinetics_tui.dataset.ledger.database import LedgerFull
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.hosts import Hosts
from kinetics_tui.engine.hosts.way_in import WayIn
from kinetics_tui.engine.networks.checks import Ask, Checks, ask_youtube
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.networks.of_hosts import NetworksOfHosts
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.process.initial_events import opening_events
from kinetics_tui.engine.run.archive_turn import ArchiveTurn
from kinetics_tui.engine.run.commands import Commands
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.first_way import FirstWay
from kinetics_tui.engine.run.notify import Notifier
from kinetics_tui.engine.run.outcomes import Outcomes
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.engine.run.reports import Reports
from kinetics_tui.engine.run.stats_writer import StatsWriter
from kinetics_tui.engine.run.suspicion import StreakCheck
from kinetics_tui.engine.status import Facts, status_of
from kinetics_tui.engine.workers.hand import LET_GO_S, Hand
from kinetics_tui.engine.workers.pool import Pool, Slot
from kinetics_tui.engine.workers.start import WorkerTarget, run_worker
from kinetics_tui.model.commands import AnyCommand, Reply
from kinetics_tui.model.events import AnyEvent, ClockSet, EngineStatus, StatusChanged
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.reasons import NO_REASON, Reason, Why

TICK_S = 0.25
FLUSH_EVERY_S = 0.5
DISK_EVERY_S = 1.0
NETWORK_EVERY_S = 1.0
LIST_EVERY_S = 3.0
UPDATE_EVERY_S = 15.0
RECORDS_EVERY_S = 120.0
LINGER_S = 1.0
FIRST_LINGER_S = 15.0
"""Seconds that a run that is through stays after the last view has gone, and for a first one to come."""

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
        clock_set_by: Callable[[], float] = lambda: 0.0,
        target: WorkerTarget = run_worker,
        make_pool: Callable[..., Pool] = Pool,
        ask: Ask = ask_youtube,
    ) -> None:
        now = clock()
        self._notifier = Notifier(ledger.options.notify, ledger.title)
        self._context = context = RunContext(
            ledger, dataset, clock=clock, broadcast=broadcast, call=self._notifier.notify
        )
        self.state = context.state
        self._clock_set_by = clock_set_by
        self._watchers = watchers
        self._scratch = scratch_path(dataset)
        self._due: dict[str, float] = {}
        for event in opening_events(ledger, dataset, now, os.getpid()):
            context.publish(event)
        self._stats = StatsWriter(dataset)
        self._disk = DiskWatch(context)
        self._networks = Networks(context, ways, os.getpid())
        self._networks.changed(now)
        self._networks.list(now)
        self._queue = ClipQueue(ledger)
        self._extraction = Extraction(context)
        first_way = FirstWay(context)
        self._outcomes = Outcomes(context, self._queue, self._networks, first_way)
        self._pool = make_pool(
            dataset=dataset,
            scratch=self._scratch,
            options=lambda: context.options,
            on_message=lambda slot, message: self._reports.heard(slot, message),
            on_started=lambda slot: self._reports.started(slot),
            on_gone=lambda slot, death: self._reports.ended(slot, death),
            target=target,
        )
        self._archives = ArchiveTurn(
            context,
            self._queue,
            self._disk,
            not_held=self._outcomes.not_held,
            ready=lambda: self._dispatcher.dispatch(),
        )
        self._networks_of_hosts = NetworksOfHosts(context, self._networks)
        self._hosts = Hosts(
            context,
            self._networks,
            self._networks_of_hosts,
            claim=self._queue.claim,
            put_back=self._queue.put_back,
            heard=lambda hand, message: self._reports.heard(hand, message),
            started=lambda hand: self._reports.started(hand),
            gone=lambda hand, death: self._reports.ended(hand, death),
            spoiled=lambda hand, why: self._reports.spoiled(hand, why),
            target=target,
        )
        self._way_in = WayIn(context, self._hosts)
        self._dispatcher = Dispatcher(
            context,
            self._pool,
            self._hosts,
            self._queue,
            self._extraction,
            self._networks,
            self._disk,
            first_way,
            self._archives,
        )
        self._reports: Reports = Reports(
            context,
            self._outcomes,
            self._extraction,
            self._dispatcher,
            self._disk,
            self._archives,
            self._networks_of_hosts,
            self._settled,
        )
        self._checks = Checks(
            context,
            self._networks,
            witnesses=lambda: self._outcomes.suspicion.came,
            let_go=lambda name: self._dispatcher.let_go_of_all(name),
            ask=ask,
            ask_host=self._hosts.ask,
        )
        self._streak_check = StreakCheck(
            context, self._outcomes.suspicion, self._checks, self._networks, self._queue, self._dispatcher
        )
        self._commands = Commands(
            context,
            self._pool,
            self._queue,
            self._extraction,
            self._networks,
            self._disk,
            self._dispatcher,
            self._checks,
            self._hosts,
        )

    @property
    def at_home(self) -> bool:
        """True if the dataset folder is where it was, and not away or another one."""
        return self._disk.here

    def obey(self, command: AnyCommand) -> Reply:
        """Carry a command out, or say in one sentence why not."""
        reply = self._commands.obey(command)
        self._look_at_network(self._context.clock())
        self._settle_switch()
        self._dispatcher.dispatch()
        self._tell_status()
        return reply

    def stop(self) -> None:
        """Put the clips in hand back and end."""
        self._commands.stop()

    async def open(self) -> None:
        """Begin: remove what engines before this one left, and listen for hosts, if the run is to.

        Raises UserError where that cannot be.
        """
        sweep(self._context.dataset)  # first: what hosts send lies in the scratch
        await self._way_in.open()

    # -- the life of a run -------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until stopped, once open. Returns when the workers are gone and the ledger is written."""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._disk.measure()
        self._due["leave"] = time.monotonic() + FIRST_LINGER_S
        self._pool.resize(self._context.options.workers)
        try:
            while not self._context.stopping:
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
            await self._way_in.close("The run was stopped." if self.state.left else "Every clip is settled.")
            await self._notifier.close()
            if at_home:  # else somebody else's may be in its place
                shutil.rmtree(self._scratch, ignore_errors=True)

    async def _wind_down(self) -> None:
        self._tell_status()
        self._dispatcher.let_go_of_all()
        await self._archives.close()
        for slot in self._pool.slots.values():
            slot.leaving = True
        deadline = time.monotonic() + max([LET_GO_S, *(hand.let_go_s for hand in self._hosts.hands)])
        while (self._queue.in_hand or self._extraction.in_hand) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await self._pool.close()
        self._networks.journal.end_sessions(self._context.clock(), "stopped")
        self._networks.save()
        self._flush()
        if self._disk.here:
            await self._stats.finish()
        left = self.state.left
        status = EngineStatus.STOPPED if left else EngineStatus.DONE
        reason = Reason(Why.LEFT, left, shell_word(self.state.dataset)) if left else Reason(Why.SETTLED)
        self._context.publish(StatusChanged(at=self._context.clock(), status=status, reason=reason))

    def _every(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _tick(self) -> None:
        if by_s := self._clock_set_by():
            self._move_times(by_s)
        now = self._context.clock()
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
        if self._every("records", RECORDS_EVERY_S) and self._stats.stale:
            self._stats.write()
        if self._every("update", UPDATE_EVERY_S):
            self._look_for_update(now)
        self._dispatcher.kill_hung()
        self._hosts.tick()
        self._look_at_archives()
        self._settle_switch()
        self._streak_check.look_into()
        self._dispatcher.dispatch()
        self._tell_status()
        self._end_when_done()

    def _look_at_archives(self) -> None:
        try:
            self._archives.tick(held=self._dispatcher.held)
        except DatasetError as error:
            self._disk.hold(str(error), full=isinstance(error, LedgerFull))

    def _look_for_update(self, now: float) -> None:
        """Where another yt-dlp is there, have workers replaced as they finish their clips."""
        update = self._streak_check.update
        told, found = update.news, update.look()
        if update.news != told:
            self._context.log("yt-dlp", update.news)
        if found:
            self._pool.renew()
            self._networks.ask_again(now)

    def _move_times(self, by_s: float) -> None:
        """Somebody set the clock: every wait keeps the time it has left."""
        now = self._context.clock()
        self._context.publish(ClockSet(at=now, by_s=by_s))
        self._queue.move_times(by_s)
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
            self._context.ledger.flush()
            self._hosts.flushed()
        except DatasetError as error:
            log.warning("%s", error)
            self._disk.hold(str(error), full=isinstance(error, LedgerFull))

    def _look_at_network(self, now: float) -> None:
        for before, after in self._networks.look(now):
            self._context.log("network", f"Changed from {before.label} to {after.label}.")
            if not self._networks.uses(before.name):
                self._dispatcher.let_go_of_all(before.name)
            self._networks.list(now)
        self._begin_sessions(now)

    def _settle_switch(self) -> None:
        """A network is left when no clip is in hand by it any more."""
        if self._networks.is_leaving:
            self._networks.settle_switch(self._context.clock(), self._dispatcher.in_hand_by())

    def _begin_sessions(self, now: float) -> None:
        if self.state.status in WORKING:
            self._networks.begin_sessions(now)

    # -- the status ------------------------------------------------------------------------------

    def _facts(self) -> Facts:
        first, queue = self._networks.first, self._queue
        throttle = first.throttle
        return Facts(
            stopping=self._context.stopping,
            paused=self._commands.paused,
            disk_problem=self._disk.problem,
            disk_full=self._disk.full,
            worker_problem=self._pool.problem or self._dispatcher.problem,
            in_hand=queue.in_hand + self._extraction.in_hand,
            archives=self._archives.active or (self._archives.to_come and not self.state.left),
            extracting=bool(self._extraction.in_hand) or not self._extraction.exhausted,
            left=self.state.left,
            switched_off=not any(split.enabled for split in self.state.splits.values()),
            network=NetworkStatus.OFFLINE if first.unreachable else throttle.status,
            networks=len(self._networks.in_use),
            until=throttle.until,
            next_retry_at=queue.next_retry_at,
            only_retries_left=queue.only_retries_left,
            leaving=self._networks.leaving,
            in_hand_by_others=self._dispatcher.in_hand_by_others() if self._networks.leaving else 0,
            suspicious=self._streak_check.streak,
            refused=self._streak_check.refused if throttle.status is NetworkStatus.HELD else NO_REASON,
        )

    def _tell_status(self) -> None:
        status, reason = status_of(self._facts())
        if (status, reason) == (self.state.status, self.state.why):
            return
        now, before = self._context.clock(), self.state.status
        self._context.publish(StatusChanged(at=now, status=status, reason=reason))
        self._begin_sessions(now)
        if status in AT_REST and before not in AT_REST:
            self._networks.journal.end_sessions(now, status.value)
            self._flush()
            self._stats.write()

    def _settled(self, slot: Hand) -> None:
        """A clip is out of a worker's hand: see what that changes, and hand it the next one."""
        self._settle_switch()
        self._streak_check.look_into(slot.stamp.network)
        self._stats.stale = True
        going = isinstance(slot, Slot) and self._pool.renew_if_old(slot)
        if not going and not slot.leaving:
            self._dispatcher.dispatch(slot.host)
        self._tell_status()
