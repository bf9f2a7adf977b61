"""The command line: what is asked is handed on, and what comes of it is printed.

Heavy packages are imported by the commands that need them, so that ``status`` answers at once.
"""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui import __version__
from kinetics_tui.commands.command_line import (
    DEFAULT_COMMAND,
    NO_ANSWER,
    OUR_FAULT,
    SETTLED,
    carry_out,
    say,
    tell,
)
from kinetics_tui.model.errors import EngineError, SettingsError

DEMO_WORKERS = 4


app = typer.Typer(
    help="Get the Kinetics human-action datasets onto your disk, live in the terminal.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Dataset = Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset folder.")]
Headless = Annotated[bool, typer.Option("--headless", help="No screen: a line an event, until it ends.")]
Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]
Workers = Annotated[str | None, typer.Option(metavar="N", help="Worker processes, 1 to 64 (16).")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Get the Kinetics human-action datasets onto your disk, live in the terminal."""


@app.command(DEFAULT_COMMAND, hidden=True)
def open_app(dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]")] = None) -> None:
    """Open the app: the set-up screen where DATASET has no ledger, else the run."""
    from kinetics_tui.commands.steering import run_engine
    from kinetics_tui.commands.views import look, set_up
    from kinetics_tui.engine.prepare import has_ledger
    from kinetics_tui.settings import load_settings

    settings = load_settings({})
    if dataset is not None and has_ledger(dataset):
        run_engine(dataset, settings.networks, tell)
        raise typer.Exit(look(dataset, settings))
    raise typer.Exit(set_up(dataset or Path("kinetics"), settings))


@app.command()
def run(
    dataset: Dataset,
    annotations: Annotated[
        list[Path] | None, typer.Option(help="Annotation files (CSV, JSON, tar.gz).")
    ] = None,
    release: Annotated[str | None, typer.Option(help="kinetics-400, -600, -700 or -700-2020.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Splits: train, val, test (all).")] = None,
    class_: Annotated[list[str] | None, typer.Option("--class", help="Classes by name (all).")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Categories of classes (all).")] = None,
    per_class: Annotated[
        str | None, typer.Option(metavar="N", help="So many clips of each class; none: all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Which clips --per-class draws (0).")] = None,
    limit: Annotated[str | None, typer.Option(metavar="N", help="At most so many clips; none: all.")] = None,
    workers: Workers = None,
    height: Annotated[
        str | None, typer.Option(metavar="PX", help="Largest source height in pixels (360).")
    ] = None,
    trim: Annotated[str | None, typer.Option(help="exact, or copy: cheap and inexact (exact).")] = None,
    layout: Annotated[
        str | None, typer.Option(help="activitynet, showmax or torchvision (activitynet).")
    ] = None,
    no_audio: Annotated[bool | None, typer.Option("--no-audio/--audio", help="Leave the sound out.")] = None,
    short_side: Annotated[
        str | None, typer.Option(metavar="PX", help="Scale down to this short side in pixels.")
    ] = None,
    pace: Annotated[
        str | None, typer.Option(help="guest (300/h), account (2,000/h), unlimited, or videos an hour.")
    ] = None,
    cooldown: Annotated[str | None, typer.Option(help="Waits after a throttle: 15m,1h,3h,...")] = None,
    retry: Annotated[str | None, typer.Option(help="Waits after a passing failure: 30s,5m,1h.")] = None,
    deadline: Annotated[str | None, typer.Option(help="How long one clip may take (15m).")] = None,
    yt_dlp: Annotated[
        str | None,
        typer.Option("--yt-dlp", help="yt-dlp's own options in one string, for every request."),
    ] = None,
    headless: Headless = False,
    as_json: Json = False,
) -> None:
    """Download the selected clips into DATASET; a run that was stopped goes on where it was."""
    from kinetics_tui.commands import flags, views
    from kinetics_tui.commands.steering import adjust, load_annotations, make_known, run_engine
    from kinetics_tui.engine.client import is_running
    from kinetics_tui.engine.prepare import prepare
    from kinetics_tui.settings import load_settings

    given = flags.given(
        workers=workers,
        height=height,
        trim=trim,
        layout=layout,
        no_audio=no_audio,
        short_side=short_side,
        pace=pace,
        cooldown=cooldown,
        retry=retry,
        deadline=deadline,
        yt_dlp=yt_dlp,
    )
    selection = flags.selection(
        release=release,
        annotations=annotations,
        splits=split,
        classes=class_,
        categories=category,
        per_class=per_class,
        seed=seed,
        limit=limit,
    )
    if as_json and not headless:
        raise SettingsError("--json goes with --headless: kinetics-tui run DATASET --headless --json.")
    if not headless:
        views.require_terminal()
    settings = load_settings(given)
    owner = not is_running(dataset)
    if not owner:
        adjust(dataset, selection, settings, given)
        make_known(dataset, settings.networks, tell)
    else:
        prepare(
            dataset,
            selection=selection,
            options=settings.options,
            given=settings.given_options,
            load=functools.partial(load_annotations, dataset, settings, tell),
            tell=tell,
        )
        run_engine(dataset, settings.networks, tell)
    if headless:
        raise typer.Exit(views.follow(dataset, as_json=as_json, owner=owner))
    raise typer.Exit(views.look(dataset, settings))


@app.command()
def attach(dataset: Dataset, headless: Headless = False, as_json: Json = False) -> None:
    """Look at a run that goes on already, from any terminal."""
    from kinetics_tui.commands import views
    from kinetics_tui.commands.steering import make_known
    from kinetics_tui.engine.client import require_running
    from kinetics_tui.settings import load_settings

    if not headless:
        views.require_terminal()
    require_running(dataset)
    settings = load_settings({})
    make_known(dataset, settings.networks, tell)
    if headless:
        raise typer.Exit(views.follow(dataset, as_json=as_json, owner=False))
    raise typer.Exit(views.look(dataset, settings))


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
    category: Annotated[
        list[str] | None, typer.Option(help="Failure categories (all that may work another time).")
    ] = None,
) -> None:
    """Make failed clips pending again; a run that goes on takes them up, else the next one does."""
    from kinetics_tui.engine.retry import find_categories, retry_failed

    counts = retry_failed(dataset, find_categories(category or []))
    for name, count in counts.items():
        typer.echo(f"pending again: {count:,} of {name}")


@app.command()
def check(
    dataset: Dataset,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what is found; deletes nothing but scratch.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Decode only files that are not as recorded.")
    ] = False,
    annotations: Annotated[
        list[Path] | None, typer.Option(help="For a lost ledger: the annotation files it was made from.")
    ] = None,
    release: Annotated[str | None, typer.Option(help="For a lost ledger: its release.")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=64, help="Files read at a time (one a processor).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold every file against the ledger; exits 0 if all is well, 4 if faults are left."""
    from kinetics_tui.commands.check import check_dataset
    from kinetics_tui.settings import load_settings

    code = check_dataset(
        dataset,
        load_settings({}),
        repair=repair,
        quick=quick,
        annotations=annotations,
        release=release,
        workers=workers,
        as_json=as_json,
    )
    raise typer.Exit(code)


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


@app.command()
def demo(
    dataset: Annotated[Path | None, typer.Argument(metavar="[DATASET]", help="Where to.")] = None,
    headless: Headless = False,
    as_json: Json = False,
    clips: Annotated[int, typer.Option(min=1, help="How many clips the made-up dataset has.")] = 120,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = DEMO_WORKERS,
) -> None:
    """The whole program at work on a made-up dataset, with a YouTube of its own and no internet."""
    from kinetics_tui.commands import views
    from kinetics_tui.commands.steering import run_engine
    from kinetics_tui.demo.show import open_demo
    from kinetics_tui.settings import load_settings

    if not headless:
        views.require_terminal()
    folder = open_demo(dataset, clips=clips, workers=workers, tell=tell)
    owner = run_engine(folder, {}, tell)
    if headless:
        raise typer.Exit(views.follow(folder, as_json=as_json, owner=owner))
    raise typer.Exit(views.look(folder, load_settings({})))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: yt-dlp's age, JS runtime, disk, network, cookies, and the settings in force."""
    from kinetics_tui.doctor import as_json as findings_json
    from kinetics_tui.doctor import as_text, examine
    from kinetics_tui.settings import load_settings

    findings = examine(Path.cwd(), load_settings({}))
    if as_json:
        typer.echo(findings_json(findings))
    else:
        say(as_text(findings))
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(OUR_FAULT)


def run_command(args: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    return carry_out(app, args)
