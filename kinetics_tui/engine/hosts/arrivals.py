"""Results of hosts as they arrive: what the gate has taken in, checked as a file, and given its place.

A worker process of its own reads each: by its hash, and from end to end as any clip. What a host says of a
file is believed of nothing that can be read in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from kinetics_tui.base.machine import available_cores
from kinetics_tui.dataset.folder import hosts_path, scratch_path
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.hosts.host import HostHand
from kinetics_tui.engine.wire.gate_frames import Came
from kinetics_tui.engine.wire.line import MOST_FILE_BYTES
from kinetics_tui.engine.wire.messages import Result
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Cancelled, Failed, Finished, FromWorker
from kinetics_tui.engine.workers.pool import Death, Pool
from kinetics_tui.engine.workers.start import WorkerTarget, run_worker
from kinetics_tui.media.failures import FULL
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import NOTHING_SPENT
from kinetics_tui.model.options import Options

MOST_CHECKERS = 4


class Arrival:
    """One result on its way to its place."""

    def __init__(self, hand: HostHand, row: ClipRow, result: Result) -> None:
        self.hand = hand
        self.row = row
        self.result = result
        self.path = Path()
        """Where its file is, once it has come."""

    def remove(self) -> None:
        """Remove its file, which has come."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    @property
    def finished(self) -> Finished:
        assert isinstance(self.result.said, Finished)
        return self.result.said


class Arrivals:
    """Takes results in. ``arrived(hand, lease, message)`` is called with the last word on each.

    ``spoiled(hand, lease, why)`` where it is no clip.
    """

    def __init__(
        self,
        dataset: Path,
        options: Callable[[], Options],
        *,
        arrived: Callable[[HostHand, int, Finished | Failed | Cancelled], None],
        spoiled: Callable[[HostHand, int, str], None],
        target: WorkerTarget = run_worker,
    ) -> None:
        self._dataset = dataset
        self._folder = arrivals_path(dataset)
        self._options = options
        self._arrived = arrived
        self._spoiled = spoiled
        self._target = target
        self._coming: dict[int, Arrival] = {}
        self._waiting: deque[Arrival] = deque()
        self._checking: dict[int, Arrival] = {}
        self._pool: Pool | None = None

    def open(self) -> None:
        """Have a folder and workers ready for what comes."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._pool is None:
            self._pool = Pool(
                dataset=self._dataset,
                scratch=self._folder,
                options=self._options,
                on_message=self._heard,
                on_started=lambda _slot: None,
                on_gone=self._gone,
                target=self._target,
            )
            self._pool.resize(min(MOST_CHECKERS, available_cores()))

    async def close(self) -> None:
        """End the workers; what is on its way is dropped."""
        self._coming.clear()
        self._waiting.clear()
        self._checking.clear()
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    def expect(self, hand: HostHand, row: ClipRow, result: Result) -> str:
        """Wait for the file of a result, or take it where it lies; says why not, else nothing."""
        if self._is_here(result.lease):
            return ""  # it was sent again, since the line was cut before the host could hear of that
        self.drop(result.lease)
        if not 0 < result.size_bytes <= MOST_FILE_BYTES:
            return f"a file of {result.size_bytes:,} bytes is no clip"
        arrival = Arrival(hand, row, result)
        if result.in_place:
            arrival.path = results_folder(self._dataset, hand.host) / f"{result.lease}.mp4"
            self._check(arrival)
        else:
            self._coming[result.lease] = arrival
        return ""

    def came(self, host: str, came: Came) -> None:
        """All of a file has come, or it comes no further; one that nobody waits for is removed."""
        arrival = self._coming.get(came.lease)
        if arrival is None or arrival.hand.host != host:
            self._remove(came)
            return
        if not (came.name or came.spoiled or came.errno):
            return
        del self._coming[came.lease]
        if came.errno:
            self._arrived(arrival.hand, came.lease, _not_written(arrival, came.errno))
        elif why := came.spoiled or _other_size(arrival.result, came):
            self._remove(came)
            self._spoiled(arrival.hand, came.lease, why)
        else:
            arrival.path = self._folder / came.name
            self._check(arrival)

    def _remove(self, came: Came) -> None:
        if came.name:
            with contextlib.suppress(OSError):
                (self._folder / came.name).unlink(missing_ok=True)

    def _is_here(self, lease: int) -> bool:
        """True if all of a result has come, and it is being looked at or will be."""
        return any(one.result.lease == lease for one in (*self._waiting, *self._checking.values()))

    def drop(self, lease: int) -> None:
        """Take this result in no further: its lease holds no more."""
        for one in [one for one in self._waiting if one.result.lease == lease]:
            self._waiting.remove(one)
            one.remove()
        for number, one in self._checking.items():
            if one.result.lease == lease and self._pool is not None and number in self._pool.slots:
                self._pool.slots[number].kill()
        self._coming.pop(lease, None)

    # -- the check ---------------------------------------------------------------------------------

    def _check(self, arrival: Arrival) -> None:
        self._waiting.append(arrival)
        self._next()

    def _next(self) -> None:
        if self._pool is None:
            return
        for slot in list(self._pool.slots.values()):
            if not self._waiting:
                return
            if slot.idle:
                arrival = self._waiting.popleft()
                self._checking[slot.number] = arrival
                slot.assign_arrival(arrival.row, arrival.path, arrival.result.sha256, arrival.finished.made)

    def _heard(self, slot: Hand, message: FromWorker) -> None:
        arrival = self._checking.get(slot.number)
        if arrival is not None and isinstance(message, Finished | Failed) and slot.row is not None:
            slot.release()
            del self._checking[slot.number]
            lease = arrival.result.lease
            match message:
                case Finished(made=made):
                    self._arrived(arrival.hand, lease, msgspec.structs.replace(arrival.finished, made=made))
                case Failed(category=Category.DISK_FULL | Category.NOT_WRITABLE):
                    self._arrived(arrival.hand, lease, message)
                case Failed():
                    self._spoiled(arrival.hand, lease, message.text)
            arrival.remove()
        self._next()

    def _gone(self, slot: Hand, death: Death | None) -> None:
        arrival = self._checking.pop(slot.number, None)
        if arrival is None:
            return
        hand, lease, row = arrival.hand, arrival.result.lease, arrival.row
        if death is None or death.from_outside:  # that says nothing about the file
            self._arrived(hand, lease, Cancelled(clip_id=row.id))
        else:
            self._spoiled(hand, lease, f"who reads it ends: {death.how}")
        arrival.remove()


def _other_size(result: Result, came: Came) -> str:
    return "" if came.size_bytes == result.size_bytes else "it sent another size than it told of"


def _not_written(arrival: Arrival, number: int) -> Failed:
    return Failed(
        clip_id=arrival.row.id,
        category=Category.DISK_FULL if number in FULL else Category.NOT_WRITABLE,
        text=f"What {arrival.hand.host} sends cannot be written ({os.strerror(number)}).",
        spent=NOTHING_SPENT,
    )


def arrivals_path(dataset: Path) -> Path:
    """Where files of hosts lie that came over the line, until they have been looked at."""
    return scratch_path(dataset) / "arrivals"


def results_folder(dataset: Path, host: str) -> Path:
    """Where a host that sees the dataset folder puts its results."""
    return hosts_path(dataset) / "results" / host


def sweep_results(dataset: Path) -> None:
    """Remove the results that nobody looks at any more."""
    shutil.rmtree(arrivals_path(dataset), ignore_errors=True)
    shutil.rmtree(hosts_path(dataset) / "results", ignore_errors=True)
