"""Tables of a report: columns as wide as they have to be, and a bar in what room is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from kinetics_tui.tui.blocks import fine_bar
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.text import clean

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
        max(cell_len(title), *(cell_len(clean(row.cells[at])) for row in rows))
        for at, title in enumerate(titles[1:])
    ]
    figures = sum(widths) + GAP * len(widths)
    wanted = max(cell_len(clean(text)) for text in (titles[0], *(row.name for row in rows)))
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
