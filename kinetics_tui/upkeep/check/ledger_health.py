"""The health of a dataset's ledger, and how a broken one is put out of the way."""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import sqlite3
import time
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import has_ledger, ledger_path, state_folder
from kinetics_tui.dataset.ledger.attempts import settled_attempts
from kinetics_tui.dataset.ledger.counts import failure_counts, retried_counts
from kinetics_tui.dataset.ledger.database import Database, connect, read_meta, version_in_head
from kinetics_tui.dataset.ledger.files import faults_of_structure, read_accounts
from kinetics_tui.dataset.ledger.schema import VERSION
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.upkeep.check.findings import LedgerState

DAMAGED = "ledger-damaged-"
_META: dict[str, type] = {"title": str, "release": str, "selection": Selection, "options": Options}


def ledger_state(dataset: Path) -> tuple[LedgerState, str]:
    """The state of the ledger (whole, damaged or missing), and why.

    Raises DatasetError where it cannot be told: no permission, a newer version's ledger, a dead disk.
    """
    if not has_ledger(dataset):
        return LedgerState.MISSING, ""
    try:
        with contextlib.closing(connect(dataset, read_only=True)) as database:
            for key, kind in _META.items():
                read_meta(database, key, kind)
            wrong = next(iter(faults_of_structure(database)), "") or _unreadable_rows(database)
    except DatasetError as error:
        if not _is_damage(error, ledger_path(dataset)):
            raise
        return LedgerState.DAMAGED, str(error.__cause__ or "it lacks what every ledger has")
    return (LedgerState.DAMAGED, wrong.splitlines()[-1]) if wrong else (LedgerState.WHOLE, "")


def _unreadable_rows(database: Database) -> str:
    """The contents of a row that nobody can have written there; the file may be a database all the same."""
    try:
        options = read_meta(database, "options", Options)
        for rows in (read_accounts(database, options.layout), settled_attempts(database)):
            collections.deque(rows, maxlen=0)
        failure_counts(database)
        retried_counts(database)
    except (ValueError, TypeError, OverflowError, msgspec.ValidationError) as error:
        return str(error)
    return ""


def put_aside(dataset: Path) -> Path | None:
    """Move the ledger out of the way and keep it; where it is now, None where there was none.

    Raises DatasetError where it cannot be moved.
    """
    path = ledger_path(dataset)
    wanted = f"{DAMAGED}{time.strftime('%Y%m%d-%H%M%S')}"
    names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
    places = (path.with_name(f"{name}.sqlite3") for name in names)
    aside = next(place for place in places if not os.path.lexists(place))
    try:
        # The log first: one left behind without its ledger would be taken for the next one's.
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    except OSError as error:
        raise DatasetError(f"{path} cannot be moved aside ({error.strerror}); check the folder.") from error
    return aside if aside.exists() else None


def newest_aside(dataset: Path) -> Path | None:
    """The ledger that was put aside last."""
    return max(state_folder(dataset).glob(f"{DAMAGED}*.sqlite3"), key=lambda path: path.stem, default=None)


def _is_damage(error: DatasetError, path: Path) -> bool:
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    if isinstance(cause, OSError):
        return False
    return isinstance(cause, msgspec.DecodeError | TypeError | UnicodeError) or not _is_newer(path)


def _is_newer(path: Path) -> bool:
    version = version_in_head(path)
    return version is not None and version > VERSION
