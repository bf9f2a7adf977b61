"""Times in the ledger where the clock was set."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinetics_tui.base.words import DAY_S
from kinetics_tui.dataset.ledger.database import Database, LedgerFull
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, NetworkRow, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons
from kinetics_tui.model.options import Options, Selection

AT = 1_800_000_000.0


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    clips = [Clip(f"{number:011d}", 1, 11, "val", "yoga") for number in range(3)]
    return Ledger.create(
        tmp_path / "set",
        title="t",
        release="",
        selection=Selection(),
        options=Options(),
        clips=clips,
    )


def to_be_retried(clip_id: int, at: float) -> Attempt:
    return Attempt(
        clip_id=clip_id,
        at=at,
        network="n",
        outcome=Outcome.RETRY,
        category=Category.TIMEOUT,
        retry_at=at + 300,
    )


def test_what_is_waited_for_moves_once_and_what_is_over_stays(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger:
        ledger.save_networks(
            NetworkRow("n", until=AT + 900, last_throttle_at=AT, lessons=Lessons(blocked_since=AT))
        )
        ledger.throttled("n", AT, Category.CAPTCHA, 1, 0)
        ledger.record(to_be_retried(1, AT))
        ledger.flush()
        ledger.record(to_be_retried(2, AT + 1))  # not written yet
        ledger.move_times(DAY_S)
        ledger.record(to_be_retried(3, AT + DAY_S + 2))
        whole = Database.transaction

        def full(self: Database) -> object:
            raise LedgerFull("full")

        monkeypatch.setattr(Database, "transaction", full)
        with pytest.raises(LedgerFull):
            ledger.flush()
        monkeypatch.setattr(Database, "transaction", whole)
        assert [row.id for row in ledger.due_retries(AT + DAY_S + 302, 9)] == [1, 2, 3]
        assert ledger.next_retry_at() == AT + DAY_S + 300
        row = ledger.networks()["n"]
        assert (row.until, row.last_throttle_at) == (AT + DAY_S + 900, AT + DAY_S)
        assert row.lessons.blocked_since == AT + DAY_S
        assert ledger.throttled_since(0) == (AT + DAY_S,)
        assert ledger.totals().first_at == AT
