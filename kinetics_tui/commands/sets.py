"""Commands that say what a dataset holds: exports for readers, manifests, comparisons."""

from __future__ import annotations

import sys
from pathlib import Path

from kinetics_tui.commands.command_line import say, tell
from kinetics_tui.console.progress import ProgressLine
from kinetics_tui.console.set_lines import export_progress, export_text
from kinetics_tui.dataset.export.making import Exporting, export
from kinetics_tui.dataset.export.placing import Link
from kinetics_tui.model.errors import SettingsError


def export_dataset(dataset: Path, reader: str, *, to: Path | None, link: str | None, release: str) -> None:
    """Export a dataset and print what came of it. Raises UserError."""
    asked = Exporting(reader=reader, to=to, link=_link(link), release=release)
    progress = ProgressLine(sys.stderr)
    try:
        exported = export(
            dataset,
            asked,
            tell,
            lambda exported: progress.tell_by(lambda took_s: export_progress(exported, took_s)),
        )
    finally:
        progress.end()
    say(export_text(exported))


def _link(asked: str | None) -> Link | None:
    if asked is None:
        return None
    try:
        return Link(asked)
    except ValueError:
        raise SettingsError(f"--link {asked!r}: give hard, sym or copy.") from None
