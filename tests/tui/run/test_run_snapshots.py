"""Pictures of the run screen; after a wanted change: ``pytest --snapshot-update``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC

import pytest
from textual.pilot import Pilot

from kinetics_tui.model.events import AnyEvent
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.terminal.terminal import KINETICS_ANSI, KINETICS_DARK, Farewell
from tests.tui.run_fakes import (
    NOW,
    FakeLink,
    cooling,
    finished,
    from_archives,
    opened,
    paused,
    switching,
    with_hosts,
)

SCENES: dict[str, list[AnyEvent]] = {
    "running": [],
    "cooling": cooling(),
    "paused": paused(),
    "done": finished(),
    "switching": switching(),
    "archives": from_archives(),
    "hosts": with_hosts(),
}
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures must not depend on the terminal that the tests run in."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def app(scene: str, *, workers: int = 16, theme: str = KINETICS_DARK.name) -> KineticsApp:
    link = FakeLink([*opened(workers), *SCENES[scene]])
    return KineticsApp(link, now=lambda: NOW, zone=UTC, theme=theme)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("scene", SCENES)
def test_scene(snap_compare: Compare, scene: str, size: tuple[int, int]) -> None:
    assert snap_compare(app(scene), terminal_size=size)


def test_sixteen_colours(snap_compare: Compare) -> None:
    assert snap_compare(app("running", theme=KINETICS_ANSI.name), terminal_size=(120, 40))


def test_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app("cooling", theme=KINETICS_ANSI.name), terminal_size=(80, 24))


def test_many_workers_on_a_large_terminal(snap_compare: Compare) -> None:
    assert snap_compare(app("running", workers=64), terminal_size=(200, 60))


def test_the_question_before_a_stop(snap_compare: Compare) -> None:
    assert snap_compare(app("running"), terminal_size=(80, 24), press=["q"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_networks(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app("running"), terminal_size=size, press=["n", "down"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("scene", ["running", "hosts"])
def test_hosts(snap_compare: Compare, scene: str, size: tuple[int, int]) -> None:
    assert snap_compare(app(scene), terminal_size=size, press=["h"])


def test_networks_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = app("running", theme=KINETICS_ANSI.name)
    assert snap_compare(shown, terminal_size=(80, 24), press=["n", "down"])


def test_the_question_before_a_switch(snap_compare: Compare) -> None:
    assert snap_compare(app("running"), terminal_size=(80, 24), press=["n", "down", "enter"])


def test_adding_a_network(snap_compare: Compare) -> None:
    keys = ["n", "a", *"cafe", "tab", *"socks5://me:pw@10.0.0.9:1080"]
    assert snap_compare(app("running"), terminal_size=(80, 24), press=keys)


def test_the_help_of_the_network_screen(snap_compare: Compare) -> None:
    assert snap_compare(app("running"), terminal_size=(80, 24), press=["n", "question_mark"])


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(app("running"), terminal_size=(80, 24), press=["question_mark"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_help_topics(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app("running"), terminal_size=size, press=["question_mark", "t", "down"])


async def _topic_opened(pilot: Pilot[Farewell]) -> None:
    await pilot.press("question_mark", "t", "down", "down", "enter")
    await _laid_out(pilot)
    await pilot.press("pagedown")
    await _laid_out(pilot)


async def _laid_out(pilot: Pilot[Farewell]) -> None:
    """Wait until a table is there, and nothing has changed its size or place for half a second."""
    seen: list[object] = []
    async with asyncio.timeout(30):
        while len(seen) < 6 or any(one != seen[-1] for one in seen[-6:]):
            await pilot.pause(0.1)
            screen = pilot.app.screen
            places = [(one.virtual_size, one.scroll_offset) for one in screen.query("*")]
            seen.append(places if screen.query("MarkdownTable") else len(seen))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_help_topic(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(app("running"), terminal_size=size, run_before=_topic_opened)
