"""A switch and a check of networks as commands without a screen: asked of the engine, and waited for."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from kinetics_tui.console.network_lines import moment_text
from kinetics_tui.engine.client import EngineClient
from kinetics_tui.model.commands import AnyCommand, CheckNetwork, SwitchNetwork
from kinetics_tui.model.errors import EngineError
from kinetics_tui.model.events import AnyEvent, EngineStatus, LogReplayed, NetworkChecked, NetworkSwitched
from kinetics_tui.model.network import NetworkInfo, NetworkStatus
from kinetics_tui.model.state import RunState

TELL_AFTER_S = 2.0
"""A switch that takes longer tells how many clips it waits for, at most this often."""

CHECK_WITHIN_S = 180.0
"""One request has timeouts of its own; this is for an engine that says nothing of what came of it."""

Heard = asyncio.Queue[AnyEvent | None]


async def switch(client: EngineClient, way: str, *, finish: bool, tell: Callable[[str], None]) -> str:
    """Switch to another network and wait until it is done; the sentence that tells of it.

    ``way`` and ``finish`` are those of ``SwitchNetwork``; ``tell`` is told of the clips that it waits
    for. A view that ends meanwhile leaves the switch going on. Raises ``EngineError`` where the engine
    refuses, is not there, or goes away.
    """
    async with _heard(client) as heard:
        before = client.state.network.name
        await _ask(client, SwitchNetwork(way=way, finish=finish))
        state = client.state
        if state.network.name == before:
            return f"Everything leaves by {state.network.label} now, as before."
        switched = await _wait_for_switch(heard, state, tell)
        return f"Switched from {switched.before} to {switched.label}; {_outlook(state, time.time())}"


async def check(client: EngineClient, name: str) -> NetworkChecked:
    """Have the engine send one request by a network, and wait for what comes of it.

    ``name`` is what people call the network. Raises ``EngineError`` as ``switch`` does.
    """
    async with _heard(client) as heard:
        known = find_network(client.state, name)
        await _ask(client, CheckNetwork(name=known.name if known else name))
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                while True:
                    event = await _next(heard)
                    if isinstance(event, NetworkChecked) and (known is None or event.name == known.name):
                        return event
        except TimeoutError:
            raise EngineError("The engine does not say what came of the check; see engine.log.") from None


def find_network(state: RunState, name: str) -> NetworkInfo | None:
    """The listed network that people mean by a name, however they spell it."""
    wanted = name.strip().lower()
    for network in state.networks.values():
        if wanted in (network.given_as.lower(), network.name.lower(), network.label.lower()) and wanted:
            return network
    return None


def _outlook(state: RunState, now: float) -> str:
    """What happens next on the network that was switched to."""
    network = state.network
    if network.status is NetworkStatus.COOLING and network.until is not None and network.until > now:
        return f"it cools down until {moment_text(network.until, now)}."
    if state.status in (EngineStatus.PAUSED, EngineStatus.PAUSING):
        return "the run is paused."
    if network.status is NetworkStatus.OFFLINE:
        return "it leads nowhere now, and the run goes on when it does."
    return "one clip goes first."


async def _wait_for_switch(heard: Heard, state: RunState, tell: Callable[[str], None]) -> NetworkSwitched:
    told = 0
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELL_AFTER_S):
                return await _next_switch(heard)
        if state.in_hand and state.in_hand != told:
            told = state.in_hand
            tell(f"{told} clips are still in hand." if told > 1 else "1 clip is still in hand.")


async def _next_switch(heard: Heard) -> NetworkSwitched:
    while True:
        event = await _next(heard)
        if isinstance(event, NetworkSwitched):
            return event


@contextlib.asynccontextmanager
async def _heard(client: EngineClient) -> AsyncIterator[Heard]:
    """What the engine says from now on, with the run as it stands in ``client.state``."""
    heard: Heard = asyncio.Queue()

    async def listen() -> None:
        async for event in client.events():
            heard.put_nowait(event)
        heard.put_nowait(None)

    listening = asyncio.create_task(listen())
    try:
        while not isinstance(await _next(heard), LogReplayed):
            pass
        yield heard
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _next(heard: Heard) -> AnyEvent:
    event = await heard.get()
    if event is None:
        raise EngineError("The engine went away meanwhile; kinetics-tui status says how far it came.")
    return event


async def _ask(client: EngineClient, command: AnyCommand) -> None:
    reply = await client.send(command)
    if not reply.ok:
        raise EngineError(reply.message)
