"""The networks of a dataset whose engine does not run: listed, chosen and added for the next run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.words import dated_clock_text
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.initial_events import opening_events
from kinetics_tui.engine.networks.network import NO_ROUTE, KnownNetwork, leads_nowhere, network_states
from kinetics_tui.engine.networks.routes import Ways, ways_of
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.network import NetworkState, NetworkStatus, Route, parse_way
from kinetics_tui.model.state import RunState


def read_networks(dataset: Path) -> RunState:
    """The run as the ledger tells it, with every network that can be used now. Raises ``DatasetError``."""
    state, now = RunState(), time.time()
    with Ledger.open(dataset, read_only=True) as ledger:
        state.apply_all(opening_events(ledger, dataset.absolute(), now, pid=0))
        state.networks = {network.name: network for network in list_networks(ledger, ways_of(ledger), now)}
    return state


def choose_way(dataset: Path, text: str) -> str:
    """Have the next run go out by the network that ``text`` names; returns one sentence on it.

    Raises ``SettingsError`` where there is no such network.
    """
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        ways = ways_of(ledger)
        way = ways.find(text)
        network = ways.lead(way)
        if not network.present:
            raise SettingsError(f"{network.label} leads nowhere now: connect it, then switch.")
        ways.add(way)
        ways.in_use = way
        ledger.set_way(way)
        ledger.set_ways(ways.added)
        known = next(
            (info for info in list_networks(ledger, ways, time.time()) if info.name == network.name), None
        )
    sentence = f"The next run goes out by {network.label}"
    if known is not None and known.status is NetworkStatus.COOLING and known.until is not None:
        return f"{sentence}; it cools down until {dated_clock_text(known.until)}."
    return f"{sentence}."


def keep_ways(dataset: Path, given: Mapping[str, str]) -> None:
    """Have the next run know these networks: names with ways as ``parse_way`` reads them."""
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        ways = ways_of(ledger)
        before = dict(ways.added)
        for name, text in given.items():
            ways.add(parse_way(text), name)
        if ways.added != before:
            ledger.set_ways(ways.added)


def route_of(dataset: Path) -> tuple[tuple[str, ...], Route]:
    """yt-dlp's options and the route that requests of this dataset go out by."""
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.options.yt_dlp, ways_of(ledger).network().route


def list_networks(ledger: Ledger, ways: Ways, now: float) -> list[NetworkState]:
    """Every network as an engine that begins now would show it."""
    in_use = ways.network()
    return network_states(
        [(way.network, way.given_as) for way in ways.listed()],
        ledger.networks(),
        ledger.network_histories(),
        in_use,
        lambda network, row: KnownNetwork(network, row, ledger.options, now),
        unreachable=leads_nowhere(in_use, had_route=in_use.name != NO_ROUTE),
    )
