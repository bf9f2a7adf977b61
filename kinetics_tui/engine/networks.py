"""The network in use and what is remembered of all of them."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.dataset.ledger import Ledger, NetworkRow
from kinetics_tui.engine.network import Network
from kinetics_tui.engine.pace import TokenBucket
from kinetics_tui.engine.throttle import Throttle
from kinetics_tui.model.events import AnyEvent, NetworkChanged, NetworkStatus
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options


class Networks:
    """Throttle, pace and session of the network in use; each network keeps its own in the ledger.

    ``discover`` names the network that requests leave by right now. A network never seen before
    starts open; one that the ledger says is cooling goes on cooling.
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
        self._session: int | None = None
        self._unsaved = False
        self._buckets: dict[str, TokenBucket] = {}
        self._per_hour = options.pace_per_hour
        self.current = discover()
        self.throttle = self._remembered(self.current)
        self.pace = self._bucket(now)

    def _remembered(self, network: Network) -> Throttle:
        row = self._ledger.networks().get(network.name)
        if row is None:
            return Throttle(self._steps_s)
        return Throttle(
            self._steps_s,
            status=row.status,
            signal=row.signal,
            until=row.until,
            step=row.step,
            clips_since_throttle=row.clips_since_throttle,
            last_throttle_at=row.last_throttle_at,
        )

    def _bucket(self, now: float) -> TokenBucket:
        return self._buckets.setdefault(self.current.name, TokenBucket(self._per_hour, now))

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
        self.throttle = self._remembered(found)
        self.pace = self._bucket(now)
        self.changed(now)
        return True

    def changed(self, now: float) -> None:
        """Publish the state of the network in use, and put it into the ledger at once."""
        throttle = self.throttle
        self._publish(
            NetworkChanged(
                at=now,
                name=self.current.name,
                label=self.current.label,
                kind=self.current.kind,
                status=throttle.status,
                signal=throttle.signal,
                until=throttle.until,
                step=0 if throttle.status is NetworkStatus.OPEN else throttle.step,
                steps_s=throttle.steps_s,
                clips_since_throttle=throttle.clips_since_throttle,
                last_throttle_at=throttle.last_throttle_at,
                workers_allowed=throttle.workers_allowed,
            )
        )
        self.save()

    def save(self) -> None:
        """Put the state of the network in use into the ledger, as it must survive a restart."""
        throttle = self.throttle
        self._ledger.save_network(
            NetworkRow(
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
        )
        self._unsaved = False

    # -- what the clips say of it -------------------------------------------------------------------

    def saw_signal(self, signal: Category, now: float, retry_after_s: float | None) -> bool:
        """A throttle signal came in. True where it is news."""
        before = self.throttle.until
        news = self.throttle.saw_signal(signal, now, retry_after_s)
        if news or self.throttle.until != before:
            self.changed(now)
        if news:
            self.end_session(now, f"throttled: {signal.value}")
        return news

    def saw_outage(self, now: float) -> bool:
        """A clip found no way out. True where it is news."""
        news = self.throttle.saw_outage(now)
        if news:
            self.changed(now)
            self.end_session(now, "offline")
        return news

    def passed(self, now: float, *, done: bool, width: int) -> None:
        """YouTube answered for a clip; ``done``: and it is on disk."""
        if self.throttle.passed(done=done, width=width):
            self.changed(now)
        elif done:
            self._unsaved = True

    def save_if_changed(self) -> None:
        """Save the count of clips since the throttle, now and then."""
        if self._unsaved:
            self.save()

    # -- sessions -------------------------------------------------------------------------------------

    def begin_session(self, now: float) -> None:
        """A stretch of work on this network begins, unless one is under way."""
        if self._session is None:
            self._session = self._ledger.open_session(self.current.name, now, self._pid)

    def end_session(self, now: float, why: str) -> None:
        """The stretch of work ends, and why."""
        if self._session is not None:
            self._ledger.close_session(self._session, now, why)
            self._session = None
