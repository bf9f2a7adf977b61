"""Switching and checking from the shell: over a real socket, to an engine that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.cli.commands import networks as network_commands
from kinetics_tui.cli.commands.networks import check_and_wait as check
from kinetics_tui.cli.commands.networks import find_network, switch_and_wait
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.engine.process.server import Server
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import AnyCommand, CheckNetwork, Reply, Subscribe, SwitchNetwork, UseNetworks
from kinetics_tui.model.events import (
    AnyEvent,
    ClipReturned,
    ClipStarted,
    EngineStatus,
    NetworkChanged,
    NetworkChecked,
    NetworkNews,
    RunOpened,
    SplitCounts,
    StatusChanged,
)
from kinetics_tui.model.network import NetworkKind, NetworkState, NetworkStatus
from kinetics_tui.model.state import RunState
from tests.network_events import listing

AT = 1_700_000_000.0
FAR = 4_000_000_000.0
HOME = NetworkState(
    name="192.168.1.23", label="wlan0 192.168.1.23", kind=NetworkKind.DEFAULT_ROUTE, in_use=True
)
PHONE = NetworkState(
    name="10.0.0.7", label="phone wlan1 10.0.0.7", given_as="phone", kind=NetworkKind.INTERFACE
)


class Engine:
    """What stands behind the socket: it tells ``told`` right after it took a command."""

    def __init__(self, dataset: Path) -> None:
        self.state = RunState()
        self.commands: list[AnyCommand] = []
        self.told: list[AnyEvent] = []
        self.refusal = ""
        self.server = Server(self.obey, self.state.as_events)
        self.paths = socket_paths(dataset)
        self.tell(
            RunOpened(at=AT, dataset="/d", title="T", pid=1, started_at=AT, splits=(SplitCounts("val", 9),)),
            *listing(AT, (HOME, PHONE)),
            changed(HOME),
            StatusChanged(at=AT, status=EngineStatus.RUNNING),
        )

    def obey(self, command: AnyCommand) -> Reply:
        if not isinstance(command, Subscribe):
            self.commands.append(command)
            if not self.refusal:
                self.tell(*self.told)
        return Reply(id=command.id, ok=not self.refusal, message=self.refusal)

    def tell(self, *events: AnyEvent) -> None:
        for event in events:
            self.state.apply(event)
            self.server.broadcast(event)


def changed(network: NetworkState, **fields: object) -> NetworkChanged:
    return NetworkChanged(at=AT, network=msgspec.structs.replace(network, in_use=True, **fields))


AWAY_FROM_HOME = NetworkChanged(at=AT, network=msgspec.structs.replace(HOME, in_use=False))
SWITCHED = NetworkChanged(at=AT, network=AWAY_FROM_HOME.network, news=NetworkNews.LEFT)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    make_state_folder(tmp_path)
    engine = Engine(tmp_path)
    await engine.server.open(engine.paths)
    yield engine
    await engine.server.close()


async def switch(client: EngineClient, way: str, *, finish: bool, tell: Callable[[str], None]) -> str:
    """Have everything leave by one network."""
    return await switch_and_wait(client, SwitchNetwork(way=way, finish=finish), tell=tell)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_switch_says_what_was_left_and_what_happens_next(engine: Engine, tmp_path: Path) -> None:
    engine.told = [AWAY_FROM_HOME, changed(PHONE, status=NetworkStatus.PROBING), SWITCHED]
    said: list[str] = []
    sentence = await switch(EngineClient(tmp_path), "phone", finish=False, tell=said.append)
    assert sentence == "Switched from wlan0 192.168.1.23 to phone wlan1 10.0.0.7; one clip goes first."
    assert [(c.way, c.finish) for c in engine.commands if isinstance(c, SwitchNetwork)] == [("phone", False)]
    assert said == []


async def test_a_network_that_is_added_to_those_in_use_says_that_it_begins_with_one_clip(
    engine: Engine, tmp_path: Path
) -> None:
    engine.told = [changed(HOME), changed(PHONE, status=NetworkStatus.PROBING)]
    command = UseNetworks(ways=("default", "phone"))
    assert await switch_and_wait(EngineClient(tmp_path), command, tell=print) == (
        "The run goes out by wlan0 192.168.1.23 and phone wlan1 10.0.0.7 now; "
        "by phone wlan1 10.0.0.7 one clip goes first."
    )


async def test_a_switch_to_a_network_that_cools_says_until_when(engine: Engine, tmp_path: Path) -> None:
    engine.told = [AWAY_FROM_HOME, changed(PHONE, status=NetworkStatus.COOLING, until=FAR), SWITCHED]
    sentence = await switch(EngineClient(tmp_path), "phone", finish=True, tell=print)
    assert sentence.startswith(
        "Switched from wlan0 192.168.1.23 to phone wlan1 10.0.0.7; it cools down until "
    )


async def test_a_switch_of_a_paused_run_says_that_it_is_paused(engine: Engine, tmp_path: Path) -> None:
    engine.told = [StatusChanged(at=AT, status=EngineStatus.PAUSED), AWAY_FROM_HOME, changed(PHONE), SWITCHED]
    sentence = await switch(EngineClient(tmp_path), "phone", finish=True, tell=print)
    assert sentence.endswith("; the run is paused.")


async def test_a_switch_waits_for_the_clips_in_hand_and_tells_how_many_they_are(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_commands, "TELL_AFTER_S", 0.01)
    clips = [Clip(f"video{number:06}", 1, 11, "val", "yoga") for number in range(2)]
    for slot, clip in enumerate(clips, 1):
        engine.tell(ClipStarted(at=AT, slot=slot, clip=clip))
    engine.told = [AWAY_FROM_HOME, changed(PHONE), StatusChanged(at=AT, status=EngineStatus.SWITCHING)]
    said: list[str] = []
    switching = asyncio.create_task(switch(EngineClient(tmp_path), "phone", finish=True, tell=said.append))
    await until(lambda: said == ["2 clips are still in hand."])
    engine.tell(ClipReturned(at=AT, slot=1, clip=clips[0], reason="x"))
    await until(lambda: len(said) == 2)
    assert said[1] == "1 clip is still in hand."
    assert not switching.done()
    engine.tell(ClipReturned(at=AT, slot=2, clip=clips[1], reason="x"), SWITCHED)
    assert (await switching).startswith("Switched from wlan0 192.168.1.23 to phone")


async def test_a_view_that_gives_up_leaves_the_switch_going_on(engine: Engine, tmp_path: Path) -> None:
    engine.told = [AWAY_FROM_HOME, changed(PHONE), StatusChanged(at=AT, status=EngineStatus.SWITCHING)]
    switching = asyncio.create_task(switch(EngineClient(tmp_path), "phone", finish=True, tell=print))
    await until(lambda: bool(engine.commands))
    switching.cancel()
    await asyncio.gather(switching, return_exceptions=True)
    await until(lambda: engine.server.views == 0)
    assert [type(command) for command in engine.commands] == [SwitchNetwork]


async def test_another_way_to_the_same_network_is_no_switch_to_wait_for(
    engine: Engine, tmp_path: Path
) -> None:
    engine.told = [changed(HOME)]
    sentence = await switch(EngineClient(tmp_path), "192.168.1.23", finish=True, tell=print)
    assert sentence == "Everything leaves by wlan0 192.168.1.23 now, as before."


async def test_a_refusal_is_the_engines_own_sentence(engine: Engine, tmp_path: Path) -> None:
    engine.refusal = "There is no network 'fone'; there is phone."
    with pytest.raises(EngineError, match=r"^There is no network 'fone'; there is phone\.$"):
        await switch(EngineClient(tmp_path), "fone", finish=True, tell=print)
    with pytest.raises(EngineError, match="there is phone"):
        await check(EngineClient(tmp_path), "fone")


async def test_an_engine_that_goes_away_is_not_waited_for(engine: Engine, tmp_path: Path) -> None:
    engine.told = [AWAY_FROM_HOME, changed(PHONE)]
    switching = asyncio.create_task(switch(EngineClient(tmp_path), "phone", finish=True, tell=print))
    await until(lambda: bool(engine.commands))
    await engine.server.close()
    with pytest.raises(EngineError, match="went away"):
        await switching
    with pytest.raises(EngineError, match="went away"):
        await switch(EngineClient(tmp_path), "phone", finish=True, tell=print)


@pytest.mark.parametrize("name", ["phone", " Phone ", "10.0.0.7", "phone wlan1 10.0.0.7"])
async def test_a_check_waits_for_the_answer_of_its_own_network(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    other = NetworkChecked(at=AT, name=HOME.name, label=HOME.label, ok=False, text="refused")
    ours = NetworkChecked(at=AT, name=PHONE.name, label=PHONE.label, ok=True, text="answers")
    engine.told = [other, ours]
    assert await check(EngineClient(tmp_path), name) == ours
    assert [command.name for command in engine.commands if isinstance(command, CheckNetwork)] == ["10.0.0.7"]


async def test_a_check_of_a_network_by_another_name_takes_the_answer_that_comes(
    engine: Engine, tmp_path: Path
) -> None:
    answer = NetworkChecked(at=AT, name=PHONE.name, label=PHONE.label, ok=True, text="answers")
    engine.told = [answer]
    assert await check(EngineClient(tmp_path), "wlan1") == answer


async def test_a_check_that_comes_to_nothing_ends(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_commands, "CHECK_WITHIN_S", 0.01)
    with pytest.raises(EngineError, match=r"engine\.log"):
        await check(EngineClient(tmp_path), "phone")


def test_no_network_is_found_by_an_empty_name() -> None:
    state = RunState()
    state.apply_all(listing(AT, (HOME, PHONE)))
    assert find_network(state, "") is None
    assert find_network(state, "PHONE") == PHONE
