"""The adoption of clips as a command: what it is told, what it prints, what it exits with."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from kinetics_tui.commands import flags
from kinetics_tui.commands.check import wanted_clips
from kinetics_tui.commands.command_line import INTERRUPTED, SETTLED, tell
from kinetics_tui.commands.stopping import stoppable
from kinetics_tui.console.adopt_lines import COLUMNS, adoption_json, adoption_text, progress_text, table_row
from kinetics_tui.console.printed import json_line
from kinetics_tui.console.progress import Progress
from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.options import Selection
from kinetics_tui.settings import Settings
from kinetics_tui.upkeep.adopt import adopt
from kinetics_tui.upkeep.adoption import Adopted, LinkMode
from kinetics_tui.upkeep.taking import Adopting


def adopt_clips(
    dataset: Path,
    settings: Settings,
    *,
    source: Path,
    link: str,
    dry_run: bool,
    quick: bool,
    tolerance_s: float,
    table: Path | None,
    annotations: list[Path] | None,
    release: str | None,
    workers: int | None,
    as_json: bool,
) -> int:
    """Take clips over into a dataset and print what came of it; the exit code. Raises UserError."""
    if link not in list(LinkMode):
        raise SettingsError(f"--link takes {' or '.join(LinkMode)}.")
    if math.isnan(tolerance_s):  # no bound keeps it out
        raise SettingsError("--tolerance takes a number of seconds.")
    asked = flags.selection(annotations=annotations, release=release)
    selection = Selection(**asked)  # type: ignore[arg-type]  # the command line types its flags
    progress = Progress(sys.stderr, progress_text)
    with stoppable() as stopping, _table(table) as write_row:
        how = Adopting(
            source=source,
            link=LinkMode(link),
            dry_run=dry_run,
            quick=quick,
            tolerance_s=tolerance_s,
            workers=workers,
            options=settings.options,
            wanted=lambda: wanted_clips(selection, settings) if asked else None,
            stopped=lambda: bool(stopping),
            on_progress=progress.tell,
            on_settled=write_row,
            tell=tell,
        )
        try:
            adoption = adopt(dataset, how)
        finally:
            progress.end()
    click.echo(json_line(adoption_json(adoption)) if as_json else adoption_text(adoption))
    return INTERRUPTED if adoption.interrupted else SETTLED


@contextmanager
def _table(path: Path | None) -> Iterator[Callable[[Adopted], None]]:
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
