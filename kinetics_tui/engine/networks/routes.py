"""The ways out that a run knows: those in use, those the user added, those the machine has."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.networks.addresses import discovered_ways, network_of, way_of_params
from kinetics_tui.engine.networks.network import Network, one_each
from kinetics_tui.model.network import DEFAULT, NetworkKind, SameAs, Way, host_way, parse_way


class Listed(NamedTuple):
    """A way, what the user calls it (empty: nothing), and the network that it leads to now."""

    way: Way
    given_as: str
    network: Network


class Ways:
    """Finds ways by what people call them.

    ``in_use`` are those that a run goes out by, one at least; ``added`` maps the names of those added,
    ``same`` those of them that lead out by one address with another one.

    ``look`` says what a way leads to now, ``discover`` which ways the machine has; both ask the machine
    again each time. ``of_hosts`` are the networks that the ways of other machines lead to, as those said
    last. ``one`` are names of networks that turned out to be another one, each with the name of that.
    """

    def __init__(
        self,
        in_use: Sequence[Way],
        added: Mapping[str, Way] | None = None,
        same: Mapping[str, SameAs] | None = None,
        *,
        of_hosts: Mapping[str, Network] | None = None,
        one: Mapping[str, str] | None = None,
        look: Callable[[Way, str], Network] = network_of,
        discover: Callable[[], Iterable[Way]] = discovered_ways,
    ) -> None:
        self.in_use = tuple(in_use)
        self.added = dict(added or {})
        self.same = dict(same or {})
        self.of_hosts = dict(of_hosts or {})
        self.one = dict(one or {})
        self._look_here = look
        self._discover = discover

    def networks(self) -> dict[Way, Network]:
        """The network that each way in use leads to now; to YouTube, those of one name are one."""
        return {way: self.lead(way) for way in self.in_use}

    def lead(self, way: Way) -> Network:
        """The network that a way leads to now; whatever leads there is the same as those named with it."""
        found = self._look(way, self.given_as(way))
        if leader := self.one.get(found.name):
            return msgspec.structs.replace(found, name=leader)
        members = [
            (network, self._look(self.added[name], name))
            for other, (first, network) in self.same.items()
            for name in (first, other)
            if name in self.added
        ]
        names = [network for network, member in members if member.name == found.name]
        if not names:
            return found
        labels = [
            member.label for network, member in members if network == names[0] and member.name != found.name
        ]
        return msgspec.structs.replace(found, name=names[0], also=tuple(dict.fromkeys(labels)))

    def _look(self, way: Way, given_as: str) -> Network:
        if way.kind is not NetworkKind.HOST:
            return self._look_here(way, given_as)
        away = Network(name=way.target, label=way.target, kind=way.kind, present=False)
        return self.of_hosts.get(way.target, away)

    def given_as(self, way: Way) -> str:
        """The user's name of a way, empty where nothing but what it is."""
        return next((name for name, known in self.added.items() if known == way and name != way.public), "")

    def add(self, way: Way, given_as: str = "", same: str = "") -> None:
        """List a way from now on; the same name again takes the place of what it stood for.

        ``same`` names another one that leads out by the same address. Raises SettingsError where there is
        none.
        """
        if not given_as and (way in self.added.values() or way.kind is NetworkKind.DEFAULT_ROUTE):
            return
        if given_as:
            self.added.pop(way.public, None)  # it was there without a name
        network = self._network_of_same(same) if given_as and same != given_as else ""
        self.added[given_as or way.public] = way
        self.same.pop(given_as, None)
        if network:
            self.same[given_as] = SameAs(same, network)

    def _network_of_same(self, name: str) -> str:
        """The ledger's name of the network that others are the same as; once chosen, it stays."""
        if name and name not in self.added:
            raise SettingsError(f"There is no network {name!r} that another could be the same as.")
        known = [network for first, network in self.same.values() if first == name]
        if known or not name:
            return known[0] if known else ""
        led = self.lead(self.added[name])
        return led.name if led.present else name

    def forget(self, name: str) -> None:
        """List an added way no longer. Raises SettingsError where none is added by that name."""
        for listed in self._every():
            if name in (listed.given_as, listed.network.name, listed.network.label):
                key = next((key for key, way in self.added.items() if way == listed.way), None)
                if key is not None:
                    del self.added[key]
                    self.same.pop(key, None)
                    return
        raise SettingsError(f"No network {name!r} was added; only networks that were added can be forgotten.")

    def listed(self) -> list[Listed]:
        """Every way, those in use first; of those that lead out by one address the first."""
        every = self._every()
        networks = one_each(listed.network for listed in every)
        return [next(listed for listed in every if listed.network is each) for each in networks.values()]

    def _every(self) -> list[Listed]:
        of_hosts = (host_way(*way.split("/", 1)) for way, network in self.of_hosts.items() if network.present)
        ways = dict.fromkeys([*self.in_use, *self.added.values(), *of_hosts, *self._discover()])
        return [Listed(way, self.given_as(way), self.lead(way)) for way in ways]

    def find(self, text: str) -> Way:
        """The way that people mean: a listed network by any of its names, or a way as it is written.

        Raises SettingsError with the nearest names.
        """
        wanted = text.strip().lower()
        known: dict[str, Way] = {}
        for way, given_as, network in self._every():
            interface = network.label.split()[0] if network.label else ""
            for name in (given_as, network.name, network.label, way.public):
                if name:
                    known.setdefault(name.lower(), way)
            if interface:
                # Who names an interface means it, whatever address it has later on.
                by_address = way.kind is NetworkKind.SOURCE_ADDRESS
                named = Way(kind=NetworkKind.INTERFACE, target=interface) if by_address else way
                known.setdefault(interface.lower(), named)
        known[DEFAULT] = Way()
        if wanted in known:
            return known[wanted]
        way = parse_way(text)
        if way.kind is NetworkKind.INTERFACE and not self.lead(way).present:
            near = difflib.get_close_matches(wanted, known, n=3) or list(known)[:8]
            raise SettingsError(
                f"There is no network {text.strip()!r}; there is {', '.join(near)}. An address of this "
                "machine or a proxy's URL will do as well."
            )
        return way

    def find_all(self, texts: Sequence[str]) -> tuple[Way, ...]:
        """The ways that people mean, each once, to be used together.

        A network by its name means all the ways to it that are in use. Raises SettingsError where one leads
        nowhere now, as ``find`` does; one that is in use may, beside others.
        """
        used = self.networks()
        ways = tuple(
            dict.fromkeys(
                way
                for text in texts
                for way in [way for way in used if used[way].name == text.strip()] or [self.find(text)]
            )
        )
        networks = {way: self.lead(way) for way in ways}
        others_do = any(network.present for network in networks.values())
        for way, network in networks.items():
            if not network.present and not (others_do and way in self.in_use):
                raise SettingsError(f"{network.label} leads nowhere now: connect it, then switch.")
        return ways


def ways_of(ledger: Ledger) -> Ways:
    """The ways that a run on this ledger begins with.

    Where yt-dlp's options name a proxy, the machine's own addresses are not among them: they lead past it.
    """
    params = _params_of(ledger.options.yt_dlp)
    hosts = ledger.hosts()
    discover = list if params.get("proxy") else discovered_ways
    return Ways(
        ledger.ways_in_use() or [way_of_params(params)],
        ledger.ways(),
        ledger.same_networks(),
        of_hosts={
            way: Network(name=row.name, label=row.label, kind=row.kind, family=row.family, present=False)
            for way, row in hosts.networks.items()
        },
        one=hosts.one,
        discover=discover,
    )


def _params_of(args: Sequence[str]) -> Mapping[str, Any]:
    if not args:
        return {}
    from kinetics_tui.media.youtube.yt_dlp_options import (
        parse_args,  # it brings yt-dlp with it, which takes a while
    )

    return parse_args(args)
