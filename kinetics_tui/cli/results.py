"""Commands about what came of a run: report."""

from __future__ import annotations

from pathlib import Path

import click

from kinetics_tui.cli.app import as_json
from kinetics_tui.commands.command_line import say


@click.command()
@click.argument("dataset", required=False, type=Path, help="The dataset folder.")
@click.option("--stats", metavar="FILE", type=Path, help="A stats.csv in the 2019 write-up's form.")
@click.option("--failed", metavar="FILE", type=Path, help="The failed.csv that goes with it.")
@click.option("--html", metavar="FILE", type=Path, help="Write one self-contained page.")
@as_json
def report(
    dataset: Path | None, stats: Path | None, failed: Path | None, html: Path | None, as_json: bool
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
        click.echo(json_line(found))
    else:
        say(report_text(found))
