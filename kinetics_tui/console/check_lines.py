"""What a check of a dataset found as plain text, and for scripts; how far it is, in a line."""

from __future__ import annotations

from typing import Any

from kinetics_tui.console.printed import plain
from kinetics_tui.console.progress import rate_text
from kinetics_tui.upkeep.report import Fault, LedgerState, Report

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
    """How far a check is after so many seconds."""
    if not report.clips:
        return "Listing the files and the clips"
    text = rate_text(report.checked, report.clips, took_s, "files")
    return f"{text}, {report.faults:,} faults" if report.faults else text


def report_text(report: Report) -> str:
    """All that was found: a table of counts, the first few paths of each, and what there is to do."""
    if report.ledger in (LedgerState.MISSING, LedgerState.DAMAGED):
        why = f" ({plain(report.why)})" if report.why else ""
        return (
            f"{_LEDGER[report.ledger]}{why}: no file could be checked. --repair makes it anew from what "
            "can be read of it and from the files; --annotations FILE or --release R say what else it held."
        )
    lines = [_LEDGER[report.ledger]] if report.ledger is LedgerState.REBUILT else []
    lines += _table(report)
    for fault in Fault:
        lines += _named(report, fault)
    lines += [f"  not repaired: {plain(one.path)}: {plain(one.why)}" for one in report.not_repaired]
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
    rows = [("whole", f"{report.whole:,}", "")]
    for fault in Fault:
        if report.counts[fault]:
            repaired = report.repaired[fault]
            note = f"{repaired:,} {_DONE[fault]}" if repaired else ""
            rows.append((fault.value, f"{report.counts[fault]:,}", note))
    name_width = max(len(name) for name, _, _ in rows)
    count_width = max(len(count) for _, count, _ in rows)
    return [f"{name:<{name_width}}  {count:>{count_width}}  {note}".rstrip() for name, count, note in rows]


def _named(report: Report, fault: Fault) -> list[str]:
    first = report.first.get(fault, [])
    if not first:
        return []
    lines = [f"{fault.value}:", *(f"  {plain(one.path)}  ({plain(one.why)})" for one in first)]
    more = report.counts[fault] - len(first)
    return [*lines, f"  and {more:,} more"] if more > 0 else lines


def _end(report: Report) -> list[str]:
    lines = []
    if report.taken_short:
        lines.append(f"{report.taken_short:,} are shorter than their segment and were taken as they are.")
    if report.quarantined:
        lines.append(f"Files set aside are in {plain(report.dataset)}/.kinetics-tui/quarantine.")
    if report.engine_ran:
        lines.append("An engine is at work here: clips that are not done were left out.")
    if report.interrupted:
        lines.append(f"Ended early: {report.checked:,} of {report.clips:,} files were checked.")
    if report.left and not report.repair:
        lines.append("Nothing was changed; --repair puts it right, and a run brings back what is lost.")
    elif report.left:
        lines.append(f"{report.left:,} of these could not be put right.")
    elif not report.faults and not report.interrupted:
        lines.append("All is well.")
    return lines
