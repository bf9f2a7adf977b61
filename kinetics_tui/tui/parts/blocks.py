"""Pictures out of block characters: bars, a chart of rates, and figures to be read across the room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

FULL = "█"
HALF = "▒"
EMPTY = "░"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEVELS = " ▁▂▃▄▅▆▇█"
_SHORTEST_MIN, _LEAST_MIN = 1 / 60, 0.5
"""No rate is taken over less than this: a second for the newest, half a minute for one that stays."""

# Three pixels wide and five high, a row of pixels a word.
_FONT = {
    "0": ("111", "101", "101", "101", "111"),
    "1": ("010", "110", "010", "010", "111"),
    "2": ("111", "001", "111", "100", "111"),
    "3": ("111", "001", "111", "001", "111"),
    "4": ("101", "101", "111", "001", "001"),
    "5": ("111", "100", "111", "001", "111"),
    "6": ("111", "100", "111", "101", "111"),
    "7": ("111", "001", "001", "001", "001"),
    "8": ("111", "101", "111", "101", "111"),
    "9": ("111", "101", "111", "001", "111"),
    "d": ("001", "001", "111", "101", "111"),
    ":": ("0", "1", "0", "1", "0"),
    " ": ("0", "0", "0", "0", "0"),
}
_FONT_ROWS = 5


def bar(fraction: float, width: int) -> str:
    """A bar of ``width`` cells, full cells and light ones; all full only when ``fraction`` is 1."""
    filled = max(0, min(width, int(fraction * width)))
    return FULL * filled + EMPTY * (width - filled)


def two_part_bar(first: float, second: float, width: int) -> tuple[str, str, str]:
    """A bar in three pieces of ``width`` cells in all: full for one fraction, grey for the next, light."""
    ends = [max(0, min(width, int(fraction * width))) for fraction in (first, first + second)]
    return FULL * ends[0], HALF * (ends[1] - ends[0]), EMPTY * (width - ends[1])


def fine_bar(fraction: float, width: int) -> str:
    """A bar to an eighth of a cell on no ground; anything above nothing shows."""
    eighths = max(0, min(8 * width, round(fraction * width * 8)))
    if fraction > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(eighths, 8)
    return (FULL * whole + (_EIGHTHS[rest] if rest else ""))[:width]


def chart(values: Sequence[float | None], height: int) -> list[str]:
    """Columns of ``height`` rows, the highest value filling them; zero is a dot, None is blank."""
    top = max((value for value in values if value), default=1.0)
    rows = []
    for row in range(height - 1, -1, -1):
        cells = []
        for value in values:
            if not value:
                cells.append("·" if row == 0 and value is not None else " ")
                continue
            eighths = max(1, round(value / top * height * 8)) - row * 8
            cells.append(_LEVELS[max(0, min(8, eighths))])
        rows.append("".join(cells))
    return rows


def rates_a_minute(
    done_by_minute: Mapping[int, int],
    now: float,
    minutes: int,
    columns: int,
    started_at: float = 0.0,
    measured_until: float | None = None,
) -> list[float | None]:
    """Clips a minute over the last ``minutes`` minutes in at most ``columns`` values, oldest first.

    None stands for the time before the first clip. A value is a mean over the time that its clips
    took: from ``started_at``, where the run began in it with nothing before, and up to ``measured_until``
    (None: now). The minute that is still running goes with the one before, or the chart would always end
    in a twitch.
    """
    if columns <= 0 or not done_by_minute:
        return []
    columns = min(columns, minutes)
    first, end = min(done_by_minute), int(now // 60)
    if first >= end:
        end = first + 1
    start = end - minutes
    edges = [start + column * minutes // columns for column in range(columns + 1)]
    until = now if measured_until is None else measured_until
    values = [
        _rate_a_minute(done_by_minute, (low, high), _LEAST_MIN, until, started_at) if high > first else None
        for low, high in pairwise(edges[:-1])
    ]
    return [*values, _rate_a_minute(done_by_minute, (edges[-2], end + 1), _SHORTEST_MIN, until, started_at)]


def _rate_a_minute(
    done_by_minute: Mapping[int, int],
    span: tuple[int, int],
    least: float,
    measured_until: float,
    started_at: float,
) -> float:
    """The mean over a span of minutes, as far as they count, and over ``least`` minutes at least."""
    low, high = span
    counts = {minute: done_by_minute.get(minute, 0) for minute in range(low, high)}
    began = started_at / 60
    fresh = low <= began < high and not any(count for minute, count in counts.items() if minute + 1 <= began)
    since, until = max(low, began) if fresh else low, min(high, measured_until / 60)
    return sum(counts.values()) / max(until - since, least)


def big_text_width(text: str, scale: int) -> int:
    """Cells that ``big_text`` takes."""
    return sum(len(_FONT[character][0]) + 1 for character in text) * scale - scale if text else 0


def big_text_height(scale: int) -> int:
    """Rows that ``big_text`` takes: 3, 5, 8 for scale 1, 2, 3."""
    return (_FONT_ROWS * scale + 1) // 2


def big_text(text: str, scale: int = 1) -> list[str]:
    """Digits, colons, ``d`` and blanks as rows of half blocks; at scale 1 a digit is 3 by 3 cells."""
    pixels = []
    for row in range(_FONT_ROWS):
        line = "0".join(_FONT[character][row] for character in text)
        pixels.extend(["".join(pixel * scale for pixel in line)] * scale)
    if len(pixels) % 2:
        pixels.append("0" * len(pixels[0]))
    pairs = {("0", "0"): " ", ("1", "0"): "▀", ("0", "1"): "▄", ("1", "1"): "█"}
    return [
        "".join(pairs[above, below] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(pixels[::2], pixels[1::2], strict=True)
    ]
