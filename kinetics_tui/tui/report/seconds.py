"""The seconds that clips took: tables, a histogram, and what they come to one after the other."""

from __future__ import annotations

from kinetics_tui.report.digest import (
    SPREADS,
    dominance_text,
    fences_text,
    sequence_text,
    spread_cells,
    spread_rows,
    taken_text,
)
from kinetics_tui.report.figures import Histogram, Report, Timing
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.report.table import Row, table_lines
from kinetics_tui.tui.text import paragraph

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
