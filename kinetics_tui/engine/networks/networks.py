"""The network in use, the switch to another one, and what is remembered of all of them."""

from __future__ import annotations

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import NetworkRow
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.addresses import NO_ROUTE, Network
from kinetics_tui.engine.networks.ledger_notes import LedgerNotes
from kinetics_tui.engine.networks.network import KnownNetwork, list_networks
from kinetics_tui.engine.networks.pace import Pace
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.networks.throttle import Throttle
from kinetics_tui.model.events import (
    NetworkChanged,
    NetworksListed,
    NetworkSwitched,
    NetworkThrottled,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkInfo, NetworkKind, NetworkStatus, Route, Stamp, Way


def _without_counts(networks: tuple[NetworkInfo, ...]) -> list[NetworkInfo]:
    """Networks as they are but for what every clip changes: views count that themselves."""
    return [msgspec.structs.replace(info, clips=0, clips_since_throttle=0) for info in networks]


class Networks:
    """Throttle, pace and session of the network in use; each network keeps its own in the ledger.

    A network never seen before starts open; one that the ledger says is cooling goes on cooling.
    """

    def __init__(self, context: RunContext, ways: Ways, pid: int) -> None:
        self.ways = ways
        self.journal = LedgerNotes(context.ledger, pid)
        self._context = context
        self._known: dict[str, KnownNetwork] = {}
        self._listed: tuple[NetworkInfo, ...] = ()
        self._leaving = ""
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
    def route(self) -> Route:
        """What workers are told to send by."""
        return self.current.route

    @property
    def unreachable(self) -> bool:
        """The way in use leads nowhere now, and did lead somewhere or was chosen by the user."""
        if self.current.present:
            return False
        return self._had_route or self.current.kind is not NetworkKind.DEFAULT_ROUTE

    @property
    def workers_allowed(self) -> int | None:
        """How many workers may hold a clip now; None where there is no limit."""
        return 0 if self.unreachable else self.throttle.workers_allowed

    @property
    def leaving(self) -> str:
        """The label of the network that clips in hand still use after a switch, else empty."""
        return self._leaving

    def stamp(self) -> Stamp:
        """What a clip that is handed out now is sent by."""
        return Stamp(self.current.name, self.throttle.epoch)

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
            self._leaving = before.label
            self.throttle.probe_first()
        self.changed(now)
        self.list(now)

    def settle_switch(self, now: float) -> None:
        """No clip is in hand by another network than the one in use any more."""
        before, self._leaving = self._leaving, ""
        self.journal.end_session(now, "switched networks")
        self._context.publish(
            NetworkSwitched(at=now, name=self.current.name, label=self.current.label, before=before)
        )

    def keep_ways(self) -> None:
        """Have the ways written that the user chose and added."""
        self.journal.way(self.ways.in_use, dict(self.ways.added))

    def list(self, now: float) -> None:
        """Publish the list of all networks, where it says anything new."""
        live = {name: known.row() for name, known in self._known.items()}
        try:
            rows = {**self._context.ledger.networks(), **live}
            histories = self._context.ledger.network_histories()
        except DatasetError:
            return  # a ledger that cannot be read just now is told of where it is written
        listed = list_networks(self.ways.listed(), rows, histories, self.current)
        if _without_counts(listed) != _without_counts(self._listed):
            self._listed = listed
            self._context.publish(NetworksListed(at=now, networks=listed))

    def _use(self, network: Network, now: float) -> None:
        self.save()
        self.current = network
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

    def set_pace(self, per_hour: float | None, now: float) -> None:
        """Change the pace of every network; what the one in use taught of its own is forgotten."""
        for known in self._known.values():
            known.pace.set_user(per_hour, now)
        self.pace.forget()
        self.changed(now)

    def probe_now(self, now: float) -> bool:
        """Do not wait for the end of the cooldown. False where there is none."""
        if not self.throttle.probe_now():
            return False
        self.changed(now)
        return True

    def wait_longer(self, seconds: float, now: float) -> bool:
        """Add to the cooldown. False where there is none."""
        if not self.throttle.wait_longer(seconds):
            return False
        self.changed(now)
        return True

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
        probing = throttle.status is NetworkStatus.PROBING and throttle.step > 0
        news = throttle.saw_signal(signal, now, retry_after_s)
        if news:
            known.pace.throttled(now, clips)
            self.journal.throttled(network.name, now, signal, throttle.step, clips)
            self._context.publish(
                NetworkThrottled(
                    at=now,
                    name=network.name,
                    label=network.label,
                    signal=signal,
                    step=throttle.step,
                    until=throttle.until or now,
                    probe=probing,
                )
            )
        if news or throttle.until != before:
            self._told(known, now)
        if news and network.name == self.current.name:
            self.journal.end_session(now, f"throttled: {signal.value}")
        return news

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
            probed = throttle.status is NetworkStatus.PROBING and throttle.step > 0
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
        throttle, pace = self.throttle, self.pace
        self._context.publish(
            NetworkChanged(
                at=now,
                name=self.current.name,
                label=self.current.label,
                kind=self.current.kind,
                family=self.current.family,
                status=NetworkStatus.OFFLINE if self.unreachable else throttle.status,
                signal=throttle.signal,
                until=throttle.until,
                step=0 if throttle.status is NetworkStatus.OPEN else throttle.step,
                steps_s=throttle.waits_s,
                clips_since_throttle=throttle.clips_since_throttle,
                last_throttle_at=throttle.last_throttle_at,
                workers_allowed=self.workers_allowed,
                allowed_per_hour=pace.allowed_per_hour,
                learned_per_hour=pace.learned_per_hour,
            )
        )
        self.journal.save(self._known[self.current.name].row(), at_once=True)

    def save(self) -> None:
        """Have the state of the network in use written, as it must survive a restart."""
        self.journal.save(self._known[self.current.name].row())

    def _told(self, known: KnownNetwork, now: float) -> None:
        """Something about a network is new: tell it, and put it into the ledger at once."""
        if known.network.name == self.current.name:
            self.changed(now)
        else:
            self.journal.save(known.row(), at_once=True)
        self.list(now)
