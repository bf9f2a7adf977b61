"""Commands that look at a run or steer it: status, pause, resume, stop, retry."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from kinetics_tui.cli.app import Dataset, Json, app
from kinetics_tui.commands.command_line import say
from kinetics_tui.model.errors import EngineError


@app.command()
def status(dataset: Dataset, as_json: Json = False) -> None:
    """Say how far a dataset is, whether an engine runs or not."""
    from kinetics_tui.console.following import status_json, summary_text
    from kinetics_tui.engine.client import read_state

    state = read_state(dataset)
    if as_json:
        typer.echo(json.dumps(status_json(state)))
    else:
        say(summary_text(state))


@app.command()
def pause(
    dataset: Dataset,
    now: Annotated[bool, typer.Option("--now", help="Put the clips in hand back at once.")] = False,
) -> None:
    """Hand out no more clips; says when it is safe to switch networks."""
    from kinetics_tui.console.following import wait_until_paused
    from kinetics_tui.engine.client import ask
    from kinetics_tui.model.commands import Pause

    asyncio.run(ask(dataset, Pause(now=now)))
    say(wait_until_paused(dataset))


@app.command()
def resume(dataset: Dataset) -> None:
    """Go on after a pause."""
    from kinetics_tui.engine.client import ask
    from kinetics_tui.model.commands import Resume

    asyncio.run(ask(dataset, Resume()))
    typer.echo("Resumed.")


@app.command()
def stop(dataset: Dataset) -> None:
    """End the engine; what is left is kept for the next run."""
    from kinetics_tui.engine.client import ask, read_state, wait_until_gone
    from kinetics_tui.model.commands import Stop

    asyncio.run(ask(dataset, Stop()))
    if not wait_until_gone(dataset):
        raise EngineError("The engine takes long to end; see status, and engine.log in the dataset.")
    typer.echo(f"Stopped with {read_state(dataset).left:,} clips left.")


@app.command()
def retry(
    dataset: Dataset,
    category: Annotated[list[str] | None, typer.Option(help="Those of these failure categories.")] = None,
    class_: Annotated[list[str] | None, typer.Option("--class", help="Those of these classes.")] = None,
    clip: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Clips by name, or by the id of their video.")
    ] = None,
    transient: Annotated[
        bool, typer.Option("--transient", help="Those that may work another time (if nothing else is given).")
    ] = False,
) -> None:
    """Make failed clips pending again; a run that goes on takes them up, else the next one does."""
    from kinetics_tui.commands.retry import retry_clips

    for line in retry_clips(dataset, categories=category, classes=class_, clips=clip, transient=transient):
        say(line)
