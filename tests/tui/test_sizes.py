"""No terminal is too small, or too large, for any screen."""

from __future__ import annotations

from datetime import UTC

import pytest

from kinetics_tui.model.events import AnyEvent, NetworkChecked
from kinetics_tui.model.network import HostState, NetworkKind, NetworkState
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.hosts.screen import HostsScreen
from kinetics_tui.tui.networks.screen import NetworksScreen
from kinetics_tui.tui.run.screen import RunScreen
from tests.tui.run_fakes import (
    NOW,
    PHONE,
    FakeLink,
    cooling,
    finished,
    from_archives,
    hosts,
    listed,
    opened,
    paused,
    with_hosts,
)
from tests.tui.run_stand import resize

SIZES = [
    (1, 1),
    (2, 2),
    (1, 40),
    (200, 1),
    (3, 3),
    (7, 4),
    (10, 3),
    (20, 6),
    (40, 10),
    (80, 5),
    (80, 12),
    (80, 24),
    (99, 50),
    (100, 24),
    (100, 23),
    (120, 40),
    (200, 60),
    (300, 100),
]
SCENES: dict[str, list[AnyEvent]] = {
    "running": [],
    "cooling": cooling(),
    "paused": paused(),
    "done": finished(),
    "archives": from_archives(),
    "hosts": with_hosts(),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("workers", [0, 64])
async def test_the_run_screen_takes_every_size(scene: str, workers: int) -> None:
    link = FakeLink([*opened(workers), *SCENES[scene]])
    app = KineticsApp(link, now=lambda: NOW, zone=UTC)
    async with app.run_test(size=SIZES[0]) as pilot:
        for width, height in SIZES:
            await resize(pilot, width, height)
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [width] * height
            screen = app.screen
            assert isinstance(screen, RunScreen)
            for name in ("splits", "workers", "failures", "throttle", "log"):
                screen.action_open(name)
                screen.action_move(3)
                screen.action_page(1)
            screen.action_back()
            screen.notice("There is something to be said. " * 9, bad=True)


@pytest.mark.parametrize("networks", [0, 6, 300])
async def test_the_network_screen_takes_every_size(networks: int) -> None:
    more = [
        NetworkState(name=f"n{n}", label=f"label {n} " * (n % 9), kind=NetworkKind.PROXY)
        for n in range(networks - 6)
    ]
    link = FakeLink([*opened(), *(listed(*more) if networks else [])])
    if not networks:
        link.state.networks.clear()
    checked = NetworkChecked(at=NOW, name=PHONE, label="phone", ok=False, text="No answer by phone. " * 9)
    link.fold(checked)
    app = KineticsApp(link, now=lambda: NOW, zone=UTC)
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.press("n")
        for width, height in SIZES:
            await resize(pilot, width, height)
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [width] * height
            screen = app.screen
            assert isinstance(screen, NetworksScreen)
            for rows in (1, -1):
                screen.action_move(rows)
                screen.action_page(rows)
                screen.action_to_end(rows > 0)


@pytest.mark.parametrize("count", [0, 5, 200])
async def test_the_hosts_screen_takes_every_size(count: int) -> None:
    more = [HostState(name=f"node{n}", last_word="said " * (n % 9)) for n in range(count - 5)]
    link = FakeLink([*opened(), *with_hosts(), *(hosts(*more) if more else [])] if count else opened())
    app = KineticsApp(link, now=lambda: NOW, zone=UTC)
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.press("h")
        for width, height in SIZES:
            await resize(pilot, width, height)
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [width] * height
            screen = app.screen
            assert isinstance(screen, HostsScreen)
            for rows in (1, -1):
                screen.action_move(rows)
                screen.action_page(rows)
                screen.action_to_end(rows > 0)


@pytest.mark.parametrize(
    "keys",
    [
        ("question_mark",),
        ("q",),
        ("ctrl+p",),
        ("n", "a"),
        ("n", "down", "enter"),
        ("n", "down", "c"),
        ("n", "question_mark"),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (5, 2), (20, 8), (80, 24)])
async def test_dialogs_take_every_size(keys: tuple[str, ...], size: tuple[int, int]) -> None:
    app = KineticsApp(FakeLink(opened()), now=lambda: NOW, zone=UTC)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        assert len(app.screen_stack) > 2
        await pilot.press("escape")
        assert app.is_running


async def test_a_run_of_which_nothing_is_known_yet_is_shown() -> None:
    link = FakeLink()
    link.connected = False
    app = KineticsApp(link, now=lambda: NOW, zone=UTC)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert " STARTING " in app.screen._compositor.render_strips()[0].text
        await pilot.press("x", "up", "1", "2", "3", "4", "5", "escape", "plus", "space")
        assert app.is_running
