"""The command check: every file of a dataset held against its ledger.

It prints what was found as plain text or for scripts, and meanwhile a line on how far it is. The clips of a
selection, where there is no dataset whose network to go by, are got here for adopt and probe too.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from kinetics_tui.annotations.fetch import obtain_annotations
from kinetics_tui.annotations.selection import select
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.machine import cache_folder
from kinetics_tui.base.safe_text import for_terminal, json_line
from kinetics_tui.base.words import counted
from kinetics_tui.cli import options
from kinetics_tui.cli.command_line import INTERRUPTED, SETTLED, stoppable, tell
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.progress import Progress, counts_table, first_lines, rate_text
from kinetics_tui.engine.client.prepare import title_of
from kinetics_tui.media.youtube.open_address import network_opener
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Selection
from kinetics_tui.settings.settings import Settings, load_settings
from kinetics_tui.upkeep.check.check import Checking, check
from kinetics_tui.upkeep.check.findings import Fault, LedgerState, Report
from kinetics_tui.upkeep.check.rebuild import Wanted


def selected_clips(selection: Selection, settings: Settings) -> list[Clip]:
    """Read, or fetch by the network of the settings, the annotations, and pick the clips out of them.

    Raises ``UserError`` where they cannot be had or none is left.
    """
    opener = network_opener(settings.options.yt_dlp, None) if not selection.annotations else None
    return select(obtain_annotations(selection, cache_folder(), tell, opener), selection)


_LEDGER = {
    LedgerState.MISSING: "The ledger is missing",
    LedgerState.DAMAGED: "The ledger is damaged",
    LedgerState.REBUILT: "The ledger was made anew.",
}
_DONE = {
    Fault.MISSING: "pending again",
    Fault.UNPLAYABLE: "set aside",
    Fault.WRONG_LENGTH: "set aside",
    Fault.WRONG_SOUND: "set aside",
    Fault.MISPLACED: "set aside",
    Fault.SIZE_DIFFERS: "ledger corrected",
    Fault.FOUND: "recorded as done",
    Fault.SCRATCH: "swept",
}


def progress_text(report: Report, took_s: float) -> str:
    """The progress of a check after so many seconds."""
    if not report.clips:
        return "Listing the files and the clips"
    text = rate_text(report.checked, report.clips, took_s, "files")
    return f"{text}, {report.faults:,} faults" if report.faults else text


def report_text(report: Report) -> str:
    """All that was found: a table of counts, the first few paths of each, and what there is to do."""
    if report.ledger in (LedgerState.MISSING, LedgerState.DAMAGED):
        why = f" ({for_terminal(report.why)})" if report.why else ""
        return (
            f"{_LEDGER[report.ledger]}{why}: no file could be checked. --repair makes it anew from what "
            "can be read of it and from the files; --annotations FILE or --release R say what else it held."
        )
    lines = [_LEDGER[report.ledger]] if report.ledger is LedgerState.REBUILT else []
    lines += _table(report)
    lines += first_lines(report, Fault)
    lines += [for_terminal(f"  not repaired: {one.path}: {one.why}") for one in report.not_repaired]
    return "\n".join([*lines, *_end(report)])


def report_json(report: Report) -> dict[str, Any]:
    """All that was found, for scripts: what ``check --json`` prints."""
    return {
        "dataset": report.dataset,
        "ledger": report.ledger.value,
        "why": report.why,
        "files": report.clips,
        "checked": report.checked,
        "whole": report.whole,
        "faults": report.faults,
        "left": report.left,
        "found": {fault.value: report.counts[fault] for fault in Fault},
        "first": {
            fault.value: [{"path": one.path, "why": one.why} for one in report.first.get(fault, [])]
            for fault in Fault
        },
        "repaired": {fault.value: report.repaired[fault] for fault in _DONE},
        "not_repaired": [{"path": one.path, "why": one.why} for one in report.not_repaired],
        "taken_short": report.taken_short,
        "quick": report.quick,
        "engine_ran": report.engine_ran,
        "interrupted": report.interrupted,
    }


def _table(report: Report) -> list[str]:
    rows = [("whole", report.whole, "")]
    for fault in Fault:
        if report.counts[fault]:
            repaired = report.repaired[fault]
            note = f"{repaired:,} {_DONE[fault]}" if repaired else ""
            rows.append((fault.value, report.counts[fault], note))
    return counts_table(rows)


def _end(report: Report) -> list[str]:
    lines = []
    if report.taken_short:
        lines.append(f"{report.taken_short:,} are shorter than their segment and were taken as they are.")
    if report.quarantined:
        lines.append(f"Files set aside are in {for_terminal(report.dataset)}/.kinetics-tui/quarantine.")
    if report.engine_ran:
        lines.append("An engine is at work here: clips that are not done were left out.")
    if report.interrupted:
        lines.append(f"Ended early: {report.checked:,} of {counted(report.clips, 'file')} checked.")
    if report.left and not report.repair:
        lines.append("Nothing was changed; --repair puts it right, and a run brings back what is lost.")
    elif report.left:
        lines.append(f"{report.left:,} of these could not be put right.")
    elif not report.faults and not report.interrupted:
        lines.append("All is well.")
    return lines


FAULTS_FOUND = 4
"""Exit code of ``check`` where something is wrong and stays so."""


def wanted_clips(selection: Selection, settings: Settings) -> Wanted | None:
    """The clips that a ledger made again is to hold, None where no release or file is named.

    Raises UserError where annotations cannot be had.
    """
    if selection == Selection():
        return None
    # By the settings alone: the ledger, which knows the network in use, is what was lost.
    return Wanted(title_of(selection), selection, selected_clips(selection, settings))


@command()
@options.dataset
@click.option("--repair", is_flag=True, help="Put right what is found; deletes nothing but scratch.")
@click.option("--quick", is_flag=True, help="Decode only files that are not as recorded.")
@options.flags_of(
    Selection,
    annotations="For a lost ledger: the annotation files it was made from.",
    release="For a lost ledger: its release.",
)
@options.files_at_a_time
@options.as_json
def check_command(
    dataset: Path, repair: bool, quick: bool, workers: int | None, as_json: bool, **flags: object
) -> int:
    """Hold every file against the ledger; exits 0 if all is well, 4 if faults are left."""
    settings = load_settings({})
    selection = options.selected(**flags)
    if selection != Selection() and not repair:
        raise SettingsError("--annotations and --release are for a lost ledger: they go with --repair.")
    with stoppable() as stopping, Progress(sys.stderr, progress_text) as progress:
        how = Checking(
            repair=repair,
            quick=quick,
            workers=workers,
            options=settings.options,
            wanted=lambda: wanted_clips(selection, settings),
            stopped=lambda: bool(stopping),
            on_progress=progress.tell,
            tell=tell,
        )
        report = check(dataset, how)
    click.echo(json_line(report_json(report)) if as_json else report_text(report))
    if report.interrupted:
        return INTERRUPTED
    return FAULTS_FOUND if report.left else SETTLED
