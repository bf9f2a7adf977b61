"""Networks of hosts: what makes two of them one."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.hosts.host import network_of_host
from kinetics_tui.engine.hosts.messages import HostNetwork


@pytest.mark.parametrize(
    ("peer", "name"),
    [("10.0.0.5", "lab2 10.0.0.5"), ("8.8.8.8", "8.8.8.8"), ("2001:4860:4860::8888", "2001:4860:4860::8888")],
)
def test_the_default_route_of_a_host_behind_nat_is_the_address_that_it_calls_from(
    peer: str, name: str
) -> None:
    found = HostNetwork(key="default", name="10.0.0.5", label="eth0 10.0.0.5")
    assert network_of_host("lab2", peer, found).name == name
