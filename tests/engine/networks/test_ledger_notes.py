"""Notes for the ledger: written in their order, and kept while the ledger takes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.database import Database, LedgerFull
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.engine.networks.ledger_notes import LedgerNotes
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, SameAs, Way
from tests.engine.engine_clips import some_clips

NOW = 1_700_000_000.0
HOME = "192.168.1.23"


@pytest.fixture
def ledger(make_ledger: Callable[..., Ledger]) -> Ledger:
    return make_ledger(some_clips(2))


@pytest.fixture
def notes(ledger: Ledger) -> LedgerNotes:
    return LedgerNotes(ledger, 4711)


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As long as this lasts nothing can be written."""

    def refuse(database: Database) -> None:
        raise LedgerFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", refuse)
        yield


def sessions(ledger: Ledger) -> list[tuple[object, ...]]:
    """Every session: pid, times, why it ended."""
    return list(ledger._db.read("SELECT pid, opened_at, closed_at, why FROM sessions ORDER BY id"))


def test_a_session_is_written_as_it_begins_and_ends(ledger: Ledger, notes: LedgerNotes) -> None:
    notes.begin_session(HOME, NOW)
    assert sessions(ledger) == [(4711, NOW, None, "")]
    notes.end_session(HOME, NOW + 60, "throttled")
    assert sessions(ledger) == [(4711, NOW, NOW + 60, "throttled")]


def test_a_session_begins_once_and_ends_once(ledger: Ledger, notes: LedgerNotes) -> None:
    notes.end_session(HOME, NOW, "never begun")
    notes.begin_session(HOME, NOW)
    notes.begin_session(HOME, NOW + 1)
    notes.end_session(HOME, NOW + 60, "stopped")
    notes.end_session(HOME, NOW + 61, "stopped again")
    assert sessions(ledger) == [(4711, NOW, NOW + 60, "stopped")]


def test_what_a_full_disk_refused_is_written_in_its_order_and_once(
    ledger: Ledger, notes: LedgerNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_disk(monkeypatch):
        notes.begin_session(HOME, NOW)
        notes.throttled(HOME, NOW + 10, Category.CAPTCHA, 1, 7)
        notes.answered(HOME, NOW + 910)
        notes.end_session(HOME, NOW + 920, "stopped")
        with pytest.raises(DatasetError):
            notes.write()
    notes.write()
    notes.write()
    assert sessions(ledger) == [(4711, NOW, NOW + 920, "stopped")]
    history = ledger.network_histories()[HOME]
    assert history.sessions == 1
    (throttle,) = history.throttles
    assert (throttle.at, throttle.signal, throttle.clips, throttle.took_s) == (
        NOW + 10,
        Category.CAPTCHA,
        7,
        900,
    )


def test_a_network_is_written_with_the_next_writing_as_it_is_by_then(
    ledger: Ledger, notes: LedgerNotes
) -> None:
    notes.save(NetworkRow(HOME, step=1))
    notes.save(NetworkRow(HOME, step=2))
    assert HOME not in ledger.networks()
    notes.write()
    assert ledger.networks()[HOME].step == 2


def test_a_network_that_was_written_is_not_written_again(ledger: Ledger, notes: LedgerNotes) -> None:
    notes.save(NetworkRow(HOME, step=1), at_once=True)
    ledger.save_networks(NetworkRow(HOME, step=9))
    notes.write()
    assert ledger.networks()[HOME].step == 9


def test_a_network_that_must_survive_is_written_at_once(ledger: Ledger, notes: LedgerNotes) -> None:
    notes.save(NetworkRow(HOME, step=3), at_once=True)
    assert ledger.networks()[HOME].step == 3


def test_a_network_that_a_full_disk_refused_is_written_later(
    ledger: Ledger, notes: LedgerNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_disk(monkeypatch):
        notes.save(NetworkRow(HOME, step=3), at_once=True)
    assert HOME not in ledger.networks()
    notes.write()
    assert ledger.networks()[HOME].step == 3


def test_the_way_in_use_and_those_added_are_there_for_the_next_run(
    ledger: Ledger, notes: LedgerNotes, tmp_path: Path
) -> None:
    office = Way(kind=NetworkKind.PROXY, target="http://proxy.example:3128")
    same = {"office": SameAs("home", HOME)}
    notes.ways([office], {"office": office}, same)
    with Ledger.open(tmp_path / "set", read_only=True) as read:
        assert (read.ways_in_use(), read.ways()) == ((office,), {"office": office})
        assert read.same_networks() == same
