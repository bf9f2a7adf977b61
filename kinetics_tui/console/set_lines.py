"""What exports, manifests and comparisons of datasets come to, as plain text."""

from __future__ import annotations

from kinetics_tui.console.printed import plain
from kinetics_tui.console.progress import rate_text
from kinetics_tui.dataset.export.making import MISSING, Exported


def export_progress(exported: Exported, took_s: float) -> str:
    """How far an export is after so many seconds."""
    return rate_text(exported.looked_at, exported.clips, took_s, "clips")


def export_text(exported: Exported) -> str:
    """What an export came to, and what is worth knowing of it."""
    held = exported.added + exported.there
    new = f", {exported.added:,} of them new" if exported.there else ""
    lines = [f"{held:,} of {exported.clips:,} clips are in {plain(exported.folder)}{new}."]
    if exported.copied:
        lines.append(f"{exported.copied:,} were copied.")
    if exported.missing:
        lines.append(f"{exported.missing:,} are missing: {MISSING} says why of each.")
    if exported.others:
        lines.append(
            f"Of these, {exported.others:,} have something else in their place, which was left alone; "
            "move it away and export again."
        )
    return "\n".join([*lines, *map(plain, exported.notes)])
