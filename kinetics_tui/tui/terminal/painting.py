"""Painting over a line: only what it can carry now, and in as few bytes as show the same."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, groupby, zip_longest
from typing import Any, Generic, NamedTuple, TypeVar, cast

from rich.console import Console, RenderableType
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen

from kinetics_tui.tui.parts.line_speed import LineSpeed
from kinetics_tui.tui.terminal.driver import TerminalDriver

PLENTY_BYTES = 1 << 14
"""With room for so much a frame is painted whole."""
OLD_S = 1.5
"""A line that was painted so long ago and has changed is not to wait for a new picture to be complete."""
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_MOVES = re.compile(r"(?:\x1b\[[\d;]*H|[\r\n])*")
_ATTRIBUTE = re.compile(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+")
_SEEN_ON_LETTERS_ONLY = frozenset("123")
"""Bold, dim, italic."""


Span = tuple[int, int, int]
"""A line, and where what has changed in it begins and ends."""


class Style(NamedTuple):
    """A style as the terminal has it: colours and other attributes by their numbers."""

    attributes: frozenset[str] = frozenset()
    colour: str = "39"
    ground: str = "49"


PLAIN = Style()


@cache
def _styled(style: Style, numbers: str) -> Style:
    """The style after a sequence of attributes."""
    for number in _ATTRIBUTE.findall(numbers or "0"):
        kind = number.partition(";")[0]
        if number == "0":
            style = PLAIN
        elif kind in ("38", "39") or (len(kind) == 2 and kind[0] in "39"):
            style = style._replace(colour=number)
        elif kind in ("48", "49") or kind[:-1] in ("4", "10"):
            style = style._replace(ground=number)
        else:
            style = style._replace(attributes=style.attributes | {number})
    return style


@cache
def _change(shown: Style, wanted: Style) -> str:
    """The shortest sequence from one style to another."""
    numbers = []
    if not shown.attributes <= wanted.attributes:
        numbers, shown = ["0"], PLAIN
    numbers += sorted(wanted.attributes - shown.attributes)
    numbers += [wanted.colour] * (wanted.colour != shown.colour)
    numbers += [wanted.ground] * (wanted.ground != shown.ground)
    return f"\x1b[{';'.join(numbers)}m" if numbers else ""


def shortened(painted: str) -> str:
    """The same picture in about half the bytes: a style is changed, not set from nothing for each run."""
    wanted = shown = PLAIN
    short = []
    for index, piece in enumerate(_STYLE.split(painted)):
        if index % 2:
            wanted = _styled(wanted, piece)
        elif piece:
            if not _MOVES.fullmatch(piece):
                new = wanted
                if not piece.strip(" ") and wanted.attributes | shown.attributes <= _SEEN_ON_LETTERS_ONLY:
                    new = shown._replace(ground=wanted.ground)
                short.append(_change(shown, new))
                shown = new
            short.append(piece)
    if shown != PLAIN:
        short.append("\x1b[m")
    return "".join(short)


class Frame(CompositorUpdate):
    """What is written to paint an update, or a part of it."""

    def __init__(self, text: str) -> None:
        self.text = shortened(text)

    def render_segments(self, console: Console) -> str:
        return self.text


T = TypeVar("T")


class LineApp(App[T], Generic[T]):
    """An app whose terminal may be far away: it paints what the ``line`` can carry now, the rest later.

    What is not painted stays dirty and is rendered when its turn comes, so that nothing old is ever sent.
    """

    def __init__(self, line: LineSpeed, **options: Any) -> None:
        super().__init__(driver_class=TerminalDriver, **options)
        self.line = line
        self._rest = False
        self._shown_at: dict[int, float] = {}
        """When each line was painted last."""
        self._silence: asyncio.TimerHandle | None = None

    def paint_rest(self) -> None:
        """Paint what there was no room for."""
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if self._rest and self._running and not self._batch_count:
            self._rest = False
            with self._context():
                self.screen._compositor_refresh()

    def _end_batch(self) -> None:
        super()._end_batch()
        if not self._batch_count:
            self.call_later(self.paint_rest)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver, update = self._driver, cast(object, renderable)
        if not isinstance(driver, TerminalDriver) or not isinstance(update, CompositorUpdate):
            super()._display(screen, renderable)
            return
        frame, rest = self._divide(screen, update, 0 if self._batch_count else driver.room())
        if rest:
            screen._compositor._dirty_regions.update(rest)
            self._rest = True
            if self._silence is None:
                self._silence = asyncio.get_running_loop().call_later(self.line.patience_s, self.paint_rest)
        super()._display(screen, cast(RenderableType, frame))
        driver.ask()

    def _divide(
        self, screen: Screen[Any], update: CompositorUpdate, room: int
    ) -> tuple[Frame | None, list[Region]]:
        """The lines of an update that there is room for, at least one if for any, and the regions left over.

        A new picture comes from the top.
        """
        if isinstance(update, LayoutUpdate):
            self._shown_at.clear()
        if room < PLENTY_BYTES and isinstance(update, LayoutUpdate):
            x, top, width, height = update.region
            lines = [Region(x, y, width, 1) for y in range(top, top + height)]
            if not room:
                return None, lines
            screen._compositor._dirty_regions.update(lines)
            update = screen._compositor.render_partial_update() or update
        if not isinstance(update, ChopsUpdate) or room >= PLENTY_BYTES:
            return Frame(update.render_segments(self.console)), []
        rest: list[Region] = []
        painted = ""
        for y, spans in self._in_turn(update.spans):
            more = ChopsUpdate(update.chops, spans, update.chop_ends).render_segments(self.console)
            if not rest and room and (not painted or len(shortened(painted + more).encode()) <= room):
                painted += more
                self._shown_at[y] = time.monotonic()
            else:
                rest += [Region(x1, y, x2 - x1, 1) for y, x1, x2 in spans]
        return Frame(painted) if painted else None, rest

    def _in_turn(self, spans: Iterable[Span]) -> Iterator[tuple[int, list[Span]]]:
        """The lines of an update: in turn two new ones and an old one, then those just painted."""
        lines = {y: list(of_line) for y, of_line in groupby(sorted(spans), key=lambda span: span[0])}
        new = [y for y in lines if y not in self._shown_at]
        shown = sorted(lines.keys() - new, key=lambda y: self._shown_at[y])
        old = [y for y in shown if time.monotonic() - self._shown_at[y] > OLD_S]
        for y in (*chain.from_iterable(zip_longest(old, new[::2], new[1::2])), *shown[len(old) :]):
            if y is not None:
                yield y, lines[y]
