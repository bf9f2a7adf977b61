"""Checks of a network: those the user asks for, and those that a streak of failures calls for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.backlog import Backlog
from kinetics_tui.engine.checker import ask_youtube
from kinetics_tui.engine.dispatch import Dispatcher
from kinetics_tui.engine.network import Network
from kinetics_tui.engine.networks import Networks, Stamp
from kinetics_tui.engine.outcomes import Outcomes
from kinetics_tui.media.check import CheckAnswer
from kinetics_tui.media.route import Route
from kinetics_tui.model.errors import DatasetError
from kinetics_tui.model.events import AnyEvent, ClipsRetried, Logged, NetworkChecked
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.options import Options

TRY_AGAIN_S = 2.0
"""How long to wait where the ledger cannot be written."""

log = logging.getLogger(__name__)

Ask = Callable[[Options, Route, str], Awaitable[CheckAnswer]]


class Checks:
    """Sends single requests and acts on what comes of them. ``suspicious``: a streak is being checked."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        networks: Networks,
        backlog: Backlog,
        outcomes: Outcomes,
        dispatcher: Dispatcher,
        publish: Callable[[AnyEvent], None],
        clock: Callable[[], float],
        ask: Ask = ask_youtube,
    ) -> None:
        self.suspicious = 0
        self._ledger = ledger
        self._networks = networks
        self._backlog = backlog
        self._outcomes = outcomes
        self._suspicion = outcomes.suspicion
        self._dispatcher = dispatcher
        self._publish = publish
        self._clock = clock
        self._ask = ask
        self._tasks: set[asyncio.Task[None]] = set()
        self._checking: set[str] = set()

    def check(self, network: Network) -> str:
        """Begin to check a network for the user; says in one sentence why not, else nothing."""
        if network.name in self._checking:
            return f"{network.label} is being checked already."
        youtube_id = self._some_video()
        if not youtube_id:
            return "There is no clip in this dataset to ask YouTube for."
        self._start(self._check(network, youtube_id))
        return ""

    def look_into(self) -> None:
        """Check the network in use where too many clips in a row failed for good."""
        if self._suspicion.aroused and not self._dispatcher.suspended:
            self._dispatcher.suspended = True
            self.suspicious = self._suspicion.streak
            self._start(self._check_streak(self._networks.current))

    async def close(self) -> None:
        """End the checks under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _some_video(self) -> str:
        """One that came through before, else one that is still to be fetched."""
        if self._suspicion.witnesses:
            return self._suspicion.witnesses[-1]
        for split in self._ledger.split_counts():
            for row in self._ledger.next_pending(split.name, 0, 1):
                return row.clip.youtube_id
        return ""

    # -- the user's ------------------------------------------------------------------------------------

    async def _check(self, network: Network, youtube_id: str) -> None:
        self._checking.add(network.name)
        try:
            answer = await self._ask(self._outcomes.options, network.route, youtube_id)
        finally:
            self._checking.discard(network.name)
        now = self._clock()
        signal = _signal(answer)
        if answer.ok:
            text = f"YouTube answers by {network.label} ({answer.took_s:.1f} s)."
        elif answer.category is not None:
            text = f"No answer by {network.label}: {answer.category.heading}. {answer.category.advice}"
        else:
            text = f"No answer by {network.label}: {answer.text}"
        self._publish(
            NetworkChecked(
                at=now, name=network.name, label=network.label, ok=answer.ok, text=text, signal=signal
            )
        )
        if answer.ok:
            self._networks.answered(network, now)
        elif signal is not None:
            self._shut(network, signal, now)

    # -- a streak's ------------------------------------------------------------------------------------

    async def _check_streak(self, network: Network) -> None:
        try:
            # Of the network as it stands now: the user may switch to another one meanwhile.
            stamp = self._networks.stamp()
            await self._judge(network, stamp, await self._ask_witnesses(network))
        finally:
            self._dispatcher.suspended = False
            self.suspicious = 0

    async def _ask_witnesses(self, network: Network) -> CheckAnswer:
        answer = CheckAnswer(ok=False, category=None, text="", took_s=0.0)
        for youtube_id in reversed(list(self._suspicion.witnesses)):
            answer = await self._ask(self._outcomes.options, network.route, youtube_id)
            if answer.category is None or answer.category.kind is not Kind.PERMANENT:
                break
        return answer

    async def _judge(self, network: Network, stamp: Stamp, answer: CheckAnswer) -> None:
        now, streak = self._clock(), self._suspicion.streak
        if not answer.ok and answer.category is None:
            self._suspicion.believe()
            text = f"{streak} clips in a row failed, and it could not be checked whether it is the network."
            self._publish(Logged(at=now, level="network", text=text))
            return
        if answer.ok and answer.category is None:
            self._suspicion.believe()
            text = f"{streak} clips in a row failed, and another still comes through: they are gone."
            self._publish(Logged(at=now, level="network", text=text))
            return
        clip_ids = self._suspicion.blame(stamp)
        text = f"{streak} clips in a row failed, and so does one that came through before: it is the network."
        self._publish(Logged(at=now, level="network", text=f"{text} They are pending again."))
        await self._reopen(clip_ids)
        if answer.category is Category.OFFLINE:
            if self._networks.saw_outage(stamp, now):
                self._dispatcher.let_go_of_all(network_only=True)
        else:
            self._shut(network, _signal(answer) or Category.ADDRESS_BLOCKED, now)

    async def _reopen(self, clip_ids: list[int]) -> None:
        by_split: dict[str, int] = {}
        by_category: dict[Category, int] = {}
        for (split, category), count in (await self._reopened(clip_ids)).items():
            by_split[split] = by_split.get(split, 0) + count
            by_category[category] = by_category.get(category, 0) + count
        if by_split:
            self._publish(ClipsRetried(at=self._clock(), by_split=by_split, by_category=by_category))
            self._backlog.restart()

    async def _reopened(self, clip_ids: list[int]) -> dict[tuple[str, Category], int]:
        while True:
            try:
                return self._ledger.reopen(clip_ids)
            except DatasetError as error:  # a full disk must not have them stay failed
                log.warning("clips that are to be tried again are not written yet: %s", error)
                await asyncio.sleep(TRY_AGAIN_S)

    def _shut(self, network: Network, signal: Category, now: float) -> None:
        news = self._networks.refused(network, signal, now)
        if news and network.name == self._networks.current.name:
            self._dispatcher.let_go_of_all(network_only=True)


def _signal(answer: CheckAnswer) -> Category | None:
    category = answer.category
    return category if category is not None and category.kind is Kind.THROTTLE else None
