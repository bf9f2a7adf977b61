"""The network in use and what is remembered of all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from kinetics_tui.dataset.ledger import Ledger, NetworkRow
from kinetics_tui.engine.network import NO_ROUTE, Network
from kinetics_tui.engine.pace import TokenBucket
from kinetics_tui.engine.throttle import Throttle
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.events import AnyEvent, NetworkChanged, NetworkStatus
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options


class Stamp(NamedTuple):
    """By which network a clip was handed out, and in which epoch of its throttle."""

    network: str
    epoch: int


NO_STAMP = Stamp("", -1)


class Networks:
    """Throttle, pace and session of the network in use; each network keeps its own in the ledger.

    ``discover`` names the network that requests leave by right now. A network never seen before
    starts open; one that the ledger says is cooling goes on cooling. What is to be written is kept
    until ``write`` could write it: a full disk loses no cooldown.
    """

    def __init__(
        self,
        ledger: Ledger,
        options: Options,
        discover: Callable[[], Network],
        publish: Callable[[AnyEvent], None],
        now: float,
        pid: int,
    ) -> None:
        self._ledger = ledger
        self._steps_s = options.cooldown_steps_s
        self._discover = discover
        self._publish = publish
        self._pid = pid
        self._in_session = False
        self._session: int | None = None
        self._session_notes: deque[Callable[[], None]] = deque()
        self._unsaved: dict[str, NetworkRow] = {}
        self._buckets: dict[str, TokenBucket] = {}
        self._throttles: dict[str, Throttle] = {}
        self._per_hour = options.pace_per_hour
        self.current = discover()
        self._had_route = self.current.name != NO_ROUTE
        self.throttle = self._remembered(self.current)
        self.pace = self._bucket(now)

    def _remembered(self, network: Network) -> Throttle:
        if network.name not in self._throttles:
            row = self._ledger.networks().get(network.name, NetworkRow(network.name))
            self._throttles[network.name] = Throttle(
                self._steps_s,
                status=row.status,
                signal=row.signal,
                until=row.until,
                step=row.step,
                clips_since_throttle=row.clips_since_throttle,
                last_throttle_at=row.last_throttle_at,
            )
        return self._throttles[network.name]

    def _bucket(self, now: float) -> TokenBucket:
        return self._buckets.setdefault(self.current.name, TokenBucket(self._per_hour, now))

    # -- what may be sent --------------------------------------------------------------------------

    @property
    def unreachable(self) -> bool:
        """The machine had a route and has none now."""
        return self._had_route and self.current.name == NO_ROUTE

    @property
    def workers_allowed(self) -> int | None:
        """How many workers may hold a clip now; None where there is no limit."""
        return 0 if self.unreachable else self.throttle.workers_allowed

    def stamp(self) -> Stamp:
        """What a clip that is handed out now is sent by."""
        return Stamp(self.current.name, self.throttle.epoch)

    def set_pace(self, per_hour: float | None, now: float) -> None:
        """Change the pace of every network, from now on."""
        self._per_hour = per_hour
        for bucket in self._buckets.values():
            bucket.change(per_hour, now)

    def look(self, now: float) -> bool:
        """See by which network requests leave now. True where it is another one than before."""
        found = self._discover()
        if found.name == self.current.name:
            return False
        self.end_session(now, "network changed")
        self.save()
        self.current = found
        self._had_route = self._had_route or found.name != NO_ROUTE
        self.throttle = self._remembered(found)
        self.pace = self._bucket(now)
        self.throttle.tick(now)
        self.changed(now)
        return True

    def tick(self, now: float) -> bool:
        """Let time pass. True where the network is ready for its probe now."""
        if not self.throttle.tick(now):
            return False
        self.changed(now)
        return True

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

    # -- what the clips say of it --------------------------------------------------------------------

    def saw_signal(self, stamp: Stamp, signal: Category, now: float, retry_after_s: float | None) -> bool:
        """A throttle signal came in. True where it is news."""
        if not self._speaks_of_now(stamp):
            return False
        before = self.throttle.until
        news = self.throttle.saw_signal(signal, now, retry_after_s)
        if news or self.throttle.until != before:
            self.changed(now)
        if news:
            self.end_session(now, f"throttled: {signal.value}")
        return news

    def saw_outage(self, stamp: Stamp, now: float) -> bool:
        """A clip found no way out. True where it is news."""
        news = self._speaks_of_now(stamp) and self.throttle.saw_outage(now)
        if news:
            self.changed(now)
            self.end_session(now, "offline")
        return news

    def passed(self, stamp: Stamp, now: float, *, done: bool, width: int) -> None:
        """YouTube answered for a clip; ``done``: and it is on disk."""
        if stamp.network != self.current.name:
            return
        if stamp.epoch != self.throttle.epoch:
            # Sent before the network was shut: it counts as a clip, not as a probe.
            self.throttle.clips_since_throttle += done
        elif self.throttle.passed(done=done, width=width):
            self.changed(now)
        if done:
            self.save()

    def _speaks_of_now(self, stamp: Stamp) -> bool:
        cooling = self.throttle.status is NetworkStatus.COOLING
        return stamp.network == self.current.name and (cooling or stamp.epoch == self.throttle.epoch)

    # -- telling and keeping ---------------------------------------------------------------------------

    def changed(self, now: float) -> None:
        """Publish the state of the network in use, and put it into the ledger at once."""
        throttle = self.throttle
        self._publish(
            NetworkChanged(
                at=now,
                name=self.current.name,
                label=self.current.label,
                kind=self.current.kind,
                status=NetworkStatus.OFFLINE if self.unreachable else throttle.status,
                signal=throttle.signal,
                until=throttle.until,
                step=0 if throttle.status is NetworkStatus.OPEN else throttle.step,
                steps_s=throttle.steps_s,
                clips_since_throttle=throttle.clips_since_throttle,
                last_throttle_at=throttle.last_throttle_at,
                workers_allowed=self.workers_allowed,
            )
        )
        self.save()
        self._try_to_write()

    def save(self) -> None:
        """Have the state of the network in use written, as it must survive a restart."""
        throttle = self.throttle
        self._unsaved[self.current.name] = NetworkRow(
            name=self.current.name,
            label=self.current.label,
            kind=self.current.kind,
            status=throttle.status,
            signal=throttle.signal,
            until=throttle.until,
            step=throttle.step,
            clips_since_throttle=throttle.clips_since_throttle,
            last_throttle_at=throttle.last_throttle_at,
        )

    def write(self) -> None:
        """Write what is to be written. Raises ``DatasetError``; what was not written stays to be."""
        while self._session_notes:
            self._session_notes[0]()
            self._session_notes.popleft()
        for name, row in list(self._unsaved.items()):
            self._ledger.save_network(row)
            del self._unsaved[name]

    def _try_to_write(self) -> None:
        try:
            self.write()
        except DatasetError:
            return  # the engine writes again soon, and says so where that fails too

    # -- sessions --------------------------------------------------------------------------------------

    def begin_session(self, now: float) -> None:
        """A stretch of work on this network begins, unless one is under way."""
        if self._in_session:
            return
        self._in_session = True
        network = self.current.name

        def begin() -> None:
            self._session = self._ledger.open_session(network, now, self._pid)

        self._session_notes.append(begin)
        self._try_to_write()

    def end_session(self, now: float, why: str) -> None:
        """The stretch of work ends, and why."""
        if not self._in_session:
            return
        self._in_session = False

        def end() -> None:
            if self._session is not None:
                self._ledger.close_session(self._session, now, why)

        self._session_notes.append(end)
        self._try_to_write()
