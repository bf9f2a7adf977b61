"""What a way out leads to now, and what it is called."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.networks import addresses as networks
from kinetics_tui.engine.networks.addresses import (
    discovered_ways,
    interface_of,
    is_ours,
    name_of,
    network_of,
    way_of_params,
)
from kinetics_tui.engine.networks.network import NO_ROUTE
from kinetics_tui.model.network import Family, NetworkKind, Way, parse_way


def default_route(**addresses: str) -> object:
    """A stand-in for the kernel's choice, by family."""
    return lambda family: addresses.get(family.name.lower())


def test_a_proxy_is_named_without_its_password_and_used_with_it() -> None:
    url = "socks5://me:secret@proxy.example:1080"
    network = network_of(parse_way(url), "office")
    assert network.name == "socks5://proxy.example:1080"
    assert network.label == "office socks5://proxy.example:1080"
    assert network.route.proxy == url


def test_a_source_address_of_this_machine_is_sent_from_and_no_proxy_is_asked() -> None:
    network = network_of(parse_way("127.0.0.1"))
    assert (network.name, network.present) == ("127.0.0.1", True)
    assert (network.route.source_address, network.route.proxy) == ("127.0.0.1", "")


def test_an_address_that_this_machine_has_not_leads_nowhere() -> None:
    assert not network_of(parse_way("203.0.113.7")).present


def test_an_interface_leads_out_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [("wlan1", "2001:db8::5", True), ("wlan1", "172.20.10.2", True), ("wlan1", "fe80::1", False)]
    monkeypatch.setattr(networks, "addresses", lambda: iter(found))
    network = network_of(parse_way("wlan1"), "phone")
    assert (network.name, network.label) == ("172.20.10.2", "phone wlan1 172.20.10.2")
    assert not network_of(parse_way("wlan7")).present


def test_two_ways_out_by_one_address_are_one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "default_route_address", default_route(ipv4="127.0.0.1"))
    assert network_of(Way()).name == network_of(parse_way("127.0.0.1")).name


def test_addresses_of_one_ipv6_prefix_are_one_network() -> None:
    assert name_of("2001:db8:1:2:aaaa::1") == name_of("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert name_of("2001:db8:1:3::1") != name_of("2001:db8:1:2::1")


def test_the_default_route_is_ipv4_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "default_route_address", default_route(ipv4="10.0.0.2", ipv6="2001:db8::5"))
    assert network_of(Way()).route.source_address == "0.0.0.0"
    assert network_of(Way(family=Family.IPV6)).route.source_address == "::"
    monkeypatch.setattr(networks, "default_route_address", default_route(ipv6="2001:db8::5"))
    assert network_of(Way()).family is Family.IPV6


def test_without_a_route_the_default_network_still_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "default_route_address", default_route())
    assert network_of(Way()).name == NO_ROUTE
    assert not network_of(Way()).present


@pytest.mark.parametrize(
    ("params", "way"),
    [
        ({}, Way()),
        ({"source_address": "0.0.0.0"}, Way(family=Family.IPV4)),
        ({"source_address": "::"}, Way(family=Family.IPV6)),
        ({"source_address": "10.0.0.2"}, parse_way("10.0.0.2")),
        ({"proxy": "http://10.0.0.1:80", "source_address": "10.0.0.2"}, parse_way("http://10.0.0.1:80")),
    ],
)
def test_yt_dlps_own_options_choose_the_first_way(
    params: dict[str, str], way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", dict)
    assert way_of_params(params) == way


def test_the_proxy_of_the_environment_is_a_network_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://10.0.0.1:3128")
    assert way_of_params({}).target == "http://10.0.0.1:3128"
    assert way_of_params({"proxy": ""}) == Way()
    monkeypatch.setenv("no_proxy", "youtube.com")
    assert way_of_params({}) == Way()


def test_the_machine_offers_its_default_routes_then_its_other_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        ("lo", "127.0.0.1", False),
        ("wlan0", "10.0.0.2", True),
        ("wlan0", "2001:db8::5", True),
        ("wlan0", "2001:db8::6", True),
        ("wlan1", "172.20.10.2", True),
    ]
    monkeypatch.setattr(networks, "addresses", lambda: iter(found))
    monkeypatch.setattr(networks, "default_route_address", default_route(ipv4="10.0.0.2", ipv6="2001:db8::5"))
    assert list(discovered_ways()) == [
        Way(family=Family.IPV4),
        Way(family=Family.IPV6),
        Way(kind=NetworkKind.SOURCE_ADDRESS, target="172.20.10.2", family=Family.IPV4),
    ]


def test_the_interface_of_an_address_is_found() -> None:
    assert interface_of("127.0.0.1") in ("lo", "lo0")
    assert interface_of("203.0.113.7") == ""


def test_what_this_machine_can_send_from_is_asked_of_the_machine() -> None:
    assert is_ours("127.0.0.1")
    assert not is_ours("203.0.113.7")
