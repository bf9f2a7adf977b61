"""Lines of toned text: what a panel's body is made of, before any style or terminal comes in.

The text in them is harmless to a terminal, and its width in cells is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from kinetics_tui.base.safe_text import ELLIPSIS, for_screen


def fit(text: str, width: int, *, right: bool = False) -> str:
    """``text`` in exactly ``width`` cells: cut with an ellipsis, or padded at its end (or start)."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    padding = " " * (width - length)
    return padding + text if right else text + padding


def paragraph(text: str, width: int) -> list[str]:
    """``text`` wrapped to lines of at most ``width`` cells."""
    return wrap(for_screen(text), max(1, width))


class Tone(StrEnum):
    """The role of a piece of text, for the style sheet to dress (component class ``panel--<tone>``)."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    ACCENT = "accent"
    """The panel's own colour, for titles and keys."""
    BAR = "bar"
    """The same for bars and charts."""
    BORDER = "border"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    BADGE = "badge"
    """The state in the header, on a ground of its own; likewise the next three."""
    BADGE_GOOD = "badge-good"
    BADGE_WARN = "badge-warn"
    BADGE_BAD = "badge-bad"


Ink = Tone | Style
"""A role, or the very colours: those of a picture are no matter of taste."""
Span = tuple[str, Ink]


class Line:
    """One line, written from left to right; what is written is made harmless on the way in."""

    __slots__ = ("_spans", "width")

    def __init__(self, text: str = "", tone: Ink = Tone.PLAIN) -> None:
        self._spans: list[Span] = []
        self.width = 0
        """Cells written so far."""
        self.add(text, tone)

    def add(self, text: str, tone: Ink = Tone.PLAIN) -> Line:
        """Write ``text`` behind what is there."""
        text = for_screen(text)
        if text:
            self.width += len(text) if text.isascii() else cell_len(text)
            self._put(text, tone)
        return self

    def _put(self, text: str, tone: Ink) -> None:
        if self._spans and self._spans[-1][1] is tone:
            text = self._spans.pop()[0] + text
        self._spans.append((text, tone))

    def cell(self, text: str, width: int, tone: Ink = Tone.PLAIN, *, right: bool = False) -> Line:
        """Write ``text`` into a column of exactly ``width`` cells."""
        return self.add(fit(for_screen(text), width, right=right), tone)

    def to(self, x: int) -> Line:
        """Go on at column ``x``, if that is ahead."""
        return self.add(" " * (x - self.width))

    def right(self, text: str, width: int, tone: Ink = Tone.PLAIN) -> Line:
        """Write ``text`` so that it ends at column ``width``, if there is room with a gap of two."""
        text = for_screen(text)
        start = width - cell_len(text)
        return self.to(start).add(text, tone) if start >= self.width + 2 or not self.width else self

    def append(self, other: Line) -> Line:
        """Write another line's spans behind what is there."""
        return self.append_spans(other._spans, other.width)

    def append_spans(self, spans: Iterable[Span], width: int) -> Line:
        """Write the spans of another line behind what is there; they fill ``width`` cells."""
        for text, tone in spans:
            self._put(text, tone)
        self.width += width
        return self

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self._spans)

    def spans(self, width: int) -> tuple[Span, ...]:
        """The line in exactly ``width`` cells."""
        if self.width == width:
            return tuple(self._spans)
        spans: list[Span] = []
        left = width
        for index, (text, tone) in enumerate(self._spans):
            length = cell_len(text)
            if length > left or (length == left and index + 1 < len(self._spans)):
                # One cell is kept for the ellipsis even where the text itself would just fit.
                cut = fit(text + " ", left) if length == left else fit(text, left)
                if cut:
                    spans.append((cut, tone))
                return tuple(spans)
            spans.append((text, tone))
            left -= length
        if left > 0:
            if spans and spans[-1][1] is Tone.PLAIN:
                spans[-1] = (spans[-1][0] + " " * left, Tone.PLAIN)
            else:
                spans.append((" " * left, Tone.PLAIN))
        return tuple(spans)


def flow(parts: Iterable[str], gap: str, width: int) -> list[Line]:
    """Parts one behind the other with ``gap`` between them, each whole, in as many lines as that takes."""
    lines: list[Line] = []
    for part in parts:
        if lines and lines[-1].width + len(gap) + len(part) <= width:
            lines[-1].add(f"{gap}{part}")
        else:
            lines.append(Line(part))
    return lines


def changed_width(old: tuple[Span, ...], new: tuple[Span, ...], width: int) -> int:
    """The number of cells from the left that have to be painted again to turn ``old`` into ``new``.

    Both are ``width`` cells wide. What is the same at the right end stays on the terminal: the
    compositor crops repaints on the right only.
    """
    same = 0
    for (old_text, old_tone), (new_text, new_tone) in zip(reversed(old), reversed(new), strict=False):
        if old_tone is not new_tone:
            break
        if old_text == new_text:
            same += cell_len(new_text)
            continue
        common = 0
        for before, after in zip(reversed(old_text), reversed(new_text), strict=False):
            if before != after:
                break
            common += 1
        if common:
            same += cell_len(new_text[-common:])
        break
    return max(0, width - same)
