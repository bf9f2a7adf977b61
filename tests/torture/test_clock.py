"""A clock that is set by a day, forward and back, in whatever state the run is."""

from __future__ import annotations

import csv
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kinetics_tui.base.words import DAY_S
from kinetics_tui.dataset.folder import STATS_FILE, ledger_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.model.commands import Pause, Resume
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.state import forecast
from tests.engine.engine_clips import clip, some_clips
from tests.torture.clock_run import ClockRun, Times, open_dataset, running

A_LITTLE_S = 5.0
BOTH_WAYS = pytest.mark.parametrize("by_s", [DAY_S, -DAY_S], ids=["forward", "back"])


def left_s(run: ClockRun, until: float | None) -> float:
    assert until is not None
    return until - run.times.wall()


@BOTH_WAYS
async def test_a_cooldown_keeps_the_time_it_has_left(tmp_path: Path, by_s: float) -> None:
    with open_dataset(tmp_path / "set", [clip("T")], cooldown_steps_s=(900.0, 3600.0)) as ledger:
        async with running(tmp_path / "set", ledger, Times()) as run:
            await run.until(lambda: run.state.status is EngineStatus.COOLING)
            run.times.passed_s += 300
            await run.set_clock(by_s)
            for told in (run.state.network.until, run.view.network.until):
                assert left_s(run, told) == pytest.approx(600, abs=A_LITTLE_S)
            (kept,) = ledger.networks().values()
            assert left_s(run, kept.until) == pytest.approx(600, abs=A_LITTLE_S)
            assert run.state.status is EngineStatus.COOLING
            run.times.passed_s += 601
            await run.until(lambda: run.state.network.step == 2)
            assert left_s(run, run.state.network.until) == pytest.approx(3600, abs=A_LITTLE_S)
    with closing(sqlite3.connect(ledger_path(tmp_path / "set"))) as database:
        (refused, _) = database.execute("SELECT at, ended_at FROM throttles ORDER BY id")
    assert refused[1] - refused[0] == pytest.approx(901, abs=A_LITTLE_S)


@BOTH_WAYS
async def test_a_cooldown_of_a_network_that_is_not_in_use_keeps_its_time_too(
    tmp_path: Path, by_s: float
) -> None:
    times = Times()
    with open_dataset(tmp_path / "set", [clip("C")]) as ledger:
        await cool_down(ledger, "elsewhere", times.wall() + 600)
        async with running(tmp_path / "set", ledger, times) as run:
            await run.until(lambda: run.state.in_hand == 1)
            await run.set_clock(by_s)
            assert left_s(run, ledger.networks()["elsewhere"].until) == pytest.approx(600, abs=A_LITTLE_S)


async def cool_down(ledger: Ledger, name: str, until: float) -> None:
    from kinetics_tui.dataset.ledger.rows import NetworkRow

    ledger.save_networks(
        NetworkRow(name, status=NetworkStatus.COOLING, until=until, last_throttle_at=until - 900, step=1)
    )


async def test_a_clock_that_was_set_back_between_two_engines_makes_no_wait_longer_than_it_was(
    tmp_path: Path,
) -> None:
    times = Times()
    with open_dataset(tmp_path / "set", [clip("C")]) as ledger:
        await cool_down(ledger, "192.168.1.23", times.wall() + 600)
        times.set_s = -DAY_S
        async with running(tmp_path / "set", ledger, times) as run:
            await run.until(lambda: run.state.status is EngineStatus.COOLING)
            times.passed_s += 901
            await run.until(lambda: run.state.status is EngineStatus.PROBING)


@BOTH_WAYS
async def test_a_retry_comes_no_sooner_and_no_later(tmp_path: Path, by_s: float) -> None:
    with open_dataset(tmp_path / "set", [clip("S")], retry_steps_s=(300.0,)) as ledger:
        async with running(tmp_path / "set", ledger, Times()) as run:
            await run.until(lambda: sum(run.state.retried.values()) == 1)
            await run.set_clock(by_s)
            assert left_s(run, ledger.next_retry_at()) == pytest.approx(300, abs=A_LITTLE_S)
            run.times.passed_s += 200
            await run.set_clock(-by_s)
            assert run.state.left == 1
            run.times.passed_s += 101
            await run.until(lambda: run.state.status is EngineStatus.DONE)
            assert run.state.failed == 1


@BOTH_WAYS
async def test_the_pace_lets_in_nothing_more_and_nothing_less(tmp_path: Path, by_s: float) -> None:
    with open_dataset(tmp_path / "set", some_clips(40), pace_per_hour=120.0) as ledger:
        async with running(tmp_path / "set", ledger, Times()) as run:
            await run.until(lambda: run.state.done == 2)  # what a minute lets in
            await run.set_clock(by_s)
            run.times.passed_s += 31
            await run.until(lambda: run.state.done == 3)
            waiting = [worker.until for worker in run.view.workers.values() if worker.until is not None]
            assert all(left_s(run, until) < 31 for until in waiting)
            eta = forecast(run.view, run.times.wall())
            assert eta is not None
            assert 0 < eta.seconds < 37 * 31


@BOTH_WAYS
async def test_a_paused_run_stays_paused_and_its_rates_are_those_of_before(
    tmp_path: Path, by_s: float
) -> None:
    with open_dataset(tmp_path / "set", [*some_clips(8), *(clip("V", n) for n in range(40))]) as ledger:
        async with running(tmp_path / "set", ledger, Times()) as run:
            await run.until(lambda: run.state.done >= 8)
            run.times.passed_s += 60
            run.engine.obey(Pause())
            await run.until(lambda: run.state.status is EngineStatus.PAUSED)
            before = run.view.clips_per_minute(run.times.wall())
            await run.set_clock(by_s)
            assert run.state.status is EngineStatus.PAUSED
            assert run.view.clips_per_minute(run.times.wall()) == pytest.approx(before, rel=0.05)
            run.engine.obey(Resume())
            await run.until(lambda: run.state.status is EngineStatus.RUNNING)


async def set_the_clock_at_random(folder: Path, seed: int, clips: int, jumps: int) -> None:
    """A run with retries, throttles at rest and pauses, whose clock is set all the time, to its end."""
    chance = random.Random(seed)
    kinds = [*some_clips(clips), *(clip("S", n) for n in range(2)), *(clip("P", n) for n in range(3))]
    dataset, times = folder / f"set-{seed}", Times()
    with open_dataset(dataset, kinds, retry_steps_s=(30.0, 30.0), pace_per_hour=clips * 60.0) as ledger:
        async with running(dataset, ledger, times) as run:
            for _ in range(jumps):
                times.passed_s += chance.uniform(0, 20)
                if chance.random() < 0.3:
                    run.engine.obey(Pause())
                await run.set_clock(chance.choice([-1, 1]) * chance.uniform(3, 2 * DAY_S))
                now = times.wall()
                assert 0 <= run.view.clips_per_minute(now) <= 60 * len(kinds)
                assert run.view.as_events() == run.state.as_events()
                expected = forecast(run.view, now)
                assert expected is None or 0 <= expected.seconds < DAY_S
                run.engine.obey(Resume())
            while run.state.status is not EngineStatus.DONE:
                times.passed_s += 5
                await run.until(lambda: True)
                await run.set_clock(chance.choice([-1, 1]) * DAY_S)
            assert (run.state.done, run.state.failed) == (clips, 5)
    write_records(dataset)
    with (dataset / STATS_FILE).open(newline="") as stats:
        rows = list(csv.DictReader(stats))
    elapsed = [float(row["elapsed"]) for row in rows]
    assert elapsed == sorted(elapsed)
    assert min(elapsed) >= 0
    with Ledger.open(dataset, read_only=True) as ledger:
        assert ledger.totals().elapsed_s >= 0
        assert sum(1 for _ in ledger.settled()) == len(kinds)


async def test_a_clock_that_is_set_all_the_time_loses_nothing(tmp_path: Path) -> None:
    await set_the_clock_at_random(tmp_path, seed=1, clips=20, jumps=6)


@pytest.mark.torture
async def test_a_clock_that_is_set_all_the_time_loses_nothing_in_the_long_run(tmp_path: Path) -> None:
    for seed in range(20):
        await set_the_clock_at_random(tmp_path, seed, clips=60, jumps=30)
