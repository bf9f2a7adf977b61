"""What was taken over into a dataset as plain text, as rows of a table, and for scripts."""

from __future__ import annotations

from typing import Any

from kinetics_tui.console.printed import plain
from kinetics_tui.console.progress import rate_text
from kinetics_tui.upkeep.adoption import Adopted, Adoption, Fate, LinkMode

COLUMNS = ("file", "clip", "outcome", "why")


def progress_text(adoption: Adoption, took_s: float) -> str:
    """How far an adoption is after so many seconds."""
    if not adoption.files:
        return "Listing the files and the clips"
    parts = [rate_text(adoption.settled, adoption.files, took_s, "files")]
    parts.append(f"{adoption.counts[Fate.TAKEN]:,} taken")
    if adoption.refused:
        parts.append(f"{adoption.refused:,} refused")
    return ", ".join(parts)


def adoption_text(adoption: Adoption) -> str:
    """What was taken and refused: a table of counts, the first few files of each, and what is to be known."""
    named: list[str] = []
    for fate in Fate:
        if fate not in (Fate.TAKEN, Fate.THERE):
            named += _named(adoption, fate)
    return "\n".join([*_table(adoption), *named, *_end(adoption)])


def adoption_json(adoption: Adoption) -> dict[str, Any]:
    """What was taken and refused, for scripts: what ``adopt --json`` prints."""
    return {
        "dataset": adoption.dataset,
        "from": adoption.source,
        "link": adoption.link.value,
        "dry_run": adoption.dry_run,
        "quick": adoption.quick,
        "files": adoption.files,
        "other_files": adoption.others,
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
        "found_in_place": adoption.found,
        "short": adoption.short,
        "inexact": adoption.inexact,
        "interrupted": adoption.interrupted,
    }


def table_row(adopted: Adopted) -> tuple[str, ...]:
    """One file in the order of ``COLUMNS``."""
    return plain(adopted.path), plain(adopted.clip), adopted.fate.value, plain(adopted.why)


def _table(adoption: Adoption) -> list[str]:
    rows = [(_taken(adoption), f"{adoption.counts[Fate.TAKEN]:,}", _note(adoption))]
    for fate in Fate:
        if fate is not Fate.TAKEN and adoption.counts[fate]:
            rows.append((fate.value, f"{adoption.counts[fate]:,}", ""))
    name_width = max(len(name) for name, _, _ in rows)
    count_width = max(len(count) for _, count, _ in rows)
    return [f"{name:<{name_width}}  {count:>{count_width}}  {note}".rstrip() for name, count, note in rows]


def _taken(adoption: Adoption) -> str:
    return "would be taken" if adoption.dry_run else Fate.TAKEN.value


def _note(adoption: Adoption) -> str:
    if not adoption.counts[Fate.TAKEN]:
        return ""
    how = "linked" if adoption.link is LinkMode.HARD else "copied"
    parts = [f"{how}, {adoption.taken_bytes / 1e6:,.1f} MB"]
    parts += [f"{adoption.found:,} lay in their place"] if adoption.found else []
    parts += [f"{adoption.short:,} shorter than their segment"] if adoption.short else []
    parts += [f"{adoption.inexact:,} cut inexactly"] if adoption.inexact else []
    return ", ".join(parts)


def _named(adoption: Adoption, fate: Fate) -> list[str]:
    first = adoption.first.get(fate, [])
    if not first:
        return []
    lines = [f"{fate.value}:", *(f"  {plain(one.path)}  ({plain(one.why)})" for one in first)]
    more = adoption.counts[fate] - len(first)
    return [*lines, f"  and {more:,} more"] if more > 0 else lines


def _end(adoption: Adoption) -> list[str]:
    lines = []
    if adoption.others:
        lines.append(f"{adoption.others:,} other files, not called .mp4, were passed over.")
    if not adoption.files:
        lines.append(f"No file called .mp4 is in {plain(adoption.source)}.")
    if adoption.counts[Fate.TOO_SHORT] or adoption.counts[Fate.TOO_LONG]:
        lines.append("--tolerance S takes files too that miss their segment by up to S seconds.")
    if adoption.interrupted:
        lines.append(
            f"Ended early: {adoption.settled:,} of {adoption.files:,} files; "
            "the same command goes on with the rest."
        )
    if adoption.dry_run:
        lines.append("Nothing was changed; without --dry-run it is done.")
    return lines
