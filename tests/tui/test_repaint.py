"""Partial painting: what stands on the terminal after many small repaints is what a full one paints."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from itertools import islice

import pytest
from rich.cells import cell_len
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import (
    AnyEvent,
    ClipFailed,
    ClipProgress,
    ClipStarted,
    EngineStatus,
    NetworkChanged,
    NetworkNews,
    Phase,
    SplitSwitched,
    StatusChanged,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkState
from kinetics_tui.tui import app as app_module
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.terminal.terminal import KINETICS_ANSI, KINETICS_DARK, Farewell
from tests.clip_figures import clip_done
from tests.tui.run_fakes import NOW, FakeLink, clip, cooling, network, opened

SIZE = (120, 40)
_PIECE = re.compile(
    r"(\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\x1b\][^\x07]*\x07|\x1b\[[?>]?[\d;]*[A-Za-z]|(\r?\n)|(.))",
    re.DOTALL,
)
_INK = ("38", "1", "2", "3")
"""Colour of the letters, bold, dim, italic: a blank has none of them."""
Look = frozenset[tuple[str, str]]


class Terminal:
    """As much of a terminal as a program needs that only moves the cursor and writes styled text."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, Look]] = {}
        self.written = 0
        self._x = self._y = 0
        self._style: dict[str, str] = {}

    def write(self, data: str) -> None:
        self.written += len(data.encode())
        for whole, row, column, style, newline, character in _PIECE.findall(data):
            if row:
                self._y, self._x = int(row) - 1, int(column) - 1
            elif newline:
                self._y += 1
            elif character:
                width = cell_len(character)
                seen = {
                    key: value for key, value in self._style.items() if character != " " or key not in _INK
                }
                look = frozenset(seen.items())
                self.cells[self._x, self._y] = (character, look)
                for second in range(1, width):
                    self.cells[self._x + second, self._y] = ("", look)
                self._x += width
            elif whole.endswith("m"):
                self._restyle(style or "0")

    def _restyle(self, numbers: str) -> None:
        given = iter(numbers.split(";"))
        for number in given:
            if number == "0":
                self._style = {}
            elif number in ("38", "48"):
                kind = next(given)
                self._style[number] = ";".join([kind, *islice(given, 1 if kind == "5" else 3)])
            elif number in ("39", "49"):
                self._style.pop(f"{number[0]}8", None)
            elif len(number) > 1 and int(number) // 10 in (3, 4, 9, 10):
                self._style["38" if int(number) // 10 in (3, 9) else "48"] = number
            else:
                self._style[number] = ""

    def screen(self) -> dict[tuple[int, int], tuple[str, Look]]:
        return {(x, y): cell for (x, y), cell in self.cells.items() if x < SIZE[0] and y < SIZE[1]}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Lets the app paint for real, into a terminal of our own."""
    screen = Terminal()
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: screen.write(data))
    monkeypatch.setattr(app_module, "_SIGNALS", ())
    return screen


class Run:
    def __init__(self, app: KineticsApp, link: FakeLink, pilot: Pilot[Farewell]) -> None:
        self.app = app
        self.link = link
        self.pilot = pilot
        self.now = NOW

    async def tick(self) -> None:
        self.app.screen.tick()  # type: ignore[attr-defined]  # the screen on top is the run screen
        await self.pilot.pause()


@asynccontextmanager
async def running(
    theme: str = KINETICS_DARK.name, *, bell: bool = False, desktop: bool = False
) -> AsyncIterator[Run]:
    link = FakeLink(opened())
    app = KineticsApp(link, now=lambda: run.now, zone=UTC, theme=theme, bell=bell, desktop=desktop)
    run = Run(app, link, None)  # type: ignore[arg-type]  # the clock needs it before there is a pilot
    async with app.run_test(size=SIZE) as pilot:
        run.pilot = pilot
        await pilot.pause()
        yield run


def anything(chance: random.Random, now: float) -> AnyEvent:
    """One event of a busy run."""
    slot = chance.randint(1, 16)
    some = clip(chance.randint(0, 99), chance.choice(["train", "val"]))
    if chance.random() < 0.1:
        some = Clip(
            "wide_title1", 1.0, 11.0, "val", chance.choice(["弾き語り", "a" * 90, "\x1b[2J", "naïve"])
        )
    kind = chance.random()
    if kind < 0.5:
        phase = chance.choice([Phase.RESOLVE, Phase.DOWNLOAD, Phase.TRIM])
        return ClipProgress(
            at=now, slot=slot, phase=phase, fraction=chance.random(), bytes_per_s=chance.random() * 3e6
        )
    if kind < 0.7:
        return ClipStarted(at=now, slot=slot, clip=some)
    if kind < 0.85:
        return clip_done(at=now, slot=slot, clip=some, duration_s=10.0, output_bytes=chance.randint(1, 10**7))
    if kind < 0.95:
        category = chance.choice(list(Category))
        return ClipFailed(
            at=now, slot=slot, clip=some, category=category, message="", settled=chance.random() < 0.8
        )
    if kind < 0.97:
        return SplitSwitched(
            at=now, split=chance.choice(["train", "val", "test"]), enabled=chance.random() < 0.5
        )
    return chance.choice(
        [
            cooling(until=now + 999, at=now)[0],
            network(clips=chance.randint(0, 9)),
            StatusChanged(at=now, status=chance.choice(list(EngineStatus))),
        ]
    )


@pytest.mark.parametrize("theme", [KINETICS_DARK.name, KINETICS_ANSI.name])
async def test_many_small_repaints_add_up_to_a_full_one(terminal: Terminal, theme: str) -> None:
    chance = random.Random(7)
    async with running(theme) as run:
        for _ in range(60):
            run.now += chance.choice([0.25, 0.25, 1.0])
            run.link.fold(*(anything(chance, run.now) for _ in range(chance.randint(1, 12))))
            await run.tick()
        painted = terminal.screen()
        terminal.cells.clear()
        run.app.screen.refresh()
        await run.pilot.pause()
        assert len(painted) == SIZE[0] * SIZE[1]
        assert painted == terminal.screen()


async def test_the_network_screen_s_small_repaints_add_up_too(terminal: Terminal) -> None:
    chance = random.Random(11)
    async with running() as run:
        await run.pilot.press("n")
        for _ in range(40):
            run.now += chance.choice([0.25, 1.0, 60.0])
            cools = cooling(until=run.now + 99, at=run.now)[0]
            run.link.fold(anything(chance, run.now), chance.choice([network(), cools]))
            await run.tick()
            await run.pilot.press(chance.choice(["up", "down", "end"]))
        painted = terminal.screen()
        terminal.cells.clear()
        run.app.screen.refresh()
        await run.pilot.pause()
        assert len(painted) == SIZE[0] * SIZE[1]
        assert painted == terminal.screen()


async def test_a_second_on_the_network_screen_repaints_clock_and_countdowns(terminal: Terminal) -> None:
    async with running() as run:
        await run.pilot.press("n")
        terminal.written = 0
        run.now += 1
        await run.tick()
        assert 0 < terminal.written < 600
        terminal.cells.clear()
        run.now += 0.3
        await run.tick()
        assert terminal.cells == {}


@pytest.mark.parametrize(
    ("bell", "desktop", "written"),
    [
        (False, False, []),
        (True, False, ["\a"]),
        (False, True, ["\x1b]9;Kinetics-400: YouTube throttles wlan0: captcha.\x07"]),
    ],
)
async def test_the_terminal_is_told_of_a_turn_where_that_is_allowed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, bell: bool, desktop: bool, written: list[str]
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    told: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: told.append(data))
    async with running(bell=bell, desktop=desktop) as run:
        run.now += 2
        run.link.fold(
            NetworkChanged(
                at=run.now,
                network=NetworkState(
                    name="a", label="wlan0", signal=Category.CAPTCHA, step=1, until=run.now + 900, in_use=True
                ),
                news=NetworkNews.THROTTLED,
            )
        )
        await run.tick()
        assert [data for data in told if data == "\a" or "]9;" in data] == written


async def test_a_worker_s_progress_repaints_its_bar_alone(terminal: Terminal) -> None:
    async with running() as run:
        run.link.fold(
            ClipProgress(at=NOW, slot=3, phase=Phase.DOWNLOAD, fraction=0.39, bytes_per_s=1_130_000)
        )
        await run.tick()
        terminal.cells.clear()
        terminal.written = 0
        run.link.fold(
            ClipProgress(at=NOW, slot=3, phase=Phase.DOWNLOAD, fraction=0.52, bytes_per_s=1_130_000)
        )
        await run.tick()
        ys = {y for _, y in terminal.cells}
        assert len(ys) == 1
        assert max(x for x, _ in terminal.cells) < 28
        assert terminal.written < 120


async def test_a_second_passing_repaints_the_clock_and_little_else(terminal: Terminal) -> None:
    async with running() as run:
        terminal.written = 0
        run.now += 1
        await run.tick()
        # Clock, seconds of 16 workers, and the rates: a slow line bears that.
        assert 0 < terminal.written < 2500


async def test_a_tick_with_nothing_new_paints_nothing(terminal: Terminal) -> None:
    async with running() as run:
        terminal.cells.clear()
        run.now += 0.3
        await run.tick()
        assert terminal.cells == {}


async def test_the_terminal_s_title_follows_the_run_and_is_put_back(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: written.append(data))
    async with running() as run:
        assert (
            "\x1b[22;2t\x1b]2;RUNNING, 47 % of 278,373 clips done · Kinetics-400 · kinetics-tui\x07"
            in written
        )
        run.link.fold(*cooling())
        await run.tick()
        assert (
            "\x1b]2;COOLING DOWN until 16:40, 47 % of 278,373 clips done · Kinetics-400 · kinetics-tui\x07"
            in written
        )
    assert "\x1b[23;2t" in written
