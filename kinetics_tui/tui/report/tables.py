"""Tables of a report, with a bar in what room is left: the seconds of clips, and where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from rich.cells import cell_len

from kinetics_tui.base.safe_text import for_screen
from kinetics_tui.base.words import dated, duration_text, shares_text
from kinetics_tui.report.digest import (
    KNOWN,
    SPREADS,
    dominance_text,
    fences_text,
    seconds_by_doing,
    sequence_text,
    spread_cells,
    spread_rows,
    taken_text,
)
from kinetics_tui.report.figures import Doing, Histogram, Report, Timing
from kinetics_tui.tui.parts.blocks import fine_bar
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph

GAP = 2
_BAR_LEAST, _BAR_WANTED, _BAR_MOST = 6, 14, 48
_NAME_LEAST = 8


class Row(NamedTuple):
    """A name, its figures, and for a bar which share of the longest one it has (None: no bar)."""

    name: str
    cells: Sequence[str]
    share: float | None = None


def table_lines(titles: Sequence[str], rows: Sequence[Row], width: int) -> list[Line]:
    """A line of ``titles`` (of the names, then of each figure) and a line a row.

    Names give way where the room is short; figures never do.
    """
    widths = [
        max(cell_len(title), *(cell_len(for_screen(row.cells[at])) for row in rows))
        for at, title in enumerate(titles[1:])
    ]
    figures = sum(widths) + GAP * len(widths)
    wanted = max(cell_len(for_screen(text)) for text in (titles[0], *(row.name for row in rows)))
    bars = any(row.share is not None for row in rows)
    name = max(_NAME_LEAST, min(wanted, width - figures - (GAP + _BAR_WANTED if bars else 0)))
    room = min(_BAR_MOST, width - name - figures - GAP)
    bar_width = room if bars and room >= _BAR_LEAST else 0
    lines = [_line(titles[0], titles[1:], name, widths, Tone.DIM)]
    for row in rows:
        line = _line(row.name, row.cells, name, widths, Tone.PLAIN)
        if bar_width and row.share is not None:
            line.add(" " * GAP).add(fine_bar(row.share, bar_width), Tone.BAR)
        lines.append(line)
    return lines


def _line(name: str, cells: Sequence[str], name_width: int, widths: Sequence[int], tone: Tone) -> Line:
    line = Line().cell(name, name_width, tone)
    for cell, width in zip(cells, widths, strict=True):
        line.add(" " * GAP).cell(cell, width, tone, right=True)
    return line


_TWO_TABLES = 110
"""Cells in which both tables of seconds stand side by side."""


def seconds_lines(report: Report, width: int) -> list[Line]:
    """In full and inside the fences, and what dominates."""
    timing = report.timing
    if timing is None:
        return []
    said = [Line(row) for row in paragraph(dominance_text(timing), width)]
    inside = Line(fences_text(timing), Tone.DIM)
    if width < _TWO_TABLES:
        return [*_table(timing, width, fenced=False), inside, *_table(timing, width, fenced=True), *said]
    half = width // 2
    left = [Line("all of them", Tone.DIM), *_table(timing, half - 2, fenced=False)]
    right = [inside, *_table(timing, width - half, fenced=True)]
    return [*(one.to(half).append(other) for one, other in zip(left, right, strict=True)), *said]


def _table(timing: Timing, width: int, *, fenced: bool) -> list[Line]:
    rows = [Row(name, spread_cells(spread)) for name, spread in spread_rows(timing, fenced=fenced)]
    return table_lines(("seconds", *SPREADS), rows, width)


def histogram_lines(report: Report, width: int) -> list[Line]:
    """Clips by their seconds in all, a row a bin, as far as the fences reach."""
    if report.timing is None:
        return []
    found = report.timing.histogram
    most = max(*found.clips, found.beyond, 1)
    rows = [
        Row(_bin_text(found, place), (f"{clips:,}",), clips / most)
        for place, clips in enumerate(found.clips)
        if place >= _first(found)
    ]
    rows.append(Row("beyond", (f"{found.beyond:,}",), found.beyond / most))
    return table_lines(("seconds", "clips"), rows, width)


def _first(found: Histogram) -> int:
    """The first bin with anything in it."""
    return next((place for place, clips in enumerate(found.clips) if clips), 0)


def _bin_text(found: Histogram, place: int) -> str:
    return f"{place * found.bin_s:,.6g} to {(place + 1) * found.bin_s:,.6g}"


def effort_lines(report: Report, width: int) -> list[Line]:
    """The time one after the other against the time taken."""
    if report.timing is None:
        return []
    sentences = (sequence_text(report.timing), taken_text(report.timing))
    return [Line(row) for sentence in sentences for row in paragraph(sentence, width)]


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
"""The sign of each doing in the band; told apart without colour."""


def spent_lines(report: Report, width: int, zone: tzinfo | None) -> list[Line]:
    """Sums, and the band: a cell is what was done for the longest part of its time."""
    sums = seconds_by_doing(report)
    if not sums:
        return []
    whole = sum(seconds for _, seconds in sums)
    shares = shares_text([seconds for _, seconds in sums])
    rows = [
        Row(f"{SIGNS[doing]} {doing.value}", (duration_text(seconds), share), seconds / whole)
        for (doing, seconds), share in zip(sums, shares, strict=True)
    ]
    lines = table_lines(("", "time", "of all"), rows, width)
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
