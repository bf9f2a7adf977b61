"""An engine that lies, and the app in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.engine.client import ask as asking
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.model.events import AnyEvent
from kinetics_tui.tui.app import KineticsApp
from tests.torture.hostile import message_maker
from tests.tui.run_fakes import opened

BATCH = 20
KEYS = ("1", "2", "3", "4", "5", "escape", "n", "down", "enter", "escape", "?", "escape", "x", "up")

OBVIOUS = 0.002
"""How many of the lies need not be understood."""

_event = message_maker(AnyEvent)
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def _lie(dice: random.Random) -> bytes:
    """A lie that can be understood, as a rule: after any other the app waits before it comes back."""
    while True:
        line = _event(dice)
        if dice.random() < OBVIOUS:
            return line
        with contextlib.suppress(ValueError, RecursionError):
            _decoder.decode(line)
            return line


async def lie_to_the_app(dataset: Path, *, lies: int, seed: int) -> int:
    """Show the app so many lies, pressing keys meanwhile; returns how many it took in.

    After every few the whole screen is looked at: nothing on it may be obeyed by a terminal.
    """
    dice = random.Random(seed)
    left = lies
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        with contextlib.suppress(OSError):
            await reader.readline()
            for event in opened(4):
                writer.write(msgspec.json.encode(event) + b"\n")
            while left:
                left -= 1
                writer.write(_lie(dice) + b"\n")
                await writer.drain()
                if not left % BATCH:
                    await asyncio.sleep(0.02)
            done.set()
        writer.close()

    make_state_folder(dataset)
    server = await asyncio.start_unix_server(serve, socket_paths(dataset)[0], limit=asking.MAX_LINE_BYTES)
    view = EngineClient(dataset)
    app = KineticsApp(view)
    try:
        async with app.run_test(size=dice.choice(((120, 40), (80, 24)))) as pilot:
            presses = 0
            while not done.is_set() and app.is_running:
                await pilot.press(KEYS[presses % len(KEYS)])
                presses += 1
                await pilot.pause(0.01)
                for strip in app.screen._compositor.render_strips():
                    assert strip.text.isprintable(), repr(strip.text)
            assert app.is_running
            assert app.return_value is None
    finally:
        server.close()
    return view.version
