"""The address by which YouTube sees each network, and so which of them are one.

Machines behind one NAT have addresses of their own and leave by one: to YouTube they are one network. It
writes the address that it sees into its media's addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from kinetics_tui.engine.networks.addresses import name_of

SURE_AFTER = 2
"""So many clips in a row have to be seen from one address before anything follows from it: some providers
hand out addresses of a pool by turns."""


class SeenAddresses:
    """What YouTube saw of each network in this run."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, int]] = {}

    def saw(self, network: str, address: str, others: Collection[str]) -> str | None:
        """A clip by ``network`` was seen from ``address``: which of the ``others`` in use is the same one."""
        try:
            seen = name_of(str(ipaddress.ip_address(address)))
        except ValueError:
            return None
        before, times = self._seen.get(network, ("", 0))
        times = times + 1 if seen == before else 1
        self._seen[network] = (seen, times)
        if times < SURE_AFTER:
            return None
        same = [other for other in others if other != network and self._sure(other) == seen]
        return same[0] if same else None

    def forget(self, network: str) -> None:
        """The network leads elsewhere now."""
        self._seen.pop(network, None)

    def _sure(self, network: str) -> str:
        seen, times = self._seen.get(network, ("", 0))
        return seen if times >= SURE_AFTER else ""
