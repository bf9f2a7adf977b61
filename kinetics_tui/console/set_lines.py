"""What exports, manifests and comparisons of datasets come to, as plain text and for scripts."""

from __future__ import annotations

from typing import Any

import msgspec

from kinetics_tui.console.printed import plain
from kinetics_tui.console.progress import rate_text
from kinetics_tui.dataset.export.making import MISSING, Exported
from kinetics_tui.report.comparison import Comparison
from kinetics_tui.upkeep.manifest import Tally

CLASSES_SHOWN = 10
NO_LABEL = "(no label)"
_LONGEST_LABEL = 40


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


def manifest_progress(tally: Tally, took_s: float) -> str:
    """How far a manifest is after so many seconds."""
    return rate_text(tally.told, tally.clips, took_s, "clips")


def manifest_text(tally: Tally) -> str:
    """What a manifest lists."""
    trusted = f", {tally.trusted:,} of them unchanged and not read again" if tally.trusted else ""
    parts = [f"{tally.here:,} of {tally.clips:,} clips are here{trusted}"]
    if tally.damaged:
        parts.append(f"{tally.damaged:,} are damaged")
    if tally.missing:
        parts.append(f"{tally.missing:,} are missing")
    return f"{'; '.join(parts)}."


def comparison_text(found: Comparison) -> str:
    """What two datasets have of each other, and the classes that differ most."""
    rows = [
        ("A", found.clips_a, plain(found.a)),
        ("B", found.clips_b, plain(found.b)),
        ("in both", found.common, _share(found)),
        ("  same bytes", found.same_bytes, ""),
        ("  other bytes", found.other_bytes, ""),
        ("  cannot be told", found.unknown_bytes, "a file or its digest is not at hand"),
        ("only in A", found.only_a, ""),
        ("only in B", found.only_b, ""),
    ]
    rows = [row for row in rows if row[1] or row[0].strip() != "cannot be told"]
    if found.relabelled:
        rows.append(("relabelled", found.relabelled, "in both, with another split or label"))
    width = max(len(f"{count:,}") for _, count, _ in rows)
    lines = [f"{name:<16}  {count:>{width},}  {note}".rstrip() for name, count, note in rows]
    apart = [one for one in found.classes if one.apart]
    if apart:
        lines += ["", f"Classes that differ most, {min(len(apart), CLASSES_SHOWN)} of {len(apart):,}:"]
        lines.append(f"{'':<{_LONGEST_LABEL}}  {'A':>7}  {'B':>7}  {'both':>7}")
        for one in apart[:CLASSES_SHOWN]:
            label = plain(one.label)[:_LONGEST_LABEL] or NO_LABEL
            lines.append(f"{label:<{_LONGEST_LABEL}}  {one.a:>7,}  {one.b:>7,}  {one.common:>7,}")
    return "\n".join(lines)


def _share(found: Comparison) -> str:
    either = found.clips_a + found.clips_b - found.common
    return f"{found.common / either:.1%} of all that either has" if either else ""


def comparison_json(found: Comparison) -> dict[str, Any]:
    """All that a comparison found, for scripts: what ``compare --json`` prints."""
    told: dict[str, Any] = msgspec.to_builtins(found)
    names = ("only_a", "only_b", "unknown_bytes")
    return {**told, **{name: getattr(found, name) for name in names}}
