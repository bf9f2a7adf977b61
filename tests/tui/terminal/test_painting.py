"""Painting over a line: what is left out is painted later, and fewer bytes show the same."""

from __future__ import annotations

import random

import pytest
from textual.drivers import headless_driver

from kinetics_tui.tui import app as app_module
from kinetics_tui.tui.terminal import painting
from kinetics_tui.tui.terminal.painting import PLENTY_BYTES, shortened
from kinetics_tui.tui.terminal.terminal import KINETICS_ANSI, KINETICS_DARK
from tests.tui.test_repaint import SIZE, Terminal, anything, running


class NarrowDriver(headless_driver.HeadlessDriver):
    """Paints into a terminal of our own, with as much room as is given."""

    terminal: Terminal
    given = PLENTY_BYTES

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.terminal.write(data)

    def room(self) -> int:
        return NarrowDriver.given

    def ask(self) -> None:
        """Nobody answers: the test says what room there is."""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    screen = Terminal()
    monkeypatch.setattr(NarrowDriver, "terminal", screen, raising=False)
    monkeypatch.setattr(NarrowDriver, "given", PLENTY_BYTES)
    monkeypatch.setattr(headless_driver, "HeadlessDriver", NarrowDriver)
    monkeypatch.setattr(painting, "TerminalDriver", NarrowDriver)
    monkeypatch.setattr(app_module, "_SIGNALS", ())
    return screen


@pytest.mark.parametrize("theme", [KINETICS_DARK.name, KINETICS_ANSI.name])
async def test_what_there_was_no_room_for_is_painted_later(terminal: Terminal, theme: str) -> None:
    chance = random.Random(16)
    async with running(theme) as run:
        for step in range(60):
            NarrowDriver.given = chance.choice([0, 0, 150, 400, 1_000])
            run.now += chance.choice([0.25, 1.0])
            run.link.fold(*(anything(chance, run.now) for _ in range(chance.randint(1, 12))))
            if not run.app.screen.is_modal:
                await run.tick()
            if step % 10 == 5:
                await run.pilot.press("question_mark" if step % 20 == 5 else "escape")
            run.app.paint_rest()
        NarrowDriver.given = PLENTY_BYTES
        run.app.paint_rest()
        await run.pilot.pause()
        painted = terminal.screen()
        terminal.cells.clear()
        run.app.screen.refresh()
        await run.pilot.pause()
        assert len(painted) == SIZE[0] * SIZE[1]
        assert painted == terminal.screen()


async def test_no_more_is_painted_than_there_is_room_for(terminal: Terminal) -> None:
    async with running() as run:
        NarrowDriver.given = 0
        run.app.screen.refresh()
        await run.pilot.pause()
        terminal.written = 0
        NarrowDriver.given = 700
        run.app.paint_rest()
        assert 200 < terminal.written < 750
        for _ in range(60):
            run.app.paint_rest()
        written = terminal.written
        run.app.paint_rest()
        assert terminal.written == written, "all is painted"


def test_fewer_bytes_show_the_same() -> None:
    chance = random.Random(3)
    styles = [
        "31",
        "1;38;5;72;48;5;233",
        "38;5;251;48;5;233",
        "4;32",
        "7",
        "48;2;1;2;3",
        "2;90;107",
        "39;49",
        "",
    ]
    long = ""
    for row in range(1, 60):
        long += f"\x1b[{row};1H"
        for _ in range(chance.randint(0, 9)):
            text = chance.choice(["abc", "   ", " x ", "弾き", " "])
            style = chance.choice(styles)
            long += f"\x1b[{style}m{text}\x1b[0m" if style else text
    short = shortened(long)
    before, after = Terminal(), Terminal()
    before.write(long)
    after.write(short + "!")
    after.cells = {place: cell for place, cell in after.cells.items() if cell[0] != "!"}
    assert before.cells == after.cells
    assert len(short) < 0.8 * len(long)


def test_a_frame_leaves_no_style_behind() -> None:
    assert shortened("\x1b[1;31mred").endswith("red\x1b[m")
    assert shortened("plain") == "plain"
