"""The command report: what became of a dataset, or of files in the 2019 form, as text, JSON or a page."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import sys
import time
from pathlib import Path

import click

from kinetics_tui.base.errors import ReportError, SettingsError
from kinetics_tui.base.safe_text import json_line
from kinetics_tui.base.whole_file import write_whole
from kinetics_tui.cli.command_line import say
from kinetics_tui.cli.completion import NAMES
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.options import as_json, folder
from kinetics_tui.cli.progress import Progress, rate_text
from kinetics_tui.report.figures import Report, Sheet
from kinetics_tui.report.page import GENERATOR, page

_NARROWEST, _WIDEST, _NO_TERMINAL = 60, 140, 80
_LOOK_FOR_MARK_BYTES = 1024


def read_report(dataset: Path | None, stats: Path | None, failed: Path | None) -> Report:
    """The report that was asked for. Raises UserError for what cannot be reported on."""
    files = [file for file in (stats, failed) if file is not None]
    if dataset is not None and files:
        raise SettingsError("Give a dataset, or --stats and --failed; not both.")
    if stats is not None and failed is not None:
        from kinetics_tui.report.write_up import report_write_up

        return report_write_up(stats, failed, time.time())
    if files:
        raise SettingsError("--stats and --failed go together: give both files.")
    if dataset is None:
        raise SettingsError("Give a dataset folder, or --stats FILE and --failed FILE.")
    from kinetics_tui.report.gather import gather

    return gather(dataset)


def report_text(report: Report) -> str:
    """The report for people, as wide as the terminal."""
    from kinetics_tui.tui.report.lines import report_lines

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _NO_TERMINAL
    width = max(_NARROWEST, min(_WIDEST, columns))
    return "\n".join(line.text.rstrip() for line in report_lines(report, width))


def write_page(report: Report, path: Path, dataset: Path | None) -> None:
    """Write the page, whole or not at all; takes the place of an older one, and of nothing else.

    With the contact sheet of the dataset, if there is one. Raises ReportError where it cannot be written
    there.
    """
    try:
        path = path.resolve()
        _require_room(path)
        sheet = Sheet() if dataset is None else _read_sheet(dataset)
        write_whole(path, page(report, sheet=sheet).encode("utf-8", "replace"))
    except (OSError, RuntimeError) as error:  # a RuntimeError tells of links that lead in a circle
        why = getattr(error, "strerror", None) or str(error)
        raise ReportError(f"{path} cannot be written ({why}); choose another place.") from error


def _read_sheet(dataset: Path) -> Sheet:
    """The contact sheet, which takes a while; standard error is told how far it is."""
    from kinetics_tui.report.contact_sheet import contact_sheet  # PyAV takes a while to be imported

    with Progress(sys.stderr, _progress_text) as progress:
        return contact_sheet(dataset, progress.tell)


def _progress_text(so_far: tuple[int, int], took_s: float) -> str:
    return rate_text(*so_far, took_s, "classes pictured")


def _require_room(path: Path) -> None:
    if path.is_symlink():  # resolved already: links in a circle, of which Python 3.13 tells in no other way
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if path.is_dir():
        raise ReportError(f"{path} is a folder; give the name of a file in it, such as report.html.")
    if not path.exists():
        return
    ours = False
    if path.is_file():  # opening a pipe would wait for somebody at its other end
        with path.open("rb") as file:
            ours = GENERATOR.encode() in file.read(_LOOK_FOR_MARK_BYTES)
    if not ours:
        raise ReportError(f"{path} exists and is no report; choose another name, or move it away.")


_file_option = functools.partial(click.option, metavar="FILE", type=Path, shell_complete=NAMES["file"])


@command()
@click.argument("dataset", required=False, type=Path, shell_complete=folder, help="The dataset folder.")
@_file_option("--stats", help="A stats.csv in the 2019 write-up's form.")
@_file_option("--failed", help="The failed.csv that goes with it.")
@_file_option("--html", help="Write one self-contained page.")
@as_json
def report(
    dataset: Path | None, stats: Path | None, failed: Path | None, html: Path | None, as_json: bool
) -> None:
    """Say what became of a dataset: failures, seconds a clip, sessions, bytes, where the time went."""
    if html is not None and as_json:
        raise SettingsError("Give --json or --html FILE; not both.")
    found = read_report(dataset, stats, failed)
    if html is not None:
        write_page(found, html, dataset)
        say(f"Written: {html}")
    elif as_json:
        click.echo(json_line(found))
    else:
        say(report_text(found))
