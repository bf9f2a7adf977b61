"""Commands about clips that are here already: adopt takes them over, extract makes frames and sound of them.

What was taken over is printed as plain text or for scripts, and written as rows of a table.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.safe_text import for_terminal, json_line
from kinetics_tui.base.words import are, counted
from kinetics_tui.cli import options
from kinetics_tui.cli.command_line import INTERRUPTED, SETTLED, stoppable, tell
from kinetics_tui.cli.commands.check import wanted_clips
from kinetics_tui.cli.commands.run import require_terminal, show
from kinetics_tui.cli.completion import one_of
from kinetics_tui.cli.engine_of import run_engine
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.progress import Progress, counts_table, first_lines, rate_text
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import ask, is_running
from kinetics_tui.engine.run.extraction import keep_extras
from kinetics_tui.model.commands import WantExtras
from kinetics_tui.model.options import Extras, Selection, options_in
from kinetics_tui.settings.settings import load_settings, read_flags
from kinetics_tui.upkeep.adopt.adopt import adopt
from kinetics_tui.upkeep.adopt.result import Adopted, Adoption, Fate, LinkMode
from kinetics_tui.upkeep.adopt.take import Adopting

COLUMNS = ("file", "clip", "outcome", "why")


def progress_text(adoption: Adoption, took_s: float) -> str:
    """The progress of an adoption after so many seconds."""
    if not adoption.files:
        return "Listing the files and the clips"
    parts = [rate_text(adoption.settled, adoption.files, took_s, "files")]
    parts.append(f"{adoption.counts[Fate.TAKEN]:,} taken")
    if adoption.refused:
        parts.append(f"{adoption.refused:,} refused")
    return ", ".join(parts)


def adoption_text(adoption: Adoption) -> str:
    """The clips taken and refused.

    A table of counts, the first few files of each, and what is to be known.
    """
    named = first_lines(adoption, (fate for fate in Fate if fate not in (Fate.TAKEN, Fate.THERE)))
    return "\n".join([*_table(adoption), *named, *_end(adoption)])


def adoption_json(adoption: Adoption) -> dict[str, Any]:
    """The clips taken and refused, for scripts: what ``adopt --json`` prints."""
    return {
        "dataset": adoption.dataset,
        "from": adoption.source,
        "link": adoption.link.value,
        "dry_run": adoption.dry_run,
        "quick": adoption.quick,
        "files": adoption.files,
        "other_files": adoption.others,
        "archives": adoption.archives,
        "settled": adoption.settled,
        "refused": adoption.refused,
        "counts": {fate.value: adoption.counts[fate] for fate in Fate},
        "first": {
            fate.value: [
                {"file": one.path, "clip": one.clip, "why": one.why} for one in adoption.first.get(fate, [])
            ]
            for fate in Fate
        },
        "taken_bytes": adoption.taken_bytes,
        "rewritten": adoption.rewritten,
        "found_in_place": adoption.found,
        "short": adoption.short,
        "inexact": adoption.inexact,
        "interrupted": adoption.interrupted,
    }


def table_row(adopted: Adopted) -> tuple[str, ...]:
    """One file in the order of ``COLUMNS``."""
    path, clip, why = map(for_terminal, (adopted.path, adopted.clip, adopted.why))
    return path, clip, adopted.fate.value, why


def _table(adoption: Adoption) -> list[str]:
    taken = "would be taken" if adoption.dry_run else Fate.TAKEN.value
    others = [fate for fate in Fate if fate is not Fate.TAKEN and adoption.counts[fate]]
    rows = [(fate.value, adoption.counts[fate], "") for fate in others]
    return counts_table([(taken, adoption.counts[Fate.TAKEN], _note(adoption)), *rows])


def _note(adoption: Adoption) -> str:
    if not adoption.counts[Fate.TAKEN]:
        return ""
    how = "linked" if adoption.link is LinkMode.HARD else "copied"
    if adoption.archives:
        how = f"{how} or unpacked"
    parts = [f"{how}, {adoption.taken_bytes / 1e6:,.1f} MB"]
    parts += [f"{adoption.rewritten:,} copied into .mp4 files"] if adoption.rewritten else []
    parts += [f"{adoption.found:,} lay in their place"] if adoption.found else []
    parts += [f"{adoption.short:,} shorter than their segment"] if adoption.short else []
    parts += [f"{adoption.inexact:,} cut inexactly"] if adoption.inexact else []
    return ", ".join(parts)


def _end(adoption: Adoption) -> list[str]:
    lines = []
    if adoption.others:
        lines.append(f"{adoption.others:,} other files, not called .mp4, .mkv or .webm, were passed over.")
    if adoption.archives:
        lines.append(f"{counted(adoption.archives, 'archive')} {are(adoption.archives)} read.")
    elif not adoption.files:
        lines.append(
            f"No file called .mp4, .mkv or .webm and no archive is in {for_terminal(adoption.source)}."
        )
    if adoption.counts[Fate.TOO_SHORT] or adoption.counts[Fate.TOO_LONG]:
        lines.append("--tolerance S takes files too that miss their segment by up to S seconds.")
    if adoption.interrupted:
        lines.append(
            f"Ended early: {adoption.settled:,} of {adoption.files:,} files; "
            "the same command continues with the rest."
        )
    if adoption.dry_run:
        lines.append("Nothing was changed; without --dry-run it is done.")
    return lines


@contextmanager
def _table_file(path: Path | None) -> Iterator[Callable[[Adopted], None]]:
    """Where each file is told of with a row, in a file of the user's if he wants one."""
    if path is None:
        yield lambda _adopted: None
        return
    with _writing(path):
        is_new = not path.exists()
        file = path.open("a", encoding="utf-8", errors="replace", newline="")
    begun = False
    with file:
        writer = csv.writer(file, lineterminator="\n")

        def write(*rows: tuple[str, ...]) -> None:
            nonlocal begun
            with _writing(path):
                if not begun:
                    if path.is_file():
                        file.truncate(0)  # what it held before stays until there is something to say
                    writer.writerow(COLUMNS)
                writer.writerows(rows)
            begun = True

        try:
            yield lambda adopted: write(table_row(adopted))
            write()
        finally:
            if is_new and not begun:
                path.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror}); choose another --table."
        ) from error


@command()
@options.dataset
@click.option(
    "--from",
    "source",
    required=True,
    metavar="DIR|FILE",
    type=Path,
    help="The folder or archive that the clips are in, in any layout.",
)
@click.option(
    "--link",
    metavar="HOW",
    shell_complete=one_of(LinkMode),
    default="hard",
    show_default=True,
    help="hard: one file under two names; copy: a file of its own.",
)
@click.option("--dry-run", is_flag=True, help="Read and judge everything, and change nothing.")
@click.option("--quick", is_flag=True, help="Read the files and decode none of them.")
@click.option(
    "--tolerance",
    "tolerance_s",
    metavar="S",
    type=options.Number(0.0, 10.0),
    default=0.0,
    show_default=True,
    help="Seconds a file may be too short or too long (one frame).",
)
@click.option("--table", metavar="FILE", type=Path, help="Write a CSV row about every file to FILE.")
@options.flags_of(
    Selection,
    annotations="Where DATASET has no ledger: which clips it is to hold.",
    release="The same by the name of a release.",
)
@options.files_at_a_time
@options.as_json
def adopt_command(
    dataset: Path,
    source: Path,
    link: str,
    dry_run: bool,
    quick: bool,
    tolerance_s: float,
    table: Path | None,
    workers: int | None,
    as_json: bool,
    **flags: object,
) -> int:
    """Take over clips that you have already, each one verified; they stay there as they are."""
    settings = load_settings({})
    if link not in list(LinkMode):
        raise SettingsError(f"--link takes {' or '.join(LinkMode)}.")
    if math.isnan(tolerance_s):  # no bound keeps it out
        raise SettingsError("--tolerance takes a number of seconds.")
    selection = options.selected(**flags)
    progress = Progress(sys.stderr, progress_text)
    with stoppable() as stopping, _table_file(table) as write_row, progress:
        how = Adopting(
            source=source,
            link=LinkMode(link),
            dry_run=dry_run,
            quick=quick,
            tolerance_s=tolerance_s,
            workers=workers,
            options=settings.options,
            wanted=lambda: wanted_clips(selection, settings),
            stopped=lambda: bool(stopping),
            on_progress=progress.tell,
            on_settled=write_row,
            tell=tell,
        )
        adoption = adopt(dataset, how)
    click.echo(json_line(adoption_json(adoption)) if as_json else adoption_text(adoption))
    return INTERRUPTED if adoption.interrupted else SETTLED


@command()
@options.dataset
@options.flags_of(Extras)
@options.view_flags
def extract(dataset: Path, view: options.View, progress: str | None, **flags: object) -> int:
    """Have frames and sound made of every clip, of those that are here and of those to come; then look on."""
    settings = load_settings({})
    asked = read_flags(options_in(Extras), flags)
    with Ledger.open(dataset, read_only=True) as ledger:
        before = ledger.options.extras
    extras = msgspec.structs.replace(before, **asked)
    if not extras.any and not before.any:
        raise SettingsError("Say what is to be made of the clips: --frames FPS, --sound wav, or both.")
    require_terminal(view)
    if is_running(dataset):
        ask(dataset, WantExtras(extras=extras))
    else:
        keep_extras(dataset, extras)
    return show(dataset, view, owner=run_engine(dataset, settings.networks, tell), progress=progress)
