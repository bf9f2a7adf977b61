"""Commands about the ways out: networks lists and checks them, switch goes over to another one.

A switch and a check are asked of the engine and waited for; the list is plain text, or for scripts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

import click

from kinetics_tui.base.errors import EngineError
from kinetics_tui.base.safe_text import for_terminal, json_line, lines_for_terminal
from kinetics_tui.base.words import are, counted, day_text, duration_text, pace_text
from kinetics_tui.cli.command_line import ENGINE_SILENT, NO_ANSWER, SETTLED, say, tell
from kinetics_tui.cli.completion import NAMES
from kinetics_tui.cli.follow import tell_silence
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.options import as_json, dataset, now
from kinetics_tui.cli.status import networks_json
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import is_running, read_state, require_running
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model.commands import AnyCommand, CheckNetwork, SwitchNetwork, UseNetworks
from kinetics_tui.model.events import (
    AnyEvent,
    EngineStatus,
    LogReplayed,
    NetworkChanged,
    NetworkChecked,
    NetworkNews,
)
from kinetics_tui.model.network import NetworkState, NetworkStatus
from kinetics_tui.model.state import RunState

COLUMNS = 80
"""A name that would make the table wider than this gets a line of its own."""

HEAD = ("network", "state", "cools for", "clips", "throttled", "learned")
RIGHT = (False, False, False, True, False, True)
GAP = "  "
IN_USE, AWAY, SAME = "*", "-", "="
NO_NETWORK = "No network is known yet: the first run makes one known."


def networks_text(state: RunState, now: float) -> str:
    """Every network in a table: what it is good for, and what it did; the last line explains the marks."""
    networks = list(state.networks.values())
    if not networks:
        return NO_NETWORK
    rows = [HEAD, *(_row(network, now) for network in networks)]
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(HEAD))]
    room = COLUMNS - len(IN_USE) - 1 - sum(len(GAP) + width for width in widths)
    names = [row[0] for row in rows]
    name_width = max(len(name) for name in names if len(name) <= max(room, len(HEAD[0])))
    marks = [" ", *(_mark(network) for network in networks)]
    also = [(), *(network.also for network in networks)]
    lines = [
        line
        for mark, row, labels in zip(marks, rows, also, strict=True)
        for line in [
            *_lines(mark, row, [name_width, *widths]),
            *(f"{SAME} {for_terminal(label)}" for label in labels),
        ]
    ]
    legend = [f"{IN_USE} in use"] * (IN_USE in marks) + [f"{AWAY} not here now"] * (AWAY in marks)
    legend += [f"{SAME} the same network as the one above, as you named it"] * any(also)
    return "\n".join([*lines, *([GAP.join(legend)] if legend else [])])


def _mark(network: NetworkState) -> str:
    if network.in_use:
        return IN_USE
    return " " if network.present else AWAY


def _row(network: NetworkState, now: float) -> tuple[str, ...]:
    until = network.waits_until
    throttled, learned = network.last_throttle_at, network.learned_per_hour
    return (
        for_terminal(network.label),
        network.status.value,
        "" if until is None else "over" if until <= now else duration_text(until - now),
        f"{network.clips:,}",
        "never" if throttled is None else day_text(throttled, now),
        "" if learned is None else pace_text(learned),
    )


def _lines(mark: str, row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    name, *rest = row
    if len(name) > widths[0]:
        yield f"{mark} {name}"
        mark, name = " ", ""
    cells = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip([name, *rest], widths, RIGHT, strict=True)
    ]
    yield f"{mark} {GAP.join(cells)}".rstrip()


TELL_AFTER_S = 2.0
"""A switch that takes longer tells how many clips it waits for, at most this often."""

CHECK_WITHIN_S = 180.0
"""One request has timeouts of its own; this is for an engine that says nothing of what came of it."""

Heard = asyncio.Queue[AnyEvent | None]


async def switch_and_wait(
    client: EngineClient, command: SwitchNetwork | UseNetworks, *, tell: Callable[[str], None]
) -> str:
    """Go out by other networks, and wait until it is so; the sentence that tells of it.

    ``tell`` is told of the clips that it waits for. A view that ends meanwhile leaves the switch going on.
    Raises ``EngineError`` where the engine refuses, is not there, or goes away.
    """
    async with _heard(client) as heard:
        before = _labels(client.state)
        await _ask(client, command)
        state = client.state
        after = _labels(state)
        left = [label for label in before.values() if label not in after.values()]
        came = [label for label in after.values() if label not in before.values()]
        for _ in before.keys() - after.keys():
            await _wait_for_switch(heard, state, tell)
        if not left and not came:
            return f"Everything leaves by {_listed(after.values())} now, as before."
        if len(left) == len(before):
            switched = f"Switched from {_listed(left)} to {_listed(after.values())}"
            return f"{switched}; {_outlook(state, time.time())}"
        probes = f"; by {_listed(came)} one clip goes first" if came else ""
        return f"The run goes out by {_listed(after.values())} now{probes}."


def _labels(state: RunState) -> dict[str, str]:
    return {network.name: network.label for network in state.in_use}


def _listed(labels: Iterable[str]) -> str:
    return " and ".join(labels)


async def check_and_wait(client: EngineClient, name: str) -> NetworkChecked:
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


def find_network(state: RunState, name: str) -> NetworkState | None:
    """The listed network that people mean by a name, however they spell it."""
    wanted = name.strip().lower()
    for network in state.networks.values():
        if wanted and wanted in (network.given_as.lower(), network.name.lower(), network.label.lower()):
            return network
    return None


def _outlook(state: RunState, now: float) -> str:
    """The next thing to happen on the network that was switched to."""
    network = state.network
    if network.status is NetworkStatus.COOLING and network.until is not None and network.until > now:
        return f"it cools down until {day_text(network.until, now)}."
    if state.status in (EngineStatus.PAUSED, EngineStatus.PAUSING):
        return "the run is paused."
    if network.status is NetworkStatus.OFFLINE:
        return "it leads nowhere now, and the run goes on when it does."
    return "one clip goes first."


async def _wait_for_switch(heard: Heard, state: RunState, tell: Callable[[str], None]) -> NetworkState:
    told = 0
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELL_AFTER_S):
                return await _next_switch(heard)
        if state.in_hand and state.in_hand != told:
            told = state.in_hand
            tell(f"{counted(told, 'clip')} {are(told)} still in hand.")


async def _next_switch(heard: Heard) -> NetworkState:
    while True:
        event = await _next(heard)
        if isinstance(event, NetworkChanged) and event.news is NetworkNews.LEFT:
            return event.network


@contextlib.asynccontextmanager
async def _heard(client: EngineClient) -> AsyncIterator[Heard]:
    """Everything that the engine says from now on, with the run as it stands in ``client.state``."""
    heard: Heard = asyncio.Queue()

    async def listen() -> None:
        async for event in client.events():
            heard.put_nowait(event)
        heard.put_nowait(None)

    listening = asyncio.gather(listen(), tell_silence(client))
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


@command()
@dataset
@click.argument(
    "names",
    metavar="[NAMES]",
    nargs=-1,
    shell_complete=NAMES["network"],
    help="With --use: networks as the list names them.",
)
@click.option("--use", is_flag=True, help="Go out by these networks at once, and by no other.")
@click.option(
    "--check",
    metavar="NAME",
    shell_complete=NAMES["network"],
    help="Send one request by a network; exits 1 if refused.",
)
@now
@as_json
def networks_command(
    dataset: Path, names: tuple[str, ...], use: bool, check: str | None, now: bool, as_json: bool
) -> int:
    """List every network: its state, its clips, its last throttle, the pace it was found to bear."""
    from kinetics_tui.cli.engine_of import make_known
    from kinetics_tui.settings.settings import load_settings

    if use != bool(names):
        missing = "names networks" if use else "goes with --use"
        raise click.UsageError(f"NAME {missing}: kinetics-tui networks {dataset} --use wlan0 phone")
    if check is not None:
        require_running(dataset)
    make_known(dataset, load_settings({}).networks, tell)
    if use:
        say(switch_networks(dataset, UseNetworks(ways=names, finish=not now), tell=tell))
        return SETTLED
    if check is None:
        state = read_networks(dataset)
        if as_json:
            click.echo(json.dumps(networks_json(state)))
        else:
            say(networks_text(state, time.time()))
        if state.status is EngineStatus.SILENT:
            tell(state.reason)
            return ENGINE_SILENT
        return SETTLED
    checked = asyncio.run(check_and_wait(EngineClient(dataset), check))
    click.echo(json_line(checked) if as_json else lines_for_terminal(checked.text))
    return SETTLED if checked.ok else NO_ANSWER


@command()
@dataset
@click.argument(
    "network",
    metavar="[NAME]",
    required=False,
    shell_complete=NAMES["network"],
    help="A network as networks lists it, or default.",
)
@click.option("--source-address", metavar="A", help="An address of this machine to send from.")
@click.option("--proxy", metavar="URL", help="A proxy to send through.")
@now
def switch_command(
    dataset: Path, network: str | None, source_address: str | None, proxy: str | None, now: bool
) -> None:
    """Send everything by another network; says when no clip is in hand by the old one any more."""
    from kinetics_tui.cli.engine_of import make_known
    from kinetics_tui.cli.options import way
    from kinetics_tui.settings.settings import load_settings

    asked = way(network, source_address, proxy)
    make_known(dataset, load_settings({}).networks, tell)
    say(switch_networks(dataset, SwitchNetwork(way=asked, finish=not now), tell=tell))


def switch_networks(
    dataset: Path, command: SwitchNetwork | UseNetworks, *, tell: Callable[[str], None]
) -> str:
    """Have everything leave by other networks; the sentence that tells of it once it is so.

    Where no engine runs, the next run begins with them.
    """
    if not is_running(dataset):
        from kinetics_tui.engine.client.next_run import choose_ways

        # Looked at first without its lock: a folder that is no dataset is left as it is.
        Ledger.open(dataset, read_only=True).close()
        return choose_ways(dataset, command.ways if isinstance(command, UseNetworks) else [command.way])
    require_running(dataset)
    try:
        return asyncio.run(switch_and_wait(EngineClient(dataset), command, tell=tell))
    except KeyboardInterrupt:
        tell(f"The switch goes on without this command; see kinetics-tui networks {dataset}.")
        raise


def read_networks(dataset: Path) -> RunState:
    """The run with every network that is known: from the engine, or from the ledger where none runs.

    Raises ``DatasetError`` where the folder has no usable ledger.
    """
    state = read_state(dataset)
    if state.pid:
        return state
    from kinetics_tui.engine.client import next_run as offline

    return offline.read_networks(dataset)
