"""What a view asks of the ledger: answered by a program of its own, engine or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.clip_queries import FailedQuery
from kinetics_tui.model.failure import Category
from tests.engine.engine_clips import some_clips


async def test_a_view_reads_failed_clips_without_a_word_to_the_engine(
    make_ledger: Callable[..., Ledger], tmp_path: Path
) -> None:
    with make_ledger(some_clips(3)) as ledger, WriterLock(tmp_path / "set"):
        ledger.record(
            Attempt(clip_id=2, at=9.0, network="n", outcome=Outcome.FAILED, category=Category.PRIVATE)
        )
        ledger.flush()  # and goes on writing
        client = EngineClient(tmp_path / "set")
        page = await client.failed_clips(FailedQuery())
        assert [row.id for row in page.rows] == [2]
        assert [attempt.at for attempt in (await client.history(2)).attempts] == [9.0]


async def test_where_there_is_no_ledger_one_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="holds no ledger"):
        await EngineClient(tmp_path).failed_clips(FailedQuery())
