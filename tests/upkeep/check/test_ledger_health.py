"""Damage to a ledger is told from everything else that keeps it from being opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import ledger_path, state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.upkeep.check.findings import LedgerState
from kinetics_tui.upkeep.check.ledger_health import ledger_state, newest_aside, put_aside


def exchange(path: Path, old: bytes, new: bytes) -> None:
    """Change bytes of a file for others of the same number."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CREATE TABLE labels (id", b"CREATE TABLE labels \xed\xed\xed"),  # what SQLite quotes is no text
        (b"archery", b"arch\xff\xffy"),
        (b"failed", b"flailf"),
        (b'"exact"', b'"exakt"'),
    ],
)
def test_damage_is_told(dataset: Path, old: bytes, new: bytes) -> None:
    assert ledger_state(dataset) == (LedgerState.WHOLE, "")
    exchange(ledger_path(dataset), old, new)
    state, why = ledger_state(dataset)
    assert state is LedgerState.DAMAGED
    assert why


def test_a_schema_that_is_no_text_is_a_plain_error(dataset: Path) -> None:
    exchange(ledger_path(dataset), b"CREATE TABLE labels (id", b"CREATE TABLE labels \xed\xed\xed")
    for read_only in (False, True):
        with pytest.raises(DatasetError):
            Ledger.open(dataset, read_only=read_only)


def test_a_ledger_put_aside_takes_its_log_with_it(dataset: Path) -> None:
    log = Path(f"{ledger_path(dataset)}-wal")
    log.write_bytes(b"what the next ledger must not take for its own")
    first = put_aside(dataset)
    assert first is not None
    assert Path(f"{first}-wal").exists()
    assert not log.exists()
    ledger_path(dataset).write_bytes(b"the next")
    second = put_aside(dataset)
    assert second is not None
    assert newest_aside(dataset) == second
    assert len(list(state_folder(dataset).glob("ledger-damaged-*.sqlite3"))) == 2
    assert put_aside(dataset) is None
