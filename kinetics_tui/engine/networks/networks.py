"""The network in use, the switch to another one, and what is remembered of all of them."""

from __future__ import annotations

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
)
from kinetics_tui.engine.networks.pace import Pace
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.networks.throttle import Throttle
from kinetics_tui.model.events import NetworkChanged, NetworkNews
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.network import NetworkState, NetworkStatus, Stamp, Way
from kinetics_tui.model.options import PaceLimit


def _without_counts(network: NetworkState | None) -> NetworkState | None:
    """A network but for what every clip changes: views count that themselves."""
    return network and msgspec.structs.replace(
        network, clips=0, clips_since_throttle=0, requests_per_clip=0.0
    )


class Networks:
    """Throttle, pace and session of the network in use; each network keeps its own in the ledger.

    A network never seen before starts open; one that the ledger says is cooling goes on cooling.
    """

    def __init__(self, context: RunContext, ways: Ways, pid: int) -> None:
        self.ways = ways
        self.journal = LedgerNotes(context.ledger, pid)
        self._context = context
        self._known: dict[str, KnownNetwork] = {}
        self._histories: dict[str, NetworkHistory] = {}
        self._left: Network | None = None
        self.current = ways.network()
        self._had_route = self.current.name != NO_ROUTE
        self._remember(self.current, context.clock())

    # -- what may be sent, and by what -----------------------------------------------------------------

    @property
    def throttle(self) -> Throttle:
        return self._known[self.current.name].throttle

    @property
    def pace(self) -> Pace:
        return self._known[self.current.name].pace

    @property
    def unreachable(self) -> bool:
        """The way in use leads nowhere now, and did lead somewhere or was chosen by the user."""
        return leads_nowhere(self.current, had_route=self._had_route)

    @property
    def workers_allowed(self) -> int | None:
        """The number of workers that may hold a clip now; None where there is no limit."""
        return 0 if self.unreachable else self.throttle.workers_allowed

    @property
    def leaving(self) -> str:
        """The label of the network that clips in hand still use after a switch, else empty."""
        return "" if self._left is None else self._left.label

    def stamp(self) -> Stamp:
        """The stamp of a clip that is handed out now."""
        return Stamp(self.current.name, self.throttle.epoch, self.pace.cost)

    # -- which network ---------------------------------------------------------------------------------

    def look(self, now: float) -> bool:
        """See where the way in use leads now. True where it is to another network than before."""
        found = self.ways.network()
        if found.name == self.current.name:
            if found != self.current:
                self._use(found, now)
                self.changed(now)
            return False
        try:
            self._remember(found, now)
        except DatasetError:
            return False  # not before it is known whether that network cools down
        self.journal.end_session(now, "network changed")
        self._use(found, now)
        self.throttle.tick(now)
        self.changed(now)
        return True

    def switch(self, way: Way, now: float) -> None:
        """Send by another way from the next clip on; one clip goes first.

        Clips in hand are still sent by the network before: ``settle_switch`` tells when none is left.
        """
        before = self.current
        self._remember(self.ways.lead(way), now)  # where the ledger cannot be read, nothing is changed
        self.ways.add(way)
        self.ways.in_use = way
        self.keep_ways()
        self._use(self.ways.network(), now)
        self.throttle.tick(now)
        if self.current.name != before.name:
            self._left = before
            self.throttle.probe_first()
        self.changed(now)
        self.list(now)

    def settle_switch(self, now: float) -> None:
        """No clip is in hand by another network than the one in use any more."""
        self.journal.end_session(now, "switched networks")
        if self._left is not None:
            left = self._remember(self._left, now)
            self._left = None
            self._publish(left, now, NetworkNews.LEFT)

    def keep_ways(self) -> None:
        """Have the ways written that the user chose and added."""
        self.journal.way(self.ways.in_use, dict(self.ways.added))

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
            self.current,
            lambda network, row: (
                self._known.get(network.name) or KnownNetwork(network, row, self._context.options, now)
            ),
            counted={name: network.clips for name, network in published.items()},
            unreachable=self.unreachable,
        )
        for network in states:
            if _without_counts(network) != _without_counts(published.get(network.name)):
                self._context.publish(NetworkChanged(at=now, network=network))
        for name in published.keys() - {network.name for network in states}:
            gone = NetworkNews.FORGOTTEN
            self._context.publish(NetworkChanged(at=now, network=published[name], news=gone))

    def _use(self, network: Network, now: float) -> None:
        self.save()
        before, self.current = self.current, network
        if before.name != network.name:
            self._publish(self._remember(before, now), now)
        self._had_route = self._had_route or network.name != NO_ROUTE
        self._remember(network, now)

    def _remember(self, network: Network, now: float) -> KnownNetwork:
        known = self._known.get(network.name)
        if known is None:
            row = self._context.ledger.networks().get(network.name, NetworkRow(network.name))
            known = KnownNetwork(network, row, self._context.options, now)
            self._known[network.name] = known
        known.network = network
        return known

    # -- what the user does ----------------------------------------------------------------------------

    def set_pace(self, pace: PaceLimit, now: float) -> None:
        """Change the pace of every network; what the one in use taught of its own is forgotten."""
        self.pace.forget()
        self.set_users_pace(pace, now)

    def set_users_pace(self, pace: PaceLimit, now: float) -> None:
        """Change the user's pace of every network; a lower one that was learned still holds."""
        for known in self._known.values():
            known.pace.set_user(pace, now)
        self.changed(now)

    def probe_now(self, now: float) -> bool:
        """Do not wait for the end of the cooldown. False where there is none."""
        if ended := self.throttle.probe_now():
            self.changed(now)
        return ended

    def wait_longer(self, seconds: float, now: float) -> bool:
        """Add to the cooldown. False where there is none."""
        if longer := self.throttle.wait_longer(seconds):
            self.changed(now)
        return longer

    # -- what time and clips say of it -------------------------------------------------------------------

    def tick(self, now: float) -> bool:
        """Let time pass. True where the network is ready for its probe now."""
        grown = self.pace.tick(now)
        ready = self.throttle.tick(now)
        if grown or ready:
            self.changed(now)
        return ready

    def saw_signal(self, stamp: Stamp, signal: Category, now: float, retry_after_s: float | None) -> bool:
        """A throttle signal came in. True where it is news."""
        if not self._speaks_of_now(stamp):
            return False
        return self._throttled(self._known[self.current.name], signal, now, retry_after_s)

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
        throttle = self.throttle
        ours = (stamp.network, stamp.epoch) == (self.current.name, throttle.epoch)
        return ours and throttle.probes_after_cooldown

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
        if news and network.name == self.current.name:
            self.journal.end_session(now, f"throttled: {signal.value}")
        return news

    def settle(self, stamp: Stamp, spent: Spent) -> None:
        """It is known what a clip sent; where that is not told, it stays at what it was let out for."""
        known = self._known.get(stamp.network)
        if known is not None and spent.requests is not None:
            known.pace.settle(stamp.requests, spent.requests)

    def saw_outage(self, stamp: Stamp, now: float) -> bool:
        """A clip found no way out. True where it is news."""
        news = self._speaks_of_now(stamp) and self.throttle.saw_outage(now)
        if news:
            self.changed(now)
            self.journal.end_session(now, "offline")
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
                self._told(known, now)
        if done:
            self.journal.save(known.row())

    def _speaks_of_now(self, stamp: Stamp) -> bool:
        cooling = self.throttle.status is NetworkStatus.COOLING
        return stamp.network == self.current.name and (cooling or stamp.epoch == self.throttle.epoch)

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
        """Publish the state of the network in use, and put it into the ledger at once."""
        known = self._known[self.current.name]
        self._publish(known, now)
        self.journal.save(known.row(), at_once=True)

    def _publish(self, known: KnownNetwork, now: float, news: NetworkNews = NetworkNews.NONE) -> None:
        name = known.network.name
        published = self._context.state.networks.get(name)
        in_use = name == self.current.name
        network = known.state(
            in_use=in_use,
            given_as=published.given_as if published else "",
            history=self._histories.get(name, NO_HISTORY),
            clips=published.clips if published else None,
            unreachable=in_use and self.unreachable,
        )
        self._context.publish(NetworkChanged(at=now, network=network, news=news))

    def save(self) -> None:
        """Have the state of the network in use written, as it must survive a restart."""
        self.journal.save(self._known[self.current.name].row())

    def _told(self, known: KnownNetwork, now: float, news: NetworkNews = NetworkNews.NONE) -> None:
        """Something about a network is new: publish it, and put it into the ledger at once."""
        self._publish(known, now, news)
        self.journal.save(known.row(), at_once=True)
        self.list(now)
