"""A whole dataset checked: every file against the ledger, and what is found put right if so wished."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import STALE_S, leftovers, make_state_folder, nothing_begun, sweep
from kinetics_tui.dataset.ledger.database import Database, NoLedger, connect, read_meta
from kinetics_tui.dataset.ledger.files import read_accounts
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.engine.client.ask import is_running
from kinetics_tui.engine.process.address import WriterLock, read_whereabouts
from kinetics_tui.model.options import Options, Trim
from kinetics_tui.upkeep.check.file_verdict import Verdict, attempt_of, judge
from kinetics_tui.upkeep.check.findings import Fault, Finding, LedgerState, Report
from kinetics_tui.upkeep.check.inventory import Inventory, Listed
from kinetics_tui.upkeep.check.ledger_health import ledger_state
from kinetics_tui.upkeep.check.rebuild import Tell, Wanted, has_traces, rebuild, require_source
from kinetics_tui.upkeep.check.repair import Case, Repairs
from kinetics_tui.upkeep.verify_pool import Readers
from kinetics_tui.upkeep.verify_program import Job, Reading, ReadingKind
from kinetics_tui.upkeep.walk import Stopped


def keep_quiet(_said: object) -> None:
    """Tell nobody."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a request that a check and an adoption have in common.

    ``workers`` None is one a processor. ``options`` are for a ledger that has to be made, and ``wanted``
    gives the clips that it is to hold, if the user says which; it may raise UserError. ``stopped`` is asked
    now and then whether to end.
    """

    quick: bool = False
    workers: int | None = None
    options: Options = Options()
    wanted: Callable[[], Wanted | None] = lambda: None
    stopped: Stopped = lambda: False
    tell: Tell = keep_quiet


class Checking(Asked, frozen=True, kw_only=True):
    """A check as it is asked for; ``quick`` decodes only files that are not as recorded."""

    repair: bool = False
    on_progress: Callable[[Report], None] = keep_quiet


def check(dataset: Path, how: Checking) -> Report:
    """Check a dataset; without ``repair`` nothing in it is changed.

    Raises NoLedger where the folder never was a dataset, EngineError where a repair is asked for while
    an engine runs, DatasetError where the ledger cannot be read or written.
    """
    report = Report(dataset=str(dataset.absolute()), repair=how.repair, quick=how.quick)
    report.ledger, report.why = ledger_state(dataset)
    if how.repair:
        _repair(dataset, how, report)
    elif report.ledger is LedgerState.WHOLE:
        _check(dataset, how, report)
    elif report.ledger is LedgerState.MISSING and not has_traces(dataset):
        if not dataset.exists():
            raise NoLedger(nothing_begun(dataset))
        raise NoLedger(
            f"{dataset} holds no ledger; --repair --annotations FILE makes one from the files in it."
        )
    return report


def _repair(dataset: Path, how: Checking, report: Report) -> None:
    wanted = None
    if report.ledger is not LedgerState.WHOLE:
        wanted = how.wanted()
        if report.ledger is LedgerState.MISSING:
            require_source(dataset, wanted)
        make_state_folder(dataset)
    with WriterLock(dataset):
        if report.ledger is not LedgerState.WHOLE:  # looked at again: somebody may have been faster
            report.ledger, report.why = ledger_state(dataset)
        if report.ledger is not LedgerState.WHOLE:
            rebuild(dataset, wanted, how.options, how.tell)
            report.ledger = LedgerState.REBUILT
        _check(dataset, how, report)
        if report.repaired:
            renew_records(dataset, how.tell)


def renew_records(dataset: Path, tell: Tell) -> None:
    """Write the records of a dataset once more; where that fails, ``tell`` why."""
    try:
        write_records(dataset)
    except DatasetError as error:
        tell(str(error))


def _check(dataset: Path, how: Checking, report: Report) -> None:
    with (
        Inventory(dataset) as inventory,
        contextlib.closing(connect(dataset, read_only=not how.repair)) as database,
    ):
        repairs = Repairs(dataset, database, report) if how.repair else None
        _Check(dataset, how, report, inventory, database, repairs).run()


@dataclass(eq=False)
class _Check:
    """One check under way. ``repairs`` is None where nothing is to be changed."""

    dataset: Path
    how: Checking
    report: Report
    inventory: Inventory
    database: Database
    repairs: Repairs | None

    def __post_init__(self) -> None:
        self._options = read_meta(self.database, "options", Options)
        # What is not done belongs to an engine that runs, or comes up meanwhile; the lock keeps it away.
        self._not_done = self.report if self.how.repair else Report(dataset=self.report.dataset)
        self._begun_at = time.time()
        self._engine_ran = not self.how.repair and is_running(self.dataset)

    def run(self) -> None:
        report, stopped = self.report, self.how.stopped
        self._list()
        report.clips = len(self.inventory)
        for path in self.inventory.strays():
            report.note(Finding(Fault.STRAY, path, "no clip of the dataset has its file there"))
        if not stopped():
            self._read_all()
        report.interrupted = stopped()
        if self.repairs is not None:
            self.repairs.flush()
        report.engine_ran = self._engine_ran or (self.repairs is None and self._engine_came())
        if not report.engine_ran:
            if self.repairs is None:
                report.take_over(self._not_done)
            self._look_for_leftovers()

    def _list(self) -> None:
        # The files before the ledger: a clip that is made meanwhile is known by then.
        self.inventory.list_files(self._stopped)
        self.inventory.enter(read_accounts(self.database, self._options.layout), self._stopped)

    def _stopped(self) -> bool:
        self.how.on_progress(self.report)
        return self.how.stopped()

    def _read_all(self) -> None:
        with Readers[Listed](self.dataset, self.how.workers) as readers:
            for read in readers.read_all(self._to_read(), self._job):
                for listed, reading in read:
                    self._read(listed, reading)
                if self._stopped():
                    break

    def _to_read(self) -> Iterator[Listed]:
        accounts = read_accounts(self.database, self._options.layout)
        for listed in self.inventory.clips(accounts):
            if listed.size_bytes is None:
                self._settle(listed, Verdict(Fault.MISSING, "there is no such file"))
            elif listed.account.done or not self._engine_ran:
                yield listed
            else:
                self.report.clips -= 1

    def _job(self, listed: Listed) -> Job:
        account = listed.account
        made = account.made
        as_recorded = made is not None and listed.size_bytes == account.output_bytes
        # What was copied without decoding need not decode from its first picture on.
        decode = made is None or (made.exact and not (self.how.quick and as_recorded))
        return Job(f"./{account.path}", decode)

    def _read(self, listed: Listed, reading: Reading) -> None:
        account, facts = listed.account, reading.facts
        if facts is None:
            fault = Fault.UNPLAYABLE if reading.kind is ReadingKind.UNPLAYABLE else Fault.UNREADABLE
            self._settle(listed, Verdict(fault, reading.why))
            return
        verdict = judge(
            account,
            facts,
            reading.size_bytes,
            self._options,
            anothers=self.inventory.is_anothers(account, reading.size_bytes),
            take_short=self.report.ledger is LedgerState.REBUILT,
        )
        self._settle(listed, verdict, reading)

    def _settle(self, listed: Listed, verdict: Verdict, reading: Reading | None = None) -> None:
        report, account = self.report, listed.account
        report.checked += 1
        if verdict.fault is None:
            report.whole += 1
            return
        finding = Finding(verdict.fault, account.path, verdict.why)
        (report if account.done else self._not_done).note(finding)
        if self.repairs is None or verdict.fault is Fault.UNREADABLE:
            return
        found = None
        if verdict.fault in (Fault.FOUND, Fault.SIZE_DIFFERS) and reading is not None and reading.facts:
            report.taken_short += verdict.short and verdict.fault is Fault.FOUND
            exact = account.made.exact if account.made else self._options.trim is Trim.EXACT
            made = reading.facts.made_file(reading.size_bytes, short=verdict.short, exact=exact)
            found = attempt_of(account, made, time.time())
        self.repairs.add(Case(finding, account, found))

    def _engine_came(self) -> bool:
        last = read_whereabouts(self.dataset)
        return is_running(self.dataset) or (last is not None and last.started_at >= self._begun_at)

    def _look_for_leftovers(self) -> None:
        found = list(leftovers(self.dataset, STALE_S))
        for path in found:
            name = str(path.relative_to(self.dataset))
            self.report.note(Finding(Fault.SCRATCH, name, "nobody makes this any more"))
        if self.repairs is not None and found:
            sweep(self.dataset, STALE_S)
            left = len(list(leftovers(self.dataset, STALE_S)))
            self.report.repaired[Fault.SCRATCH] += len(found) - left
