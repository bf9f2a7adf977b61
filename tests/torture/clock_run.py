"""An engine whose clock somebody sets, while time itself goes on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import Clock, steady_time
from kinetics_tui.engine.engine import Engine
from kinetics_tui.engine.networks.addresses import network_of
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import AnyEvent
from kinetics_tui.model.network import NetworkKind, Way
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.model.state import RunState
from tests.engine.engine_run import ANSWERED, HOME
from tests.engine.scripted_worker import scripted_worker


class Times:
    """The wall's clock and the steady one: ``set_s`` is by how much the first was set, ``passed_s`` what
    went by on both in no time."""

    def __init__(self) -> None:
        self.set_s = 0.0
        self.passed_s = 0.0

    def wall(self) -> float:
        return time.time() + self.set_s + self.passed_s

    def steady(self) -> float:
        return steady_time() + self.passed_s


class ClockRun:
    """An engine under test with scripted workers, what it told, and a view that heard all of it."""

    def __init__(self, dataset: Path, ledger: Ledger, times: Times) -> None:
        self.times = times
        self.ledger = ledger
        self.view = RunState()
        self.events: list[AnyEvent] = []
        clock = Clock(times.wall, times.steady)

        async def answer(*_: object) -> object:
            return ANSWERED

        self.engine = Engine(
            dataset,
            ledger,
            ways=Ways(
                [Way()],
                {},
                look=lambda way, name: (
                    HOME if way.kind is NetworkKind.DEFAULT_ROUTE else network_of(way, name)
                ),
                discover=list,
            ),
            broadcast=self._heard,
            watchers=lambda: 1,
            clock=clock,
            clock_set_by=clock.follow,
            target=scripted_worker,
            ask=answer,  # type: ignore[arg-type]  # of a streak, which no test here brings about
        )

    def _heard(self, event: AnyEvent) -> None:
        self.events.append(event)
        self.view.apply(event)

    @property
    def state(self) -> RunState:
        return self.engine.state

    async def set_clock(self, by_s: float) -> None:
        """Somebody sets the clock; returns when the engine has seen it."""
        told = sum(type(event).__name__ == "ClockSet" for event in self.events)
        self.times.set_s += by_s
        await self.until(lambda: sum(type(event).__name__ == "ClockSet" for event in self.events) > told)

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)


def open_dataset(dataset: Path, clips: list[Clip], **options: object) -> Ledger:
    """The ledger of a new dataset."""
    make_state_folder(dataset)
    return Ledger.create(
        dataset,
        title="Custom dataset",
        release="",
        selection=Selection(),
        options=Options(**{"workers": 2, "pace_per_hour": None, **options}),  # type: ignore[arg-type]
        clips=clips,
    )


@contextlib.asynccontextmanager
async def running(dataset: Path, ledger: Ledger, times: Times) -> AsyncIterator[ClockRun]:
    """An engine on this ledger, stopped at the end."""
    run = ClockRun(dataset, ledger, times)
    await run.engine.open()
    task = asyncio.create_task(run.engine.run())
    try:
        yield run
    finally:
        run.engine.stop()
        await task
