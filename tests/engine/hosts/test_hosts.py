"""Networks of hosts: what makes two of them one."""

from __future__ import annotations

import pytest

from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.engine.hosts.host import network_of_host
from kinetics_tui.engine.hosts.messages import HostNetwork
from kinetics_tui.engine.networks.network import met_before
from kinetics_tui.model.network import NetworkKind


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
