"""Where the time went: a row a kind of it, and a band from the first day to the last."""

from __future__ import annotations

from datetime import tzinfo

from kinetics_tui.model.amounts import share_text
from kinetics_tui.model.durations import duration_text
from kinetics_tui.report.digest import KNOWN, dated, seconds_by_doing
from kinetics_tui.report.figures import Doing, Report
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.report.table import Row, table_lines
from kinetics_tui.tui.text import paragraph

SIGNS = {
    Doing.WORKING: "█",
    Doing.COOLING: "▒",
    Doing.PAUSED: "=",
    Doing.OFFLINE: "x",
    Doing.DISK_FULL: "!",
    Doing.SWITCHING: "/",
    Doing.AWAY: "·",
    Doing.UNKNOWN: "?",
}
"""What stands for it in the band; told apart without colour."""


def spent_lines(report: Report, width: int, zone: tzinfo | None) -> list[Line]:
    """Sums, and the band: a cell is what was done for the longest part of its time."""
    sums = seconds_by_doing(report)
    if not sums:
        return []
    whole = sum(seconds for _, seconds in sums)
    rows = [
        Row(
            f"{SIGNS[doing]} {doing.value}",
            (duration_text(seconds), share_text(round(seconds), round(whole))),
            seconds / whole if whole else 0.0,
        )
        for doing, seconds in sums
    ]
    lines = table_lines(("", "time", "share"), rows, width)
    began_at, ended_at = report.stretches[0].began_at, report.stretches[-1].ended_at
    lines.append(Line(band(report, width), Tone.BAR))
    lines.append(span_line(began_at, ended_at, width, zone))
    return [*lines, *(Line(row, Tone.DIM) for row in paragraph(KNOWN, width))]


def band(report: Report, width: int) -> str:
    """The time from the first stretch to the last in ``width`` signs."""
    began_at, ended_at = report.stretches[0].began_at, report.stretches[-1].ended_at
    cell_s = (ended_at - began_at) / width
    if cell_s <= 0:
        return ""
    shares: list[dict[Doing, float]] = [{} for _ in range(width)]
    for stretch in report.stretches:
        first = int((stretch.began_at - began_at) / cell_s)
        last = min(width - 1, int((stretch.ended_at - began_at) / cell_s))
        for cell in range(first, last + 1):
            start_s = began_at + cell * cell_s
            part = min(stretch.ended_at, start_s + cell_s) - max(stretch.began_at, start_s)
            shares[cell][stretch.doing] = shares[cell].get(stretch.doing, 0.0) + max(0.0, part)
    return "".join(
        SIGNS[max(share, key=lambda doing: share[doing])] if share else SIGNS[Doing.AWAY] for share in shares
    )


def span_line(began_at: float, ended_at: float, width: int, zone: tzinfo | None) -> Line:
    """The first and the last moment of a chart, below its ends."""
    return Line(dated(began_at, zone), Tone.DIM).right(dated(ended_at, zone), width, Tone.DIM)
