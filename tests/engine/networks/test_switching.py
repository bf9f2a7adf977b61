"""Switching networks in the middle of a run, and suspecting them: with real workers that do as told."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.commands import AddNetwork, CheckNetwork, ForgetNetwork, Resume, SwitchNetwork
from kinetics_tui.model.events import (
    ClipDone,
    ClipReturned,
    ClipsRetried,
    ClipStarted,
    EngineStatus,
    NetworkChanged,
    NetworkChecked,
    NetworkNews,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, NetworkStatus
from tests.engine.engine_clips import clip, some_clips
from tests.engine.engine_run import HOME, PHONE, Run, Start
from tests.engine.scripted_worker import BAD_PROXY

PROXY = "http://10.0.0.1:3128"


def switches(run: Run) -> list[NetworkChanged]:
    """The switches that are through: no clip is in hand by the network before."""
    return [event for event in run.told(NetworkChanged) if event.news is NetworkNews.LEFT]


async def test_a_switch_lets_the_clips_in_hand_finish_and_then_sends_one_clip_first(start: Start) -> None:
    slow = [clip("V", number) for number in range(12)]
    async with start(slow, workers=3) as run:
        await run.until(lambda: run.state.in_hand == 3)
        assert run.engine.obey(SwitchNetwork(way=PROXY)).ok
        assert run.state.status.value == "switching"
        assert "3 clips in hand still by wlan0" in run.state.reason
        await run.until(lambda: bool(switches(run)))
        switched = run.events.index(switches(run)[0])
        before, after = run.events[:switched], run.events[switched:]
        assert [event.network for event in before if isinstance(event, ClipDone)] == [HOME.name] * 3
        assert run.state.status is EngineStatus.PROBING
        assert run.state.in_hand == 1
        await run.until(lambda: run.state.done == 4)
        assert sum(isinstance(event, ClipStarted) for event in after) <= 2
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert {event.network for event in run.told(ClipDone)[3:]} == {PROXY}
        assert not run.told(ClipReturned)


async def test_a_switch_can_put_the_clips_in_hand_back_at_once(start: Start) -> None:
    async with start([clip("C", 0), clip("C", 1)]) as run:
        await run.until(lambda: run.state.in_hand == 2)
        assert run.engine.obey(SwitchNetwork(way=PROXY, finish=False)).ok
        await run.until(lambda: bool(switches(run)), seconds=1.5)
        assert len(run.told(ClipReturned)) == 2
        assert run.state.left == 2
        await run.until(lambda: run.state.in_hand == 1)
        await asyncio.sleep(0.3)
        assert run.state.in_hand == 1  # the probe


async def test_each_clip_is_sent_by_the_route_of_its_network(start: Start) -> None:
    async with start([clip("N", number) for number in range(40)]) as run:
        await run.until(lambda: run.state.done >= 5)
        run.engine.obey(SwitchNetwork(way=BAD_PROXY))
        await run.until(lambda: run.state.failed >= 3)
        run.engine.obey(SwitchNetwork(way="default"))
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.done + run.state.failed == 40


async def test_a_network_that_cools_down_is_left_in_peace_by_a_switch(start: Start) -> None:
    async with start([clip("T"), *some_clips(5)], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        until = run.state.network.until
        run.engine.obey(SwitchNetwork(way=PROXY))
        await run.until(lambda: run.state.network.name == PROXY and run.state.done == 5)
        run.engine.obey(SwitchNetwork(way="default"))
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        assert (run.state.network.name, run.state.network.until) == (HOME.name, until)
        assert run.state.networks[PROXY].clips == 5


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("203.0.113.7", "leads nowhere"),
        ("fone", "phone"),
        ("default", "already"),
        ("http://me:secret@h:0", "no proxy's URL"),
    ],
)
async def test_a_switch_that_cannot_be_is_refused_and_changes_nothing(
    start: Start, way: str, sentence: str
) -> None:
    async with start([clip("C")], workers=1) as run:
        assert run.engine.obey(AddNetwork(way="http://10.0.0.9:3128", given_as="phone")).ok
        reply = run.engine.obey(SwitchNetwork(way=way))
        assert not reply.ok
        assert sentence in reply.message
        assert "secret" not in reply.message
        assert run.state.network.name == HOME.name
        assert not switches(run)


async def test_the_network_chosen_last_is_the_one_a_restart_begins_with(start: Start, tmp_path: Path) -> None:
    async with start([clip("C")], workers=1) as run:
        run.engine.obey(AddNetwork(way="http://me:secret@10.0.0.1:3128", given_as="office"))
        assert run.engine.obey(SwitchNetwork(way="office", finish=False)).ok
        await run.until(lambda: bool(switches(run)))
        told = msgspec.json.encode(run.events).decode()
        assert "office" in told
        assert "secret" not in told
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        (way,) = ledger.ways_in_use()
        assert way.target == "http://me:secret@10.0.0.1:3128"
        assert list(ledger.ways()) == ["office"]


async def test_added_networks_are_listed_until_they_are_forgotten(start: Start) -> None:
    async with start([clip("C")], workers=1) as run:
        run.engine.obey(AddNetwork(way=PROXY, given_as="office"))
        info = run.state.networks[PROXY]
        assert (info.given_as, info.kind, info.in_use) == ("office", NetworkKind.PROXY, False)
        assert run.engine.obey(ForgetNetwork(name="office")).ok
        assert PROXY not in run.state.networks
        assert not run.engine.obey(ForgetNetwork(name="office")).ok


async def test_a_new_address_is_noticed_within_three_seconds_and_is_another_network(start: Start) -> None:
    async with start([clip("V", number) for number in range(40)]) as run:
        await run.until(lambda: run.state.in_hand == 2)
        run.network, moved = PHONE, time.monotonic()
        await run.until(lambda: run.state.network.name == PHONE.name, seconds=3.0)
        assert time.monotonic() - moved < 3.0
        assert run.state.network.status is NetworkStatus.OPEN
        assert any("Changed from wlan0 192.168.1.23" in line.detail for line in run.state.log)


async def test_a_throttle_is_kept_with_its_network(start: Start, tmp_path: Path) -> None:
    async with start([*some_clips(5), clip("T")], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        throttled = next(e for e in run.told(NetworkChanged) if e.news is NetworkNews.THROTTLED)
        network = throttled.network
        assert (network.name, network.signal, network.step) == (HOME.name, Category.SESSION_LIMIT, 1)
        assert list(run.state.throttled_at) == [throttled.at]
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        (past,) = ledger.network_histories()[HOME.name].throttles
        assert (past.clips, past.signal, past.took_s) == (5, Category.SESSION_LIMIT, None)


async def test_a_cooldown_that_is_over_tells_how_long_it_took(start: Start, tmp_path: Path) -> None:
    clips = some_clips(12)
    async with start([*clips[:3], clip("T"), *clips[3:]], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        run.offset_s = 16 * 60
        await run.until(lambda: run.state.done > 3)
        await run.until(lambda: run.state.networks[HOME.name].throttles[0].took_s is not None)
        took_s = run.state.networks[HOME.name].throttles[0].took_s
        assert took_s == pytest.approx(16 * 60, abs=20)


# -- checks ---------------------------------------------------------------------------------------------


async def test_a_check_asks_once_by_the_network_it_is_for(start: Start) -> None:
    async with start([*some_clips(2), clip("C")], workers=1) as run:
        await run.until(lambda: run.state.done == 2)
        run.engine.obey(AddNetwork(way=PROXY))
        assert run.engine.obey(CheckNetwork(name=PROXY)).ok
        await run.until(lambda: bool(run.told(NetworkChecked)))
        ((route, youtube_id),) = run.asked
        assert route.proxy == PROXY
        assert youtube_id == some_clips(2)[1].youtube_id  # one that is known to be there
        assert run.told(NetworkChecked)[0].ok
        assert run.state.network.name == HOME.name


async def test_a_check_that_is_refused_has_that_network_cool_down_and_no_other(start: Start) -> None:
    async with start([clip("C")], workers=1) as run:
        await run.until(lambda: run.state.in_hand == 1)
        run.engine.obey(AddNetwork(way=PROXY))
        run.answer = CheckAnswer(ok=False, category=Category.BOT_CHECK, text="no", took_s=0.1)
        run.engine.obey(CheckNetwork(name=PROXY))
        await run.until(lambda: bool(run.told(NetworkChecked)))
        await run.until(lambda: run.state.networks[PROXY].status is NetworkStatus.COOLING)
        assert run.state.network.status is NetworkStatus.OPEN
        assert run.state.in_hand == 1


async def test_a_check_that_is_answered_ends_the_cooldown(start: Start) -> None:
    async with start([clip("T"), *some_clips(3)], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        run.engine.obey(CheckNetwork(name="default"))
        await run.until(lambda: run.state.done == 3)


async def test_a_network_that_is_not_here_cannot_be_checked(start: Start) -> None:
    async with start([clip("C")], workers=1) as run:
        reply = run.engine.obey(CheckNetwork(name="203.0.113.7"))
        assert (reply.ok, run.asked) == (False, [])


# -- a streak of failures ---------------------------------------------------------------------------------


async def test_a_streak_whose_witness_fails_too_was_the_network(start: Start, tmp_path: Path) -> None:
    liars = [clip("N", number) for number in range(30)]
    async with start([*some_clips(3), *liars], workers=2) as run:
        await run.until(lambda: run.state.done >= 3)
        run.answer = CheckAnswer(ok=True, category=Category.VIDEO_NOT_AVAILABLE, text="gone", took_s=0.1)
        run.engine.obey(SwitchNetwork(way=BAD_PROXY, finish=False))
        await run.until(lambda: run.state.network.status is NetworkStatus.HELD)
        assert run.state.network.name == BAD_PROXY
        assert {route.proxy for route, _ in run.asked} == {BAD_PROXY}
        await run.until(lambda: run.state.in_hand == 0)
        assert run.state.failed == 0
        run.engine.obey(SwitchNetwork(way="default"))
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (run.state.done, run.state.failed) == (33, 0)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert ledger.failure_counts() == {}
        assert [counts.done for counts in ledger.split_counts()] == [33]


async def test_a_streak_whose_witness_comes_through_is_believed(start: Start) -> None:
    async with start([*some_clips(3), *(clip("P", number) for number in range(15))], workers=1) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.PRIVATE: 15}
        assert len(run.asked) == 1
        assert run.state.network.status is NetworkStatus.OPEN


async def test_a_streak_whose_witness_is_refused_cools_the_network_by_that_signal(start: Start) -> None:
    async with start([*some_clips(3), *(clip("P", number) for number in range(15))], workers=1) as run:
        run.answer = CheckAnswer(ok=False, category=Category.CAPTCHA, text="no", took_s=0.1)
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        assert run.state.network.signal is Category.CAPTCHA
        assert (run.state.failed, run.state.left) == (0, 15)
        assert run.engine.obey(Resume()).ok


async def test_a_streak_is_held_against_its_network_even_where_the_user_has_switched(start: Start) -> None:
    async with start([*some_clips(3), *(clip("P", number) for number in range(15))], workers=1) as run:
        run.answer = CheckAnswer(ok=False, category=Category.CAPTCHA, text="no", took_s=0.1)
        run.answer_after = asyncio.Event()
        await run.until(lambda: bool(run.asked))
        assert run.state.failed == 10
        assert run.engine.obey(SwitchNetwork(way=PROXY)).ok
        run.answer_after.set()
        await run.until(lambda: run.state.networks[HOME.name].status is NetworkStatus.COOLING)
        assert run.state.network.name == PROXY
        assert run.told(ClipsRetried)[0].by_category == {Category.PRIVATE: 10}


@pytest.mark.parametrize("category", [None, Category.LOGGED_OUT])
async def test_a_check_that_could_not_be_made_blames_nobody_and_says_so(
    start: Start, category: Category | None
) -> None:
    async with start([*some_clips(3), *(clip("P", number) for number in range(15))], workers=1) as run:
        run.answer = CheckAnswer(ok=False, category=category, text="", took_s=0.0)
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert run.state.failures == {Category.PRIVATE: 15}
        assert run.state.network.status is NetworkStatus.OPEN
        assert any("could not be checked" in line.detail for line in run.state.log)
