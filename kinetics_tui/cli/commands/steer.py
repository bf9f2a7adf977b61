"""Commands that look at a run or steer it: status, pause, resume, stop, retry.

Failed clips made pending again, as a command: what it is told and what it says.
"""

from __future__ import annotations

from pathlib import Path

import click

from kinetics_tui.base.errors import EngineError
from kinetics_tui.cli.command_line import say
from kinetics_tui.cli.options import as_json, dataset, now, several
from kinetics_tui.engine.client.retry import Asked, find_failed, retry_failed


def retry_clips(
    dataset: Path,
    *,
    categories: list[str] | None = None,
    classes: list[str] | None = None,
    clips: list[str] | None = None,
    transient: bool = False,
) -> list[str]:
    """Make failed clips pending again; a line for each category. Raises ``UserError`` for none."""
    asked = Asked(
        categories=tuple(categories or ()),
        classes=tuple(classes or ()),
        clips=tuple(clips or ()),
        transient=transient,
    )
    counts = retry_failed(dataset, find_failed(dataset, asked))
    return [f"pending again: {count:,} of {category.value}" for category, count in counts.items()]


@click.command()
@dataset
@as_json
def status(dataset: Path, as_json: bool) -> None:
    """Say how far a dataset is, whether an engine runs or not."""
    import json

    from kinetics_tui.cli.status import status_json, summary_text
    from kinetics_tui.engine.client.ask import read_state

    state = read_state(dataset)
    if as_json:
        click.echo(json.dumps(status_json(state)))
    else:
        say(summary_text(state))


@click.command()
@dataset
@now
def pause(dataset: Path, now: bool) -> None:
    """Hand out no more clips; says when it is safe to switch networks."""
    from kinetics_tui.cli.follow import wait_until_paused
    from kinetics_tui.engine.client.ask import ask
    from kinetics_tui.model.commands import Pause

    ask(dataset, Pause(now=now))
    say(wait_until_paused(dataset))


@click.command()
@dataset
def resume(dataset: Path) -> None:
    """Go on after a pause."""
    from kinetics_tui.engine.client.ask import ask
    from kinetics_tui.model.commands import Resume

    ask(dataset, Resume())
    click.echo("Resumed.")


@click.command()
@dataset
def stop(dataset: Path) -> None:
    """End the engine; what is left is kept for the next run."""
    from kinetics_tui.engine.client.ask import ask, read_state, wait_until_gone
    from kinetics_tui.model.commands import Stop

    ask(dataset, Stop())
    if not wait_until_gone(dataset):
        raise EngineError("The engine takes long to end; see status, and engine.log in the dataset.")
    click.echo(f"Stopped with {read_state(dataset).left:,} clips left.")


@click.command()
@dataset
@several("--category", metavar="NAME", help="Those of these failure categories.")
@several("--class", "class_", metavar="NAME", help="Those of these classes.")
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
    """Make failed clips pending again; a run that goes on takes them up, else the next one does."""

    for line in retry_clips(dataset, categories=category, classes=class_, clips=clip, transient=transient):
        say(line)
