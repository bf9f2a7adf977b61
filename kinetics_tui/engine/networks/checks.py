"""Checks of a network: one request by it, sent by a program of its own, says how it stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

import msgspec

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.base.programs import run_program
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.media.fetch.probe_program import CheckAnswer, CheckRequest
from kinetics_tui.model.events import NetworkChecked
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Options

PROGRAM = "kinetics_tui.media.fetch.probe_program"
DEADLINE_S = 30.0
MARGIN_S = 10.0

log = logging.getLogger(__name__)

_decoder = JsonReader[CheckAnswer](CheckAnswer)


async def ask_youtube(options: Options, route: Route, youtube_id: str, *, media: bool = False) -> CheckAnswer:
    """Resolve one video by ``route``, once; ``media``: and fetch the beginning of its media.

    Whatever goes wrong is an answer too.
    """
    request = CheckRequest(
        yt_dlp=options.yt_dlp,
        route=route,
        youtube_id=youtube_id,
        height_px=options.height_px,
        audio=options.audio,
        resolve=options.resolve,
        media=media,
        deadline_s=DEADLINE_S,
    )
    try:
        async with asyncio.timeout(DEADLINE_S + MARGIN_S):
            ended = await run_program(PROGRAM, told=to_json(request))
        return _decoder.decode(ended.out)
    except TimeoutError:
        return CheckAnswer(ok=False, category=Category.TIMEOUT, text="The check got no answer.", took_s=0.0)
    except (OSError, msgspec.DecodeError) as error:
        log.warning("a check came to nothing: %s", type(error).__name__)
        return CheckAnswer(ok=False, category=None, text="The check could not be made.", took_s=0.0)


class Ask(Protocol):
    """Asks YouTube as ``ask_youtube`` does."""

    def __call__(
        self, options: Options, route: Route, youtube_id: str, *, media: bool = False
    ) -> Awaitable[CheckAnswer]: ...


class AskHost(Protocol):
    """Has a host ask YouTube by one of its ways."""

    def __call__(self, way: str, youtube_id: str, *, media: bool = False) -> Awaitable[CheckAnswer]: ...


class Checks:
    """Sends single requests by networks, and acts on the answers to those that the user asked for.

    ``witnesses`` gives videos that came through before, the last one at the end. ``let_go`` puts back the
    clips in hand by a network, once that refuses. ``ask_host`` asks by the networks of hosts.
    """

    def __init__(
        self,
        context: RunContext,
        networks: Networks,
        *,
        witnesses: Callable[[], Sequence[str]],
        let_go: Callable[[str], None],
        ask: Ask = ask_youtube,
        ask_host: AskHost | None = None,
    ) -> None:
        self._ask_host = ask_host
        self._context = context
        self._networks = networks
        self._witnesses = witnesses
        self._let_go = let_go
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
        self.start(self._check(network, youtube_id))
        return ""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have a check go on beside the run, until it is through or the run ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ask(self, network: Network, youtube_id: str, *, media: bool = False) -> CheckAnswer:
        """The answer to one request by a network; ``media``: and to those for the beginning of its media."""
        if network.route.way and self._ask_host is not None:
            return await self._ask_host(network.route.way, youtube_id, media=media)
        return await self._ask(self._context.options, network.route, youtube_id, media=media)

    def shut(self, network: Network, answer: CheckAnswer, now: float) -> None:
        """Have a network cool down that was found to refuse; its clips in hand go back."""
        news = self._networks.refused(network, answer.signal or Category.ADDRESS_BLOCKED, now)
        if news:
            self._let_go(network.name)

    async def close(self) -> None:
        """End the checks under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _some_video(self) -> str:
        """One that came through before, else one that is still to be fetched."""
        if witnesses := self._witnesses():
            return witnesses[-1]
        for split in self._context.ledger.split_counts():
            for row in self._context.ledger.next_pending(split.name, 0, 1):
                return row.clip.youtube_id
        return ""

    async def _check(self, network: Network, youtube_id: str) -> None:
        self._checking.add(network.name)
        try:
            answer = await self.ask(network, youtube_id)
        finally:
            self._checking.discard(network.name)
        now = self._context.clock()
        if answer.ok:
            text = f"YouTube answers by {network.label} ({answer.took_s:.1f} s)."
        elif answer.category is not None:
            text = f"No answer by {network.label}: {answer.category.value}. {answer.category.advice}"
        else:
            text = f"No answer by {network.label}: {answer.text}"
        self._context.publish(
            NetworkChecked(
                at=now,
                name=network.name,
                label=network.label,
                ok=answer.ok,
                text=text,
                signal=answer.signal,
            )
        )
        if answer.ok:
            self._networks.answered(network, now)
        elif answer.signal is not None:
            self.shut(network, answer, now)
