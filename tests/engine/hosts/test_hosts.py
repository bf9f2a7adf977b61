"""Hosts as the engine has them: who takes part, and what makes two of their networks one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kinetics_tui import __version__
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.engine.hosts import hosts as hosts_module
from kinetics_tui.engine.hosts import register as register_module
from kinetics_tui.engine.hosts.arrivals import arrivals_path
from kinetics_tui.engine.hosts.host import network_of_host
from kinetics_tui.engine.networks.network import met_before
from kinetics_tui.engine.wire.certificates import Authority
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.gate import Gate
from kinetics_tui.engine.wire.line import MIN_PIECE_BYTES
from kinetics_tui.engine.wire.messages import (
    Ask,
    Bye,
    Checked,
    Got,
    HostNetwork,
    Leaving,
    NetworksNow,
    NewOptions,
    Note,
    ProgressNow,
    ProgressOf,
    Refused,
    Resize,
    Result,
    Welcome,
    Work,
    WorkerGone,
    WorkerUp,
)
from kinetics_tui.engine.workers.messages import Failed, Progress
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.commands import AdmitHost, AnyCommand, RemoveHost, SetHostWorkers
from kinetics_tui.model.events import ClipProgress, Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import NOTHING_SPENT
from kinetics_tui.model.network import HostState, HostStatus, NetworkKind
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts
from tests.engine.scripted_worker import finished
from tests.torture.host_liar import Liar, hello


@asynccontextmanager
async def listening(parts: Parts, authority: Authority) -> AsyncIterator[ConnectFile]:
    """The engine lets hosts in; yields what lets one in."""
    parts.hosts.open("token")
    dataset = parts.context.dataset
    gate = await Gate.open(dataset, arrivals_path(dataset), parts.hosts.serve, "127.0.0.1", 0)
    yield ConnectFile.make(
        title="set",
        folder="/nowhere",
        addresses=(f"127.0.0.1:{gate.port}",),
        token="",
        credentials=authority.issue(),
    )
    await parts.hosts.close("")
    await gate.close()


@pytest.mark.parametrize(
    ("peer", "name"),
    [("10.0.0.5", "lab2 10.0.0.5"), ("8.8.8.8", "8.8.8.8"), ("2001:4860:4860::8888", "2001:4860:4860::8888")],
)
def test_the_default_route_of_a_host_behind_nat_is_the_address_that_it_calls_from(
    peer: str, name: str
) -> None:
    found = HostNetwork(key="default", name="10.0.0.5", label="eth0 10.0.0.5")
    assert network_of_host("lab2", peer, found).name == name


def test_a_proxy_of_a_host_that_is_not_here_cannot_be_used_from_this_machine() -> None:
    found = HostNetwork(
        key="office", name="socks5://127.0.0.1:1080", label="socks5://127.0.0.1:1080", kind=NetworkKind.PROXY
    )
    led = network_of_host("lab2", "10.0.0.5", found)
    assert led.name == "lab2 socks5://127.0.0.1:1080"
    assert not met_before(NetworkRow(led.name, led.label, led.kind)).present
    assert met_before(NetworkRow(found.name, found.label, found.kind)).present


async def test_a_host_that_has_left_makes_room_for_another(
    make_parts: Callable[..., Parts], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_module, "MOST_HOSTS", 2)
    parts = make_parts(some_clips(4))
    async with (
        listening(parts, authority) as file,
        await Liar.call(file) as one,
        await Liar.call(file) as two,
    ):
        one.say(hello("one"))
        two.say(hello("two"))
        await one.next(Welcome)
        await two.next(Welcome)
        async with await Liar.call(file) as three:
            assert await three.refused(hello("three")) == "2 hosts take part already."
        one.say(Leaving())
        await one.over.wait()
        async with await Liar.call(file) as three:
            three.say(hello("three"))
            await three.next(Welcome)
            assert set(parts.context.state.hosts) == {"two", "three"}


async def test_what_the_user_and_the_workers_do_is_told_to_a_host_and_of_it(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4), workers=1)
    async with listening(parts, authority) as file:

        def obey(command: AnyCommand) -> str:
            return parts.commands.obey(command).message

        def listed() -> HostState:
            return parts.context.state.hosts["one"]

        async with await Liar.call(file) as one:
            work = await _taken(one, parts)
            assert listed().status is HostStatus.HERE
            assert obey(SetHostWorkers(host="two", workers=3)) == "There is no host 'two'."
            assert "1 to 64, not 65" in obey(SetHostWorkers(host="one", workers=65))
            assert obey(SetHostWorkers(host="one", workers=3)) == ""
            assert (await one.next(Resize)).workers == 3
            one.say(Note(text="its disk is nearly full"))
            one.say(
                Result(
                    place=1,
                    lease=work.lease,
                    said=Failed(
                        clip_id=work.assign.clip_id,
                        category=Category.DISK_FULL,
                        text="The disk is full.",
                        spent=NOTHING_SPENT,
                    ),
                )
            )
            answer = asyncio.create_task(parts.hosts.ask("one/default", "aaaaaaaaaaa"))
            asked = await one.next(Ask)
            said = CheckAnswer(ok=True, category=None, text="It plays.", took_s=0.1)
            one.say(Checked(number=asked.number, answer=said))
            assert await answer == said
            assert listed().last_word == "Its own disk: The disk is full."
            one.say(
                NetworksNow(networks=(HostNetwork(key="wlan0", name="10.9.9.9", label="wlan0 10.9.9.9"),))
            )
            one.say(WorkerGone(place=1, how="killed by signal 9", from_outside=True))
            one.say(WorkerGone(place=7))
            parts.context.change_options(height_px=240)
            parts.hosts.tick()
            assert (await one.next(NewOptions)).options.height_px == 240
            async with asyncio.timeout(30):
                while listed().ready or "one 10.9.9.9" not in listed().networks:
                    parts.hosts.tick()
                    await asyncio.sleep(0.01)
            parts.hosts.flushed()
            assert (await one.next(Got)).lease == work.lease
            assert obey(RemoveHost(host="one")) == ""
            assert (await one.next(Bye)).removed
        assert listed().status is HostStatus.REMOVED
        assert obey(RemoveHost(host="one")) == "The host one is removed already."
        async with await Liar.call(file) as again:
            assert "was removed" in await again.refused(hello("one"))
        assert obey(AdmitHost(host="one")) == ""
        assert "one" not in parts.context.state.hosts
        assert obey(AdmitHost(host="one")) == "No host 'one' was removed."
        assert not (await parts.hosts.ask("one/default", "aaaaaaaaaaa")).ok


async def test_a_worker_that_ends_before_its_last_result_has_come_is_counted_no_more(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4), workers=1)
    async with listening(parts, authority) as file, await Liar.call(file) as one:

        def listed() -> HostState:
            return parts.context.state.hosts["one"]

        async def until_ready(number: int) -> None:
            async with asyncio.timeout(30):
                while listed().ready != number:
                    await asyncio.sleep(0.01)

        one.say(hello("one", workers=2))
        await one.next(Welcome)
        one.say(WorkerUp(place=2, pid=1002))
        await until_ready(1)
        parts.dispatcher.dispatch()
        work = await one.next(Work)
        one.say(WorkerUp(place=1, pid=1001))
        await until_ready(2)
        assert parts.commands.obey(SetHostWorkers(host="one", workers=1)).message == ""
        one.say(WorkerGone(place=2))
        await until_ready(1)
        assert len(parts.hosts.hands) == 2  # the clip of one is still to come
        said = Failed(
            clip_id=work.assign.clip_id, category=Category.PRIVATE, text="It is private.", spent=NOTHING_SPENT
        )
        one.say(Result(place=2, lease=work.lease, said=said))
        async with asyncio.timeout(30):
            while len(parts.hosts.hands) == 2:
                await asyncio.sleep(0.01)
        assert (listed().workers, listed().ready) == (1, 1)
        assert [hand.place for hand in parts.hosts.hands] == [1]
        assert [one.place for one in parts.context.state.workers.values() if one.host == "one"] == [1]


async def test_of_what_a_host_says_of_its_networks_in_one_moment_the_last_word_counts(
    make_parts: Callable[..., Parts], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts_module, "NETWORKS_EVERY_S", 1000.0)
    parts = make_parts(some_clips(4))
    async with listening(parts, authority) as file, await Liar.call(file) as one:

        def networks() -> tuple[str, ...]:
            return parts.context.state.hosts["one"].networks

        one.say(hello("one"))
        await one.next(Welcome)
        at_first = networks()
        for number in range(20):
            one.say(NetworksNow(networks=(HostNetwork(key="wlan0", name=f"10.9.9.{number}", label="wlan0"),)))
        one.say(Note(text="that is all"))
        async with asyncio.timeout(30):
            while parts.context.state.hosts["one"].last_word != "that is all":
                parts.hosts.tick()
                await asyncio.sleep(0.01)
        assert networks() == at_first
        parts.hosts._register["one"].networks_due = 0.0
        parts.hosts.tick()
        assert [name for name in networks() if "10.9.9" in name] == ["one 10.9.9.19"]


async def test_a_file_that_is_no_clip_or_cannot_be_written_leaves_nothing_behind(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4), workers=1)
    folder = arrivals_path(parts.context.dataset)

    def files() -> list[Path]:
        return [path for path in folder.glob("*") if path.is_file()]

    async with listening(parts, authority) as file, await Liar.call(file) as one:
        work = await _taken(one, parts)
        one.deliver(work, b"no clip" * 1000, finished(1).made, size_bytes=1000)
        async with asyncio.timeout(30):
            while "another size" not in parts.context.state.hosts["one"].last_word:
                await asyncio.sleep(0.01)
        assert files() == []
        parts.dispatcher.dispatch()
        work = await one.next(Work)
        shutil.rmtree(folder)
        one.deliver(work, b"no clip" * 1000, finished(1).made)
        async with asyncio.timeout(30):
            while parts.hosts.hands[0].lease == work.lease:
                await asyncio.sleep(0.01)
        assert parts.disk.problem == "What one sends cannot be written (No such file or directory)."
        assert parts.context.state.failed == 0


async def test_a_file_that_comes_whole_as_its_host_calls_again_is_removed(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4), workers=1)
    folder = arrivals_path(parts.context.dataset)
    data, most = bytes(3 * MIN_PIECE_BYTES), 2 * MIN_PIECE_BYTES
    async with listening(parts, authority) as file, await Liar.call(file) as one:
        work = await _taken(one, parts)
        one.pieces(work.lease, data[:most], size_bytes=len(data))
        async with asyncio.timeout(30):
            while not list(folder.glob("*.part")):
                await asyncio.sleep(0.01)
        async with await Liar.call(file) as again:
            again.say(hello("one"))
            one.pieces(work.lease, data[most:], size_bytes=len(data), begin=most)
            await again.next(Welcome)
            async with asyncio.timeout(30):
                while [path for path in folder.glob("*") if path.is_file()]:
                    await asyncio.sleep(0.01)


async def test_one_whose_first_word_is_not_understood_reads_what_to_type(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4))
    async with listening(parts, authority) as file, await Liar.call(file) as one:
        one.say_bytes(b"J", b'{"message": "hello", "version": 9}')
        refused = await one.next(Refused)
        assert f"pip install kinetics-tui=={__version__}" in refused.why
        await asyncio.wait_for(one.over.wait(), 30)
    assert parts.context.state.hosts == {}


async def test_a_host_that_is_removed_is_hung_up_on(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4))
    async with listening(parts, authority) as file, await Liar.call(file) as one:
        one.say(hello("one"))
        await one.next(Welcome)
        assert parts.commands.obey(RemoveHost(host="one")).message == ""
        assert (await one.next(Bye)).removed
        await asyncio.wait_for(one.over.wait(), 30)


async def test_hosts_end_with_the_run_and_are_not_missed(
    make_parts: Callable[..., Parts], authority: Authority
) -> None:
    parts = make_parts(some_clips(4))
    async with listening(parts, authority) as file, await Liar.call(file) as one:
        one.say(hello("one"))
        await one.next(Welcome)
        await parts.hosts.close("Every clip is settled.")
        assert parts.context.state.hosts["one"].status is HostStatus.LEFT
        assert parts.context.state.hosts["one"].last_word == "ended with the run"


async def _taken(one: Liar, parts: Parts) -> Work:
    """The clip that a host with one worker is given."""
    one.say(hello("one"))
    await one.next(Welcome)
    one.say(WorkerUp(place=1, pid=1001))
    async with asyncio.timeout(30):
        while not parts.hosts.hands:
            await asyncio.sleep(0.01)
    parts.dispatcher.dispatch()
    return await one.next(Work)


@pytest.mark.parametrize(("bound", "told"), [(256, 3), (0.01, 2)])
async def test_of_very_many_clips_progress_is_told_less_often_and_a_new_phase_at_once(
    make_parts: Callable[..., Parts],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    bound: float,
    told: int,
) -> None:
    monkeypatch.setattr(hosts_module, "PROGRESS_A_SECOND", bound)
    parts = make_parts(some_clips(4))
    async with listening(parts, authority) as file, await Liar.call(file) as one:
        work = await _taken(one, parts)
        for phase in (Phase.DOWNLOAD, Phase.DOWNLOAD, Phase.TRIM):
            said = Progress(
                clip_id=work.assign.clip_id, phase=phase, fraction=0.5, wire_bytes=1, bytes_per_s=1.0
            )
            one.say(ProgressNow(clips=(ProgressOf(work.place, work.lease, said),)))
        async with asyncio.timeout(30):
            while parts.context.state.workers[parts.hosts.hands[0].number].phase is not Phase.TRIM:
                await asyncio.sleep(0.01)
    assert len(parts.told(ClipProgress)) == told
