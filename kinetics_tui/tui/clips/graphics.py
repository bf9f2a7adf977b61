"""Pictures laid over the text of the screen, on terminals with graphics.

The panel leaves the room blank, and the sequences follow what was painted. What covers the panel, or takes it
away, has them taken away first.
"""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.base.graphics import kitty_forget, kitty_show
from kinetics_tui.model.clip_queries import Pictures
from kinetics_tui.model.options import PictureKind
from kinetics_tui.tui.clips.pictures import GAP, Grid
from kinetics_tui.tui.terminal.terminal import cell_size_px

_FIRST_NUMBER = 7001
"""Of the pictures as Kitty knows them; other programs in the same window have their own."""
_SAVE, _RESTORE = "\x1b7", "\x1b8"
KITTY_CELL_PX = 5, 10
"""Pixels sent for a cell, which Kitty scales up: the usual cell has twice as many each way."""

Placed = tuple[int, int, Grid, Pictures]
"""Column and row of the grid's corner on the screen, counted from 0, and what is in it."""


class Overlay:
    """The pictures on the screen; ``write`` sends sequences, ``paint_over`` has the panel painted again."""

    def __init__(
        self, kind: PictureKind, write: Callable[[str], object], paint_over: Callable[[], object]
    ) -> None:
        self._kind = kind
        self._write = write
        self._paint_over = paint_over
        self._shown: Placed | None = None

    @staticmethod
    def cell_px(kind: PictureKind) -> tuple[int, int] | None:
        """The pixels that are wanted for a cell; None: the terminal does not tell how large it is."""
        if kind is PictureKind.BLOCKS:
            return 1, 2
        return KITTY_CELL_PX if kind is PictureKind.KITTY else cell_size_px()

    @property
    def shown(self) -> Placed | None:
        """The pictures that are on the screen."""
        return self._shown

    def show(self, placed: Placed) -> None:
        """Show these, of which nothing else may be on the screen."""
        left, top, grid, pictures = placed
        sequences = [_SAVE]
        for number, data in enumerate(pictures.pictures[: grid.number]):
            down, across = divmod(number, grid.across)
            y, x = top + down * (grid.rows + GAP) + 1, left + across * (grid.columns + GAP) + 1
            sequences.append(f"\x1b[{y};{x}H")
            if self._kind is PictureKind.SIXEL:
                sequences.append(data.decode("ascii"))
            else:
                size_px = pictures.width_px, pictures.height_px
                cells = grid.columns, grid.rows
                sequences.append(kitty_show(_FIRST_NUMBER + number, data, size_px, cells))
        self._write("".join((*sequences, _RESTORE)))
        self._shown = placed

    def clear(self) -> None:
        """Take away what is shown."""
        if self._shown is None:
            return
        count = len(self._shown[3].pictures)
        self._shown = None
        if self._kind is PictureKind.KITTY:
            self._write("".join(kitty_forget(_FIRST_NUMBER + number) for number in range(count)))
        else:
            self._paint_over()  # text takes the place of Sixel
