"""Suspect the network before the clips: a long streak of final failures is not believed at once.

A clip that came through before is asked for again; where that fails too, it was the network.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.checks import Checks
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.media.youtube.probe_program import CheckAnswer
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Stamp

STREAK = 10
"""So many final failures in a row are suspicious. Where 2 or 3 % of clips are gone, that is no chance."""
LONGEST_STREAK = 160
"""A streak that proved true makes the next one suspicious at twice its length, up to this."""
TRY_AGAIN_S = 2.0
"""Seconds to wait where the ledger cannot be written."""
WITNESSES = 2
"""A video that came through may be gone itself by now: a second one is asked for where the first fails."""


log = logging.getLogger(__name__)


class Suspicion:
    """Counts final failures in a row by the network they came by.

    ``witnesses`` are the YouTube ids of the clips that came through last: asked for again by the same
    network, they tell whether the streak is the clips' or the network's.
    """

    def __init__(self, witnesses: Iterable[str] = ()) -> None:
        self.witnesses: deque[str] = deque(witnesses, maxlen=WITNESSES)
        self._clip_ids: list[int] = []
        self._network = ""
        self._bound = STREAK
        self._blamed: dict[str, int] = {}

    @property
    def streak(self) -> int:
        """The number of clips in a row that failed for good."""
        return len(self._clip_ids)

    @property
    def aroused(self) -> bool:
        """True if the streak is too long to be believed unchecked, and there is something to check it by."""
        return self.streak >= self._bound and bool(self.witnesses)

    def came_through(self, youtube_id: str) -> None:
        """A clip was fetched: what failed before it failed by itself."""
        if youtube_id in self.witnesses:
            self.witnesses.remove(youtube_id)
        self.witnesses.append(youtube_id)
        self._clip_ids.clear()
        self._bound = STREAK

    def failed(self, clip_id: int, stamp: Stamp) -> None:
        """A clip was settled as failed for good."""
        if stamp.network != self._network:
            self._network = stamp.network
            self._clip_ids.clear()
        self._clip_ids.append(clip_id)

    def believe(self) -> None:
        """The network is innocent: the clips are gone."""
        self._clip_ids.clear()
        self._bound = min(LONGEST_STREAK, self._bound * 2)

    def blame(self, stamp: Stamp) -> list[int]:
        """The network did it; ``stamp`` is how it stands. Returns the clips that are to be tried again."""
        self._blamed[stamp.network] = stamp.epoch
        blamed, self._clip_ids = self._clip_ids, []
        self._bound = STREAK
        return blamed

    def distrusts(self, stamp: Stamp) -> bool:
        """True if an answer was asked for while the network was giving wrong ones."""
        return stamp.epoch <= self._blamed.get(stamp.network, -1)


@dataclass(eq=False)
class StreakCheck:
    """Checks the network in use where too many clips in a row failed for good.

    ``streak`` is how many clips the check under way is about, else 0; nothing is handed out meanwhile.
    """

    _context: RunContext
    _suspicion: Suspicion
    _checks: Checks
    _networks: Networks
    _queue: ClipQueue
    _dispatcher: Dispatcher
    streak: int = field(default=0, init=False)

    def look_into(self) -> None:
        """Begin a check if the streak is suspicious and none is under way."""
        if self._suspicion.aroused and not self._dispatcher.suspended:
            self._dispatcher.suspended = True
            self.streak = self._suspicion.streak
            self._checks.start(self._check_streak(self._networks.current))

    async def _check_streak(self, network: Network) -> None:
        try:
            # Of the network as it stands now: the user may switch to another one meanwhile.
            stamp = self._networks.stamp()
            await self._judge(network, stamp, await self._ask_witnesses(network))
        finally:
            self._dispatcher.suspended = False
            self.streak = 0

    async def _ask_witnesses(self, network: Network) -> CheckAnswer:
        answer = CheckAnswer(ok=False, category=None, text="", took_s=0.0)
        for youtube_id in reversed(list(self._suspicion.witnesses)):
            answer = await self._checks.ask(network, youtube_id)
            if answer.category is None or answer.category.kind is not Kind.PERMANENT:
                break
        return answer

    async def _judge(self, network: Network, stamp: Stamp, answer: CheckAnswer) -> None:
        now, streak = self._context.clock(), self._suspicion.streak
        if answer.category is None:
            self._suspicion.believe()
            why = (
                "another still comes through: they are gone"
                if answer.ok
                else "it could not be checked whether it is the network"
            )
            self._context.log("network", f"{streak} clips in a row failed, and {why}.")
            return
        clip_ids = self._suspicion.blame(stamp)
        text = f"{streak} clips in a row failed, and so does one that came through before: it is the network."
        self._context.log("network", f"{text} They are pending again.")
        if self._context.reopen(await self._reopened(clip_ids)):
            self._queue.restart()
        if answer.category is Category.OFFLINE:
            if self._networks.saw_outage(stamp, now):
                self._dispatcher.let_go_of_all(network_only=True)
        else:
            self._checks.shut(network, answer, now)

    async def _reopened(self, clip_ids: list[int]) -> dict[tuple[str, Category], int]:
        while True:
            try:
                return self._context.ledger.reopen(clip_ids)
            except DatasetError as error:  # a full disk must not have them stay failed
                log.warning("clips that are to be tried again are not written yet: %s", error)
                await asyncio.sleep(TRY_AGAIN_S)
