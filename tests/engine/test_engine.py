"""The engine's rules with real worker processes whose clips come out as their ids say."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.dataset.ledger.database import LedgerFull
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.networks.network import NO_ROUTE, Network
from kinetics_tui.engine.run.outcomes import KILLS_A_CLIP
from kinetics_tui.engine.workers.pool import Slot
from kinetics_tui.model.commands import (
    Pause,
    ProbeNow,
    Resume,
    Retry,
    SetPace,
    SetWorkers,
    SwitchSplit,
    WaitLonger,
)
from kinetics_tui.model.events import ClipDone, ClipFailed, ClipReturned, EngineStatus, Logged
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.options import BUDGETS, LoggedOut, Preset
from kinetics_tui.model.reasons import reason_text
from tests.engine.engine_clips import clip, some_clips
from tests.engine.engine_run import HOME, PHONE, Start
from tests.engine.scripted_worker import HALF_SAID, RENEWED


async def test_every_clip_is_settled_once(start: Start) -> None:
    async with start(some_clips(40)) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (run.state.done, run.state.failed, run.state.left) == (40, 0, 0)


async def test_a_clip_whose_worker_dies_three_times_fails_and_the_others_go_on(start: Start) -> None:
    async with start([clip("D"), *some_clips(10)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.WORKER_CRASHED: 1}
        assert run.state.done == 10
        assert sum(isinstance(event, ClipReturned) for event in run.events) == 2


async def test_a_clip_whose_workers_are_killed_from_outside_is_not_blamed_for_the_first_of_them(
    start: Start,
) -> None:
    async with start([clip("K"), *some_clips(10)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        # It is put back behind others, and settled only because it never ends.
        assert sum(isinstance(event, ClipReturned) for event in run.events) == KILLS_A_CLIP - 1
        assert run.state.failures == {Category.WORKER_CRASHED: 1}
        assert run.state.done == 10


async def test_a_run_whose_login_has_ended_is_held_until_the_cookies_are_renewed(
    start: Start, tmp_path: Path
) -> None:
    clips = [clip("A", number) for number in range(4)]
    async with start(clips, yt_dlp=("--cookies", "/x/cookies.txt")) as run:
        await run.until(lambda: run.state.status is EngineStatus.HELD and not run.state.in_hand)
        assert "login in the account's cookies has ended" in reason_text(run.state.why)
        asked = len(run.told(ClipReturned))
        assert run.engine.obey(Resume()).ok
        await run.until(lambda: len(run.told(ClipReturned)) > asked)
        await asyncio.sleep(0.6)
        assert len(run.told(ClipReturned)) == asked + 1  # one clip tries, not all of them
        assert (run.state.status, run.state.failures) == (EngineStatus.HELD, {})
        (tmp_path / "set" / RENEWED).touch()
        assert run.engine.obey(Resume()).ok
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (run.state.done, run.state.failed) == (4, 0)


async def test_a_run_whose_login_has_ended_goes_on_as_a_guest_where_that_is_set(start: Start) -> None:
    clips = [clip("A", number) for number in range(4)]
    given = ("--cookies", "/x/cookies.txt")
    async with start(clips, yt_dlp=given, logged_out=LoggedOut.GUEST) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (run.state.done, run.state.failed) == (4, 0)
        assert [event.text for event in run.told(Logged) if event.level == "account"] == [
            "The login in the account's cookies has ended: the run goes on as a guest."
        ]


async def test_a_run_that_goes_on_as_a_guest_keeps_to_a_guests_budget_of_requests(start: Start) -> None:
    clips = [clip("A", number) for number in range(4)]
    given = ("--cookies", "/x/cookies.txt")
    pace = Preset.ACCOUNT
    async with start(clips, yt_dlp=given, logged_out=LoggedOut.GUEST, pace_per_hour=pace) as run:
        assert run.state.network.budget_per_hour == BUDGETS[Preset.ACCOUNT]
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert [event.text for event in run.told(Logged) if event.level == "account"] == [
            "The login in the account's cookies has ended: the run goes on as a guest, at a guest's pace "
            "of 900 requests an hour."
        ]
        assert run.state.network.budget_per_hour == run.state.options.budget_per_hour == 900


async def test_a_worker_killed_in_mid_sentence_has_said_nothing(start: Start, tmp_path: Path) -> None:
    async with start([clip("F"), *some_clips(4)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (tmp_path / "set" / HALF_SAID).exists()
        assert (run.state.done, run.state.failed, len(run.told(ClipDone))) == (5, 0, 5)


async def test_a_worker_that_talks_garbage_is_replaced(start: Start) -> None:
    async with start([clip("G"), *some_clips(4)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.WORKER_CRASHED: 1}


async def test_a_worker_that_hangs_past_its_deadline_is_killed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.engine.run.dispatch.HANG_MARGIN_S", 0.2)
    async with start([clip("H"), *some_clips(4)], clip_deadline_s=0.3) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.WORKER_CRASHED: 1}
        assert run.state.done == 4


async def test_a_worker_killed_from_outside_is_replaced_and_its_clip_put_back(start: Start) -> None:
    async with start([clip("C")], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        before = run.state.workers[1].pid
        os.kill(before, signal.SIGKILL)
        await run.until(lambda: 1 in run.state.workers and run.state.workers[1].pid not in (0, before))
        await run.until(lambda: run.state.in_hand == 1)
        assert run.state.left == 1


async def test_workers_begin_again_when_what_they_are_made_from_is_replaced(start: Start) -> None:
    async with start([clip("V", number) for number in range(12)], workers=3) as run:
        await run.until(lambda: run.state.in_hand >= 2)
        before = {worker.pid for worker in run.state.workers.values()}
        run.engine._pool.renew()
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert not before & {worker.pid for worker in run.state.workers.values()}
        assert run.state.done == 12
        assert not run.told(ClipReturned)


async def test_pause_lets_clips_in_hand_finish_and_says_when_it_is_safe(start: Start) -> None:
    async with start([clip("C"), *some_clips(3)], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        assert run.engine.obey(Pause()).ok
        assert run.state.status is EngineStatus.PAUSING
        run.engine.obey(Pause(now=True))
        await run.until(lambda: run.state.status is EngineStatus.PAUSED, seconds=1.0)
        assert "safe" in run.state.reason
        assert run.state.done == 0


async def test_pause_now_takes_the_clip_from_a_worker_that_does_not_let_go(start: Start) -> None:
    async with start([clip("H")], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        run.engine.obey(Pause(now=True))
        await run.until(lambda: run.state.status is EngineStatus.PAUSED, seconds=1.5)
        assert run.state.left == 1
        assert Category.WORKER_CRASHED not in run.state.failures


async def test_resume_goes_on_after_a_pause(start: Start) -> None:
    async with start(some_clips(30)) as run:
        run.engine.obey(Pause())
        await run.until(lambda: run.state.status is EngineStatus.PAUSED)
        run.engine.obey(Resume())
        await run.until(lambda: run.state.status is EngineStatus.DONE)


async def test_a_throttle_puts_the_clip_back_and_stops_everything(start: Start) -> None:
    async with start([clip("C"), clip("T", 1), *some_clips(5)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        await run.until(lambda: run.state.in_hand == 0)
        assert run.state.network.signal is Category.SESSION_LIMIT
        assert run.state.failed == 0
        await asyncio.sleep(0.5)
        assert run.state.in_hand == 0


async def test_a_cooldown_ends_in_one_probe(start: Start) -> None:
    async with start([clip("T", number) for number in range(3)], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        run.engine.obey(SetWorkers(workers=3))
        run.offset_s = 15 * 60.0
        # One clip goes first and is refused: the next step, and none of the others was sent.
        await run.until(lambda: run.state.network.step == 2)
        assert run.state.in_hand == 0


async def test_the_user_may_probe_now_or_wait_longer(start: Start) -> None:
    async with start([clip("T")], workers=1) as run:
        assert not run.engine.obey(ProbeNow()).ok
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        until = run.state.network.until
        assert until is not None
        run.engine.obey(WaitLonger(seconds=600))
        assert run.state.network.until == until + 600
        run.engine.obey(ProbeNow())
        await run.until(lambda: run.state.network.step == 2)


async def test_another_network_starts_open_and_the_old_one_keeps_its_cooldown(start: Start) -> None:
    async with start([clip("T"), *some_clips(5)], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        until = run.state.network.until
        run.network = PHONE
        await run.until(lambda: run.state.network.name == PHONE.name)
        # The refused clip is refused here as well; what counts is that this network is at step 1 of its own.
        await run.until(lambda: run.state.network.status is NetworkStatus.COOLING)
        assert run.state.network.step == 1
        run.network = HOME
        await run.until(lambda: run.state.network.name == HOME.name)
        assert run.state.network.until == until


async def test_a_late_answer_by_the_old_network_says_nothing_of_the_new_one(start: Start) -> None:
    async with start([clip("L"), clip("C", 1), clip("C", 2)], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        run.network = PHONE
        await run.until(lambda: run.state.network.name == PHONE.name)
        await asyncio.sleep(2.6)
        assert run.state.network.status is NetworkStatus.OPEN


async def test_a_hung_worker_does_not_keep_its_clip_through_a_cooldown(start: Start) -> None:
    async with start([clip("H"), clip("T", 1)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        await run.until(lambda: run.state.in_hand == 0, seconds=3.0)
        assert Category.WORKER_CRASHED not in run.state.failures


async def test_one_clip_that_is_always_refused_does_not_hold_up_the_others(start: Start) -> None:
    async with start([clip("T"), *some_clips(10)], workers=1, cooldown_steps_s=(0.2,)) as run:
        await run.until(lambda: run.state.done == 10)


async def test_where_the_machine_lost_its_route_nothing_is_handed_out_until_it_is_back(start: Start) -> None:
    async with start([clip("C", number) for number in range(5)]) as run:
        await run.until(lambda: run.state.in_hand == 2)
        run.network = Network(name=NO_ROUTE, label=NO_ROUTE, present=False)
        await run.until(lambda: run.state.status is EngineStatus.OFFLINE)
        await run.until(lambda: run.state.in_hand == 0)
        run.network = HOME
        await run.until(lambda: run.state.in_hand == 2)


async def test_an_engine_with_a_full_ledger_holds_and_goes_on_and_loses_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = True
    flush = Ledger.flush

    def fail_while_full(self: Ledger) -> None:
        if full:
            raise LedgerFull("The disk is full: make room.")
        flush(self)

    monkeypatch.setattr("kinetics_tui.engine.run.disk.HOLD_S", 0.2)
    async with start(some_clips(6)) as run:
        monkeypatch.setattr(Ledger, "flush", fail_while_full)
        await run.until(lambda: run.state.status is EngineStatus.DISK_FULL)
        assert "make room" in run.state.reason
        full = False
        assert run.engine.obey(Resume()).ok
        await run.until(lambda: run.state.status is EngineStatus.DONE)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert {split.name: split for split in ledger.split_counts()} == run.state.splits


async def test_workers_that_cannot_be_started_are_tried_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = 0
    begin = Slot.start

    def fail_twice(self: Slot, *args: Any) -> None:
        nonlocal starts
        starts += 1
        if starts <= 2:
            raise OSError(24, "Too many open files")
        begin(self, *args)

    monkeypatch.setattr(Slot, "start", fail_twice)
    async with start(some_clips(5), workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert starts >= 3


async def test_a_run_stops_even_where_the_records_cannot_be_written(start: Start, tmp_path: Path) -> None:
    (tmp_path / "set" / "stats.csv").mkdir(parents=True)
    async with start([clip("C"), *some_clips(2)], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
    assert run.state.status is EngineStatus.STOPPED
    assert f"kinetics-tui run {tmp_path / 'set'}" in run.state.reason


async def test_a_folder_that_cannot_be_written_holds_the_run(start: Start) -> None:
    async with start([clip("W")], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.HELD)
        assert (run.state.failed, run.state.left) == (0, 1)


async def test_an_outage_fails_nothing(start: Start) -> None:
    async with start([clip("O")], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.OFFLINE)
        assert (run.state.failed, run.state.left) == (0, 1)


async def test_a_passing_failure_is_tried_again_and_then_settled(start: Start) -> None:
    async with start([clip("S")], retry_steps_s=(0.1, 0.1)) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        failures = [event for event in run.events if isinstance(event, ClipFailed)]
        assert [failure.settled for failure in failures] == [False, False, True]
        assert run.state.failures == {Category.TIMEOUT: 1}


async def test_a_permanent_failure_is_not_tried_again_until_the_user_asks(start: Start) -> None:
    async with start([clip("P")]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert not run.engine.obey(Retry(categories=(Category.COPYRIGHT,))).ok
        assert run.engine.obey(Retry(categories=(Category.PRIVATE,))).ok
        assert run.state.status is EngineStatus.RUNNING
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.PRIVATE: 1}


async def test_single_clips_and_classes_are_tried_again_and_counted_in_the_reply(start: Start) -> None:
    async with start([clip("P", number) for number in range(4)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert not run.engine.obey(Retry()).ok
        assert not run.engine.obey(Retry(labels=("no such class",))).ok
        assert not run.engine.obey(Retry(clip_ids=(99,))).ok
        assert run.state.status is EngineStatus.DONE
        reply = run.engine.obey(Retry(clip_ids=(1, 3, 99)))
        assert (reply.ok, reply.retried) == (True, {Category.PRIVATE: 2})
        assert reply.message == "2 clips are pending again."
        assert run.state.left == 2
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        reply = run.engine.obey(Retry(labels=("yoga",)))
        assert reply.retried == {Category.PRIVATE: 4}
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.PRIVATE: 4}


async def test_more_and_fewer_workers_while_running(start: Start) -> None:
    async with start([clip("C", number) for number in range(8)], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        run.engine.obey(SetWorkers(workers=4))
        await run.until(lambda: run.state.in_hand == 4)
        run.engine.obey(SetWorkers(workers=2))
        run.engine.obey(Pause(now=True))
        await run.until(lambda: len(run.state.workers) == 2 and run.state.status is EngineStatus.PAUSED)
        assert not run.engine.obey(SetWorkers(workers=65)).ok


async def test_a_split_switched_off_mid_run_is_left_alone(start: Start) -> None:
    async with start([*some_clips(3, "train"), clip("C"), *some_clips(3, "val")], workers=1) as run:
        run.engine.obey(SwitchSplit(split="val", enabled=False))
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.done == 3
        assert not run.engine.obey(SwitchSplit(split="dev", enabled=True)).ok


async def test_the_pace_holds_back_and_lifting_it_lets_go(start: Start) -> None:
    async with start(some_clips(20), pace_per_hour=60) as run:
        await run.until(lambda: run.state.done == 1)
        await asyncio.sleep(0.5)
        assert run.state.done == 1
        run.engine.obey(SetPace(per_hour=None))
        await run.until(lambda: run.state.status is EngineStatus.DONE)


async def test_what_the_state_counts_is_what_the_ledger_says(start: Start, tmp_path: Path) -> None:
    async with start([clip("P"), clip("D", 1), *some_clips(20)]) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert {split.name: split for split in ledger.split_counts()} == run.state.splits
        assert ledger.failure_counts() == run.state.failures


async def test_stopping_leaves_no_process_and_no_scratch(start: Start, tmp_path: Path) -> None:
    async with start([clip("C"), clip("H", 1)]) as run:
        await run.until(lambda: run.state.in_hand == 2)
        pids = [worker.pid for worker in run.state.workers.values()]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not (tmp_path / "set" / ".kinetics-tui" / "scratch").exists()
    assert run.state.status is EngineStatus.STOPPED
    assert run.state.left == 2


async def test_a_run_whose_dataset_was_deleted_ends_and_leaves_a_new_one_there_alone(
    start: Start, tmp_path: Path
) -> None:
    dataset = tmp_path / "set"
    async with start([clip("C")], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        shutil.rmtree(dataset)
        (dataset / ".kinetics-tui" / "scratch" / "theirs").mkdir(parents=True)
        await run.until(lambda: run.state.status is EngineStatus.STOPPED)
    assert (dataset / ".kinetics-tui" / "scratch" / "theirs").is_dir()
    assert not (dataset / "stats.csv").exists()


async def test_a_run_whose_dataset_is_away_waits_for_it(start: Start, tmp_path: Path) -> None:
    dataset = tmp_path / "set"
    async with start([clip("C")], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        dataset.rename(tmp_path / "elsewhere")
        await run.until(lambda: run.state.status is EngineStatus.HELD)
        assert not run.engine.at_home
        (tmp_path / "elsewhere").rename(dataset)
        await run.until(lambda: run.state.status is EngineStatus.RUNNING)
