"""A run screen on a made-up run, to press keys on and to read what is painted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC

from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from kinetics_tui.model.commands import AnyCommand
from kinetics_tui.model.events import AnyEvent
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.parts.run_screen_base import LiveScreen
from kinetics_tui.tui.run.screen import RunScreen
from kinetics_tui.tui.terminal.terminal import KINETICS_DARK, Farewell
from tests.tui.run_fakes import NOW, FakeLink, opened


async def resize(pilot: Pilot[Farewell], width: int, height: int) -> None:
    """Change the size of the terminal, and wait until the screen is laid out in it.

    ``Screen.size`` is the terminal's, whether anything was laid out or not.
    """
    await pilot.resize_terminal(width, height)
    async with asyncio.timeout(20):
        while tuple(pilot.app.screen._compositor.size) != (width, height):
            await pilot.pause(0.01)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Stand:
    """A run screen on a made-up run, and what is painted on it."""

    def __init__(self, app: KineticsApp, link: FakeLink, pilot: Pilot[Farewell], clock: Clock) -> None:
        self.app = app
        self.link = link
        self.pilot = pilot
        self.clock = clock

    @property
    def screen(self) -> RunScreen:
        screen = self.app.screen_stack[1]
        assert isinstance(screen, RunScreen)
        return screen

    @property
    def shown(self) -> str:
        """The kind of screen on top."""
        return type(self.app.screen).__name__

    @property
    def left(self) -> bool:
        """Whether the app is on its way out."""
        return self.app.return_value is not None

    @property
    def rows(self) -> list[str]:
        """The terminal, row by row."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    @property
    def said(self) -> str:
        """The notice above the keys, its rows joined; empty where there is none."""
        notice = self.app.screen.query_one("#notice")
        rows = self.rows[notice.region.y : notice.region.bottom] if notice.display else []
        return " ".join(row.strip() for row in rows)

    @property
    def asked(self) -> str:
        """The text of the question on top."""
        return str(self.app.screen.query_one(".dialog-text", Static).content)

    async def press(self, *keys: str) -> list[AnyCommand]:
        """Press keys and return the commands that they sent."""
        before = len(self.link.commands)
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.link.commands[before:]

    async def burst(self, *keys: str) -> list[AnyCommand]:
        """Press keys in one go, as a slow line delivers them: none is acted on before the last is there."""
        before = len(self.link.commands)
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
        for _ in range(4):
            await self.pilot.pause()
        return self.link.commands[before:]

    async def fold(self, *events: AnyEvent) -> None:
        self.link.fold(*events)
        await self.tick()

    async def tick(self) -> None:
        """Let the timers of all screens of the run strike."""
        for screen in self.app.screen_stack:
            if isinstance(screen, LiveScreen):
                screen.tick()
        await self.pilot.pause()


@asynccontextmanager
async def stand(
    *events: AnyEvent, size: tuple[int, int] = (120, 40), workers: int = 16
) -> AsyncIterator[Stand]:
    link, clock = FakeLink([*opened(workers), *events]), Clock()
    app = KineticsApp(link, now=clock, zone=UTC, theme=KINETICS_DARK.name)
    async with app.run_test(size=size) as pilot:
        async with asyncio.timeout(30.0):
            while not isinstance(app.screen, RunScreen) or app.screen._keys.moment is None:
                await pilot.pause()
        await pilot.pause()
        yield Stand(app, link, pilot, clock)
