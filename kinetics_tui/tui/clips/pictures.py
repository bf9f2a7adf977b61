"""Pictures out of clips as text that any terminal shows: how many, how large, and in which characters.

Each cell is a half block, its two halves two pixels. Over a slow line every change of colour costs some 25
bytes: colours are those of the terminal's palette, few of them, and a run of cells in the same two colours is
written as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.color import Color
from rich.style import Style

from kinetics_tui.model.clip_queries import Pictures
from kinetics_tui.tui.parts.lines import Line
from kinetics_tui.tui.parts.view_state import Colours

MOST_COLOURS = 40
"""The most colours of a strip; the rare ones become the most like of the others."""
GAP = 1
"""Cells between two pictures."""
_MOST_SHOWN = 8
_WORTH = {1: 0.35, 2: 0.55, 3: 0.85}
"""The worth of a cell in so few pictures."""
_WIDE_ENOUGH = 36
"""Cells across in which people know what they see; in a narrower picture a cell is worth less."""
_SHADES = " ░▒▓█"
_LEVELS = (0, 95, 135, 175, 215, 255)
_GRAIN = ((-8, 0, -6, 2), (4, -4, 6, -2), (-5, 3, -7, 1), (7, -1, 5, -3))
"""Where colours are few, pixels in turn are made darker and brighter, and look like what lies between."""
_SIXTEEN = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
    *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
    *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
"""The sixteen colours as xterm has them."""


class Grid(NamedTuple):
    """So many pictures across and down, each of so many cells."""

    across: int
    down: int
    columns: int
    rows: int

    @property
    def number(self) -> int:
        return self.across * self.down


def grid(width: int, height: int, shape: float) -> Grid | None:
    """The grid that makes most of a room in cells; None: no room for any.

    ``shape`` is the width of a picture divided by its height. Several pictures tell more than a large one.
    """
    best, best_worth = None, 0.0
    for across in range(1, _MOST_SHOWN + 1):
        for down in range(1, _MOST_SHOWN // across + 1):
            columns, rows = (width + GAP) // across - GAP, (height + GAP) // down - GAP
            columns, rows = min(columns, round(2 * rows * shape)), min(rows, round(columns / shape / 2))
            if columns < 4 or rows < 2:
                continue
            worth = _WORTH.get(across * down, 1.0) * min(1.0, columns / _WIDE_ENOUGH)
            if columns * rows * across * down * worth > best_worth:
                best_worth = columns * rows * across * down * worth
                best = Grid(across, down, columns, rows)
    return best


def strip(pictures: Pictures, shown: Grid, colours: Colours) -> list[Line]:
    """The pictures in their grid."""
    cells = [_cells(data, pictures.width_px, colours) for data in pictures.pictures[: shown.number]]
    if colours is not Colours.NONE:
        cells = _fewer(cells)
    lines: list[Line] = []
    for start in range(0, len(cells), shown.across):
        band = cells[start : start + shown.across]
        if lines:
            lines += [Line()] * GAP
        for row in range(pictures.height_px // 2):
            line = Line()
            for place, picture in enumerate(band):
                line.to(place * (shown.columns + GAP))
                _add_row(line, picture[2 * row], picture[2 * row + 1], colours)
            lines.append(line)
    return lines


def _cells(data: bytes, width_px: int, colours: Colours) -> list[list[int]]:
    """Rows of the numbers of the pixels' colours."""
    nearest = {Colours.MANY: _of_256, Colours.SIXTEEN: _of_16, Colours.NONE: _of_shades}[colours]
    # Five bits of each channel are more than a palette tells apart, and few enough to be remembered.
    steps = bytes(value >> 3 for value in data) if colours is Colours.MANY else _stretched(data)
    rows = []
    for y in range(len(data) // 3 // width_px):
        row = steps[3 * y * width_px : 3 * (y + 1) * width_px]
        grain = (0,) * 4 if colours is Colours.MANY else _GRAIN[y % 4]
        rows.append([nearest(*row[3 * x : 3 * x + 3], grain[x % 4]) for x in range(width_px)])
    return rows


def _stretched(data: bytes) -> bytes:
    """The pixels of five bits a channel, the darkest of them black and the brightest white."""
    green = sorted(data[1::3])
    low, high = green[len(green) // 50], green[-1 - len(green) // 50]
    scale = 31 / max(1, high - low)
    table = bytes(max(0, min(31, round((value - low) * scale))) for value in range(256))
    return data.translate(table)


def _fewer(pictures: Sequence[list[list[int]]]) -> list[list[list[int]]]:
    """The same in the most frequent colours alone."""
    counts = Counter(number for picture in pictures for row in picture for number in row)
    kept = [number for number, _ in counts.most_common(MOST_COLOURS)]
    instead = {
        number: min(kept, key=lambda other: _distance(_rgb(number), _rgb(other)))
        for number in counts
        if number not in kept
    }
    return [[[instead.get(number, number) for number in row] for row in picture] for picture in pictures]


def _add_row(line: Line, upper: Sequence[int], lower: Sequence[int], colours: Colours) -> None:
    if colours is Colours.NONE:
        line.add("".join(_SHADES[(top + bottom) // 2] for top, bottom in zip(upper, lower, strict=True)))
        return
    at = 0
    while at < len(upper):
        first, second = upper[at], lower[at]
        end = at
        # A cell of one colour goes with either of its neighbours.
        while first == second and end < len(upper):
            others = {upper[end], lower[end]} - {first}
            if others:
                second = others.pop()
            end += 1
        text, end = "", at
        while end < len(upper) and {upper[end], lower[end]} <= {first, second}:
            text += _BLOCKS[upper[end] == first, lower[end] == first]
            end += 1
        line.append_spans([(text, _style(first, second))], end - at)
        at = end


_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


@lru_cache(4096)
def _style(front: int, back: int) -> Style:
    return Style(color=Color.from_ansi(front), bgcolor=Color.from_ansi(back))


@lru_cache(32768)
def _of_256(red: int, green: int, blue: int, grain: int) -> int:
    """The nearest of the 240 colours that are the same on every terminal of 256."""
    wanted = _middle(red, green, blue, grain)
    cube = [min(range(6), key=lambda step: abs(_LEVELS[step] - part)) for part in wanted]
    grey = max(0, min(23, round((sum(wanted) / 3 - 8) / 10)))
    choices = 16 + 36 * cube[0] + 6 * cube[1] + cube[2], 232 + grey
    return min(choices, key=lambda number: _distance(wanted, _rgb(number)))


@lru_cache(32768)
def _of_16(red: int, green: int, blue: int, grain: int) -> int:
    wanted = _middle(red, green, blue, 5 * grain)
    return min(range(16), key=lambda number: _distance(wanted, _SIXTEEN[number]))


@lru_cache(32768)
def _of_shades(red: int, green: int, blue: int, grain: int) -> int:
    wanted = _middle(red, green, blue, 3 * grain)
    bright = 0.3 * wanted[0] + 0.59 * wanted[1] + 0.11 * wanted[2]
    return max(0, min(len(_SHADES) - 1, int(bright / 256 * len(_SHADES))))


def _middle(red: int, green: int, blue: int, more: int) -> tuple[int, int, int]:
    return 8 * red + 4 + more, 8 * green + 4 + more, 8 * blue + 4 + more


@lru_cache(256)
def _rgb(number: int) -> tuple[int, int, int]:
    if number < 16:
        return _SIXTEEN[number]
    if number < 232:
        red, rest = divmod(number - 16, 36)
        return _LEVELS[red], _LEVELS[rest // 6], _LEVELS[rest % 6]
    return (8 + 10 * (number - 232),) * 3


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    red, green, blue = (a - b for a, b in zip(one, other, strict=True))
    return 2 * red * red + 4 * green * green + 3 * blue * blue
