"""Pictures as terminals with graphics take them: by the protocol of Kitty, or as Sixel.

https://sw.kovidgoyal.net/kitty/graphics-protocol/ and https://vt100.net/docs/vt3xx-gp/chapter14.html
"""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

CHUNK = 4096
"""Kitty takes so many characters at a time."""
MOST_COLOURS = 96
_FINE, _COARSE = (bytes(value // step * step + step // 2 for value in range(256)) for step in (8, 16))
"""Colours are told apart in steps: what nobody sees costs nothing on the line."""


def kitty_data(pixels: bytes) -> bytes:
    """Pixels of three bytes, as the text that carries them."""
    return base64.b64encode(zlib.compress(pixels.translate(_FINE), 9))


def kitty_show(number: int, data: bytes, size_px: tuple[int, int], size_cells: tuple[int, int]) -> str:
    """The sequence that shows such a picture at the cursor, scaled to so many columns and rows."""
    (width, height), (columns, rows), text = size_px, size_cells, data.decode("ascii")
    head = f"a=T,q=2,C=1,f=24,o=z,i={number},s={width},v={height},c={columns},r={rows},"
    parts = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)] or [""]
    return "".join(
        f"\x1b_G{head if not at else ''}m={int(at + 1 < len(parts))};{part}\x1b\\"
        for at, part in enumerate(parts)
    )


def kitty_forget(number: int) -> str:
    """The sequence that takes a picture away."""
    return f"\x1b_Ga=d,d=I,q=2,i={number}\x1b\\"


def sixel_data(pixels: bytes, width_px: int) -> bytes:
    """Pixels of three bytes, as the sequence that shows them at the cursor."""
    coarse = pixels.translate(_COARSE)
    colours = [coarse[at : at + 3] for at in range(0, len(coarse), 3)]
    counts = Counter(colours)
    kept = _palette([colour for colour, _ in counts.most_common()])
    numbers = {colour: min(range(len(kept)), key=lambda n: _apart(kept[n], colour)) for colour in counts}
    indexed = [numbers[colour] for colour in colours]
    rows = [indexed[at : at + width_px] for at in range(0, len(indexed), width_px)]
    palette = "".join(
        f"#{number};2;{';'.join(str(round(part / 2.55)) for part in colour)}"
        for number, colour in enumerate(kept)
    )
    bands = "-".join("$".join(_band(rows[at : at + 6])) for at in range(0, len(rows), 6))
    return f'\x1bP0;1q"1;1;{width_px};{len(rows)}{palette}{bands}\x1b\\'.encode("ascii")


def _palette(by_count: Sequence[bytes]) -> list[bytes]:
    """The colours to paint in: those used most, after one of each region of colours."""
    regions = {tuple(part >> 6 for part in colour): colour for colour in reversed(by_count)}
    return list(dict.fromkeys((*regions.values(), *by_count)))[:MOST_COLOURS]


def _apart(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _band(rows: Sequence[Sequence[int]]) -> Iterator[str]:
    """Six rows of pixels: for each colour in them, where it is."""
    masks: dict[int, list[int]] = {}
    for bit, row in enumerate(rows):
        for x, number in enumerate(row):
            masks.setdefault(number, [0] * len(row))[x] |= 1 << bit
    for number, mask in masks.items():
        yield f"#{number}{''.join(_runs(mask))}"


def _runs(mask: Sequence[int]) -> Iterator[str]:
    at = 0
    while at < len(mask):
        end = at
        while end < len(mask) and mask[end] == mask[at]:
            end += 1
        sign, length = chr(63 + mask[at]), end - at
        yield f"!{length}{sign}" if length > 3 else sign * length
        at = end
