"""Commands that say what a dataset holds: exports for readers, manifests, comparisons."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

from click.exceptions import Exit

from kinetics_tui.commands.command_line import BROKEN_PIPE, say, tell
from kinetics_tui.console.printed import json_line, plain_lines
from kinetics_tui.console.progress import ProgressLine, rate_text
from kinetics_tui.console.set_lines import (
    comparison_json,
    comparison_text,
    export_progress,
    export_text,
    manifest_progress,
    manifest_text,
)
from kinetics_tui.dataset.database import plain_errors
from kinetics_tui.dataset.export.making import Exporting, export
from kinetics_tui.dataset.export.placing import Link
from kinetics_tui.dataset.manifest import write_entry, write_header
from kinetics_tui.model.errors import SettingsError
from kinetics_tui.report.comparison import Sides
from kinetics_tui.upkeep.manifest import Tally, make_manifest


def export_dataset(dataset: Path, reader: str, *, to: Path | None, link: str | None, release: str) -> None:
    """Export a dataset and print what came of it. Raises UserError."""
    asked = Exporting(reader=reader, to=to, link=_link(link), release=release)
    with _progress() as progress:
        exported = export(
            dataset,
            asked,
            tell,
            lambda exported: progress.tell_by(lambda took_s: export_progress(exported, took_s)),
        )
    say(export_text(exported))


def write_manifest(dataset: Path, to: Path | None, *, trust_unchanged: bool, workers: int | None) -> None:
    """Write a dataset's manifest to a file, whole or not at all, or to standard output. Raises UserError."""
    tally = Tally()
    with _progress() as progress:
        entries = make_manifest(
            dataset,
            tally,
            trust_unchanged=trust_unchanged,
            workers=workers,
            on_progress=lambda tally: progress.tell_by(lambda took_s: manifest_progress(tally, took_s)),
        )
        # Ended with this block: the files that are being read are then let go.
        with contextlib.closing(entries):
            first = list(itertools.islice(entries, 1))  # a folder that is no dataset has no header either
            with _written(to) as text:
                write_header(text)
                for entry in itertools.chain(first, entries):
                    write_entry(text, entry)
    tell(manifest_text(tally))


def compare_sets(a: Path, b: Path, *, common: Path | None, as_json: bool) -> None:
    """Compare two datasets or manifests, print what they share, write the common list. Raises UserError."""
    with Sides(a, b) as sides:
        with _progress() as progress:
            found = sides.compare(
                lambda done, total: progress.tell_by(
                    lambda took_s: rate_text(done, total, took_s, "common clips")
                )
            )
        if common is not None:
            with _written(common) as text:
                sides.write_common(text)
    if as_json:
        sys.stdout.write(json_line(comparison_json(found)) + "\n")
    else:
        say(comparison_text(found))


@contextlib.contextmanager
def _progress() -> Iterator[ProgressLine]:
    progress = ProgressLine(sys.stderr)
    try:
        yield progress
    finally:
        progress.end()


@contextlib.contextmanager
def _written(to: Path | None) -> Iterator[TextIO]:
    """A text file that gets its name when the block ends without an error; standard output for None."""
    if to is None:
        try:
            yield cast("TextIO", _OnTerminal()) if sys.stdout.isatty() else sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has read enough. Nothing is left to be flushed into the pipe at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise Exit(BROKEN_PIPE) from None
        return
    with plain_errors(to):
        handle, name = tempfile.mkstemp(".new", f".{to.name[:50]}-", to.absolute().parent)
        making = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as text:
                yield text
                text.flush()
                os.fsync(text.fileno())
            making.chmod(0o644)
            making.replace(to)
        finally:
            making.unlink(missing_ok=True)


class _OnTerminal:
    """Standard output for rows of CSV on a terminal: without what a terminal obeys."""

    def write(self, text: str) -> int:
        return sys.stdout.write(plain_lines(text))


def _link(asked: str | None) -> Link | None:
    if asked is None:
        return None
    try:
        return Link(asked)
    except ValueError:
        raise SettingsError(f"--link {asked!r}: give hard, sym or copy.") from None
