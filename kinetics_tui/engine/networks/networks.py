"""The networks in use, the switch to others, and what is remembered of all of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.rows import NetworkHistory, NetworkRow
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.ledger_notes import LedgerNotes
from kinetics_tui.engine.networks.network import (
    NO_HISTORY,
    NO_ROUTE,
    KnownNetwork,
    Network,
    leads_nowhere,
    network_states,
    one_each,
    routes_to,
)
from kinetics_tui.engine.networks.pace import Pace
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.networks.throttle import Throttle
from kinetics_tui.model.events import NetworkChanged, NetworkNews
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.network import NetworkState, NetworkStatus, Route, Stamp, Way
from kinetics_tui.model.options import PaceLimit


def _without_counts(network: NetworkState | None) -> NetworkState | None:
    """A network but for what every clip changes: views count that themselves."""
    return network and msgspec.structs.replace(
        network, clips=0, clips_since_throttle=0, requests_per_clip=0.0
    )


class Networks:
    """Throttle, pace and session of each network in use; each network keeps its own in the ledger.

    A network never seen before starts open; one that the ledger says is cooling goes on cooling.
    """

    def __init__(self, context: RunContext, ways: Ways, pid: int) -> None:
        self.ways = ways
        self.journal = LedgerNotes(context.ledger, pid)
        self._context = context
        self._known: dict[str, KnownNetwork] = {}
        self._histories: dict[str, NetworkHistory] = {}
        self._led = ways.networks()
        self._leaving: dict[str, KnownNetwork] = {}
        self._all_left = False
        """No network is in use that was before the last switch."""
        self._had_route = False
        self.in_use: list[KnownNetwork] = []
        self.in_use_by_name: dict[str, KnownNetwork] = {}
        self._in_use_by_host: dict[str, list[KnownNetwork]] = {}
        self._use(self._led, context.clock())

    # -- what may be sent, and by what -----------------------------------------------------------------

    @property
    def first(self) -> KnownNetwork:
        """The network in use that can send, else the one that can soonest."""
        able = next((known for known in self.in_use if not known.waits), None)
        return able or min(self.in_use, key=lambda known: known.waits)

    @property
    def current(self) -> Network:
        """The address and name of ``first``."""
        return self.first.network

    @property
    def throttle(self) -> Throttle:
        return self.first.throttle

    @property
    def pace(self) -> Pace:
        return self.first.pace

    @property
    def unreachable(self) -> bool:
        """No way in use leads anywhere now; one did lead somewhere or was chosen by the user."""
        return self.first.unreachable

    def by_turn(self, host: str) -> Sequence[KnownNetwork]:
        """The networks in use by which a machine sends, the one first that waited longest for a clip."""
        found = self._in_use_by_host.get(host, [])
        return sorted(found, key=lambda known: known.handed_at) if len(found) > 1 else found

    @property
    def leaving(self) -> str:
        """The networks that clips in hand still use, where the run left all it had; else empty."""
        return ", ".join(known.network.label for known in self._leaving.values()) if self._all_left else ""

    @property
    def is_leaving(self) -> bool:
        """Clips may be in hand by networks that are not in use any more."""
        return bool(self._leaving)

    @property
    def routes(self) -> dict[str, Route]:
        """The route that clips take by each network in use."""
        return {known.network.name: known.network.route for known in self.in_use}

    def uses(self, name: str) -> bool:
        """True if clips go out by a network of this name."""
        return name in self.in_use_by_name

    def stamp(self, known: KnownNetwork | None = None) -> Stamp:
        """The stamp of a clip that is handed out now, by ``first`` where no other network is given."""
        known = known or self.first
        return Stamp(known.network.name, known.throttle.epoch, known.pace.cost)

    def stamp_of(self, name: str) -> Stamp:
        """The stamp of a clip that an engine before this one handed out by a network."""
        known = self._known.get(name)
        return Stamp(name, known.throttle.epoch, known.pace.cost) if known else Stamp(name, -1)

    # -- which networks --------------------------------------------------------------------------------

    def look(self, now: float) -> Sequence[tuple[Network, Network]]:
        """See where the ways in use lead now: which network each led to before, and which to now, if others.

        Beside others, one clip goes first by one that takes the place of another, or that is back.
        """
        led = self.ways.networks()
        if led == self._led:
            return []
        turned = [(before, led[way]) for way, before in self._led.items() if before.name != led[way].name]
        try:
            for _, network in turned:
                self._remember(network, now)
        except DatasetError:
            return []  # not before it is known whether that network cools down
        before = self.in_use_by_name
        could_send = {name for name, known in before.items() if not known.unreachable}
        self._led = led
        self._use(led, now)
        for known in self.in_use:
            if not known.unreachable and known.network.name not in could_send:
                known.throttle.tick(now)
                if len(self.in_use) > 1:
                    known.throttle.probe_first()
        for name, known in before.items():
            if not self.uses(name):
                self.journal.end_session(name, now, "network changed")
                known.unreachable = False
                self._publish(known, now)
        self.changed(now)
        return turned

    def switch(self, ways: Sequence[Way], now: float) -> None:
        """Send by these ways from the next clip on, by each that is new one clip first.

        Clips in hand are still sent by the networks before: ``settle_switch`` tells when none is left.
        """
        before = self.in_use_by_name
        routes = self.routes
        led = {way: self.ways.lead(way) for way in ways}
        for network in led.values():
            self._remember(network, now)  # where the ledger cannot be read, nothing is changed
        for way in ways:
            self.ways.add(way)
        self.ways.in_use = tuple(ways)
        self.keep_ways()
        self._led = led
        self._use(led, now)
        for known in self.in_use:
            known.throttle.tick(now)
            if routes.get(known.network.name) != known.network.route:
                self._leaving.pop(known.network.name, None)
                known.throttle.probe_first()
        left = {name: known for name, known in before.items() if not self.uses(name)}
        for known in left.values():
            known.unreachable = False
            self._publish(known, now)
        self._leaving.update(left)
        self._all_left = bool(left) and not any(self.uses(name) for name in before)
        self.changed(now)
        self.list(now)

    def settle_switch(self, now: float, in_hand: Collection[str]) -> None:
        """No clip is in hand by networks that were left, but by those that ``in_hand`` names."""
        for name in [name for name in self._leaving if name not in in_hand]:
            left = self._leaving.pop(name)
            self.journal.end_session(name, now, "switched networks")
            self._publish(left, now, NetworkNews.LEFT)

    def begin_sessions(self, now: float) -> None:
        """Work is on: a session is under way on every network in use that can send."""
        able = [known.network.name for known in self.in_use if known.waits <= 1]
        begun = [name for name in able if self.journal.begin_session(name, now)]
        if begun:
            self.list(now)

    def keep_ways(self) -> None:
        """Have the ways written that the user chose and added."""
        self.journal.ways(self.ways.in_use, self.ways.added, self.ways.same)

    def list(self, now: float) -> None:
        """Publish every network that is not as it was last published, and those that are no more."""
        published = self._context.state.networks
        try:
            rows = {**self._context.ledger.networks(), **{n: k.row() for n, k in self._known.items()}}
            self._histories = self._context.ledger.network_histories()
        except DatasetError:
            return  # a ledger that cannot be read just now is told of where it is written
        states = network_states(
            [(way.network, way.given_as) for way in self.ways.listed()],
            rows,
            self._histories,
            {name: known.network for name, known in self.in_use_by_name.items()},
            lambda network, row: (
                self._known.get(network.name) or KnownNetwork(network, row, self._context.options, now)
            ),
            counted={name: network.clips for name, network in published.items()},
        )
        for network in states:
            if _without_counts(network) != _without_counts(published.get(network.name)):
                self._context.publish(NetworkChanged(at=now, network=network))
        for name in published.keys() - {network.name for network in states}:
            gone = NetworkNews.FORGOTTEN
            self._context.publish(NetworkChanged(at=now, network=published[name], news=gone))

    def _use(self, led: Mapping[Way, Network], now: float) -> None:
        """Go out by these networks: to YouTube, ways that lead out by one address are one network."""
        self.save()
        networks = one_each(led.values())
        self._had_route = self._had_route or any(name != NO_ROUTE for name in networks)
        self.in_use = [self._remember(network, now) for network in networks.values()]
        routes = routes_to(led)
        for known in self.in_use:
            known.network = networks[known.network.name]
            known.routes = routes.get(known.network.name, {})
            known.hosts.update(known.routes)
            known.unreachable = leads_nowhere(known.network, had_route=self._had_route)
        self.in_use_by_name = {known.network.name: known for known in self.in_use}
        self._in_use_by_host = {
            host: [known for known in self.in_use if host in known.routes]
            for host in {host for known in self.in_use for host in known.routes}
        }
        self.journal.in_use([known.network.name for known in self.in_use])

    def _remember(self, network: Network, now: float) -> KnownNetwork:
        known = self._known.get(network.name)
        if known is None:
            row = self._context.ledger.networks().get(network.name, NetworkRow(network.name))
            known = KnownNetwork(network, row, self._context.options, now)
            self._known[network.name] = known
        if not self.uses(network.name):  # one in use keeps the way that it sends by
            known.network = network
        return known

    # -- what the user does ----------------------------------------------------------------------------

    def set_pace(self, pace: PaceLimit, now: float) -> None:
        """Change the pace of every network; what those in use taught of theirs is forgotten."""
        for known in self.in_use:
            known.pace.forget()
        self.set_users_pace(pace, now)

    def set_users_pace(self, pace: PaceLimit, now: float) -> None:
        """Change the user's pace of every network; a lower one that was learned still holds."""
        for known in self._known.values():
            known.pace.set_user(pace, now)
        self.changed(now)

    def probe_now(self, now: float, name: str = "") -> bool:
        """Do not wait for the end of this network's cooldown, else the first one's. False: there is none."""
        ended = any(known.throttle.probe_now() for known in self._by_end(name))
        if ended:
            self.changed(now)
        return ended

    def wait_longer(self, seconds: float, now: float, name: str = "") -> bool:
        """Add to this network's cooldown, else to the one that ends first. False where there is none."""
        longer = any(known.throttle.wait_longer(seconds) for known in self._by_end(name))
        if longer:
            self.changed(now)
        return longer

    def _by_end(self, name: str) -> Sequence[KnownNetwork]:
        """The networks in use, or the one of this name, by the end of their cooldowns."""
        meant = [known for known in self.in_use if name in ("", known.network.name)]
        return sorted(meant, key=lambda known: known.throttle.until or math.inf)

    # -- what time and clips say of it -------------------------------------------------------------------

    def tick(self, now: float) -> bool:
        """Let time pass. True where a network is ready for its probe now."""
        grown = [known.pace.tick(now) for known in self.in_use]
        ready = [known.throttle.tick(now) for known in self.in_use]
        if any(grown) or any(ready):
            self.changed(now)
        return any(ready)

    def saw_signal(self, stamp: Stamp, signal: Category, now: float, retry_after_s: float | None) -> bool:
        """A throttle signal came in. True where it is news."""
        known = self._spoken_of(stamp)
        return known is not None and self._throttled(known, signal, now, retry_after_s)

    def refused(self, network: Network, signal: Category, now: float) -> bool:
        """A check, or a suspicion that proved true, found a network refused. True where it is news."""
        return self._throttled(self._remember(network, now), signal, now, None)

    def throttle_of(self, network: Network) -> Throttle:
        """The throttle of any network that was met in this run."""
        return self._known[network.name].throttle

    def hold(self, network: Network, cause: Category, now: float) -> None:
        """Every video is refused by a network, and no throttle says why: nothing is sent for a while."""
        known = self._remember(network, now)
        if known.throttle.hold(cause, now):
            self._told(known, now)

    def ask_again(self, now: float) -> None:
        """Something is different now: have every network that is held asked at once."""
        for known in self._known.values():
            if known.throttle.status is NetworkStatus.HELD and known.throttle.probe_now():
                self._told(known, now)

    def is_probe(self, stamp: Stamp) -> bool:
        """True if a clip with this stamp was sent to see whether a cooldown is over."""
        known = self._known.get(stamp.network)
        if known is None or known.throttle.epoch != stamp.epoch:
            return False
        return self.uses(stamp.network) and known.throttle.probes_after_cooldown

    def answered(self, network: Network, now: float) -> None:
        """A check was answered: there is nothing to wait for any more."""
        known = self._remember(network, now)
        if known.throttle.probe_now():
            self._told(known, now)

    def _throttled(
        self, known: KnownNetwork, signal: Category, now: float, retry_after_s: float | None
    ) -> bool:
        throttle, network = known.throttle, known.network
        before, clips = throttle.until, throttle.clips_since_throttle
        probing = throttle.probes_after_cooldown
        news = throttle.saw_signal(signal, now, retry_after_s)
        if news:
            known.pace.throttled(now, clips)
            self.journal.throttled(network.name, now, signal, throttle.step, clips)
        if news or throttle.until != before:
            turn = NetworkNews.PROBE_REFUSED if probing else NetworkNews.THROTTLED
            self._told(known, now, turn if news else NetworkNews.NONE)
        if news:
            self.journal.end_session(network.name, now, f"throttled: {signal.value}")
        return news

    def settle(self, stamp: Stamp, spent: Spent) -> None:
        """It is known what a clip sent; where that is not told, it stays at what it was let out for."""
        known = self._known.get(stamp.network)
        if known is not None and spent.requests is not None:
            known.pace.settle(stamp.requests, spent.requests)

    def give_back(self, stamp: Stamp) -> None:
        """A clip was let out for nothing: YouTube was not asked."""
        if known := self._known.get(stamp.network):
            known.pace.give_back(stamp.requests)

    def saw_outage(self, stamp: Stamp, now: float) -> bool:
        """A clip found no way out. True where it is news."""
        known = self._spoken_of(stamp)
        news = known is not None and known.throttle.saw_outage(now)
        if news:
            self.changed(now)
            self.journal.end_session(stamp.network, now, "offline")
        return news

    def passed(self, stamp: Stamp, now: float, *, done: bool, width: int) -> None:
        """YouTube answered for a clip; ``done``: and it is on disk."""
        known = self._known.get(stamp.network)
        if known is None:
            return
        throttle = known.throttle
        if stamp.epoch != throttle.epoch:
            # Sent before the network was shut: it counts as a clip, not as a probe.
            throttle.clips_since_throttle += done
        else:
            probed = throttle.probes_after_cooldown
            if throttle.passed(now, done=done, width=width):
                if probed:
                    self.journal.answered(stamp.network, now)
                self._told(known, now, listed=probed)
        if done:
            self.journal.save(known.row())

    def _spoken_of(self, stamp: Stamp) -> KnownNetwork | None:
        """The network, in use or being left, of whose present state a clip with this stamp speaks."""
        known = self._known.get(stamp.network)
        if known is None or not (self.uses(stamp.network) or stamp.network in self._leaving):
            return None
        cooling = known.throttle.status is NetworkStatus.COOLING
        return known if cooling or stamp.epoch == known.throttle.epoch else None

    def move_times(self, by_s: float, now: float) -> None:
        """The clock was set by ``by_s`` seconds, to ``now``: every cooldown keeps the time it has left."""
        self._context.ledger.move_times(by_s)
        for known in self._known.values():
            known.move_times(by_s)
            self.journal.save(known.row())
        self.changed(now)
        self.list(now)

    # -- telling and keeping ---------------------------------------------------------------------------

    def changed(self, now: float) -> None:
        """Publish the state of the networks in use, and put it into the ledger at once."""
        for known in self.in_use:
            self._publish(known, now)
            self.journal.save(known.row(), at_once=True)

    def _publish(self, known: KnownNetwork, now: float, news: NetworkNews = NetworkNews.NONE) -> None:
        name = known.network.name
        published = self._context.state.networks.get(name)
        network = known.state(
            in_use=self.uses(name),
            given_as=published.given_as if published else "",
            history=self._histories.get(name, NO_HISTORY),
            clips=published.clips if published else None,
        )
        self._context.publish(NetworkChanged(at=now, network=network, news=news))

    def save(self) -> None:
        """Have the state of the networks in use written, as it must survive a restart."""
        for known in self.in_use:
            self.journal.save(known.row())

    def _told(
        self, known: KnownNetwork, now: float, news: NetworkNews = NetworkNews.NONE, *, listed: bool = True
    ) -> None:
        """Something about a network is new: publish it, and put it into the ledger at once.

        ``listed``: what the ledger says of its past may be new as well.
        """
        self._publish(known, now, news)
        self.journal.save(known.row(), at_once=True)
        if listed:
            self.list(now)
