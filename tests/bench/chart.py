"""``python -m tests.bench.chart FOUND.json CHART.svg``: draws the series in what ``--json`` printed.

A panel for each series: its values, from zero up, over sizes on a logarithmic axis.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from tests.bench.figures import Series

PANEL_PX = (260, 200)
PLOT_PX = (196, 110)
"""Of a panel; the curve is drawn in it from (``LEFT_PX``, ``TOP_PX``) on."""
LEFT_PX, TOP_PX = 32, 50
COLUMNS = 4
HEADROOM = 1.25
"""Above the highest value: its number stands there."""
BACKGROUND, TEXT, RULE, CURVE = "#121212", "#d0d0d0", "#585858", "#5fafff"
STYLE = f'font-family="monospace" font-size="11" fill="{TEXT}"'


class _Found(msgspec.Struct):
    series: tuple[Series, ...] = ()


def draw(series: Sequence[Series]) -> str:
    """The chart as SVG."""
    width, height = PANEL_PX
    rows = math.ceil(len(series) / COLUMNS)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * COLUMNS}" height="{height * rows}">',
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>',
    ]
    for number, one in enumerate(series):
        row, column = divmod(number, COLUMNS)
        lines += [f'<g transform="translate({column * width},{row * height})" {STYLE}>', *_panel(one), "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def places(series: Series) -> list[tuple[float, float]]:
    """Where the points of a series come within a panel, in px."""
    width, height = PLOT_PX
    top = HEADROOM * max(point.found.median for point in series.points) or 1.0
    sizes = [math.log(point.size) for point in series.points]
    extent = sizes[-1] - sizes[0] or 1.0
    return [
        (
            LEFT_PX + (size - sizes[0]) / extent * width,
            TOP_PX + (1 - point.found.median / top) * height,
        )
        for size, point in zip(sizes, series.points, strict=True)
    ]


def _panel(series: Series) -> Iterator[str]:
    width, height = PLOT_PX
    bottom = TOP_PX + height
    found = places(series)
    yield f'<text x="{LEFT_PX}" y="22" font-weight="bold">{escape(series.what)}</text>'
    yield f'<line x1="{LEFT_PX}" y1="{bottom}" x2="{LEFT_PX + width}" y2="{bottom}" stroke="{RULE}"/>'
    curve = " ".join(f"{x:.1f},{y:.1f}" for x, y in found)
    yield f'<polyline points="{curve}" fill="none" stroke="{CURVE}" stroke-width="2"/>'
    for (x, y), point in zip(found, series.points, strict=True):
        value = format(point.found.median, series.form)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{CURVE}"/>'
        yield f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{value}</text>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{point.size:,}</text>'
    yield f'<text x="{LEFT_PX + width}" y="{bottom + 32}" text-anchor="end">{escape(series.axis)}</text>'


def main() -> None:
    """Draw what a bench found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chart")
    parser.add_argument("found", type=Path, help="what `python -m tests.bench NAME --json` printed")
    parser.add_argument("chart", type=Path, help="the SVG to write")
    given = parser.parse_args()
    found = msgspec.json.decode(given.found.read_bytes(), type=dict[str, _Found])
    given.chart.write_text(draw([one for bench in found.values() for one in bench.series]), encoding="utf-8")


if __name__ == "__main__":
    main()
