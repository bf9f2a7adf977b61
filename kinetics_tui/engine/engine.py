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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import scratch_path
from kinetics_tui.dataset.ledger import ClipRow, Ledger, LedgerFull
from kinetics_tui.dataset.records import write_records
from kinetics_tui.engine.backlog import Backlog
from kinetics_tui.engine.messages import Cancelled, Failed, Finished, FromWorker, Progress, Ready
from kinetics_tui.engine.network import Network
from kinetics_tui.engine.networks import Networks
from kinetics_tui.engine.opening import opening_events, options_event
from kinetics_tui.engine.outcomes import Aftermath, Outcomes
from kinetics_tui.engine.pool import LET_GO_S, Pool, Slot, WorkerTarget
from kinetics_tui.engine.status import Facts, tell
from kinetics_tui.engine.worker import worker_main
from kinetics_tui.model.commands import (
    AnyCommand,
    Pause,
    ProbeNow,
    Reply,
    Resume,
    Retry,
    SetPace,
    SetWorkers,
    Stop,
    Subscribe,
    SwitchSplit,
    WaitLonger,
)
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.events import (
    AnyEvent,
    ClipProgress,
    ClipsRetried,
    ClipStarted,
    DiskMeasured,
    EngineStatus,
    Logged,
    Phase,
    SplitSwitched,
    StatusChanged,
    WorkerIdle,
    WorkerStarted,
    WorkerStopped,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.state import RunState

MAX_WORKERS = 64
TICK_S = 0.25
FLUSH_EVERY_S = 0.5
DISK_EVERY_S = 5.0
NETWORK_EVERY_S = 2.0
RECORDS_EVERY_S = 600.0
HANG_MARGIN_S = 30.0
"""A worker keeps its own deadline a clip; one that is this late has hung and is killed."""
DISK_FLOOR_BYTES = 2 << 30
DISK_FLOOR_SHARE = 0.01
DISK_HOLD_S = 30.0
LINGER_S = 1.0
"""How long a run that is through waits for somebody to look at it before it ends."""

log = logging.getLogger(__name__)


class Engine:
    """One run on one dataset. ``clock`` gives seconds since the epoch."""

    def __init__(
        self,
        dataset: Path,
        ledger: Ledger,
        *,
        discover: Callable[[], Network],
        broadcast: Callable[[AnyEvent], None],
        watchers: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.time,
        target: WorkerTarget = worker_main,
    ) -> None:
        self.state = RunState()
        self.finished = asyncio.Event()
        self._dataset = dataset
        self._ledger = ledger
        self._options = ledger.options
        self._clock = clock
        self._broadcast = broadcast
        self._watchers = watchers
        self._scratch = scratch_path(dataset)
        self._paused = False
        self._stopping = False
        self._disk_problem = ""
        self._disk_hold_until = 0.0
        self._due: dict[str, float] = {}
        self._waiting_for_pace: dict[int, float] = {}
        self._record_writer = ThreadPoolExecutor(1, thread_name_prefix="records")
        self._records_dirty = False
        now = clock()
        for event in opening_events(ledger, dataset, now, os.getpid()):
            self._publish(event)
        self._networks = Networks(ledger, self._options, discover, self._publish, now, os.getpid())
        self._networks.changed(now)
        self._backlog = Backlog(ledger)
        self._outcomes = Outcomes(ledger, self._backlog, self._networks, self._publish, self._options)
        self._pool = Pool(
            dataset=dataset,
            scratch=self._scratch,
            options=self._options,
            on_message=self._heard,
            on_started=self._worker_started,
            on_gone=self._worker_gone,
            target=target,
        )

    # -- publishing --------------------------------------------------------------------------------

    def _publish(self, event: AnyEvent) -> None:
        self.state.apply(event)
        self._broadcast(event)

    def _facts(self) -> Facts:
        throttle = self._networks.throttle
        left = self.state.left
        retry_at = self._backlog.next_retry_at
        return Facts(
            stopping=self._stopping,
            paused=self._paused,
            disk_problem=self._disk_problem,
            in_hand=self._backlog.in_hand,
            left=left,
            switched_off=not any(split.enabled for split in self.state.splits.values()),
            network=throttle.status,
            until=throttle.until,
            next_retry_at=retry_at,
            only_retries_left=retry_at is not None and self._backlog.exhausted and not self._backlog.in_hand,
        )

    def _tell_status(self) -> None:
        status, reason = tell(self._facts())
        if (status, reason) == (self.state.status, self.state.reason):
            return
        now = self._clock()
        before = self.state.status
        self._publish(StatusChanged(at=now, status=status, reason=reason))
        working = (EngineStatus.RUNNING, EngineStatus.PROBING)
        if status in working and before not in working:
            self._networks.begin_session(now)
        elif status in (EngineStatus.PAUSED, EngineStatus.DISK_FULL, EngineStatus.DONE):
            self._networks.end_session(now, status.value)
            self._write_records()

    # -- the life of a run -------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until stopped. Returns when the workers are gone and the ledger is written."""
        # What engines before this one left behind is nobody's any more.
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._measure_disk()
        self._pool.resize(self._options.workers)
        try:
            while not self._stopping:
                self._tick()
                await asyncio.sleep(TICK_S)
            await self._wind_down()
        finally:
            await self._pool.close()
            self._ledger.flush()
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._record_writer.shutdown()
            self.finished.set()

    async def _wind_down(self) -> None:
        self._tell_status()
        self._let_go_of_all()
        for slot in self._pool.slots.values():
            slot.leaving = True
        deadline = time.monotonic() + LET_GO_S
        while self._backlog.in_hand and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await self._pool.close()
        now = self._clock()
        self._networks.end_session(now, "stopped")
        self._networks.save()
        self._ledger.flush()
        self._records_dirty = True
        await asyncio.wrap_future(self._record_writer.submit(write_records, self._dataset))
        left = self.state.left
        self._publish(
            StatusChanged(
                at=self._clock(),
                status=EngineStatus.STOPPED if left else EngineStatus.DONE,
                reason=f"{left:,} clips are left; run goes on with them."
                if left
                else "Every clip is settled.",
            )
        )

    def stop(self) -> None:
        """Put the clips in hand back and end."""
        self._stopping = True

    def _every(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _tick(self) -> None:
        now = self._clock()
        if self._networks.throttle.tick(now):
            self._networks.changed(now)
        if self._every("network", NETWORK_EVERY_S):
            self._look_at_network(now)
        if self._every("disk", DISK_EVERY_S):
            self._measure_disk()
        if self._every("flush", FLUSH_EVERY_S):
            self._flush()
        if self._every("records", RECORDS_EVERY_S) and self._records_dirty:
            self._write_records()
        self._kill_hung()
        self._dispatch()
        self._tell_status()
        self._end_when_done()

    def _end_when_done(self) -> None:
        """With every clip settled and nobody looking, there is nothing to stay for."""
        if self.state.status is not EngineStatus.DONE or self._watchers():
            self._due["leave"] = time.monotonic() + LINGER_S
        elif time.monotonic() > self._due.get("leave", 0.0):
            self.stop()

    def _flush(self) -> None:
        try:
            self._networks.save_if_changed()
            self._ledger.flush()
        except LedgerFull as error:
            # What could not be written stays in memory and is written when there is room again.
            self._hold_for_disk(str(error))

    def _hold_for_disk(self, why: str) -> None:
        """Hand out nothing for a while: what was to be written could not be."""
        self._disk_problem = why
        self._disk_hold_until = time.monotonic() + DISK_HOLD_S

    def _look_at_network(self, now: float) -> None:
        before = self._networks.current.label
        if self._networks.look(now):
            self._publish(
                Logged(at=now, text=f"Network changed from {before} to {self._networks.current.label}.")
            )
            self._let_go_of_all(network_only=True)
            if self.state.status in (EngineStatus.RUNNING, EngineStatus.PROBING):
                self._networks.begin_session(now)

    def _measure_disk(self) -> None:
        try:
            usage = shutil.disk_usage(self._dataset)
        except OSError as error:
            self._hold_for_disk(f"The dataset folder cannot be reached ({error.strerror}): bring it back.")
            return
        floor_bytes = min(DISK_FLOOR_BYTES, int(usage.total * DISK_FLOOR_SHARE))
        if usage.free < floor_bytes:
            self._disk_problem = f"Less than {floor_bytes / 1e6:,.0f} MB are free: make room on the disk."
        elif time.monotonic() >= self._disk_hold_until:
            self._disk_problem = ""
        self._publish(DiskMeasured(at=self._clock(), free_bytes=usage.free))

    def _kill_hung(self) -> None:
        now = time.monotonic()
        for slot in self._pool.slots.values():
            if slot.row is None:
                continue
            late = now - slot.assigned_at > self._options.clip_deadline_s + HANG_MARGIN_S
            if late or (slot.let_go_by is not None and now > slot.let_go_by):
                slot.kill()

    def _write_records(self) -> None:
        self._records_dirty = False
        self._ledger.flush()
        self._record_writer.submit(write_records, self._dataset).add_done_callback(_log_error)

    # -- handing out -------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        for slot in list(self._pool.slots.values()):
            if slot.idle and not self._hand_out(slot):
                return

    def _hand_out(self, slot: Slot) -> bool:
        """Put the next clip into a worker's hand. False where none may be handed out now."""
        if self._paused or self._stopping or self._disk_problem:
            return False
        allowed = self._networks.throttle.workers_allowed
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
        self._waiting_for_pace.pop(slot.number, None)
        slot.assign(row)
        self._publish(ClipStarted(at=now, slot=slot.number, clip=row.clip))
        return True

    def _tell_waiting(self, now: float) -> None:
        until = self._networks.pace.next_at(now)
        for slot in self._pool.slots.values():
            if slot.idle and self._waiting_for_pace.get(slot.number, 0.0) < now:
                self._waiting_for_pace[slot.number] = until
                self._publish(WorkerIdle(at=now, slot=slot.number, phase=Phase.PACE, until=until))

    def _let_go_of_all(self, *, network_only: bool = False) -> None:
        """Ask for the clips in hand back. ``network_only``: not those that need the network no more.

        The others are taken by force where they are not given back in time.
        """
        for slot in self._pool.slots.values():
            if slot.row is not None:
                slot.cancel(network_only=network_only)

    # -- what workers say --------------------------------------------------------------------------

    def _worker_started(self, slot: Slot) -> None:
        self._publish(WorkerStarted(at=self._clock(), slot=slot.number, pid=slot.pid))

    def _worker_gone(self, slot: Slot, how: str) -> None:
        now = self._clock()
        died = bool(how) and not self._stopping and slot.let_go_by is None
        row, slot.row = slot.row, None
        if row is not None and died:
            self._outcomes.crashed(slot, row, how, now)
        elif row is not None:
            self._outcomes.returned(slot, row, "put back", now)
        self._waiting_for_pace.pop(slot.number, None)
        self._publish(WorkerStopped(at=now, slot=slot.number, reason=f"died: {how}" if died else ""))

    def _heard(self, slot: Slot, message: FromWorker) -> None:
        if isinstance(message, Ready):
            self._publish(WorkerIdle(at=self._clock(), slot=slot.number))
            self._dispatch()
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
        slot.release()
        now = self._clock()
        match message:
            case Finished():
                self._outcomes.finished(slot, row, message, now)
            case Failed():
                self._take_failure(slot, row, message, now)
            case Cancelled():
                self._outcomes.returned(slot, row, "put back", now)
        self._records_dirty = True
        if not self._pool.renew_if_old(slot) and not slot.leaving:
            self._dispatch()
        self._tell_status()

    def _take_failure(self, slot: Slot, row: ClipRow, failure: Failed, now: float) -> None:
        match self._outcomes.failed(slot, row, failure, now):
            case Aftermath.NETWORK_SHUT:
                self._let_go_of_all(network_only=True)
            case Aftermath.DISK_FULL:
                self._hold_for_disk(failure.text)
            case Aftermath.NONE:
                pass

    # -- what users say ----------------------------------------------------------------------------

    def obey(self, command: AnyCommand) -> Reply:
        """Carry a command out, or say in one sentence why not."""
        now = self._clock()
        refusal = ""
        match command:
            case Pause(now=at_once):
                self._paused = True
                if at_once:
                    self._let_go_of_all()
            case Resume():
                self._paused = False
                self._disk_hold_until = 0.0
                self._measure_disk()
                self._look_at_network(now)
            case Stop():
                self.stop()
            case SetWorkers(workers=workers):
                refusal = self._set_workers(workers)
            case SetPace(per_hour=per_hour):
                refusal = self._set_pace(per_hour, now)
            case SwitchSplit(split=split, enabled=enabled):
                refusal = self._switch_split(split, enabled, now)
            case ProbeNow():
                if not self._networks.throttle.probe_now():
                    refusal = "Nothing to probe: the network is not cooling down."
                else:
                    self._networks.changed(now)
            case WaitLonger(seconds=seconds):
                if seconds <= 0 or not self._networks.throttle.wait_longer(seconds):
                    refusal = "Nothing to wait for: the network is not cooling down."
                else:
                    self._networks.changed(now)
            case Retry(categories=categories):
                refusal = self._retry(categories, now)
            case Subscribe():
                pass  # the server's own
        self._dispatch()
        self._tell_status()
        return Reply(id=command.id, ok=not refusal, message=refusal)

    def _set_workers(self, workers: int) -> str:
        if not 1 <= workers <= MAX_WORKERS:
            return f"The number of workers is 1 to {MAX_WORKERS}, not {workers}."
        self._keep(workers=workers)
        self._pool.resize(workers)
        return ""

    def _set_pace(self, per_hour: float | None, now: float) -> str:
        if per_hour is not None and not per_hour > 0:
            return "The pace is a number of videos an hour above 0."
        self._keep(pace_per_hour=per_hour)
        self._networks.set_pace(per_hour, now)
        self._waiting_for_pace.clear()
        return ""

    def _keep(self, **changes: object) -> None:
        self._options = msgspec.structs.replace(self._options, **changes)
        self._ledger.set_options(self._options)
        self._pool.options = self._options
        self._outcomes.options = self._options
        self._publish(options_event(self._options, self._clock()))

    def _switch_split(self, split: str, enabled: bool, now: float) -> str:
        if split not in self.state.splits:
            return f"There is no split {split} in this run; there are {', '.join(self.state.splits)}."
        self._ledger.set_split_enabled(split, enabled)
        self._publish(SplitSwitched(at=now, split=split, enabled=enabled))
        self._backlog.restart()
        return ""

    def _retry(self, categories: tuple[Category, ...], now: float) -> str:
        counts = self._ledger.retry_failed(categories)
        if not counts:
            return "No clip has failed for that reason."
        by_split: dict[str, int] = {}
        by_category: dict[Category, int] = {}
        for (split, category), count in counts.items():
            by_split[split] = by_split.get(split, 0) + count
            by_category[category] = by_category.get(category, 0) + count
        self._publish(ClipsRetried(at=now, by_split=by_split, by_category=by_category))
        self._backlog.restart()
        return ""


def _log_error(future: object) -> None:
    """A failed writing of the records is worth a line in the log, never the run."""
    error = future.exception()  # type: ignore[attr-defined]
    if isinstance(error, (OSError, DatasetError)):
        log.warning("stats.csv and failed.csv could not be written: %s", error)
    elif error is not None:
        log.error("writing stats.csv and failed.csv failed", exc_info=error)
