"""The networks of a dataset whose engine does not run: listed, chosen and added for the next run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.words import dated_clock_text
from kinetics_tui.dataset.folder import has_ledger
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.engine.networks.network import (
    NO_ROUTE,
    KnownNetwork,
    Network,
    leads_nowhere,
    network_states,
    one_each,
)
from kinetics_tui.engine.networks.routes import Ways, ways_of
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.engine.process.initial_events import opening_events
from kinetics_tui.model.network import NetworkState, NetworkStatus, Route, Way, parse_way
from kinetics_tui.model.options import NamedWay
from kinetics_tui.model.state import RunState


def read_networks(dataset: Path) -> RunState:
    """The run as the ledger tells it, with every network that can be used now. Raises ``DatasetError``."""
    state, now = RunState(), time.time()
    with Ledger.open(dataset, read_only=True) as ledger:
        state.apply_all(opening_events(ledger, dataset.absolute(), now, pid=0))
        state.networks = {network.name: network for network in list_networks(ledger, ways_of(ledger), now)}
    return state


def choose_ways(dataset: Path, texts: Sequence[str]) -> str:
    """Have the next run go out by the networks that ``texts`` name; returns one sentence on them.

    Raises ``SettingsError`` where there is no such network.
    """
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        ways = ways_of(ledger)
        ways.in_use = ways.find_all(texts)
        for way in ways.in_use:
            ways.add(way)
        ledger.set_ways_in_use(ways.in_use)
        ledger.set_ways(ways.added, ways.same)
        chosen = [info for info in list_networks(ledger, ways, time.time()) if info.in_use]
    sentence = f"The next run goes out by {' and '.join(info.label for info in chosen)}"
    waits = [
        f"{'it' if len(chosen) == 1 else info.label} cools down until {dated_clock_text(info.until)}"
        for info in chosen
        if info.status is NetworkStatus.COOLING and info.until is not None
    ]
    return f"{'; '.join([sentence, *waits])}."


def keep_ways(dataset: Path, given: Mapping[str, NamedWay]) -> None:
    """Have the next run know these networks."""
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        ways = ways_of(ledger)
        before = dict(ways.added), dict(ways.same)
        _know(ways, given)
        if (ways.added, ways.same) != before:
            ledger.set_ways(ways.added, ways.same)


def remove_host(dataset: Path, name: str) -> None:
    """Let a host take part no more. Raises ``SettingsError`` where there is none of that name."""
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        kept, ways = ledger.hosts(), ways_of(ledger)
        of_it = [way for way in kept.networks if way.partition("/")[0] == name]
        if not of_it:
            raise SettingsError(f"There is no host {name!r}.")
        networks = {way: row for way, row in kept.networks.items() if way not in of_it}
        ledger.set_hosts(replace(kept, networks=networks, removed=tuple({*kept.removed, name})))
        left = tuple(way for way in ways.in_use if way.target not in of_it)
        added = {named: way for named, way in ways.added.items() if way.target not in of_it}
        ledger.set_ways_in_use(left)
        ledger.set_ways(added, ways.same)


def admit_host(dataset: Path, name: str) -> None:
    """Let a host in again. Raises ``SettingsError`` where it was not removed."""
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        kept = ledger.hosts()
        if name not in kept.removed:
            raise SettingsError(f"No host {name!r} was removed.")
        ledger.set_hosts(replace(kept, removed=tuple(one for one in kept.removed if one != name)))


def check_ways(dataset: Path, given: Mapping[str, NamedWay], texts: Sequence[str]) -> None:
    """Raise ``SettingsError`` where ``texts`` name no networks to this dataset, begun or not."""
    if not has_ledger(dataset):
        named_networks(given, texts)
        return
    with Ledger.open(dataset, read_only=True) as ledger:
        ways = ways_of(ledger)
    _know(ways, given)
    ways.find_all(texts)


def named_networks(given: Mapping[str, NamedWay], texts: Sequence[str]) -> list[str]:
    """The labels of the networks that ``texts`` mean to a dataset not begun yet, which knows those ``given``.

    Raises ``SettingsError`` where there is no such network.
    """
    ways = Ways([Way()])
    _know(ways, given)
    ways.in_use = ways.find_all(texts)
    return [network.label for network in one_each(ways.networks().values()).values()]


def _know(ways: Ways, given: Mapping[str, NamedWay]) -> None:
    for name, named in given.items():
        ways.add(parse_way(named.way), name, named.same)


def route_of(dataset: Path) -> tuple[tuple[str, ...], Route]:
    """yt-dlp's options and the route that requests of this dataset go out by, the first of several."""
    with Ledger.open(dataset, read_only=True) as ledger:
        routes = [network.route for network in ways_of(ledger).networks().values()]
        return ledger.options.yt_dlp, next((route for route in routes if not route.way), Route())


def list_networks(ledger: Ledger, ways: Ways, now: float) -> list[NetworkState]:
    """Every network as an engine that begins now would show it."""
    in_use = one_each(ways.networks().values())
    had_route = any(name != NO_ROUTE for name in in_use)

    def known(network: Network, row: NetworkRow) -> KnownNetwork:
        found = KnownNetwork(network, row, ledger.options, now)
        found.unreachable = network.name in in_use and leads_nowhere(network, had_route=had_route)
        return found

    found = [(way.network, way.given_as) for way in ways.listed()]
    return network_states(found, ledger.networks(), ledger.network_histories(), in_use, known)
