"""Suspect the network and YouTube before the clips: many failures in a row are not believed at once.

A clip that came through before is asked for again, the first bytes of its media included; in a dataset that
has none yet, videos that everybody knows. Where that fails too, it was not the clips: they are pending again.
A network that is refused cools down. Where YouTube refuses every video for another reason, as after a change
that yt-dlp cannot follow yet, the network is held, and asked for such a video now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.machine import update_command, version_on_disk
from kinetics_tui.base.words import counted
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.checks import Checks
from kinetics_tui.engine.networks.network import KnownNetwork, Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.media.fetch.probe_program import PUBLIC_VIDEOS, CheckAnswer
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Stamp
from kinetics_tui.model.reasons import Reason, Why

STREAK = 10
"""So many clips that fail in a row are suspicious. Where 2 or 3 % of clips are gone, that is no chance."""
LONGEST_STREAK = 160
"""A streak that proved true makes the next one suspicious at twice its length, up to this."""
WINDOW, SHARE = 40, 24
"""So many failures of the last ``WINDOW`` clips are suspicious too, if any came through. Where a quarter of
clips is gone, that is one chance in a million."""
LAST_STREAK = 4
"""So many clips that fail in a row are suspicious where none is left that could break the streak."""
TRY_AGAIN_S = 2.0
"""Seconds to wait where the ledger cannot be written."""
WITNESSES = 2
"""A video that came through may be gone itself by now: a second one is asked for where the first fails."""


log = logging.getLogger(__name__)


@dataclass
class _Watch:
    """The failures by one network that are not believed yet, and how many would be too many."""

    streak: dict[int, float] = field(default_factory=dict)
    recent: deque[int | None] = field(default_factory=lambda: deque(maxlen=WINDOW))
    bound: int = STREAK
    probe_failed: bool = False
    blamed_epoch: int = -1

    @property
    def too_many(self) -> bool:
        through = self.recent.count(None)
        return through > 0 and len(self.recent) - through >= SHARE

    def forget(self) -> None:
        self.probe_failed = False
        self.streak.clear()
        self.recent.clear()


class Suspicion:
    """Counts failures that YouTube may give for every video, for each network by itself.

    ``came`` are the YouTube ids of the clips that came through last, by whatever network: asked for again by
    the one under suspicion, they tell whether the failures are the clips' own.
    """

    def __init__(self, came: Iterable[str] = ()) -> None:
        self.came: deque[str] = deque(came, maxlen=WITNESSES)
        self._watches: defaultdict[str, _Watch] = defaultdict(_Watch)

    @property
    def witnesses(self) -> list[str]:
        """Videos that must be there, the best one first."""
        return [*reversed(self.came), *PUBLIC_VIDEOS][:WITNESSES]

    def suspects(self, network: str) -> set[int]:
        """The clips whose failures by this network are not believed yet."""
        watch = self._watches[network]
        share = {clip_id for clip_id in watch.recent if clip_id is not None} if watch.too_many else set()
        return share.union(watch.streak)

    def probe_failed(self, network: str) -> bool:
        """The probe at the end of a cooldown failed in that way: whether the network is open is not known."""
        return self._watches[network].probe_failed

    def aroused(self, network: str, *, last: bool = False) -> bool:
        """True if what failed by this network is too much to be believed unchecked.

        ``last``: no other clip is left, now or later.
        """
        watch = self._watches[network]
        at_the_end = last and watch.bound == STREAK and len(watch.streak) >= LAST_STREAK
        return watch.probe_failed or watch.too_many or at_the_end or len(watch.streak) >= watch.bound

    def came_through(self, youtube_id: str, network: str, answered_at: float) -> None:
        """A clip was fetched, given by YouTube at ``answered_at``: what failed before failed by itself."""
        if youtube_id in self.came:
            self.came.remove(youtube_id)
        self.came.append(youtube_id)
        watch = self._watches[network]
        watch.streak = {clip_id: at for clip_id, at in watch.streak.items() if at > answered_at}
        watch.recent.append(None)
        watch.bound = STREAK

    def failed(self, clip_id: int, network: str, answered_at: float, *, probe: bool = False) -> None:
        """A clip failed in a way that may be of everybody; as a ``probe`` it is not held against it."""
        watch = self._watches[network]
        if probe:
            watch.probe_failed = True
            return
        watch.streak[clip_id] = answered_at
        watch.recent.append(clip_id)

    def believe(self, network: str) -> None:
        """It was the clips."""
        watch = self._watches[network]
        if not watch.probe_failed:
            watch.bound = min(LONGEST_STREAK, watch.bound * 2)
        watch.forget()

    def blame(self, stamp: Stamp) -> set[int]:
        """It was not the clips; ``stamp`` is how the network stands. Returns those to be tried again."""
        blamed, watch = self.suspects(stamp.network), self._watches[stamp.network]
        watch.blamed_epoch = stamp.epoch
        watch.forget()
        watch.bound = STREAK
        return blamed

    def distrusts(self, stamp: Stamp) -> bool:
        """True if an answer was asked for while wrong ones were given."""
        return stamp.epoch <= self._watches[stamp.network].blamed_epoch


class Update:
    """Notices that another yt-dlp is on the disk than ``version``, which workers were started with.

    ``news`` is a sentence on what was found last.
    """

    def __init__(self, read: Callable[[str], str] = version_on_disk) -> None:
        self._read = read
        self.version = self._seen = read("yt_dlp")
        self._ours = read("kinetics_tui")
        self.news = ""

    def look(self) -> bool:
        """True, once, where another version is there whole: two looks in a row have found it.

        Where this program was replaced as well, its new workers would not understand an old engine.
        """
        before, self._seen = self._seen, self._read("yt_dlp")
        if self._seen in ("", self.version) or self._seen != before:
            return False
        found = f"yt-dlp {self._seen} is there now"
        if self._read("kinetics_tui") == self._ours:
            self.version = self._seen
            self.news = f"{found}: clips in hand are finished, then workers begin again with it."
            return True
        self.news = f"{found}, and another Kinetics TUI: stop this run and run it again to use them."
        return False


@dataclass(eq=False)
class StreakCheck:
    """Checks each network by which too many clips failed, and while it is held.

    Nothing is handed out by it meanwhile. ``update`` knows which yt-dlp is in use.
    """

    _context: RunContext
    _suspicion: Suspicion
    _checks: Checks
    _networks: Networks
    _queue: ClipQueue
    _dispatcher: Dispatcher
    update: Update = field(default_factory=Update, init=False)
    _causes: dict[str, str] = field(default_factory=dict, init=False)
    _streaks: dict[str, int] = field(default_factory=dict, init=False)

    @property
    def streak(self) -> int | None:
        """The number of clips that are being looked into; None while a network is left to work by."""
        if not self._streaks:
            return None
        able = [known.network.name for known in self._networks.in_use if known.waits <= 1]
        names = set(able or [self._networks.current.name])
        return sum(self._streaks.values()) if names <= self._streaks.keys() else None

    @property
    def refused(self) -> Reason:
        """The reason why the network that can soonest is held."""
        throttle = self._networks.throttle
        cause = self._causes.get(self._networks.current.name) or (throttle.signal or Category.MISCELLANEOUS)
        return Reason(
            Why.REFUSED,
            label=cause,
            at=throttle.held_since,
            text=update_command(),
            version=self.update.version,
            until=throttle.until,
        )

    def look_into(self, name: str = "") -> None:
        """Begin a check of each network, or of the one of this name, if there is a reason."""
        last = self._context.state.left == 0
        meant = self._networks.in_use if not name else [self._networks.in_use_by_name.get(name)]
        for known in filter(None, meant):
            network = known.network
            if network.name in self._dispatcher.suspended:
                continue
            if known.throttle.wants_witness:
                wanted = not (self._dispatcher.held or known.unreachable)
            else:
                wanted = self._suspicion.aroused(network.name, last=last)
            if wanted:
                self._dispatcher.suspended.add(network.name)
                probed = self._suspicion.probe_failed(network.name)
                self._streaks[network.name] = 0 if probed else len(self._suspicion.suspects(network.name))
                self._checks.start(self._check(known))

    async def _check(self, known: KnownNetwork) -> None:
        network = known.network
        try:
            # Of the network as it stands now: the user may switch to another one meanwhile.
            stamp = self._networks.stamp(known)
            await self._judge(network, stamp, await self._ask_witnesses(network))
        finally:
            self._dispatcher.suspended.discard(network.name)
            self._streaks.pop(network.name, None)

    async def _ask_witnesses(self, network: Network) -> CheckAnswer:
        answer = CheckAnswer(ok=False, category=None, text="", took_s=0.0)
        for youtube_id in self._suspicion.witnesses:
            answer = await self._checks.ask(network, youtube_id, media=True)
            if answer.category is None or answer.category.kind is not Kind.PERMANENT:
                break
        return answer

    async def _judge(self, network: Network, stamp: Stamp, answer: CheckAnswer) -> None:
        now, count = self._context.clock(), len(self._suspicion.suspects(network.name))
        held = self._networks.throttle_of(network).wants_witness
        probe = self._suspicion.probe_failed(network.name)
        if answer.category in (None, Category.LOGGED_OUT):  # no witness: the account was not let in
            self._suspicion.believe(network.name)
            why = (
                "another still comes through: it is the clips"
                if answer.ok
                else "it could not be checked whether it is the network"
            )
            if count and not probe:
                self._context.log("network", f"{counted(count, 'clip')} failed, and {why}.")
            if answer.ok:
                self._networks.passed(stamp, now, done=False, width=self._context.options.workers)
            elif held:
                self._networks.hold(network, Category.MISCELLANEOUS, now)
            return
        clip_ids = self._suspicion.blame(stamp)
        if clip_ids:
            text = (
                f"{counted(count, 'clip')} failed, and so does one that must be there: it is not the clips."
            )
            self._context.log("network", f"{text} They are pending again.")
            self._context.reopen(await self._reopened(clip_ids))
            self._queue.restart()
        if answer.category is Category.OFFLINE:
            if self._networks.saw_outage(stamp, now):
                self._dispatcher.let_go_of_all(network.name)
        elif answer.signal is not None:
            self._checks.shut(network, answer, now)
        else:
            self._causes[network.name] = (answer.said or answer.text).rstrip(".!")
            self._networks.hold(network, answer.category, now)
            self._dispatcher.let_go_of_all(network.name)

    async def _reopened(self, clip_ids: set[int]) -> dict[tuple[str, Category], int]:
        while True:
            try:
                return self._context.ledger.reopen(clip_ids)
            except DatasetError as error:  # a full disk must not have them stay failed
                log.warning("clips that are to be tried again are not written yet: %s", error)
                await asyncio.sleep(TRY_AGAIN_S)
