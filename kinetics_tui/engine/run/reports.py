"""The reports of workers, sorted: to the outcome of a clip, to its frames and sound, or to the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.archives.reading import Copy
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.of_hosts import NetworksOfHosts
from kinetics_tui.engine.run.archive_turn import ArchiveTurn
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.outcomes import Aftermath, Outcomes
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import (
    Cancelled,
    Ended,
    Failed,
    Finished,
    FromWorker,
    Progress,
    Ready,
    Taken,
)
from kinetics_tui.engine.workers.pool import Death
from kinetics_tui.model.events import ClipProgress, ClipReturned, WorkerIdle, WorkerStarted, WorkerStopped
from kinetics_tui.model.failure import Category

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Reports:
    """Hears what workers say, and that they end. ``settled`` is called once a worker has let go of a clip."""

    _context: RunContext
    _outcomes: Outcomes
    _extraction: Extraction
    _dispatcher: Dispatcher
    _disk: DiskWatch
    _archives: ArchiveTurn
    _networks_of_hosts: NetworksOfHosts
    _settled: Callable[[Hand], None]

    def started(self, slot: Hand) -> None:
        """A worker process has come up."""
        self._context.publish(
            WorkerStarted(
                at=self._context.clock(), slot=slot.number, pid=slot.pid, host=slot.host, place=slot.place
            )
        )

    def ended(self, slot: Hand, death: Death | None) -> None:
        """A worker process is gone; ``death`` is None where it was meant to go."""
        now = self._context.clock()
        if self._context.stopping or slot.let_go_by is not None:
            death = None  # it was told to let go
        row, slot.row = slot.row, None
        if death is not None:
            with_what = row.clip.name if row else "no clip"
            log.warning("worker %d died (%s) with %s", slot.pid, death.how, with_what)
        if row is None:
            pass
        elif slot.extracting:
            self._extraction.dropped(slot, row, death.how if death is not None else "")
        elif slot.copy is not None:
            self._copy_ended(slot, row, slot.copy, death, now)
        elif death is None:
            self._outcomes.returned(slot, row, "unfinished", now)
        elif death.from_outside:
            self._outcomes.killed(slot, row, death.how, now)
        else:
            self._outcomes.crashed(slot, row, death.how, now)
        self._dispatcher.forget_waiting(slot)
        reason = f"died: {death.how}" if death is not None else ""
        self._context.publish(WorkerStopped(at=now, slot=slot.number, reason=reason))

    def spoiled(self, slot: Hand, why: str) -> None:
        """The file that a host sent is no clip: it is made again, elsewhere or later."""
        row = slot.row
        slot.release()
        if row is not None:
            reason = f"spoiled on its way from {slot.host}"
            self._outcomes.killed(slot, row, f"{reason}: {why}", self._context.clock(), reason)
        self._settled(slot)

    def heard(self, slot: Hand, message: FromWorker) -> None:
        """A worker said something."""
        now, row = self._context.clock(), slot.row
        if isinstance(message, Ready):
            self._context.publish(WorkerIdle(at=now, slot=slot.number))
            self._dispatcher.dispatch()
        elif row is None or message.clip_id != row.id:
            pass  # about a clip that was taken from it in the meantime
        elif isinstance(message, Progress):
            self._context.publish(
                ClipProgress(
                    at=now,
                    slot=slot.number,
                    phase=message.phase,
                    fraction=message.fraction,
                    wire_bytes=message.wire_bytes,
                    bytes_per_s=message.bytes_per_s,
                )
            )
        else:
            extracting = slot.extracting
            slot.release()
            if extracting:
                self._extracted(slot, row, message)
            else:
                self._fetched(slot, row, message, now, slot.copy)
            self._settled(slot)

    def _extracted(self, slot: Hand, row: ClipRow, message: Ended) -> None:
        match message:
            case Taken():
                self._extraction.made(slot, row, message)
            case Failed(category=Category.DISK_FULL | Category.NOT_WRITABLE):
                self._extraction.dropped(slot, row)
                self._not_written(message)
            case Failed():
                self._extraction.failed(slot, row, message.text)
            case _:
                self._extraction.dropped(slot, row)

    def _copy_ended(self, slot: Hand, row: ClipRow, copy: Copy, death: Death | None, now: float) -> None:
        reason = "unfinished" if death is None else f"worker died ({death.how})"
        self._context.publish(ClipReturned(at=now, slot=slot.number, clip=row.clip, reason=reason))
        if death is None or death.from_outside:
            self._archives.back(row, copy)
        else:
            self._archives.crashed(row, copy, death.how)

    def _copied(self, slot: Hand, row: ClipRow, message: Ended, now: float, copy: Copy) -> None:
        match message:
            case Finished():
                self._outcomes.finished(slot, row, message, now)
                self._archives.taken(row, copy)
                self._extraction.add(row)
            case Failed(category=Category.DISK_FULL | Category.NOT_WRITABLE):
                self._copy_ended(slot, row, copy, None, now)
                self._not_written(message)
            case Failed():
                self._outcomes.copy_damaged(slot, row, message, now)
                self._archives.damaged(row, copy, message.text)
            case _:
                self._copy_ended(slot, row, copy, None, now)

    def _fetched(
        self, slot: Hand, row: ClipRow, message: Ended, now: float, copy: Copy | None = None
    ) -> None:
        if copy is not None:
            self._copied(slot, row, message, now, copy)
            return
        match message:
            case Finished():
                self._dispatcher.logged_in()
                self._outcomes.finished(slot, row, message, now)
                self._networks_of_hosts.seen(slot.stamp, message.seen_as)
                self._extraction.add(row)
            case Failed():
                match self._outcomes.failed(slot, row, message, now):
                    case Aftermath.NETWORK_SHUT:
                        self._dispatcher.let_go_of_all(slot.stamp.network)
                    case Aftermath.LOGGED_OUT:
                        self._dispatcher.logged_out(slot)
                    case Aftermath.NOT_WRITTEN:
                        self._not_written(message)
                    case Aftermath.NONE:
                        pass
            case Taken() | Cancelled():  # the first from a worker that went mad: nobody asked it
                self._outcomes.returned(slot, row, "unfinished", now)

    def _not_written(self, message: Failed) -> None:
        self._disk.hold(message.text, full=message.category is Category.DISK_FULL)
