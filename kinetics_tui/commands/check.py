"""The check of a dataset as a command: what it is told, what it prints, what it exits with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kinetics_tui.commands import flags
from kinetics_tui.commands.command_line import INTERRUPTED, SETTLED, tell
from kinetics_tui.commands.selected import selected_clips
from kinetics_tui.commands.stopping import stoppable
from kinetics_tui.console.check_lines import progress_text, report_json, report_text
from kinetics_tui.console.printed import json_line
from kinetics_tui.console.progress import Progress
from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.options import Selection
from kinetics_tui.settings import Settings
from kinetics_tui.upkeep.check import Checking, check
from kinetics_tui.upkeep.rebuild import Wanted

FAULTS_FOUND = 4
"""What ``check`` ends with where something is wrong and stays so."""


def check_dataset(
    dataset: Path,
    settings: Settings,
    *,
    repair: bool,
    quick: bool,
    annotations: list[Path] | None,
    release: str | None,
    workers: int | None,
    as_json: bool,
) -> int:
    """Check a dataset and print what is found; the exit code. Raises UserError for bad input."""
    asked = flags.selection(annotations=annotations, release=release)
    if asked and not repair:
        raise SettingsError("--annotations and --release are for a lost ledger: they go with --repair.")
    selection = Selection(**asked)  # type: ignore[arg-type]  # the command line types its flags
    progress = Progress(sys.stderr, progress_text)
    with stoppable() as stopping:
        how = Checking(
            repair=repair,
            quick=quick,
            workers=workers,
            options=settings.options,
            wanted=lambda: wanted_clips(selection, settings) if asked else None,
            stopped=lambda: bool(stopping),
            on_progress=progress.tell,
            tell=tell,
        )
        try:
            report = check(dataset, how)
        finally:
            progress.end()
    click.echo(json_line(report_json(report)) if as_json else report_text(report))
    if report.interrupted:
        return INTERRUPTED
    return FAULTS_FOUND if report.left else SETTLED


def wanted_clips(selection: Selection, settings: Settings) -> Wanted:
    """The clips that a ledger made anew is to hold. Raises UserError where annotations cannot be had."""
    from kinetics_tui.engine.prepare import title_of

    # By the settings alone: the ledger, which knows the network in use, is what was lost.
    return Wanted(title_of(selection), selection, selected_clips(selection, settings))
