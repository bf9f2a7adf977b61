"""Commands about what came of a run: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import Json, app
from kinetics_tui.commands.command_line import say


@app.command()
def report(
    dataset: Annotated[Path | None, typer.Argument(metavar="DATASET", help="The dataset folder.")] = None,
    stats: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A stats.csv in the 2019 write-up's form.")
    ] = None,
    failed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The failed.csv that goes with it.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what became of a dataset: failures, seconds a clip, sessions, bytes, where the time went."""
    from kinetics_tui.commands.report import read_report, report_text, write_page
    from kinetics_tui.console.printed import json_line
    from kinetics_tui.model.errors import SettingsError

    if html is not None and as_json:
        raise SettingsError("Give --json or --html FILE; not both.")
    found = read_report(dataset, stats, failed)
    if html is not None:
        write_page(found, html)
        say(f"Written: {html}")
    elif as_json:
        typer.echo(json_line(found))
    else:
        say(report_text(found))
