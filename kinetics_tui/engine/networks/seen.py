"""The address by which YouTube sees each network, and so which of them are one.

Machines behind one NAT have addresses of their own and leave by one: to YouTube they are one network. It
writes the address that it sees into its media's addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import NamedTuple

from kinetics_tui.engine.networks.addresses import name_of

SURE_AFTER = 2
"""So many clips in a row have to be seen from one address before anything follows from it: some providers
hand out addresses of a pool by turns."""


class _Sight(NamedTuple):
    """Where a network was seen last: the address, the name of its unit, and for how many clips in a row."""

    address: str
    name: str
    times: int


class SeenAddresses:
    """What YouTube saw of each network in this run."""

    def __init__(self) -> None:
        self._seen: dict[str, _Sight] = {}
        self._sure: dict[str, list[str]] = {}
        """The networks that are at an address for sure."""

    def saw(self, network: str, address: str, others: Collection[str]) -> str | None:
        """A clip by ``network`` was seen from ``address``: which of the ``others`` in use is the same one."""
        before = self._seen.get(network)
        if before is None or before.address != address:
            try:
                name = name_of(str(ipaddress.ip_address(address)))
            except ValueError:
                return None
            if before is not None and before.name != name:
                self.forget(network)
                before = None
            before = _Sight(address, name, before.times if before is not None else 0)
        times = before.times + 1
        self._seen[network] = before._replace(times=times)
        if times < SURE_AFTER:
            return None
        sure = self._sure.setdefault(before.name, [])
        if times == SURE_AFTER:
            sure.append(network)
        return next((other for other in sure if other != network and other in others), None)

    def forget(self, network: str) -> None:
        """The network leads elsewhere now."""
        sight = self._seen.pop(network, None)
        if sight is not None and sight.times >= SURE_AFTER:
            self._sure[sight.name].remove(network)
