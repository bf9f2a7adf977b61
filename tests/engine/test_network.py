"""Which network requests leave by, and what it is called."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.network import NO_ROUTE, interface_of, network_in_use, public_proxy


def test_a_proxy_is_named_without_its_password() -> None:
    network = network_in_use(None, "socks5://me:secret@proxy.example:1080")
    assert network.name == "proxy socks5://proxy.example:1080"
    assert network.kind == "proxy"


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://10.0.0.1:8080/", "http://10.0.0.1:8080"),
        ("10.0.0.1:8080", "http://10.0.0.1:8080"),
        ("https://u:p@h", "https://h"),
    ],
)
def test_proxies_as_people_write_them(proxy: str, shown: str) -> None:
    assert public_proxy(proxy) == shown


def test_a_source_address_is_a_network_of_its_own() -> None:
    network = network_in_use("127.0.0.1", None)
    assert network.name == "source 127.0.0.1"
    assert network.label.endswith("127.0.0.1")
    assert network.kind == "source address"


def test_any_address_means_the_default_route() -> None:
    assert network_in_use("0.0.0.0", None).kind == "default route"


def test_without_a_route_the_default_network_still_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinetics_tui.engine.network.default_route_address", lambda: None)
    assert network_in_use(None, None).name == NO_ROUTE


def test_the_interface_of_an_address_is_found() -> None:
    assert interface_of("127.0.0.1") in ("lo", "lo0")
    assert interface_of("203.0.113.7") == ""
