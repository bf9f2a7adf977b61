"""An engine with scripted workers, and the world around it: its networks, its clock, YouTube's answers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.engine import Engine
from kinetics_tui.engine.networks.addresses import network_of
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.events import AnyEvent
from kinetics_tui.model.network import NetworkKind, Route, Way
from kinetics_tui.model.options import Options
from kinetics_tui.model.state import RunState
from tests.engine.scripted_worker import scripted_worker

HOME = Network(name="192.168.1.23", label="wlan0 192.168.1.23")
PHONE = Network(name="172.20.10.2", label="wlan0 172.20.10.2")
ANSWERED = CheckAnswer(ok=True, category=None, text="", took_s=0.1)

_E = TypeVar("_E")


class Run:
    """An engine under test, the events it published, and the world around it.

    ``network`` is where the default route leads; ``answer`` is what a check comes to, once ``answer_after``
    is set (None: at once), ``asked`` who was asked by which route. ``given`` takes the place of what else an
    engine is made of.
    """

    def __init__(self, ledger: Ledger, dataset: Path, *, network: Network = HOME, **given: Any) -> None:
        self.events: list[AnyEvent] = []
        self.network = network
        self.offset_s = 0.0
        self.answer = ANSWERED
        self.answer_after: asyncio.Event | None = None
        self.asked: list[tuple[Route, str]] = []
        self.engine = Engine(
            dataset,
            ledger,
            ways=Ways(ledger.ways_in_use() or [Way()], ledger.ways(), look=self._look, discover=list),
            broadcast=self.events.append,
            watchers=lambda: 1,
            clock=lambda: time.time() + self.offset_s,
            **{"target": scripted_worker, "ask": self._ask, **given},
        )

    def _look(self, way: Way, given_as: str) -> Network:
        return self.network if way.kind is NetworkKind.DEFAULT_ROUTE else network_of(way, given_as)

    async def _ask(
        self, options: Options, route: Route, youtube_id: str, *, media: bool = False
    ) -> CheckAnswer:
        self.asked.append((route, youtube_id))
        if self.answer_after is not None:
            await self.answer_after.wait()
        return self.answer

    @property
    def state(self) -> RunState:
        return self.engine.state

    def told(self, kind: type[_E]) -> list[_E]:
        """The events of one kind, in the order they came."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)


Start = Callable[..., contextlib.AbstractAsyncContextManager[Run]]
