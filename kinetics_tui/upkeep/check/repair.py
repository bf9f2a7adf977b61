"""The findings of a check put right: files set aside, the ledger made to say what is there.

Nothing is ever deleted but clips in the making that nobody makes any more. A file is moved before the
ledger is told, so that a repair that is cut off is finished by the next one.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.dataset.ledger.attempts import write_attempts
from kinetics_tui.dataset.ledger.database import Database
from kinetics_tui.dataset.ledger.files import Account, correct, take_back
from kinetics_tui.dataset.ledger.rows import Attempt
from kinetics_tui.upkeep.check.findings import Fault, Finding, Report

BATCH = 200
QUARANTINE = "quarantine"

ASIDE = frozenset(
    {Fault.UNPLAYABLE, Fault.WRONG_LENGTH, Fault.WRONG_SOUND, Fault.MISPLACED},
)
"""The faults whose file is moved into quarantine."""


def quarantine_path(dataset: Path) -> Path:
    """Where files go that are not what they should be."""
    return state_folder(dataset) / QUARANTINE


class Case(msgspec.Struct, frozen=True):
    """A finding to be put right; ``found`` is the file as an attempt, where the ledger is to hold it."""

    finding: Finding
    account: Account
    found: Attempt | None = None


class Repairs:
    """Puts findings right a batch at a time, each batch in one transaction; the caller holds the lock."""

    def __init__(self, dataset: Path, database: Database, report: Report) -> None:
        self._dataset = dataset
        self._database = database
        self._report = report
        self._cases: list[Case] = []

    def add(self, case: Case) -> None:
        """Put a finding right, at the latest when ``flush`` is called."""
        self._cases.append(case)
        if len(self._cases) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Put right what is still to be. Raises DatasetError where the ledger cannot be written."""
        cases, self._cases = self._cases, []
        moved = [case for case in cases if self._file_is_settled(case)]
        if not moved:
            return
        with self._database.transaction() as connection:
            for case in moved:
                fault, account = case.finding.fault, case.account
                if case.found is None:
                    if account.done:
                        take_back(connection, account)
                elif fault is Fault.SIZE_DIFFERS:
                    correct(connection, account, case.found)
                else:
                    write_attempts(connection, [(case.found, None)])
        for case in moved:
            self._report.repaired[case.finding.fault] += 1

    def _file_is_settled(self, case: Case) -> bool:
        if case.finding.fault not in ASIDE:
            return True
        try:
            set_aside(self._dataset, case.account.path)
        except OSError as error:
            why = f"it cannot be moved: {error.strerror or error}"
            self._report.not_repaired.append(msgspec.structs.replace(case.finding, why=why))
            return False
        self._report.quarantined += 1
        return True


def set_aside(dataset: Path, path: str) -> Path:
    """Move a file into quarantine, under a name of its own; returns where it is now. Raises OSError."""
    wanted = quarantine_path(dataset) / path
    wanted.parent.mkdir(parents=True, exist_ok=True)
    names = itertools.chain([wanted.name], (f"{wanted.stem}.{n}{wanted.suffix}" for n in itertools.count(1)))
    # Nobody else writes here while the dataset's lock is held.
    where = next(where for name in names if not os.path.lexists(where := wanted.with_name(name)))
    (dataset / path).rename(where)
    return where
