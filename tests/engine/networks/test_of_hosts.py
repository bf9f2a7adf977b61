"""Networks of hosts among those of a run: they come into use, go away, and may turn out to be one."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.of_hosts import NetworksOfHosts
from kinetics_tui.engine.networks.seen import SURE_AFTER
from kinetics_tui.model.commands import UseNetworks
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkKind, NetworkStatus, Route, host_way
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts

MakeParts = Callable[..., Parts]
SEEN_AT = "203.0.113.9"


def network(host: str, address: str = "10.0.0.2", *, present: bool = True) -> dict[str, Network]:
    """The one network of a host, by its way."""
    way = host_way(host, "default").target
    found = Network(
        name=f"{host} {address}",
        label=f"{host} eth0 {address}",
        kind=NetworkKind.DEFAULT_ROUTE,
        route=Route(way=way),
        present=present,
    )
    return {way: found}


def in_use(parts: Parts) -> dict[str, NetworkStatus]:
    """The networks that clips go out by."""
    return {one.name: one.status for one in parts.context.state.networks.values() if one.in_use}


def by_hosts(parts: Parts, *hosts: str) -> NetworksOfHosts:
    """With these hosts there."""
    for host in hosts:
        parts.networks_of_hosts.lead(network(host))
    return parts.networks_of_hosts


def test_the_network_of_a_host_joins_those_in_use_and_begins_with_one_clip(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    by_hosts(parts, "lab2")
    assert in_use(parts)["lab2 10.0.0.2"] is NetworkStatus.PROBING
    assert len(in_use(parts)) == 2


def test_clips_go_to_a_host_by_its_own_networks_alone(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    by_hosts(parts, "lab2", "lab3")
    assert [known.network.name for known in parts.networks.by_turn("lab2")] == ["lab2 10.0.0.2"]
    assert [known.network.name for known in parts.networks.by_turn("")] == [parts.network.name]
    assert parts.networks.by_turn("lab4") == []


def test_a_host_that_is_away_takes_its_network_out_of_reach_and_brings_it_back(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    of_hosts = by_hosts(parts, "lab2")
    of_hosts.lead(network("lab2", present=False))
    assert in_use(parts)["lab2 10.0.0.2"] is NetworkStatus.OFFLINE
    of_hosts.lead(network("lab2"))
    assert in_use(parts)["lab2 10.0.0.2"] is NetworkStatus.PROBING


def test_a_network_that_the_user_took_out_stays_out_as_its_host_comes_again(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    of_hosts = by_hosts(parts, "lab2", "lab3")
    of_hosts.keep()
    assert parts.commands.obey(UseNetworks(ways=("lab3",))).ok
    of_hosts.keep()
    of_hosts.lead(network("lab2", present=False))
    of_hosts.lead(network("lab2"))
    assert set(in_use(parts)) == {"lab3 10.0.0.2"}
    assert parts.commands.obey(UseNetworks(ways=("lab2", "lab3"))).ok
    assert set(in_use(parts)) == {"lab2 10.0.0.2", "lab3 10.0.0.2"}


def test_a_removed_host_leaves_no_network(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    of_hosts = by_hosts(parts, "lab2")
    of_hosts.remove("lab2")
    assert set(in_use(parts)) == {parts.network.name}
    assert not of_hosts.knows("lab2")
    assert parts.ledger.hosts().removed == ("lab2",)
    of_hosts.admit("lab2")
    assert parts.ledger.hosts().removed == ()


def test_a_host_that_names_other_ways_has_no_others(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    of_hosts = by_hosts(parts, "lab2")
    other = {"lab2/wlan0": next(iter(network("lab2", "10.0.0.9").values()))}
    of_hosts.forget("lab2", keep=other)
    of_hosts.lead(other)
    assert set(in_use(parts)) == {parts.network.name, "lab2 10.0.0.9"}


def test_networks_that_youtube_sees_at_one_address_become_one_and_keep_the_cooldown(
    make_parts: MakeParts,
) -> None:
    parts = make_parts(some_clips(3), workers=1)
    of_hosts = by_hosts(parts, "lab2", "lab3")
    stamps = {known.network.name: parts.networks.stamp(known) for known in parts.networks.in_use}
    for name in ("lab2 10.0.0.2", "lab3 10.0.0.2"):
        for _ in range(SURE_AFTER - (name == "lab3 10.0.0.2")):
            of_hosts.seen(stamps[name], SEEN_AT)
    assert len(in_use(parts)) == 3
    parts.networks.saw_signal(stamps["lab2 10.0.0.2"], Category.TOO_MANY_REQUESTS, parts.now, None)
    of_hosts.seen(stamps["lab3 10.0.0.2"], SEEN_AT)
    assert in_use(parts)["lab2 10.0.0.2"] is NetworkStatus.COOLING
    assert "lab3 10.0.0.2" not in in_use(parts)
    (known,) = parts.networks.by_turn("lab3")
    assert known.network.name == "lab2 10.0.0.2"
    assert known.routes == {"lab2": Route(way="lab2/default"), "lab3": Route(way="lab3/default")}
    of_hosts.keep()
    assert parts.ledger.hosts().one == {"lab3 10.0.0.2": "lab2 10.0.0.2"}


def test_people_name_a_network_of_the_run_or_an_address_of_their_own(make_parts: MakeParts) -> None:
    parts = make_parts(some_clips(3), workers=1)
    of_hosts = by_hosts(parts, "lab2")
    assert of_hosts.meant("default") == parts.network.name
    assert of_hosts.meant("lab2/default") == "lab2 10.0.0.2"
    assert of_hosts.meant(" cluster ") == "cluster"
