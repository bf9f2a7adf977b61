"""One network: its address, its throttle and its pace, out of the ledger and back into it.

One function makes the state that views see, for an engine at work and from the ledger alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import msgspec

from kinetics_tui.dataset.ledger.rows import NetworkHistory, NetworkRow
from kinetics_tui.engine.networks.pace import Pace
from kinetics_tui.engine.networks.throttle import Throttle
from kinetics_tui.model.network import (
    HERE,
    Family,
    NetworkKind,
    NetworkState,
    NetworkStatus,
    Route,
    Way,
    is_proxy,
)
from kinetics_tui.model.options import Options

NO_ROUTE = "no default route"
NO_HISTORY = NetworkHistory()


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """One way out as it is now. ``name`` is what the ledger knows it by; ``label`` what people read.

    ``name`` is the address that requests leave from (of IPv6 its /64, within which machines change their
    addresses by themselves), or the proxy without its user and password: two ways that lead out by one
    address are one network to YouTube. ``route`` is what workers are told; ``present``: this machine can
    use it now. ``also`` are the labels of other ways that the user said to be the same network.
    """

    name: str
    label: str
    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    family: Family = Family.UNKNOWN
    route: Route = Route()
    present: bool = True
    also: tuple[str, ...] = ()


class KnownNetwork:
    """All that is known of a network: how it stands with YouTube, and the pace it takes."""

    def __init__(self, network: Network, row: NetworkRow, options: Options, now: float) -> None:
        self.network = network
        self.routes: dict[str, Route] = {HERE: network.route}
        """The route of each host that leads there, this machine's by no name."""
        self.hosts: set[str] = {HERE}
        """Those that ever led there: a clip in hand by it is with one of them."""
        self.unreachable = False
        """It is in use and leads nowhere now."""
        self.handed_at = 0.0
        """When a clip was handed out to go by it last, on a clock that nobody sets."""
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

    @property
    def workers_allowed(self) -> int | None:
        """The number of workers that may hold a clip by it now; None where there is no limit."""
        return 0 if self.unreachable else self.throttle.workers_allowed

    @property
    def waits(self) -> float:
        """How far it is from sending: 0 for at once, 1 for a probe, else the time when its wait ends."""
        match NetworkStatus.OFFLINE if self.unreachable else self.throttle.status:
            case NetworkStatus.OPEN | NetworkStatus.RAMPING:
                return 0.0
            case NetworkStatus.PROBING:
                return 1.0
            case _:
                return math.inf if self.throttle.until is None else self.throttle.until

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

    def state(
        self,
        *,
        in_use: bool,
        given_as: str = "",
        history: NetworkHistory = NO_HISTORY,
        clips: int | None = None,
    ) -> NetworkState:
        """The network as views see it.

        ``history`` is what the ledger adds up; ``clips`` takes the place of its count, if it is newer.
        """
        network, throttle, pace = self.network, self.throttle, self.pace
        status = throttle.status
        if status is NetworkStatus.PROBING and not in_use:
            status = NetworkStatus.OPEN  # nothing is sent by it: it is ready for its probe
        return NetworkState(
            name=network.name,
            label=network.label,
            kind=network.kind,
            family=network.family,
            given_as=given_as,
            also=network.also,
            status=NetworkStatus.OFFLINE if self.unreachable else status,
            signal=throttle.signal,
            until=throttle.until,
            step=0 if status is NetworkStatus.OPEN else throttle.step,
            steps_s=throttle.waits_s,
            in_use=in_use,
            present=network.present,
            workers_allowed=self.workers_allowed,
            allowed_per_hour=pace.allowed_per_hour,
            learned_per_hour=pace.learned_per_hour,
            budget_per_hour=pace.budget_per_hour,
            requests_per_clip=pace.requests_per_clip,
            sessions=history.sessions,
            clips=history.clips if clips is None else clips,
            clips_since_throttle=throttle.clips_since_throttle,
            last_throttle_at=throttle.last_throttle_at,
            throttles=history.throttles,
        )


def leads_nowhere(network: Network, *, had_route: bool) -> bool:
    """True where a network in use is away that led somewhere (``had_route``), or that the user chose."""
    return not network.present and (had_route or network.kind is not NetworkKind.DEFAULT_ROUTE)


def routes_to(led: Mapping[Way, Network]) -> dict[str, dict[str, Route]]:
    """The routes that lead to each network now, by its name and by the machine that they leave."""
    routes: dict[str, dict[str, Route]] = {}
    for way, network in sorted(led.items(), key=lambda item: not item[1].present):
        host = way.target.partition("/")[0] if way.kind is NetworkKind.HOST else HERE
        if network.present or host == HERE:
            routes.setdefault(network.name, {}).setdefault(host, network.route)
    return routes


def one_each(led: Iterable[Network]) -> dict[str, Network]:
    """Networks by their names: of ways that lead to one, the first that leads anywhere now stands for it."""
    networks: dict[str, Network] = {}
    for network in led:
        if network.name not in networks or (network.present and not networks[network.name].present):
            networks[network.name] = network
    return networks


def met_before(row: NetworkRow) -> Network:
    """A network that nothing but the ledger tells of; a proxy can be asked from anywhere, but a host's."""
    here = row.kind is NetworkKind.PROXY and is_proxy(row.name)
    return Network(name=row.name, label=row.label or row.name, kind=row.kind, family=row.family, present=here)


def network_states(
    found: Iterable[tuple[Network, str]],
    rows: Mapping[str, NetworkRow],
    histories: Mapping[str, NetworkHistory],
    in_use: Mapping[str, Network],
    known: Callable[[Network, NetworkRow], KnownNetwork],
    *,
    counted: Mapping[str, int] | None = None,
) -> list[NetworkState]:
    """Every network as views see it: those ``found`` now, with the user's names, and those of the ledger.

    ``in_use`` are those in use by name; ``known`` gives the throttle and pace of a network with its row;
    ``counted`` its clips, where that is newer than the ledger.
    """
    networks = {network.name: (network, given_as) for network, given_as in found}
    for name, network in in_use.items():
        networks.setdefault(name, (network, ""))
    for name, row in rows.items():
        if name not in ("", NO_ROUTE):
            networks.setdefault(name, (met_before(row), ""))
    counted = counted or {}
    return [
        known(network, rows.get(name, NetworkRow(name))).state(
            in_use=name in in_use,
            given_as=given_as,
            history=histories.get(name, NO_HISTORY),
            clips=counted.get(name),
        )
        for name, (network, given_as) in networks.items()
    ]
