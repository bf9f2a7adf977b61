"""The ledger: what became of each clip of a dataset, in one SQLite file beside the clips.

The engine is its only writer; anybody may read it meanwhile. Times are seconds since the epoch.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger import archives as _archives
from kinetics_tui.dataset.ledger import attempts, clips, counts, networks
from kinetics_tui.dataset.ledger.database import (
    Database,
    connect,
    find_meta,
    new_database,
    read_meta,
    write_meta,
)
from kinetics_tui.dataset.ledger.intake import Intake
from kinetics_tui.dataset.ledger.rows import Attempt, ClipRow, HostsKept, Lease
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import SameAs, Way
from kinetics_tui.model.options import Options, Resolve, Selection

if TYPE_CHECKING:
    from kinetics_tui.dataset.clip_names import Named
    from kinetics_tui.dataset.ledger.files import Account

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _reads(function: Callable[Concatenate[Database, _P], _R]) -> Callable[Concatenate[Ledger, _P], _R]:
    """A method that reads: ``function`` on the ledger's file, once what is buffered has been written out."""

    @functools.wraps(function)
    def method(ledger: Ledger, /, *args: _P.args, **named: _P.kwargs) -> _R:
        return function(ledger._flushed(), *args, **named)

    return method


def _changes(
    function: Callable[Concatenate[sqlite3.Connection, _P], _R],
) -> Callable[Concatenate[Ledger, _P], _R]:
    """A method that changes something: ``function`` in a transaction of its own, on disk at once."""

    @functools.wraps(function)
    def method(ledger: Ledger, /, *args: _P.args, **named: _P.kwargs) -> _R:
        with ledger._changing() as connection:
            return function(connection, *args, **named)

    return method


class Ledger:
    """One dataset's ledger; made by ``create`` or ``open``. Every method may raise DatasetError.

    ``record`` only buffers; what reads or changes clips writes the buffer out first, so that nobody
    sees a clip as pending whose outcome is known.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._buffer: list[tuple[Attempt, int | None]] = []
        self._sessions: dict[str, int] = {}
        """The session under way on each network."""
        self._newest: dict[str, int] = {}
        """The same, over or not: clips still in hand as one ends were handed out in it, and count with it."""
        self._clock_set_by_s = 0.0
        try:
            self._layout = self.options.layout
        except BaseException:
            database.close()
            raise

    # -- its life ---------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        dataset: Path,
        *,
        title: str,
        release: str,
        selection: Selection,
        options: Options,
        clips: Iterable[Clip],
    ) -> Self:
        """Write a new ledger with these clips selected, handed out in their order.

        Raises DatasetError where there is a ledger already or the folder cannot be written.
        """
        with new_database(dataset) as connection:
            write_meta(connection, "title", title)
            write_meta(connection, "release", release)
            write_meta(connection, "selection", selection)
            write_meta(connection, "options", options)
            Intake(connection, options.layout).add(clips)
        return cls.open(dataset)

    @classmethod
    def open(cls, dataset: Path, *, read_only: bool = False) -> Self:
        """Open the ledger of a dataset folder; ``read_only`` works while an engine writes.

        Raises NoLedger where there is none, DatasetError where it cannot be used.
        """
        return cls(connect(dataset, read_only=read_only))

    def close(self) -> None:
        """Write out what is buffered and close the file."""
        with contextlib.closing(self._db):
            self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what was asked for -----------------------------------------------------------------------

    @property
    def title(self) -> str:
        return read_meta(self._db, "title", str)

    @property
    def release(self) -> str:
        return read_meta(self._db, "release", str)

    @property
    def selection(self) -> Selection:
        return read_meta(self._db, "selection", Selection)

    @property
    def options(self) -> Options:
        return read_meta(self._db, "options", Options)

    def set_options(self, options: Options) -> None:
        """Keep these options. Raises DatasetError for another layout: the clips on disk lie in the first."""
        if options.layout is not self._layout:
            raise DatasetError(
                f"This dataset is laid out as {self._layout}; choose another folder for {options.layout}."
            )
        with self._changing() as connection:
            write_meta(connection, "options", options)

    def set_selection(self, selection: Selection, clips: Iterable[Clip]) -> int:
        """Make these clips the selected ones and return how many of them are new.

        Clips no longer selected keep their history, but are neither handed out nor counted. A clip
        that is not done yet follows its annotations to another split or label.
        """
        with self._changing() as connection:
            write_meta(connection, "selection", selection)
            return Intake(connection, self._layout).select(clips)

    def set_split_enabled(self, split: str, enabled: bool) -> None:
        """Hand out clips of a split, or no longer."""
        with self._changing() as connection:
            connection.execute("UPDATE splits SET enabled = ? WHERE name = ?", (enabled, split))

    # -- counts -----------------------------------------------------------------------------------

    split_counts = _reads(counts.split_counts)
    failure_counts = _reads(counts.failure_counts)
    retried_counts = _reads(counts.retried_counts)
    totals = _reads(counts.totals)
    sittings = _reads(counts.sittings)
    done_by_minute = _reads(counts.done_by_minute)

    # -- clips to hand out ------------------------------------------------------------------------

    def next_pending(self, split: str, after_id: int, limit: int) -> list[ClipRow]:
        """Selected pending clips of a split with larger ids than ``after_id``, by id.

        Clips in a worker's hand are pending too: the ledger does not know who holds them.
        """
        return clips.next_pending(self._flushed(), self._layout, split, after_id, limit)

    def done_clips(self, after_id: int, limit: int) -> list[ClipRow]:
        """Selected clips that are done with larger ids than ``after_id``, by id."""
        return clips.done_clips(self._flushed(), self._layout, after_id, limit)

    def due_retries(self, now: float, limit: int) -> list[ClipRow]:
        """Clips of enabled splits whose time to be tried again has come, the longest due first."""
        return clips.due_retries(self._flushed(), self._layout, now, limit)

    next_retry_at = _reads(clips.next_retry_at)

    # -- attempts ---------------------------------------------------------------------------------

    def record(self, attempt: Attempt) -> None:
        """Take note of an attempt, in memory until ``flush``.

        A clip that is done or failed is settled; one to be retried waits until ``retry_at``; one that
        was returned stays what it is, and leaves a trace only with a category or a crash.
        """
        self._buffer.append((attempt, self._newest.get(attempt.network)))

    def flush(self) -> None:
        """Write out what is buffered, in one transaction.

        Raises LedgerFull on a full disk, DatasetError otherwise; what was buffered stays so.
        """
        if not self._buffer and not self._clock_set_by_s:
            return
        with self._db.transaction() as connection:
            if self._clock_set_by_s:
                clips.move_times(connection, self._clock_set_by_s)
            attempts.write_attempts(connection, self._buffer)
        self._buffer.clear()
        self._clock_set_by_s = 0.0

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: whatever is waited for comes no sooner or later by that.

        Noted in memory until ``flush``, as attempts are. What is over keeps the times it was told by.
        """
        self._clock_set_by_s += by_s
        self._buffer = [(clips.moved(attempt, by_s), session) for attempt, session in self._buffer]

    retry_failed = _changes(clips.retry_failed)
    reopen = _changes(clips.reopen)
    settled = _reads(attempts.settled_attempts)
    failures = _reads(attempts.standing_failures)
    newest_done = _reads(attempts.newest_done)

    def accounts(self) -> Iterator[Account]:
        """The account of every clip, selected or not, by id."""
        from kinetics_tui.dataset.ledger.files import read_accounts  # few ever need it

        return read_accounts(self._flushed(), self._layout)

    # -- archives ---------------------------------------------------------------------------------

    archives = _reads(_archives.read_archives)
    all_archives = _reads(_archives.all_archives)
    expected = _reads(_archives.expected)
    coverage = _reads(_archives.coverage)
    member_counts = _reads(_archives.member_counts)
    members = _reads(_archives.read_members)
    is_damaged = _reads(_archives.is_damaged)
    where_is = _reads(_archives.where_is)
    set_archives = _changes(_archives.set_archives)
    seen = _changes(_archives.seen)
    settle_archive = _changes(_archives.settle_archive)
    add_members = _changes(_archives.add_members)
    add_index = _changes(_archives.add_index)
    forget_indexes = _changes(_archives.forget_indexes)
    mark_damaged = _changes(_archives.mark_damaged)

    def wanted_of_video(self, named: Named) -> list[_archives.Wanted]:
        """The clips that are not done which a file of this name may be."""
        return _archives.wanted_of_video(self._flushed(), self._layout, named)

    def wanted_clip(self, clip_id: int) -> _archives.Wanted | None:
        """A clip that is not done, by its number."""
        return _archives.wanted_clip(self._flushed(), self._layout, clip_id)

    def unsettled(self, after_id: int, limit: int) -> list[ClipRow]:
        """Clips of enabled splits that are neither done nor failed, by id."""
        return _archives.unsettled(self._flushed(), self._layout, after_id, limit)

    # -- hosts ------------------------------------------------------------------------------------

    give_out = _changes(clips.give_out)
    end_leases = _changes(clips.end_leases)

    def leases(self) -> list[tuple[Lease, ClipRow]]:
        """Every lease on a clip that is not settled yet, with the clip."""
        return clips.read_leases(self._flushed(), self._layout)

    def next_epoch(self) -> int:
        """The number of the engine that begins now: one more than that of the one before."""
        epoch = (find_meta(self._db, "epoch", int) or 0) + 1
        with self._changing() as connection:
            write_meta(connection, "epoch", epoch)
        return epoch

    def hosts(self) -> HostsKept:
        """What is kept of hosts from run to run."""
        return find_meta(self._db, "hosts", HostsKept) or HostsKept()

    def set_hosts(self, hosts: HostsKept) -> None:
        """Keep this of hosts."""
        with self._changing() as connection:
            write_meta(connection, "hosts", hosts)

    # -- networks and sessions --------------------------------------------------------------------

    last_network = _reads(networks.last_network)
    network_histories = _reads(networks.read_histories)
    throttled_since = _reads(networks.throttled_since)
    save_networks = _changes(networks.save_networks)
    take_over_networks = _changes(networks.take_over)
    throttle_ended = _changes(networks.end_throttle)
    networks = _reads(networks.read_networks)

    def open_session(self, network: str, at: float, pid: int) -> int:
        """Begin a stretch of work on one network; attempts by it that are recorded from now on belong to it.

        A session that a dead engine left open ends with its last attempt.
        """
        with self._changing() as connection:
            number = networks.open_session(connection, network, at, pid, self._sessions)
        self._sessions[network] = self._newest[network] = number
        return number

    def close_session(self, session_id: int, at: float, why: str) -> None:
        """End a session; ``why`` is a few words (stopped, throttled, switched networks)."""
        with self._changing() as connection:
            networks.close_session(connection, session_id, at, why)
        self._sessions = {name: number for name, number in self._sessions.items() if number != session_id}

    def throttled(self, network: str, at: float, signal: Category, step: int, clips: int) -> None:
        """The network was refused and cools down, for the ``step``-th time without an answer in between.

        ``clips`` were done by it since the throttle before.
        """
        session = self._sessions.get(network)
        with self._changing() as connection:
            networks.begin_throttle(connection, network, session, at, signal, step, clips)

    # -- ways -------------------------------------------------------------------------------------

    def ways_in_use(self) -> tuple[Way, ...]:
        """The ways that were chosen, none where none ever was; they may carry a proxy's password."""
        way = find_meta(self._db, "way", Way)
        return find_meta(self._db, "ways in use", tuple[Way, ...]) or ((way,) if way else ())

    def set_ways_in_use(self, ways: Sequence[Way]) -> None:
        """Keep the ways in use; none: the next run begins with that of its options."""
        with self._changing() as connection:
            write_meta(connection, "ways in use", tuple(ways))
            write_meta(connection, "way", next(iter(ways), None))  # what versions before 0.4.0 read

    def networks_in_use(self) -> tuple[str, ...]:
        """The names of the networks that were in use last, none where that is not known."""
        return find_meta(self._db, "networks in use", tuple[str, ...]) or ()

    def set_networks_in_use(self, names: Sequence[str]) -> None:
        """Keep the names of the networks in use."""
        with self._changing() as connection:
            write_meta(connection, "networks in use", tuple(names))

    def first_way(self) -> tuple[Resolve, bool]:
        """The way by which YouTube is asked first, and whether throttles spoke against the other."""
        return find_meta(self._db, "first way", tuple[Resolve, bool]) or (Resolve.LEAN, False)

    def set_first_way(self, way: Resolve, *, by_throttles: bool) -> None:
        """Keep the way by which YouTube is asked first."""
        with self._changing() as connection:
            write_meta(connection, "first way", (way, by_throttles))

    def ways(self) -> dict[str, Way]:
        """The ways that the user added, each under what it is called."""
        return find_meta(self._db, "ways", dict[str, Way]) or {}

    def same_networks(self) -> dict[str, SameAs]:
        """The added ways that lead out by one address with another one, as the user says."""
        return find_meta(self._db, "same networks", dict[str, SameAs]) or {}

    def set_ways(self, ways: Mapping[str, Way], same: Mapping[str, SameAs] | None = None) -> None:
        """Keep these as the ways that the user added, and those of them that are the same network."""
        with self._changing() as connection:
            write_meta(connection, "ways", dict(ways))
            write_meta(connection, "same networks", dict(same or {}))

    # -- small helpers ----------------------------------------------------------------------------

    def _flushed(self) -> Database:
        self.flush()
        return self._db

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self.flush()
        with self._db.transaction() as connection:
            yield connection
