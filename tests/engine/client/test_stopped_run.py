"""A view on a run whose engine is not there: what it shows, and what can be done all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.client.ask import wait_until_gone
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.commands import Retry, SetWorkers, SwitchSplit
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.failure import Category
from tests.engine.engine_clips import some_clips


@pytest.fixture
def client(make_ledger: Callable[..., Ledger], tmp_path: Path) -> EngineClient:
    """A look at a run of two clips that is over: both have failed."""
    with make_ledger(some_clips(2)) as ledger:
        for clip_id in (1, 2):
            ledger.record(
                Attempt(
                    clip_id=clip_id, at=9.0, network="n", outcome=Outcome.FAILED, category=Category.PRIVATE
                )
            )
    client = EngineClient(tmp_path / "set")
    client.look()
    return client


async def test_failed_clips_are_pending_again_without_an_engine(client: EngineClient) -> None:
    assert (client.state.status, client.state.failed) == (EngineStatus.DONE, 2)
    reply = await client.send(Retry(clip_ids=(1,)))
    assert (reply.ok, reply.message) == (True, "1 clip is pending again, for the next run.")
    assert (client.state.status, client.state.failed, client.state.left) == (EngineStatus.STOPPED, 1, 1)
    again = await client.send(Retry(clip_ids=(1,)))
    assert not again.ok
    assert "stands as failed" in again.message


async def test_splits_are_switched_without_an_engine(client: EngineClient) -> None:
    split = next(iter(client.state.splits))
    assert (await client.send(SwitchSplit(split=split, enabled=False))).ok
    assert not client.state.splits[split].enabled


async def test_what_needs_an_engine_is_refused(client: EngineClient) -> None:
    reply = await client.send(SetWorkers(workers=3))
    assert (reply.ok, reply.message) == (False, "No engine runs: start the run first, then this can be done.")


async def test_nothing_is_written_while_somebody_else_writes(client: EngineClient) -> None:
    with WriterLock(client.dataset):
        reply = await client.send(Retry(clip_ids=(1,)))
    assert not reply.ok
    assert client.state.failed == 2


async def test_a_run_that_is_not_known_to_be_over_is_left_alone(client: EngineClient) -> None:
    client.state.status = EngineStatus.RUNNING
    reply = await client.send(Retry(clip_ids=(1,)))
    assert not reply.ok
    assert "does not answer" in reply.message


async def test_an_engine_is_gone_when_another_may_begin(client: EngineClient) -> None:
    with WriterLock(client.dataset):  # one that has hung up, and has still to leave
        assert not wait_until_gone(client.dataset, within_s=0.1)
    assert wait_until_gone(client.dataset)
