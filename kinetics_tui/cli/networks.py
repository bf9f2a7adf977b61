"""Commands about the ways out: networks, switch."""

from __future__ import annotations

import time
from pathlib import Path

import click

from kinetics_tui.cli.app import as_json, dataset, now
from kinetics_tui.commands.command_line import NO_ANSWER, SETTLED, say, tell


@click.command()
@dataset
@click.option("--check", metavar="NAME", help="Send one request by a network; exits 1 if refused.")
@as_json
def networks(dataset: Path, check: str | None, as_json: bool) -> int:
    """List every network: its state, its clips, its last throttle, the pace it was found to bear."""
    import asyncio
    import json

    from kinetics_tui.commands.networks import check as check_network
    from kinetics_tui.commands.steering import make_known, read_networks
    from kinetics_tui.console.network_lines import networks_json, networks_text
    from kinetics_tui.console.printed import json_line
    from kinetics_tui.engine.asking import require_running
    from kinetics_tui.engine.client import EngineClient
    from kinetics_tui.settings import load_settings

    if check is not None:
        require_running(dataset)
    make_known(dataset, load_settings({}).networks, tell)
    if check is None:
        state = read_networks(dataset)
        if as_json:
            click.echo(json.dumps(networks_json(state)))
        else:
            say(networks_text(state, time.time()))
        return SETTLED
    answer = asyncio.run(check_network(EngineClient(dataset), check))
    if as_json:
        click.echo(json_line(answer))
    else:
        say(answer.text)
    return SETTLED if answer.ok else NO_ANSWER


@click.command()
@dataset
@click.argument(
    "network", metavar="[NAME]", required=False, help="A network as networks lists it, or default."
)
@click.option("--source-address", metavar="A", help="An address of this machine to send from.")
@click.option("--proxy", metavar="URL", help="A proxy to send through.")
@now
def switch(
    dataset: Path, network: str | None, source_address: str | None, proxy: str | None, now: bool
) -> None:
    """Send everything by another network; says when no clip is in hand by the old one any more."""
    from kinetics_tui.commands.flags import way
    from kinetics_tui.commands.steering import make_known, switch_network
    from kinetics_tui.settings import load_settings

    asked = way(network, source_address, proxy)
    make_known(dataset, load_settings({}).networks, tell)
    say(switch_network(dataset, asked, now=now, tell=tell))
