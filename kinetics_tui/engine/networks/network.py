"""One network's throttle and pace, out of the ledger and back into it.

The list of all networks, as views are told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kinetics_tui.dataset.ledger.rows import NetworkHistory, NetworkRow
from kinetics_tui.engine.networks.addresses import NO_ROUTE, Network
from kinetics_tui.engine.networks.pace import Pace
from kinetics_tui.engine.networks.routes import Listed
from kinetics_tui.engine.networks.throttle import Throttle
from kinetics_tui.model.network import NetworkInfo, NetworkKind, NetworkStatus
from kinetics_tui.model.options import Options


class KnownNetwork:
    """What is known of a network: how it stands with YouTube, and the pace it takes."""

    def __init__(self, network: Network, row: NetworkRow, options: Options, now: float) -> None:
        self.network = network
        self._lessons = row.lessons
        self.throttle = Throttle(
            options.cooldown_steps_s,
            status=row.status,
            signal=row.signal,
            until=row.until,
            step=row.step,
            clips_since_throttle=row.clips_since_throttle,
            last_throttle_at=row.last_throttle_at,
            lessons=row.lessons,
        )
        self.pace = Pace(options.pace_per_hour, row.lessons, now, learns=options.learn_pace)

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: nothing is waited for any longer or shorter."""
        self.throttle.move_times(by_s)
        self.pace.move_times(by_s)
        self._lessons.move_times(by_s)

    def row(self) -> NetworkRow:
        """As the ledger keeps it: a restart shortens no cooldown and forgets no lesson."""
        throttle, network = self.throttle, self.network
        return NetworkRow(
            name=network.name,
            label=network.label,
            kind=network.kind,
            family=network.family,
            status=throttle.status,
            signal=throttle.signal,
            until=throttle.until,
            step=throttle.step,
            clips_since_throttle=throttle.clips_since_throttle,
            last_throttle_at=throttle.last_throttle_at,
            lessons=self._lessons,
        )


NO_HISTORY = NetworkHistory(sessions=0, clips=0, throttles=())


def list_networks(
    ways: Iterable[Listed],
    rows: Mapping[str, NetworkRow],
    histories: Mapping[str, NetworkHistory],
    in_use: Network,
) -> tuple[NetworkInfo, ...]:
    """The network in use, those that can be used now, and those that the ledger remembers.

    ``rows`` and ``histories`` are what is known of networks by name.
    """
    listed = {way.network.name: (way.network, way.given_as) for way in ways}
    for name, row in rows.items():
        if name not in listed and name not in ("", NO_ROUTE):
            listed[name] = (_met_before(name, row), "")
    infos = [
        _info(network, given_as, rows.get(name, NetworkRow(name)), histories.get(name, NO_HISTORY), in_use)
        for name, (network, given_as) in listed.items()
    ]
    return tuple(sorted(infos, key=lambda info: (not info.in_use, not info.present)))


def _met_before(name: str, row: NetworkRow) -> Network:
    """A network that nothing but the ledger tells of; a proxy can be asked from anywhere."""
    here = row.kind is NetworkKind.PROXY
    return Network(name=name, label=row.label or name, kind=row.kind, family=row.family, present=here)


def _info(
    network: Network, given_as: str, row: NetworkRow, history: NetworkHistory, in_use: Network
) -> NetworkInfo:
    status = row.status
    if status is NetworkStatus.PROBING and network.name != in_use.name:
        status = NetworkStatus.OPEN  # nothing is sent by it: it is ready for its probe
    return NetworkInfo(
        name=network.name,
        label=network.label,
        kind=network.kind,
        family=network.family,
        given_as=given_as,
        status=status,
        signal=row.signal,
        until=row.until,
        step=0 if status is NetworkStatus.OPEN else row.step,
        in_use=network.name == in_use.name,
        present=network.present,
        sessions=history.sessions,
        clips=history.clips,
        clips_since_throttle=row.clips_since_throttle,
        last_throttle_at=row.last_throttle_at,
        learned_per_hour=row.lessons.safe_per_hour,
        throttles=history.throttles,
    )
