"""Commands that look after datasets and machine: check, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics_tui.cli.app import Dataset, Json, app
from kinetics_tui.commands.command_line import OUR_FAULT, say


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
