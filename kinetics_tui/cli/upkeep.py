"""Commands that look after datasets and machine: check, doctor."""

from __future__ import annotations

from pathlib import Path

import click

from kinetics_tui.cli.app import as_json, dataset, files_at_a_time, several
from kinetics_tui.commands.command_line import OUR_FAULT, SETTLED, say


@click.command()
@dataset
@click.option("--repair", is_flag=True, help="Put right what is found; deletes nothing but scratch.")
@click.option("--quick", is_flag=True, help="Decode only files that are not as recorded.")
@several(
    "--annotations",
    metavar="FILE",
    type=Path,
    help="For a lost ledger: the annotation files it was made from.",
)
@click.option("--release", metavar="NAME", help="For a lost ledger: its release.")
@files_at_a_time
@as_json
def check(
    dataset: Path,
    repair: bool,
    quick: bool,
    annotations: list[Path] | None,
    release: str | None,
    workers: int | None,
    as_json: bool,
) -> int:
    """Hold every file against the ledger; exits 0 if all is well, 4 if faults are left."""
    from kinetics_tui.commands.check import check_dataset
    from kinetics_tui.settings import load_settings

    return check_dataset(
        dataset,
        load_settings({}),
        repair=repair,
        quick=quick,
        annotations=annotations,
        release=release,
        workers=workers,
        as_json=as_json,
    )


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Check this machine: yt-dlp's age, JS runtime, disk, network, cookies, and the settings in force."""
    from kinetics_tui.doctor import as_json as findings_json
    from kinetics_tui.doctor import as_text, examine
    from kinetics_tui.settings import load_settings

    findings = examine(Path.cwd(), load_settings({}))
    if as_json:
        click.echo(findings_json(findings))
    else:
        say(as_text(findings))
    return OUR_FAULT if any(finding.state == "fail" for finding in findings) else SETTLED
