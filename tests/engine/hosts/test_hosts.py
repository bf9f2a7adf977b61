"""Hosts as the engine has them: who takes part, and what makes two of their networks one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.engine.hosts import hosts as hosts_module
from kinetics_tui.engine.hosts.certificates import Authority
from kinetics_tui.engine.hosts.connect_file import ConnectFile
from kinetics_tui.engine.hosts.host import network_of_host
from kinetics_tui.engine.hosts.listener import Listener
from kinetics_tui.engine.hosts.messages import FromHost, HostNetwork, Leaving, Welcome
from kinetics_tui.engine.networks.network import met_before
from kinetics_tui.model.network import NetworkKind
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts
from tests.torture.host_liar import Liar, hello


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
    monkeypatch.setattr(hosts_module, "MOST_HOSTS", 2)
    parts = make_parts(some_clips(4))
    parts.hosts.open("token")
    listener = await Listener.open(
        "127.0.0.1", 0, authority.engine_context(), parts.hosts.serve, JsonReader[FromHost](FromHost)
    )
    file = ConnectFile.make(
        title="set",
        folder="/nowhere",
        addresses=(f"127.0.0.1:{listener.port}",),
        token="",
        credentials=authority.issue(),
    )
    async with await Liar.call(file) as one, await Liar.call(file) as two:
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
    await parts.hosts.close("")
    await listener.close()
