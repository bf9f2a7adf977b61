"""Hand clips to workers, and take them back."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.machine import available_cores
from kinetics_tui.dataset.ledger.database import LedgerFull
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.hosts import Hosts
from kinetics_tui.engine.networks.network import KnownNetwork
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.run.archive_turn import ArchiveTurn
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.first_way import FirstWay
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.pool import Pool
from kinetics_tui.model.events import ClipStarted, Phase, WorkerIdle
from kinetics_tui.model.network import HERE
from kinetics_tui.model.options import BUDGETS, LoggedOut, Preset

HANG_MARGIN_S = 30.0
"""A worker keeps its own deadline a clip; one that is this late has hung and is killed."""
OFF_THE_NETWORK = (Phase.TRIM, Phase.VERIFY, Phase.EXTRACT)
"""Phases in which all the clip's bytes are here already."""

LOGIN_ENDED = "The login in the account's cookies has ended: export them again from a browser, then resume."
AS_GUEST = ("--no-cookies", "--no-cookies-from-browser")
"""Options of yt-dlp that take its options for cookies back."""
FIRST_LOGIN_S = 60.0
LONGEST_LOGIN_S = 3600.0
"""After this time one clip tries whether the cookies are renewed, after twice as long the next time."""
TOLD_WITHIN_S = 1.0
"""An idle worker's time to the next clip is told again where it has moved further: clips may cost more
requests than they were let out for."""

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Dispatcher:
    """Hands out one clip at a time, as far as pause, disk, network and pace allow."""

    _context: RunContext
    _pool: Pool
    _hosts: Hosts
    _queue: ClipQueue
    _extraction: Extraction
    _networks: Networks
    _disk: DiskWatch
    _first_way: FirstWay
    _archives: ArchiveTurn
    held: bool = field(default=False, init=False)
    """Nothing is handed out: paused by the user, or stopping."""
    suspended: set[str] = field(default_factory=set, init=False)
    """The networks under suspicion: nothing is handed out by them."""
    problem: str = field(default="", init=False)
    """One plain sentence while the run is held because the login in the account's cookies has ended."""
    _login_at: float = field(default=0.0, init=False)
    _login_wait_s: float = field(default=0.0, init=False)
    _waiting_until: dict[int, float] = field(default_factory=dict, init=False)

    @property
    def hands(self) -> list[Hand]:
        """Every worker of the run, this machine's first."""
        return [*self._pool.slots.values(), *self._hosts.hands]

    def _hands_of(self, host: str) -> list[Hand]:
        return list(self._pool.slots.values()) if host == HERE else [*self._hosts.hands_of(host)]

    def dispatch(self, host: str | None = None) -> None:
        """Give every idle worker a clip that may have one; ``host``: of this machine alone."""
        nothing_for: set[str] = set()
        try:
            for hand in self.hands if host is None else self._hands_of(host):
                if hand.row is not None:  # nearly all of them
                    continue
                if hand.idle and hand.host not in nothing_for and not self._hand_out(hand):
                    nothing_for.add(hand.host)
            if host is None or host == HERE:
                self._hosts.send()
            else:
                self._hosts.send_soon()
        except DatasetError as error:
            # The ledger cannot be read or written just now; what is known stays in memory.
            self._disk.hold(str(error), full=isinstance(error, LedgerFull))

    def _hand_out(self, slot: Hand) -> bool:
        if self.held or self._disk.problem:
            return False
        if slot.host != HERE:  # it has no files of the dataset
            return self._fetch(slot)
        # Of a clip that has just come its frames first, else clips pile up; of older ones when nothing else
        # may be handed out: it needs neither network nor pace.
        if self._extraction.fresh and self._extract(slot):
            return True
        return self._take_copy(slot) or self._fetch(slot) or self._extract(slot)

    def _take_copy(self, slot: Hand) -> bool:
        if not self._archives.has_copies:
            return False
        # A processor each: more at once only push each other out of its caches.
        in_hand = sum(hand.copy is not None and hand.row is not None for hand in self.hands)
        found = self._archives.take() if in_hand < available_cores() else None
        if found is None:
            return False
        row, copy = found
        self._waiting_until.pop(slot.number, None)
        slot.assign_copy(row, copy)
        self._context.publish(ClipStarted(at=self._context.clock(), slot=slot.number, clip=row.clip))
        return True

    def _extract(self, slot: Hand) -> bool:
        row = self._extraction.take()
        if row is None:
            return False
        self._waiting_until.pop(slot.number, None)
        slot.assign_extract(row, self._context.options.extras)
        self._context.publish(ClipStarted(at=self._context.clock(), slot=slot.number, clip=row.clip))
        return True

    def _fetch(self, slot: Hand) -> bool:
        if self.problem and not self._may_try_login(slot):
            return False
        if self._networks.leaving or not self._archives.youtube:
            return False
        able = [known for known in self._networks.by_turn(slot.host) if self._has_place(known)]
        now = self._context.clock()
        row = self._queue.take(now) if able else None
        if row is None:
            return False
        # One whose bucket is empty holds up no other.
        known = next((known for known in able if known.pace.take(now)), None)
        if known is None:
            self._queue.put_back(row)
            self._tell_waiting(slot.host, now, min(known.pace.next_at(now) for known in able))
            return False
        known.handed_at = time.monotonic()
        self._waiting_until.pop(slot.number, None)
        slot.assign(row, self._networks.stamp(known), known.routes[slot.host], self._first_way.next())
        self._context.publish(ClipStarted(at=now, slot=slot.number, clip=row.clip))
        return True

    def _has_place(self, known: KnownNetwork) -> bool:
        """True if one more clip may be in hand by a network."""
        if known.network.name in self.suspended:
            return False
        match known.workers_allowed:
            case None:
                return True
            case 0:
                return False
            case allowed:
                name = known.network.name
                hands = chain.from_iterable(map(self._hands_of, known.hosts))
                return sum(_fetches(hand) and hand.stamp.network == name for hand in hands) < allowed

    # -- the login of an account ---------------------------------------------------------------------

    def logged_out(self, slot: Hand) -> None:
        """A worker found its account's login ended: as is set, go on without it, or wait for another one."""
        slot.retire()
        options = self._context.options
        if options.logged_out is LoggedOut.HOLD:
            self.problem = LOGIN_ENDED
            if time.monotonic() >= self._login_at:
                self._login_wait_s = min(max(FIRST_LOGIN_S, 2 * self._login_wait_s), LONGEST_LOGIN_S)
                self._login_at = time.monotonic() + self._login_wait_s
        elif options.yt_dlp[-len(AS_GUEST) :] != AS_GUEST:
            pace = Preset.GUEST if options.pace_per_hour is Preset.ACCOUNT else options.pace_per_hour
            try:
                self._context.change_options(yt_dlp=(*options.yt_dlp, *AS_GUEST), pace_per_hour=pace)
            except DatasetError as error:
                self._disk.hold(str(error), full=isinstance(error, LedgerFull))
            else:
                text = "The login in the account's cookies has ended: the run goes on as a guest"
                if pace is not options.pace_per_hour:
                    text += f", at a guest's pace of {BUDGETS[Preset.GUEST]:,.0f} requests an hour"
                    self._networks.set_users_pace(pace, self._context.clock())
                    self.forget_waiting()
                self._context.log("account", f"{text}.")

    def logged_in(self) -> None:
        """A clip came through: no login is waited for."""
        self.problem = ""
        self._login_at = self._login_wait_s = 0.0

    def try_login(self) -> None:
        """Try now whether the cookies are renewed."""
        self._login_at, self._login_wait_s = time.monotonic(), 0.0

    def _may_try_login(self, slot: Hand) -> bool:
        """True if it is time for one clip to try the cookies, by a worker that has just read them."""
        if time.monotonic() < self._login_at or self._queue.in_hand:
            return False
        if slot.made_at < self._login_at:
            slot.retire()
            return False
        return True

    def _tell_waiting(self, host: str, now: float, until: float) -> None:
        for slot in self._hands_of(host):
            if slot.idle and abs(self._waiting_until.get(slot.number, 0.0) - until) > TOLD_WITHIN_S:
                self._waiting_until[slot.number] = until
                self._context.publish(WorkerIdle(at=now, slot=slot.number, phase=Phase.PACE, until=until))

    def in_hand_by(self) -> Counter[str]:
        """The number of clips in hand by each network."""
        return Counter(slot.stamp.network for slot in self.hands if _fetches(slot))

    def in_hand_by_others(self) -> int:
        """Clips in hand that were sent by networks that are not in use any more."""
        return sum(number for name, number in self.in_hand_by().items() if not self._networks.uses(name))

    def forget_waiting(self, slot: Hand | None = None) -> None:
        """The pace changed, or a worker went: what was told of waiting holds no more."""
        if slot is None:
            self._waiting_until.clear()
        else:
            self._waiting_until.pop(slot.number, None)

    def let_go_of_all(self, network: str | None = None) -> None:
        """Ask for the clips in hand back; those not given back in time are taken by force.

        ``network``: only those that come by this one, and not where they need it no more.
        """
        by_network = network is not None
        for slot in self.hands:
            if slot.row is None or (by_network and (slot.extracting or slot.stamp.network != network)):
                continue
            worker = self._context.state.workers.get(slot.number)
            through = worker is not None and worker.phase in OFF_THE_NETWORK
            slot.cancel(network_only=by_network, forced=not (by_network and through))

    def kill_hung(self) -> None:
        """Kill workers that are far behind their clip's deadline, or do not let go of it."""
        now, deadline_s = time.monotonic(), self._context.options.clip_deadline_s
        for slot in self.hands:
            if slot.row is None:
                continue
            late = now - slot.assigned_at > deadline_s + HANG_MARGIN_S
            if late:
                log.warning("worker %s %d hangs with %s: killed", slot.host, slot.pid, slot.row.clip.name)
            if late or (slot.let_go_by is not None and now > slot.let_go_by):
                slot.kill()


def _fetches(hand: Hand) -> bool:
    """True if the clip in hand comes by a network."""
    return hand.row is not None and not hand.extracting and hand.copy is None
