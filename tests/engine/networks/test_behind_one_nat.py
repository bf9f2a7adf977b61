"""Networks of hosts that YouTube sees at one address: they become one, and the worse of them stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kinetics_tui.engine.networks.network import Network
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route, host_way
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts

NAT = "203.0.113.7"


def led(host: str) -> dict[str, Network]:
    way = host_way(host, "default")
    return {way.target: Network(name=f"{host} 10.0.0.5", label=f"{host} eth0", route=Route(way=way.target))}


@pytest.mark.parametrize("cools", ["lab2 10.0.0.5", "lab3 10.0.0.5"])
def test_networks_behind_one_nat_become_one_and_a_cooldown_stays(
    make_parts: Callable[..., Parts], cools: str
) -> None:
    parts = make_parts(some_clips(4))
    networks = parts.networks
    for host in ("lab2", "lab3"):
        parts.networks_of_hosts.lead(led(host))
    stamps = {known.network.name: networks.stamp(known) for known in networks.in_use}
    assert {"lab2 10.0.0.5", "lab3 10.0.0.5"} <= set(stamps)
    networks.saw_signal(stamps[cools], Category.SESSION_LIMIT, parts.now, None)
    until = next(known.throttle.until for known in networks.in_use if known.network.name == cools)
    for name in ("lab2 10.0.0.5", "lab3 10.0.0.5") * 2:
        parts.networks_of_hosts.seen(stamps[name], NAT)
    (one,) = [known for known in networks.in_use if known.network.name in ("lab2 10.0.0.5", "lab3 10.0.0.5")]
    assert one.throttle.until == until
    assert one.throttle.until is not None
    assert set(one.routes) == {"lab2", "lab3"}


def test_networks_that_became_one_have_the_pace_of_one(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(some_clips(4), pace_per_hour=360)  # 6 at once, then one in 10 s
    for host in ("lab2", "lab3"):
        parts.networks_of_hosts.lead(led(host))
    mine = [known for known in parts.networks.in_use if known.network.name.startswith("lab")]
    for known in mine * 2:
        assert known.pace.take(parts.now)
        parts.networks_of_hosts.seen(parts.networks.stamp(known), NAT)
    (one,) = [known for known in parts.networks.in_use if known.network.name.startswith("lab")]
    assert sum(one.pace.take(parts.now) for _ in range(20)) == 4


def test_one_clip_seen_from_another_address_makes_no_networks_one(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(some_clips(4))
    for host in ("lab2", "lab3"):
        parts.networks_of_hosts.lead(led(host))
    before = [known.network.name for known in parts.networks.in_use]
    stamps = {known.network.name: parts.networks.stamp(known) for known in parts.networks.in_use}
    for name, address in (("lab2 10.0.0.5", NAT), ("lab3 10.0.0.5", NAT), ("lab3 10.0.0.5", "203.0.113.8")):
        parts.networks_of_hosts.seen(stamps[name], address)
    assert [known.network.name for known in parts.networks.in_use] == before
