"""Makes the pictures of the README: the real app on a real demo run, saved as SVG beside this script.

    python3 screenshots/make.py

Takes about two minutes: the demo has to reach its throttle.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from kinetics_tui.base.errors import EngineError
from kinetics_tui.cli.engine_of import run_engine
from kinetics_tui.demo.show import OTHER_NETWORK, open_demo
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model.commands import AddNetwork, Stop, SwitchNetwork
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.settings.values import help_text, read_value, value_text
from kinetics_tui.tui.app import KineticsApp
from kinetics_tui.tui.setup.more import Written
from kinetics_tui.tui.setup.ports import Plan, PublishedLibrary
from kinetics_tui.tui.setup.screen import SetupScreen
from kinetics_tui.tui.terminal.terminal import Farewell

HERE = Path(__file__).parent
WIDE = (120, 40)
SMALL = (80, 24)
WORKERS = 8
NOTICE_S = 8.0
"""Longer than a notice stands in the place of the keys."""
NETWORKS = {"office": "socks5://10.20.0.1:1080"}
"""Beside the demo's own two."""
PATIENCE_S = 300.0


async def until(pilot: Pilot[Farewell], condition: Callable[[], bool]) -> None:
    """Wait for the run to come to this point, and for the screen to show it."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await pilot.pause(0.1)
    await pilot.pause(0.6)


def print_progress(line: str) -> None:
    """What the demo says while it is made."""
    sys.stderr.write(f"{line}\n")


def save(app: KineticsApp, name: str) -> None:
    """Save what the app shows."""
    path = HERE / f"{name}.svg"
    path.write_text(app.export_screenshot(title=f"kinetics-tui: {name}"), encoding="utf-8")
    sys.stdout.write(f"{path}\n")


async def picture_setup(folder: Path) -> None:
    """The set-up screen, on the published counts."""
    library = PublishedLibrary(folder / "cache")
    selection = Selection(release="kinetics-400", splits=("val",))

    def setup(_plan: Plan | None) -> SetupScreen:
        written = Written(read_value, value_text, help_text, list)
        return SetupScreen(Path("kinetics"), Options(), selection, library=library, written=written)

    app = KineticsApp(None, setup=setup, theme="kinetics-dark")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause(1.0)
        save(app, "setup")


async def pictures_of_a_run(dataset: Path) -> None:
    """Running, paused, small, cooling down, what came of it: one demo run from start to past its throttle."""
    client = EngineClient(dataset)
    app = KineticsApp(client, theme="kinetics-dark")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: client.state.done >= 20 and client.state.in_hand >= WORKERS - 2)
        save(app, "running")
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: client.state.in_hand >= WORKERS - 2)
        save(app, "small")
        await pilot.resize_terminal(*WIDE)
        await pilot.press("space")
        await until(pilot, lambda: client.state.status is EngineStatus.PAUSED)
        save(app, "paused")
        await pilot.press("space")
        await until(pilot, lambda: client.state.status is EngineStatus.COOLING)
        await pilot.pause(NOTICE_S)
        save(app, "cooling")
        await pilot.resize_terminal(*SMALL)
        await pilot.pause(0.6)
        save(app, "small-cooling")
        await pilot.resize_terminal(*WIDE)
        await picture_networks(pilot, app, client)
        await pilot.press("escape", "f")
        await pilot.pause(1.5)
        save(app, "failures")
        await pilot.press("escape", "c")
        await until(pilot, lambda: "itags" in str(app.export_screenshot()))
        await pilot.press("down")  # the first row changes with every clip that is done
        await pilot.pause(NOTICE_S)
        await until(pilot, lambda: "▀" in str(app.export_screenshot()))
        save(app, "clips")
        await pilot.press("escape", "r")
        await until(pilot, lambda: "Splits" in str(app.export_screenshot()))
        await pilot.pause(NOTICE_S)
        save(app, "report")


async def picture_networks(pilot: Pilot[Farewell], app: KineticsApp, client: EngineClient) -> None:
    """The network screen, after a switch away from the network that cools down."""
    for name, way in NETWORKS.items():
        await client.send(AddNetwork(way=way, given_as=name))
    done = client.state.done
    await client.send(SwitchNetwork(way=OTHER_NETWORK))
    await until(pilot, lambda: client.state.done >= done + 20)
    await pilot.press("n", "down", "down")
    await pilot.pause(0.6)
    save(app, "networks")


def main() -> None:
    """Make all pictures."""
    os.environ["TERM"] = "xterm-256color"  # as most terminals, whatever this one is
    with tempfile.TemporaryDirectory(prefix="kinetics-pictures-") as name:
        folder = Path(name)
        asyncio.run(picture_setup(folder))
        dataset = open_demo(folder / "kinetics", clips=120, workers=WORKERS, tell=print_progress)
        run_engine(dataset, {}, print_progress)
        try:
            asyncio.run(pictures_of_a_run(dataset))
        finally:
            with contextlib.suppress(EngineError):
                ask(dataset, Stop())


if __name__ == "__main__":
    main()
