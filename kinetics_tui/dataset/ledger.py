"""The ledger: what became of each clip of a dataset, in one SQLite file beside the clips.

The engine is its only writer; anybody may read it meanwhile. Times are seconds since the epoch.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from kinetics_tui.dataset import counts, networks
from kinetics_tui.dataset.attempts import (
    CLIP_COLUMNS,
    CLIP_JOINS,
    read_clip,
    settled_attempts,
    standing_failures,
    write_attempts,
)
from kinetics_tui.dataset.database import Database, LedgerFull, NoLedger, connect, new_database
from kinetics_tui.dataset.intake import Intake
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.rows import Attempt, ClipRow, ClipStatus, NetworkRow, Outcome, Settled, Totals
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.events import SplitCounts
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options, Selection

__all__ = [
    "Attempt",
    "ClipRow",
    "ClipStatus",
    "Ledger",
    "LedgerFull",
    "NetworkRow",
    "NoLedger",
    "Outcome",
    "Settled",
    "Totals",
]


_CLIP_COLUMNS = f"SELECT clips.id, clips.attempts, crashes, timed, {CLIP_COLUMNS}"
_CLIP_TABLES = f" FROM clips {CLIP_JOINS} "
_PENDING = (
    f"{_CLIP_TABLES} WHERE selected = 1 AND splits.name = ? AND status = 'pending' AND clips.id > ?"
    " ORDER BY clips.id LIMIT ?"
)
# Without statistics the planner would rather walk through all clips than through the few that wait.
_WAITING = (
    f" FROM clips INDEXED BY clips_waiting {CLIP_JOINS}"
    " WHERE status = 'waiting' AND selected = 1 AND splits.enabled = 1"
)
_FAILED = "WHERE status = 'failed' AND selected = 1 AND category = ?"
_MAKE_PENDING = f"UPDATE clips SET status = 'pending', attempts = 0, crashes = 0, category = NULL {_FAILED}"  # noqa: S608 - constants

_T = TypeVar("_T")


class Ledger:
    """One dataset's ledger; made by ``create`` or ``open``. Every method may raise DatasetError.

    ``record`` only buffers; what reads or changes clips writes the buffer out first, so that nobody
    sees a clip as pending whose outcome is known.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._buffer: list[tuple[Attempt, int | None]] = []
        self._session: int | None = None
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
                _set_meta(connection, key, value)
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
        return self._meta("title", str)

    @property
    def release(self) -> str:
        return self._meta("release", str)

    @property
    def selection(self) -> Selection:
        return self._meta("selection", Selection)

    @property
    def options(self) -> Options:
        return self._meta("options", Options)

    def set_options(self, options: Options) -> None:
        """Keep these options. Raises DatasetError for another layout: the clips on disk lie in the first."""
        if options.layout is not self._layout:
            raise DatasetError(
                f"This dataset is laid out as {self._layout}; choose another folder for {options.layout}."
            )
        with self._changing() as connection:
            _set_meta(connection, "options", options)

    def set_selection(self, selection: Selection, clips: Iterable[Clip]) -> int:
        """Make these clips the selected ones and return how many of them are new.

        Clips no longer selected keep their history, but are neither handed out nor counted. A clip
        that is not done yet follows its annotations to another split or label.
        """
        with self._changing() as connection:
            _set_meta(connection, "selection", selection)
            return Intake(connection, self._layout).select(clips)

    def set_split_enabled(self, split: str, enabled: bool) -> None:
        """Hand out clips of a split, or no longer."""
        with self._changing() as connection:
            connection.execute("UPDATE splits SET enabled = ? WHERE name = ?", (enabled, split))

    # -- counts -----------------------------------------------------------------------------------

    def split_counts(self) -> list[SplitCounts]:
        """How far each split with selected clips is: train, val, test, then any others by name."""
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
        return self._clips(_PENDING, (split, after_id, limit))

    def due_retries(self, now: float, limit: int) -> list[ClipRow]:
        """Clips of enabled splits whose time to be tried again has come, the longest due first."""
        return self._clips(
            f"{_WAITING} AND retry_at <= ? ORDER BY retry_at LIMIT ?",
            (now, limit),
        )

    def next_retry_at(self) -> float | None:
        """When the next waiting clip of an enabled split may be tried again."""
        rows = self._flushed().read(f"SELECT retry_at {_WAITING} ORDER BY retry_at LIMIT 1")
        return rows[0][0] if rows else None

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
        if self._buffer:
            with self._db.transaction() as connection:
                write_attempts(connection, self._buffer)
            self._buffer.clear()

    def retry_failed(self, categories: Collection[Category]) -> dict[tuple[str, Category], int]:
        """Make selected clips that failed for these categories pending, as if never tried.

        Returns how many, by split and category. Their ids may be smaller than those handed out last.
        """
        found: dict[tuple[str, Category], int] = {}
        with self._changing() as connection:
            for category in categories:
                for split, count in connection.execute(
                    f"SELECT splits.name, count(*) {_CLIP_TABLES} {_FAILED} GROUP BY 1", (category.value,)
                ):
                    found[split, category] = count
                connection.execute(_MAKE_PENDING, (category.value,))
        return found

    def settled(self) -> Iterator[Settled]:
        """Attempts that settled their clip, oldest first."""
        return settled_attempts(self._flushed())

    def failures(self) -> Iterator[tuple[Clip, Category, str]]:
        """Selected clips that stand as failed, with the category and the message of their last failure."""
        return standing_failures(self._flushed())

    # -- networks and sessions --------------------------------------------------------------------

    def networks(self) -> dict[str, NetworkRow]:
        """What is remembered of each network, by name."""
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

    # -- small helpers ----------------------------------------------------------------------------

    def _flushed(self) -> Database:
        self.flush()
        return self._db

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self.flush()
        with self._db.transaction() as connection:
            yield connection

    def _meta(self, key: str, kind: type[_T]) -> _T:
        rows = self._db.read("SELECT value FROM meta WHERE key = ?", (key,))
        try:
            return msgspec.json.decode(rows[0][0], type=kind)
        except (IndexError, TypeError, msgspec.DecodeError) as error:
            raise DatasetError(
                f"The ledger {self._db.path} is damaged ({key} cannot be read); restore it from a copy."
            ) from error

    def _clips(self, tables: str, parameters: Sequence[object]) -> list[ClipRow]:
        rows = self._flushed().read(_CLIP_COLUMNS + tables, parameters)
        return [self._clip_row(*row) for row in rows]

    def _clip_row(self, clip_id: int, attempts: int, crashes: int, timed: int, *columns: Any) -> ClipRow:
        clip = read_clip(*columns)
        path = clip_path(self._layout, clip, timed=bool(timed))
        return ClipRow(clip_id, clip, str(path), attempts, crashes)


def _set_meta(connection: sqlite3.Connection, key: str, value: object) -> None:
    text = msgspec.json.encode(value).decode()
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, text))
