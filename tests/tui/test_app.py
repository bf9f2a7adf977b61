from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from kinetics_tui.base.errors import EngineDiedError, EngineError, UserError
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.tui import app as app_module
from kinetics_tui.tui.app import KineticsApp, run_app
from kinetics_tui.tui.parts.view_state import Link
from kinetics_tui.tui.setup.ports import Plan
from kinetics_tui.tui.terminal.terminal import KINETICS_ANSI, Farewell
from tests.tui.run_fakes import NOW, FakeLink, opened

PLAN = Plan(Path("/data/kinetics"), Selection(release="kinetics-600"), Options(workers=3), None)


class Setup(Screen[Plan | None]):
    """Stands in for the set-up screen: ``s`` gives a plan, ``n`` leaves."""

    BINDINGS = [("s", "start", "start"), ("n", "dismiss(None)", "leave")]  # noqa: RUF012 - Textual's

    def __init__(self, before: Plan | None) -> None:
        super().__init__()
        self.before = before

    def action_start(self) -> None:
        self.dismiss(PLAN)

    def compose(self) -> ComposeResult:
        yield Static("set-up")


class Starter:
    """Stands in for starting an engine."""

    def __init__(self, *answers: Link | Exception) -> None:
        self.plans: list[object] = []
        self._answers = list(answers)

    async def __call__(self, plan: object, tell: Callable[[str], None]) -> Link:
        self.plans.append(plan)
        await asyncio.to_thread(tell, "Asking for [archives] ...")
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def app_with(starter: Starter) -> KineticsApp:
    return KineticsApp(None, setup=Setup, start=starter, now=lambda: NOW, zone=UTC)


async def test_a_plan_is_started_and_its_run_shown() -> None:
    starter = Starter(FakeLink(opened()))
    app = app_with(starter)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(app.screen, Setup)
        assert app.screen.before is None
        await pilot.press("s")
        await pilot.pause()
        assert starter.plans == [PLAN]
        assert type(app.screen).__name__ == "RunScreen"


async def test_while_a_plan_is_started_it_is_shown_what_is_done() -> None:
    go_on = asyncio.Event()

    class Slow(Starter):
        async def __call__(self, plan: object, tell: Callable[[str], None]) -> Link:
            link = await super().__call__(plan, tell)
            await go_on.wait()
            return link

    app = app_with(Slow(FakeLink(opened())))
    async with app.run_test() as pilot:
        assert str(app.screen_stack[0].query_one("#waiting", Static).render()) == "Starting the engine ..."
        await pilot.press("s")
        await pilot.pause()
        assert str(app.screen.query_one("#waiting", Static).render()) == "Asking for [archives] ..."
        go_on.set()


@pytest.mark.parametrize("error", [EngineError, EngineDiedError])
async def test_a_start_that_fails_says_why_and_asks_again(error: type[Exception]) -> None:
    starter = Starter(error("The disk [is] full: make room."), FakeLink(opened()))
    app = app_with(starter)
    async with app.run_test() as pilot:
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, Setup)
        assert app.screen.before == PLAN, "what was chosen is there again"
        assert [note.message for note in app._notifications] == ["The disk [is] full: make room."]
        await pilot.press("s")
        await pilot.pause()
        assert type(app.screen).__name__ == "RunScreen"


@pytest.mark.parametrize("key", ["n", "ctrl+q"])
async def test_leaving_the_set_up_starts_nothing(key: str) -> None:
    starter = Starter()
    app = app_with(starter)
    async with app.run_test() as pilot:
        await pilot.press(key)
        await pilot.pause()
    assert starter.plans == []
    assert app.return_value is None
    assert app.return_code == 0


async def test_the_link_is_followed_while_the_app_runs() -> None:
    followed: list[str] = []

    class Link(FakeLink):
        async def follow(self) -> None:
            followed.append("began")
            try:
                await super().follow()
            finally:
                followed.append("ended")

    app = KineticsApp(Link(opened()), now=lambda: NOW, zone=UTC)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert followed == ["began"]
    assert followed == ["began", "ended"]


async def test_without_colour_state_is_told_by_reversed_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    app = KineticsApp(FakeLink(opened()), now=lambda: NOW, zone=UTC)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.theme == KINETICS_ANSI.name
        strips = app.screen._compositor.render_strips()
        styles = {segment.style for strip in strips for segment in strip if segment.style is not None}
        assert all(style.color is None or style.color.is_default for style in styles)
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in styles)
        badge = next(iter(strips[0]))
        assert badge.text == " RUNNING "
        assert badge.style is not None
        assert badge.style.reverse


async def test_colours_go_over_the_line_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = KineticsApp(FakeLink(opened()), now=lambda: NOW, zone=UTC)
    assert app.console.color_system == "256"


def test_run_app_says_how_to_come_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr(app_module, "check_terminal", lambda: None)
    monkeypatch.setattr(app_module, "write_error_terminal", said.append)
    app = KineticsApp(FakeLink(opened()), now=lambda: NOW, zone=UTC)

    def run(*, mouse: bool) -> Farewell:
        assert not mouse
        parting = Farewell("Stopped.", 3)
        app.exit(parting, return_code=3)
        return parting

    monkeypatch.setattr(app, "run", run)
    assert run_app(app, mouse=False) == 3
    assert said == ["Stopped.\n"]


def test_run_app_needs_a_terminal() -> None:
    app = KineticsApp(FakeLink(opened()), now=lambda: NOW, zone=UTC)
    with pytest.raises(UserError, match="add --headless"):
        run_app(app)
