"""Several networks in use at once, each by itself: the parts of an engine with a clock that stands still."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from kinetics_tui.engine.networks.network import KnownNetwork, Network
from kinetics_tui.engine.run.outcomes import Aftermath
from kinetics_tui.engine.workers.messages import Assign, Cancel
from kinetics_tui.engine.workers.pool import Slot
from kinetics_tui.model.commands import (
    AddNetwork,
    CheckNetwork,
    ProbeNow,
    Reply,
    SetPace,
    SwitchNetwork,
    UseNetworks,
    WaitLonger,
)
from kinetics_tui.model.events import ClipDone, NetworkChanged, NetworkNews
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkStatus
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts
from tests.engine.engine_run import HOME, PHONE
from tests.engine.scripted_worker import failed, finished

Make = Callable[..., Parts]
OFFICE = "http://10.0.0.1:3128"
LAB = "socks5://10.0.0.2:1080"


def use(parts: Parts, *ways: str, finish: bool = True) -> Reply:
    return parts.commands.obey(UseNetworks(ways=ways, finish=finish))


def known(parts: Parts, name: str) -> KnownNetwork:
    return next(known for known in parts.networks.in_use if known.network.name == name)


def in_hand(parts: Parts) -> Counter[str]:
    """Hand out; the clips in hand by each network."""
    parts.hand_out()
    return parts.dispatcher.in_hand_by()


def settle(parts: Parts, network: str, category: Category | None = None) -> Aftermath | None:
    """Have a clip by a network come through, or fail; others come through until there is one."""
    while not parts.dispatcher.in_hand_by()[network]:
        slot, row = parts.take()
        parts.outcomes.finished(slot, row, finished(row.id), parts.now)
        parts.hand_out()
    slot = next(s for s in parts.pool.slots.values() if s.row is not None and s.stamp.network == network)
    row = slot.row  # type: ignore[assignment]  # it has one
    slot.release()
    if category is not None:
        return parts.outcomes.failed(slot, row, failed(row.id, category), parts.now)
    parts.outcomes.finished(slot, row, finished(row.id), parts.now)
    return None


def opened(parts: Parts, *names: str) -> None:
    """Have the probes of networks that were taken into use come through."""
    for name in names:
        parts.hand_out()
        settle(parts, name)
        assert known(parts, name).throttle.status is NetworkStatus.OPEN


def through(parts: Parts, slot: Slot) -> str:
    """The proxy by which a worker was told to fetch its clip."""
    told = [message for message in parts.sent(slot.number) if isinstance(message, Assign)]
    return told[-1].route.proxy or ""


def test_each_network_taken_into_use_begins_with_one_probe_and_the_one_before_goes_on(
    make_parts: Make,
) -> None:
    parts = make_parts(some_clips(20), workers=8)
    assert in_hand(parts) == {HOME.name: 8}
    for _ in range(4):
        settle(parts, HOME.name)
    assert use(parts, "default", OFFICE, LAB).ok
    assert in_hand(parts) == {HOME.name: 6, OFFICE: 1, LAB: 1}
    assert known(parts, OFFICE).throttle.status is NetworkStatus.PROBING
    assert known(parts, HOME.name).throttle.status is NetworkStatus.OPEN
    assert {through(parts, slot) for slot in parts.pool.slots.values()} == {"", OFFICE, LAB}


def test_clips_go_to_the_networks_by_turns(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=6)
    use(parts, "default", OFFICE, LAB)
    opened(parts, OFFICE, LAB)
    while parts.dispatcher.in_hand_by()[HOME.name]:
        settle(parts, HOME.name)
    while parts.dispatcher.in_hand_by()[OFFICE]:
        settle(parts, OFFICE)
    while parts.dispatcher.in_hand_by()[LAB]:
        settle(parts, LAB)
    assert in_hand(parts) == {HOME.name: 2, OFFICE: 2, LAB: 2}


def test_each_network_keeps_its_own_pace_and_an_empty_bucket_holds_up_no_other(make_parts: Make) -> None:
    parts = make_parts(some_clips(400), workers=4)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    parts.commands.obey(SetPace(per_hour=60))
    for name in list(parts.dispatcher.in_hand_by().elements()):
        settle(parts, name)
    slow, gone = known(parts, OFFICE), Counter[str]()
    slow.pace._lessons.safe_per_hour = slow.pace._lessons.ceiling_per_hour = 30.0
    slow.pace._hold(parts.now)
    for second in range(3600):
        parts.now = NOW + second
        for slot, row in parts.hand_out():
            gone[slot.stamp.network] += 1
            slot.release()
            parts.outcomes.finished(slot, row, finished(row.id), parts.now)
    assert gone[HOME.name] == pytest.approx(60, abs=2)
    assert gone[OFFICE] == pytest.approx(30, abs=2)


def test_a_refusal_puts_back_the_clips_of_its_network_alone(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=6)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    parts.hand_out()
    assert settle(parts, OFFICE, Category.TOO_MANY_REQUESTS) is Aftermath.NETWORK_SHUT
    parts.dispatcher.let_go_of_all(OFFICE)
    for slot in parts.pool.slots.values():
        if slot.row is not None:
            cancelled = isinstance(parts.sent(slot.number)[-1], Cancel)
            assert cancelled is (slot.stamp.network == OFFICE)
    assert known(parts, OFFICE).throttle.status is NetworkStatus.COOLING
    assert known(parts, HOME.name).throttle.status is NetworkStatus.OPEN
    assert parts.networks.current.name == HOME.name
    assert parts.context.state.network.name == HOME.name


def test_while_one_network_cools_down_the_other_takes_every_worker(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=6)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    settle(parts, OFFICE, Category.TOO_MANY_REQUESTS)
    for _ in range(20):
        while parts.dispatcher.in_hand_by()[OFFICE]:
            settle(parts, OFFICE, Category.TOO_MANY_REQUESTS)
        parts.hand_out()
    assert parts.dispatcher.in_hand_by() == {HOME.name: 6}


def test_a_cooldown_that_ends_sends_one_probe_while_the_others_go_on(make_parts: Make) -> None:
    parts = make_parts(some_clips(60), workers=6)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    settle(parts, OFFICE, Category.TOO_MANY_REQUESTS)
    until = known(parts, OFFICE).throttle.until
    assert until is not None
    parts.now = until + 1
    assert parts.networks.tick(parts.now)
    while parts.dispatcher.in_hand_by()[OFFICE]:
        settle(parts, OFFICE)  # sent before: no probe
    for _ in range(3):
        settle(parts, HOME.name)
    assert in_hand(parts) == {HOME.name: 5, OFFICE: 1}
    settle(parts, OFFICE)
    assert known(parts, OFFICE).throttle.status is NetworkStatus.RAMPING


def test_the_cooldown_of_a_network_by_name_is_made_longer_or_ended_and_no_other(make_parts: Make) -> None:
    parts = make_parts(some_clips(20), workers=8)
    use(parts, "default", OFFICE, LAB)
    opened(parts, OFFICE, LAB)
    for name in (OFFICE, LAB):
        settle(parts, name, Category.BOT_CHECK)
    before = {name: known(parts, name).throttle.until for name in (OFFICE, LAB)}
    assert parts.commands.obey(WaitLonger(seconds=60, network=LAB)).ok
    assert known(parts, OFFICE).throttle.until == before[OFFICE]
    assert known(parts, LAB).throttle.until == (before[LAB] or 0) + 60
    assert not parts.commands.obey(ProbeNow(network=HOME.name)).ok
    assert parts.commands.obey(ProbeNow(network=LAB)).ok
    statuses = [known(parts, name).throttle.status for name in (OFFICE, LAB)]
    assert statuses == [NetworkStatus.COOLING, NetworkStatus.PROBING]
    assert parts.commands.obey(ProbeNow()).ok
    assert known(parts, OFFICE).throttle.status is NetworkStatus.PROBING


def test_the_networks_that_are_left_finish_their_clips_and_are_told_of(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    parts.hand_out()
    assert use(parts, "default").ok
    assert not parts.networks.leaving  # the run goes on by one of those it had
    assert parts.dispatcher.in_hand_by_others() == parts.dispatcher.in_hand_by()[OFFICE] > 0
    while parts.dispatcher.in_hand_by()[OFFICE]:
        parts.networks.settle_switch(parts.now, parts.dispatcher.in_hand_by())
        settle(parts, OFFICE)
    parts.networks.settle_switch(parts.now, parts.dispatcher.in_hand_by())
    left = [told.network for told in parts.told(NetworkChanged) if told.news is NetworkNews.LEFT]
    assert [(network.name, network.in_use) for network in left] == [(OFFICE, False)]
    assert all(done.network in (HOME.name, OFFICE) for done in parts.told(ClipDone))


def test_a_network_left_at_once_gives_its_clips_back_and_no_other_does(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    parts.hand_out()
    assert use(parts, "default", finish=False).ok
    for slot in parts.pool.slots.values():
        assert isinstance(parts.sent(slot.number)[-1], Cancel) is (slot.stamp.network == OFFICE)


def test_a_switch_means_only_this_one(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    use(parts, "default", OFFICE)
    assert parts.commands.obey(SwitchNetwork(way=LAB)).ok
    assert [known.network.name for known in parts.networks.in_use] == [LAB]
    assert [network.name for network in parts.context.state.in_use] == [LAB]


@pytest.mark.parametrize(
    ("ways", "sentence"),
    [
        ((), "one at least"),
        (("default", "198.51.100.77"), "leads nowhere now"),
        (("default", "no such network"), "no network"),
    ],
)
def test_a_set_that_cannot_be_is_refused_and_changes_nothing(
    make_parts: Make, ways: tuple[str, ...], sentence: str
) -> None:
    parts = make_parts(some_clips(3))
    reply = use(parts, *ways)
    assert not reply.ok
    assert sentence in reply.message
    assert [known.network.name for known in parts.networks.in_use] == [HOME.name]


def test_two_ways_that_lead_out_by_one_address_are_one_network(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    parts.network = Network(name="127.0.0.1", label="lo 127.0.0.1")
    parts.networks.look(parts.now)
    assert use(parts, "default", "127.0.0.1", OFFICE).ok
    assert [known.network.name for known in parts.networks.in_use] == ["127.0.0.1", OFFICE]


def test_a_way_that_leads_elsewhere_now_leaves_the_others_working_and_begins_with_a_probe(
    make_parts: Make,
) -> None:
    parts = make_parts(some_clips(30), workers=4)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    parts.network = PHONE
    ((before, after),) = parts.networks.look(parts.now)
    assert (before.name, after.name) == (HOME.name, PHONE.name)
    assert known(parts, PHONE.name).throttle.status is NetworkStatus.PROBING
    assert known(parts, OFFICE).throttle.status is NetworkStatus.OPEN
    assert not parts.networks.uses(HOME.name)


def test_a_way_that_leads_nowhere_now_leaves_the_others_working(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    use(parts, "default", OFFICE)
    opened(parts, OFFICE)
    parts.network = Network(name="no default route", label="no default route", present=False)
    parts.networks.look(parts.now)
    assert not parts.networks.unreachable
    for slot, row in parts.hand_out():
        slot.release()
        parts.outcomes.finished(slot, row, finished(row.id), parts.now)
    assert in_hand(parts) == {OFFICE: 4}


def test_an_address_that_went_away_keeps_its_place_and_begins_with_a_probe_when_it_is_back(
    make_parts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = make_parts(some_clips(60), workers=4)
    use(parts, "default", "127.0.0.2")
    opened(parts, "127.0.0.2")
    monkeypatch.setattr("kinetics_tui.engine.networks.addresses.is_ours", lambda _address: False)
    parts.networks.look(parts.now)
    assert known(parts, "127.0.0.2").unreachable
    assert use(parts, "default", "127.0.0.2", LAB).ok
    assert not use(parts, "127.0.0.2").ok
    monkeypatch.undo()
    parts.networks.look(parts.now)
    assert known(parts, "127.0.0.2").throttle.status is NetworkStatus.PROBING
    assert known(parts, HOME.name).throttle.status is NetworkStatus.OPEN


def test_sessions_of_several_networks_overlap_and_each_clip_belongs_to_its_own(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    parts.networks.begin_sessions(NOW)
    use(parts, "default", OFFICE)
    parts.networks.begin_sessions(NOW + 10)
    opened(parts, OFFICE)
    settle(parts, HOME.name)
    settle(parts, OFFICE, Category.TOO_MANY_REQUESTS)
    parts.now = NOW + 60
    parts.networks.journal.end_sessions(NOW + 60, "stopped")
    parts.networks.journal.write()
    read = parts.ledger._flushed().read
    assert list(read("SELECT opened_at - ?, closed_at - ?, why FROM sessions ORDER BY id", (NOW, NOW))) == [
        (0, 60, "stopped"),
        (10, 0, f"throttled: {Category.TOO_MANY_REQUESTS.value}"),
    ]
    pairs = read(
        "SELECT DISTINCT networks.name, sessions.network_id = attempts.network_id FROM attempts"
        " JOIN sessions ON sessions.id = session_id JOIN networks ON networks.id = attempts.network_id"
    )
    assert dict(pairs) == {HOME.name: 1, OFFICE: 1}


def test_the_networks_in_use_are_those_that_a_restart_begins_with(make_parts: Make) -> None:
    parts = make_parts(some_clips(30), workers=4)
    use(parts, "default", OFFICE)
    parts.networks.journal.write()
    assert [way.public for way in parts.ledger.ways_in_use()] == ["default", OFFICE]
    again = Parts(parts.ledger, parts.context.dataset)
    assert [known.network.name for known in again.networks.in_use] == [HOME.name, OFFICE]


CLIP_S, HOURS = 4.2, 2


def hourly(make_parts: Make, paces: dict[str, float], *, cooling: str = "") -> dict[str, float]:
    """Clips an hour by each network of such a pace, where four workers take 4.2 s for a clip.

    ``cooling``: this one is refused at the start, and cools down all the time.
    """
    parts = make_parts(some_clips(int(sum(paces.values())) * HOURS + 500), workers=4)
    parts.commands.obey(SetPace(per_hour=3000))
    use(parts, *paces)
    parts.networks.settle_switch(parts.now, ())
    opened(parts, *paces)
    if cooling:
        settle(parts, cooling, Category.TOO_MANY_REQUESTS)
        known(parts, cooling).throttle.wait_longer(HOURS * 3600)
        while parts.dispatcher.in_hand_by()[cooling]:
            settle(parts, cooling, Category.TOO_MANY_REQUESTS)
    for name, pace in paces.items():
        taught = known(parts, name).pace
        taught._lessons.safe_per_hour = taught._lessons.ceiling_per_hour = pace
        taught._hold(parts.now)
    ends: dict[int, float] = {}
    done: Counter[str] = Counter()
    end = parts.now + HOURS * 3600
    while parts.now < end:
        for slot, _ in parts.hand_out():
            ends.setdefault(slot.number, parts.now + CLIP_S)
        parts.now += 0.1
        for number in [number for number, at in ends.items() if at <= parts.now]:
            slot = parts.pool.slots[number]
            row = slot.row
            assert row is not None
            del ends[number]
            done[slot.stamp.network] += 1
            slot.release()
            parts.outcomes.finished(slot, row, finished(row.id), parts.now)
    return {name: done[name] / HOURS for name in paces}


def test_where_workers_are_scarce_a_slow_and_a_fast_network_both_give_their_pace(make_parts: Make) -> None:
    gave = hourly(make_parts, {OFFICE: 300.0, LAB: 3000.0})
    assert gave[OFFICE] >= 0.95 * 300
    assert gave[LAB] >= 0.95 * 3000


def test_while_one_network_cools_down_the_other_loses_nothing(make_parts: Make) -> None:
    gave = hourly(make_parts, {OFFICE: 300.0, LAB: 3000.0}, cooling=OFFICE)
    assert gave[OFFICE] == 0
    assert gave[LAB] >= 0.95 * 3000


def test_of_two_ways_to_one_network_the_first_that_leads_anywhere_sends(make_parts: Make) -> None:
    parts = make_parts(some_clips(20), workers=2)
    parts.commands.obey(AddNetwork(way="default", given_as="home"))
    assert parts.commands.obey(AddNetwork(way=OFFICE, given_as="office", same="home")).ok
    assert use(parts, "home", "office").ok
    assert in_hand(parts) == {HOME.name: 2}
    assert {through(parts, slot) for slot in parts.pool.slots.values()} == {""}
    settle(parts, HOME.name)
    parts.network = msgspec.structs.replace(HOME, present=False)
    assert parts.networks.look(parts.now) == []
    parts.hand_out()
    assert [known.network.name for known in parts.networks.in_use] == [HOME.name]
    assert OFFICE in {through(parts, slot) for slot in parts.pool.slots.values()}


async def test_a_check_of_another_way_to_a_network_leaves_the_way_it_sends_by(make_parts: Make) -> None:
    parts = make_parts(some_clips(20), workers=2)
    parts.commands.obey(AddNetwork(way="default", given_as="home"))
    parts.commands.obey(AddNetwork(way=OFFICE, given_as="office", same="home"))
    assert parts.commands.obey(CheckNetwork(name="office")).ok
    while parts.context.state.checked is None:
        await asyncio.sleep(0)
    assert [route.proxy for _, route, _ in parts.asked] == [OFFICE]
    assert known(parts, HOME.name).network.route.proxy != OFFICE


def test_a_switch_to_another_way_of_a_network_can_put_its_clips_back(make_parts: Make) -> None:
    parts = make_parts(some_clips(20), workers=2)
    parts.commands.obey(AddNetwork(way="default", given_as="home"))
    parts.commands.obey(AddNetwork(way=OFFICE, given_as="office", same="home"))
    parts.hand_out()
    assert parts.commands.obey(SwitchNetwork(way="office", finish=False)).ok
    assert all(isinstance(parts.sent(slot.number)[-1], Cancel) for slot in parts.pool.slots.values())
    assert known(parts, HOME.name).throttle.status is NetworkStatus.PROBING
    assert known(parts, HOME.name).network.route.proxy == OFFICE


def test_networks_in_use_that_turn_out_to_be_one_go_on_as_one(make_parts: Make) -> None:
    parts = make_parts(some_clips(20), workers=2)
    parts.commands.obey(AddNetwork(way="default", given_as="home"))
    assert use(parts, "home", OFFICE).ok
    opened(parts, OFFICE)
    assert parts.commands.obey(AddNetwork(way=OFFICE, given_as="office", same="home")).ok
    turned = parts.networks.look(parts.now)
    assert [(before.name, after.name) for before, after in turned] == [(OFFICE, HOME.name)]
    assert [known.network.name for known in parts.networks.in_use] == [HOME.name]
    assert not parts.context.state.networks[OFFICE].in_use
