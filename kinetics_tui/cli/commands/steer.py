"""Commands that look at a run or steer it: status, pause, resume, stop, retry.

``status`` answers at once: nothing that brings an event loop, Textual or yt-dlp is imported at the top.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from kinetics_tui.base.errors import EngineError
from kinetics_tui.cli.command_line import ENGINE_SILENT, SETTLED, say
from kinetics_tui.cli.completion import NAMES
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.options import as_json, dataset, now, several
from kinetics_tui.cli.status import status_json, summary_text
from kinetics_tui.engine.client.ask import ask, read_state, wait_until_gone
from kinetics_tui.engine.client.retry import Asked, find_failed, retry_failed
from kinetics_tui.model.commands import Pause, Resume, Stop
from kinetics_tui.model.events import EngineStatus


@command()
@dataset
@as_json
def status(dataset: Path, as_json: bool) -> int:
    """Say how far a dataset is, whether an engine runs or not; exits 5 if one runs and does not answer."""
    state = read_state(dataset)
    if as_json:
        click.echo(json.dumps(status_json(state)))
    else:
        say(summary_text(state))
    return ENGINE_SILENT if state.status is EngineStatus.SILENT else SETTLED


@command()
@dataset
@now
def pause(dataset: Path, now: bool) -> None:
    """Hand out no more clips; says when it is safe to switch networks."""
    from kinetics_tui.cli.follow import wait_until_paused  # it brings an event loop

    ask(dataset, Pause(now=now))
    say(wait_until_paused(dataset))


@command()
@dataset
def resume(dataset: Path) -> None:
    """Go on after a pause."""
    ask(dataset, Resume())
    click.echo("Resumed.")


@command()
@dataset
def stop(dataset: Path) -> None:
    """End the engine; what is left is kept for the next run."""
    ask(dataset, Stop())
    if not wait_until_gone(dataset):
        raise EngineError("The engine takes long to end; see status, and engine.log in the dataset.")
    say(f"Stopped: {read_state(dataset).tally}.")


@command()
@dataset
@several(
    "--category",
    metavar="NAME",
    shell_complete=NAMES["failure category"],
    help="Those of these failure categories.",
)
@several("--class", "class_", metavar="NAME", shell_complete=NAMES["class"], help="Those of these classes.")
@several("--clip", metavar="NAME", help="Clips by name, or by the id of their video.")
@click.option(
    "--transient", is_flag=True, help="Those that may work another time (if nothing else is given)."
)
def retry(
    dataset: Path,
    category: list[str] | None,
    class_: list[str] | None,
    clip: list[str] | None,
    transient: bool,
) -> None:
    """Make failed clips pending again; a run that is under way takes them up, else the next one does."""
    asked = Asked(
        categories=tuple(category or ()),
        classes=tuple(class_ or ()),
        clips=tuple(clip or ()),
        transient=transient,
    )
    for failed, count in retry_failed(dataset, find_failed(dataset, asked)).items():
        say(f"pending again: {count:,} of {failed.value}")
