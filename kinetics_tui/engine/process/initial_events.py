"""The run as the ledger tells it: the events that every view begins with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import options_event
from kinetics_tui.engine.networks.network import KnownNetwork, met_before, network_states
from kinetics_tui.model.events import AnyEvent, HostChanged, NetworkChanged, RunOpened
from kinetics_tui.model.network import HostState, HostStatus
from kinetics_tui.model.run import CHART_MINUTES


def opening_events(ledger: Ledger, dataset: Path, at: float, pid: int) -> list[AnyEvent]:
    """Counts, options, hosts and the networks of the ledger, of which those used last are in use.

    ``pid`` is the engine's, 0 where none runs.
    """
    totals = ledger.totals()
    events: list[AnyEvent] = [
        RunOpened(
            at=at,
            dataset=str(dataset),
            title=ledger.title,
            pid=pid,
            started_at=at,
            splits=tuple(ledger.split_counts()),
            failures=ledger.failure_counts(),
            retried=ledger.retried_counts(),
            total_bytes=totals.output_bytes,
            wire_bytes=totals.wire_bytes,
            done_by_minute=ledger.done_by_minute(at - CHART_MINUTES * 60),
            throttled_at=ledger.throttled_since(at - CHART_MINUTES * 60),
        ),
        options_event(ledger.options, at),
    ]
    hosts = ledger.hosts()
    networks_of: dict[str, list[str]] = {}
    for way, row in hosts.networks.items():
        networks_of.setdefault(way.partition("/")[0], []).append(row.name)
    events += [
        HostChanged(at=at, host=HostState(name=name, status=HostStatus.AWAY, networks=tuple(networks)))
        for name, networks in networks_of.items()
    ]
    events += [
        HostChanged(at=at, host=HostState(name=name, status=HostStatus.REMOVED)) for name in hosts.removed
    ]
    rows, last = ledger.networks(), ledger.last_network()
    names = [name for name in ledger.networks_in_use() if name in rows] or ([last.name] if last else [])
    in_use = {name: msgspec.structs.replace(met_before(rows[name]), present=True) for name in names}
    if in_use:
        events += [
            NetworkChanged(at=at, network=network)
            for network in network_states(
                [(network, "") for network in in_use.values()],
                rows,
                ledger.network_histories(),
                in_use,
                lambda network, row: KnownNetwork(network, row, ledger.options, at),
            )
        ]
    return events
