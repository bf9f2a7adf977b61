"""The networks of hosts among those of a run: they come into use, go away, and may turn out to be one."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.rows import HostsKept, NetworkRow
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.networks.seen import SeenAddresses
from kinetics_tui.model.network import Stamp, host_way


class NetworksOfHosts:
    """Keeps the networks of hosts, with the ledger and among those in use; knows which hosts were removed."""

    def __init__(self, context: RunContext, networks: Networks) -> None:
        self._context = context
        self._networks = networks
        self._seen = SeenAddresses()
        self._kept = context.ledger.hosts()
        self._in_use: set[str] = set()

    @property
    def removed(self) -> Sequence[str]:
        """The names of hosts that are not let in."""
        return self._kept.removed

    def knows(self, host: str) -> bool:
        """True if a host of this name ever took part, and was not removed."""
        return any(way.partition("/")[0] == host for way in self._networks.ways.of_hosts)

    def lead(self, led: Mapping[str, Network]) -> None:
        """These ways of a host lead to these networks now; they come into use unless the user took them out.

        Raises DatasetError where one has to and the ledger cannot be read.
        """
        networks, now = self._networks, self._context.clock()
        in_use = {way.target for way in networks.ways.in_use}
        unused = in_use.union(self._kept.unused)
        new = [
            host_way(*way.split("/", 1))
            for way, network in led.items()
            if network.present and way not in unused
        ]
        networks.ways.of_hosts.update(led)
        if new:
            networks.switch([*networks.ways.in_use, *new], now)
        else:
            networks.look(now)
        networks.list(now)

    def meant(self, text: str) -> str:
        """The name of the network that people mean: one of the run's, else as they say."""
        wanted = text.strip().lower()
        for listed in self._networks.ways.listed():
            network = listed.network
            names = (listed.given_as, listed.way.public, network.name, network.label)
            if wanted in [name.lower() for name in names if name]:
                return network.name
        return text.strip()

    def remove(self, host: str) -> None:
        """Let no host of this name in any more; its ways go, but the last one in use. Raises DatasetError."""
        self._write(removed=tuple(dict.fromkeys((*self._kept.removed, host))))
        self.forget(host)

    def forget(self, host: str, keep: Collection[str] = ()) -> None:
        """A host has these ways alone; others that it had are listed no more, but the last one in use."""
        networks, now = self._networks, self._context.clock()
        ways = [way for way in networks.ways.of_hosts if way.partition("/")[0] == host and way not in keep]
        if not ways:
            return
        for way in ways:
            del networks.ways.of_hosts[way]
            networks.ways.added.pop(way, None)
        left = tuple(way for way in networks.ways.in_use if way.target not in ways)
        if left and left != networks.ways.in_use:
            networks.switch(left, now)
        networks.keep_ways()
        networks.list(now)

    def end(self) -> None:
        """The run ends, and hosts with it: the next one begins without their networks."""
        ways = self._networks.ways
        ways.in_use = tuple(way for way in ways.in_use if way.target not in ways.of_hosts)
        for way in ways.of_hosts:
            ways.added.pop(way, None)
        ways.of_hosts.clear()
        self._networks.keep_ways()
        own = [known.network.name for known in self._networks.in_use if not known.network.route.way]
        self._networks.journal.in_use(own)
        self.keep()

    def admit(self, host: str) -> None:
        """Let hosts of this name in again. Raises DatasetError."""
        self._write(removed=tuple(name for name in self._kept.removed if name != host))

    def seen(self, stamp: Stamp, address: str) -> None:
        """YouTube saw a clip come from an address: networks in use that it sees as one are one."""
        networks = self._networks
        if not address or not networks.uses(stamp.network):
            return
        in_use = networks.in_use_by_name
        same = self._seen.saw(stamp.network, address, in_use)
        if same is None:
            return
        known, other = in_use[stamp.network], in_use[same]
        # The one that is worse off stands for both: a cooldown is kept.
        stays, goes = (known, other) if known.waits > other.waits else (other, known)
        before = networks.ways.one.items()
        one = {name: _renamed(leader, goes.network, stays.network) for name, leader in before}
        networks.ways.one = {**one, goes.network.name: stays.network.name}
        self._seen.forget(goes.network.name)
        text = f"YouTube sees {goes.network.label} and {stays.network.label} as one network ({address})"
        self._context.log("network", f"{text}: they go by one pace.")
        networks.look(self._context.clock())

    def keep(self) -> None:
        """Have what changed written; what cannot be is tried again the next time."""
        ways = self._networks.ways
        rows = {
            way: NetworkRow(network.name, network.label, network.kind, network.family)
            for way, network in ways.of_hosts.items()
        }
        in_use = {way.target for way in ways.in_use}
        # Those that were in use and are no more: the user took them out.
        unused = tuple(
            way
            for way in ways.of_hosts
            if way not in in_use and (way in self._in_use or way in self._kept.unused)
        )
        self._in_use = in_use
        if (rows, ways.one, unused) != (self._kept.networks, self._kept.one, self._kept.unused):
            with contextlib.suppress(DatasetError):
                self._write(networks=rows, one=ways.one, unused=unused)

    def _write(self, **changes: object) -> None:
        kept: HostsKept = msgspec.structs.replace(self._kept, **changes)
        self._context.ledger.set_hosts(kept)
        self._kept = kept


def _renamed(leader: str, goes: Network, stays: Network) -> str:
    return stays.name if leader == goes.name else leader
