"""The ledger: what became of each clip of a dataset, in one SQLite file beside the clips.

The engine is its only writer; anybody may read it meanwhile. Times are seconds since the epoch.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger import clips as moving
from kinetics_tui.dataset.ledger import clips as pending
from kinetics_tui.dataset.ledger import counts, networks
from kinetics_tui.dataset.ledger.attempts import (
    newest_done,
    settled_attempts,
    standing_failures,
    write_attempts,
)
from kinetics_tui.dataset.ledger.database import (
    Database,
    LedgerFull,
    NoLedger,
    connect,
    find_meta,
    new_database,
    read_meta,
    write_meta,
)
from kinetics_tui.dataset.ledger.intake import Intake
from kinetics_tui.dataset.ledger.rows import (
    Attempt,
    ClipRow,
    ClipStatus,
    NetworkHistory,
    NetworkRow,
    Outcome,
    Settled,
    Totals,
)
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import SplitCounts
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Way
from kinetics_tui.model.options import Options, Selection

__all__ = [
    "Attempt",
    "ClipRow",
    "ClipStatus",
    "Ledger",
    "LedgerFull",
    "NetworkHistory",
    "NetworkRow",
    "NoLedger",
    "Outcome",
    "Settled",
    "Totals",
]


class Ledger:
    """One dataset's ledger; made by ``create`` or ``open``. Every method may raise DatasetError.

    ``record`` only buffers; what reads or changes clips writes the buffer out first, so that nobody
    sees a clip as pending whose outcome is known.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._buffer: list[tuple[Attempt, int | None]] = []
        self._session: int | None = None
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
            meta: dict[str, object] = {
                "title": title,
                "release": release,
                "selection": selection,
                "options": options,
            }
            for key, value in meta.items():
                write_meta(connection, key, value)
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
        try:
            self.flush()
        finally:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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

    def split_counts(self) -> list[SplitCounts]:
        """The progress of each split with selected clips: train, val, test, then any others by name."""
        return counts.split_counts(self._flushed())

    def failure_counts(self) -> dict[Category, int]:
        """Settled failures of selected clips."""
        return counts.failure_counts(self._flushed())

    def retried_counts(self) -> dict[Category, int]:
        """Transient failures so far, each of which put its clip back for a later try."""
        return counts.retried_counts(self._flushed())

    def totals(self) -> Totals:
        """Sums over the ledger."""
        return counts.totals(self._flushed())

    def done_by_minute(self, since: float) -> dict[int, int]:
        """Clips done in each minute since the epoch, from ``since`` on; minutes without one are left out."""
        return counts.done_by_minute(self._flushed(), since)

    # -- clips to hand out ------------------------------------------------------------------------

    def next_pending(self, split: str, after_id: int, limit: int) -> list[ClipRow]:
        """Selected pending clips of a split with larger ids than ``after_id``, by id.

        Clips in a worker's hand are pending too: the ledger does not know who holds them.
        """
        return pending.next_pending(self._flushed(), self._layout, split, after_id, limit)

    def done_clips(self, after_id: int, limit: int) -> list[ClipRow]:
        """Selected clips that are done with larger ids than ``after_id``, by id."""
        return pending.done_clips(self._flushed(), self._layout, after_id, limit)

    def due_retries(self, now: float, limit: int) -> list[ClipRow]:
        """Clips of enabled splits whose time to be tried again has come, the longest due first."""
        return pending.due_retries(self._flushed(), self._layout, now, limit)

    def next_retry_at(self) -> float | None:
        """When the next waiting clip of an enabled split may be tried again."""
        return pending.next_retry_at(self._flushed())

    # -- attempts ---------------------------------------------------------------------------------

    def record(self, attempt: Attempt) -> None:
        """Take note of an attempt, in memory until ``flush``.

        A clip that is done or failed is settled; one to be retried waits until ``retry_at``; one that
        was returned stays what it is, and leaves a trace only with a category or a crash.
        """
        self._buffer.append((attempt, self._session))

    def flush(self) -> None:
        """Write out what is buffered, in one transaction.

        Raises LedgerFull on a full disk, DatasetError otherwise; what was buffered stays so.
        """
        if not self._buffer and not self._clock_set_by_s:
            return
        with self._db.transaction() as connection:
            if self._clock_set_by_s:
                moving.move_times(connection, self._clock_set_by_s)
            write_attempts(connection, self._buffer)
        self._buffer.clear()
        self._clock_set_by_s = 0.0

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: whatever is waited for comes no sooner or later by that.

        Noted in memory until ``flush``, as attempts are. What is over keeps the times it was told by.
        """
        self._clock_set_by_s += by_s
        self._buffer = [(moving.moved(attempt, by_s), session) for attempt, session in self._buffer]

    def retry_failed(
        self,
        categories: Collection[Category] = (),
        labels: Collection[str] = (),
        clip_ids: Collection[int] = (),
    ) -> dict[tuple[str, Category], int]:
        """Make selected clips that failed pending, as if never tried: those that all of these name.

        An empty collection narrows nothing; with all three empty no clip is meant. Returns how many, by
        split and category. Their ids may be smaller than those handed out last.
        """
        with self._changing() as connection:
            return pending.retry_failed(connection, categories, labels, clip_ids)

    def reopen(self, clip_ids: Collection[int]) -> dict[tuple[str, Category], int]:
        """Make these failed clips pending: the network was to blame, nothing is held against them.

        Unlike ``retry_failed`` this takes the failure that settled each out of the records, and its try
        alone out of the tries so far. Ids of clips that stand otherwise or are not selected are passed
        over. Returns how many, by split and category.
        """
        with self._changing() as connection:
            return pending.reopen(connection, clip_ids)

    def settled(self) -> Iterator[Settled]:
        """Attempts that settled their clip, oldest first."""
        return settled_attempts(self._flushed())

    def failures(self) -> Iterator[tuple[Clip, Category, str]]:
        """Selected clips that stand as failed, with the category and the message of their last failure."""
        return standing_failures(self._flushed())

    def newest_done(self, limit: int = 1) -> list[str]:
        """The videos of the clips done last, newest first, each once: known to be there, lately.

        Clips that lay on the disk already are left out: YouTube was not asked for their videos.
        """
        return newest_done(self._flushed(), limit)

    # -- networks and sessions --------------------------------------------------------------------

    def networks(self) -> dict[str, NetworkRow]:
        """All that is remembered of each network, by name."""
        return networks.read_networks(self._flushed())

    def last_network(self) -> NetworkRow | None:
        """The network of the newest session, else the one met last; None where there is none."""
        return networks.last_network(self._flushed())

    def save_network(self, row: NetworkRow) -> None:
        """Keep this of the network, on disk at once."""
        with self._changing() as connection:
            networks.save_network(connection, row)

    def open_session(self, network: str, at: float, pid: int) -> int:
        """Begin a stretch of work on one network; attempts recorded from now on belong to it.

        A session that a dead engine left open ends with its last attempt.
        """
        with self._changing() as connection:
            self._session = networks.open_session(connection, network, at, pid)
        return self._session

    def close_session(self, session_id: int, at: float, why: str) -> None:
        """End a session; ``why`` is a few words (stopped, throttled, switched networks)."""
        with self._changing() as connection:
            networks.close_session(connection, session_id, at, why)
        if session_id == self._session:
            self._session = None

    def throttled(self, network: str, at: float, signal: Category, step: int, clips: int) -> None:
        """The network was refused and cools down, for the ``step``-th time without an answer in between.

        ``clips`` were done by it since the throttle before.
        """
        with self._changing() as connection:
            networks.begin_throttle(connection, network, self._session, at, signal, step, clips)

    def throttle_ended(self, network: str, at: float) -> None:
        """The network answered again; nothing happens where no throttle of it is under way."""
        with self._changing() as connection:
            networks.end_throttle(connection, network, at)

    def throttled_since(self, since: float) -> tuple[float, ...]:
        """When networks were refused, from ``since`` on, each step of a cooldown, oldest first."""
        return networks.throttled_since(self._flushed(), since)

    def network_histories(self) -> dict[str, NetworkHistory]:
        """The past of each network, by name."""
        return networks.read_histories(self._flushed())

    # -- ways -------------------------------------------------------------------------------------

    def way(self) -> Way | None:
        """The way in use, None where none was ever chosen. May carry a proxy's password, as ``ways``."""
        return find_meta(self._db, "way", Way)

    def set_way(self, way: Way | None) -> None:
        """Keep the way in use."""
        with self._changing() as connection:
            write_meta(connection, "way", way)

    def ways(self) -> dict[str, Way]:
        """The ways that the user added, each under what it is called."""
        return find_meta(self._db, "ways", dict[str, Way]) or {}

    def set_ways(self, ways: Mapping[str, Way]) -> None:
        """Keep these as the ways that the user added."""
        with self._changing() as connection:
            write_meta(connection, "ways", dict(ways))

    # -- small helpers ----------------------------------------------------------------------------

    def _flushed(self) -> Database:
        self.flush()
        return self._db

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self.flush()
        with self._db.transaction() as connection:
            yield connection
