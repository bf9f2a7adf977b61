"""Commands about the ways out: networks, switch."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated

import typer

from kinetics_tui.cli.app import Dataset, Json, app
from kinetics_tui.commands.command_line import NO_ANSWER, SETTLED, say, tell


@app.command()
def networks(
    dataset: Dataset,
    check: Annotated[
        str | None, typer.Option(metavar="NAME", help="Send one request by a network; exits 1 if refused.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List every network: its state, its clips, its last throttle, the pace it was found to bear."""
    from kinetics_tui.commands.networks import check as check_network
    from kinetics_tui.commands.steering import make_known, read_networks
    from kinetics_tui.console.network_lines import networks_json, networks_text
    from kinetics_tui.console.printed import json_line
    from kinetics_tui.engine.client import EngineClient, require_running
    from kinetics_tui.settings import load_settings

    if check is not None:
        require_running(dataset)
    make_known(dataset, load_settings({}).networks, tell)
    if check is None:
        state = read_networks(dataset)
        if as_json:
            typer.echo(json.dumps(networks_json(state)))
        else:
            say(networks_text(state, time.time()))
        return
    answer = asyncio.run(check_network(EngineClient(dataset), check))
    if as_json:
        typer.echo(json_line(answer))
    else:
        say(answer.text)
    raise typer.Exit(SETTLED if answer.ok else NO_ANSWER)


@app.command()
def switch(
    dataset: Dataset,
    network: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A network as networks lists it, or default.")
    ] = None,
    source_address: Annotated[
        str | None, typer.Option(metavar="A", help="An address of this machine to send from.")
    ] = None,
    proxy: Annotated[str | None, typer.Option(metavar="URL", help="A proxy to send through.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Put the clips in hand back at once.")] = False,
) -> None:
    """Send everything by another network; says when no clip is in hand by the old one any more."""
    from kinetics_tui.commands.flags import way
    from kinetics_tui.commands.steering import make_known, switch_network
    from kinetics_tui.settings import load_settings

    asked = way(network, source_address, proxy)
    make_known(dataset, load_settings({}).networks, tell)
    say(switch_network(dataset, asked, now=now, tell=tell))
