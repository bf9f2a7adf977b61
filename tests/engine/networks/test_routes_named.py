"""Ways out: found by any of their names, added, forgotten, listed once for each network."""

from __future__ import annotations

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.model.network import NetworkKind, Way, host_way, parse_way

HOME, PHONE = "192.168.1.23", "172.20.10.2"
INTERFACES = {"wlan0": HOME, "wlan1": PHONE}
PROXY = "socks5://me:secret@10.0.0.1:1080"


def look(way: Way, given_as: str) -> Network:
    """Two interfaces, the first with the default route, and proxies anywhere."""
    name = {NetworkKind.DEFAULT_ROUTE: HOME, NetworkKind.INTERFACE: INTERFACES.get(way.target, "")}.get(
        way.kind, way.public
    )
    interface = next((key for key, address in INTERFACES.items() if address == name), "")
    words = [word for word in (given_as, interface, name) if word]
    return Network(
        name=name or way.target, label=" ".join(words) or way.target, kind=way.kind, present=bool(name)
    )


def discover() -> list[Way]:
    return [Way(), parse_way(PHONE)]


def make_ways(**added: str) -> Ways:
    ways = Ways([Way()], look=look, discover=discover)
    for name, text in added.items():
        ways.add(parse_way(text), name)
    return ways


@pytest.mark.parametrize("name", ["phone", "PHONE", "phone wlan1 172.20.10.2", PHONE, "wlan1"])
def test_a_network_is_found_by_any_of_its_names(name: str) -> None:
    ways = make_ways(phone="wlan1")
    assert ways.lead(ways.find(name)).name == PHONE


def test_a_network_that_was_never_listed_is_found_by_what_it_is() -> None:
    assert make_ways().find("socks5://10.0.0.9:1080").kind is NetworkKind.PROXY
    assert make_ways().find("203.0.113.7").kind is NetworkKind.SOURCE_ADDRESS


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(SettingsError, match="phone"):
        make_ways(phone="wlan1").find("fone")


def test_default_means_the_default_route() -> None:
    assert make_ways(phone="wlan1").find("default") == Way()


def test_ways_that_lead_out_by_one_address_are_listed_once_by_the_users_name() -> None:
    ways = make_ways(phone="wlan1")
    assert [(listed.network.name, listed.given_as) for listed in ways.listed()] == [
        (HOME, ""),
        (PHONE, "phone"),
    ]


def test_the_way_in_use_comes_first() -> None:
    ways = make_ways(office=PROXY)
    ways.in_use = (parse_way(PROXY),)
    assert ways.listed()[0].given_as == "office"


def test_a_proxy_is_found_by_its_public_name_with_its_password() -> None:
    ways = make_ways(office=PROXY)
    assert ways.find("socks5://10.0.0.1:1080").target == PROXY


def test_a_typed_way_is_kept_until_it_is_forgotten() -> None:
    ways = make_ways()
    ways.add(parse_way(PROXY))
    ways.forget("socks5://10.0.0.1:1080")
    assert ways.added == {}
    with pytest.raises(SettingsError, match="was added"):
        ways.forget(HOME)


def make_same() -> Ways:
    """An office's proxy that leads out by the address of the phone, as only the user can know."""
    ways = make_ways(phone="wlan1")
    ways.add(parse_way(PROXY), "office", same="phone")
    return ways


@pytest.mark.parametrize("text", ["phone", "office", PHONE, "wlan1", PROXY])
def test_ways_named_the_same_lead_to_one_network_each_by_its_own_route(text: str) -> None:
    ways = make_same()
    network = ways.lead(ways.find(text))
    assert network.name == PHONE
    assert ways.find("office").target == PROXY
    assert len(network.also) == 1
    assert network.label not in network.also


def test_a_network_of_several_ways_is_listed_once_by_the_first_that_leads_anywhere() -> None:
    ways = make_same()
    assert [listed.given_as for listed in ways.listed()] == ["", "phone"]
    ways.in_use = ways.find_all(["phone", "office"])
    assert len(ways.in_use) == 2
    assert ways.find_all([PHONE, HOME]) == (*ways.in_use, Way())


def test_a_network_of_several_ways_keeps_its_name_when_its_address_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways = make_same()
    monkeypatch.setitem(INTERFACES, "wlan1", "172.20.10.9")
    ways.add(parse_way("wlan1"), "phone")
    ways.add(parse_way(PROXY), "office", same="phone")
    assert {ways.lead(ways.find(text)).name for text in ("phone", "office", "172.20.10.9")} == {PHONE}
    ways.add(parse_way(PROXY), "office")
    assert ways.lead(ways.find("phone")).name == "172.20.10.9"
    assert ways.lead(ways.find("office")).name == "socks5://10.0.0.1:1080"


def test_a_network_that_others_are_the_same_as_while_it_is_away_has_the_users_name() -> None:
    ways = make_ways(cable="eth7")
    ways.add(parse_way(PROXY), "office", same="cable")
    assert {ways.lead(ways.find(text)).name for text in ("cable", "office")} == {"cable"}


def test_the_same_as_a_network_that_is_unknown_is_refused() -> None:
    with pytest.raises(SettingsError, match="fone"):
        make_ways(phone="wlan1").add(parse_way(PROXY), "office", same="fone")


def test_a_name_given_later_takes_the_place_of_none() -> None:
    ways = make_ways()
    ways.add(parse_way(PROXY))
    ways.add(parse_way(PROXY), "office")
    ways.add(parse_way(PROXY))
    assert list(ways.added) == ["office"]


def test_the_same_name_again_means_another_network() -> None:
    ways = make_ways(phone="wlan0")
    ways.add(parse_way("wlan1"), "phone")
    assert ways.lead(ways.find("phone")).name == PHONE


def test_a_network_of_a_host_that_is_here_is_listed_and_found_though_it_is_not_in_use() -> None:
    led = Network(name="lab2 10.0.0.5", label="lab2 eth0 10.0.0.5", kind=NetworkKind.DEFAULT_ROUTE)
    away = Network(
        name="lab3 10.0.0.6", label="lab3 eth0 10.0.0.6", kind=NetworkKind.DEFAULT_ROUTE, present=False
    )
    of_hosts = {"lab2/default": led, "lab3/default": away}
    ways = Ways([Way()], of_hosts=of_hosts, look=look, discover=discover)
    assert led in [listed.network for listed in ways.listed()]
    assert away not in [listed.network for listed in ways.listed()]
    for name in (led.name, led.label, "lab2/default", "lab2"):
        assert ways.find(name) == host_way("lab2", "default")
