"""Which failed clips are shown, in one line."""

from __future__ import annotations

from kinetics_tui.tui.failed_view import FailedView
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.widgets.canvas import Canvas


class FilterLine(Canvas):
    """The filters that are on; without any, how to put one on."""

    def __init__(self, view: FailedView) -> None:
        super().__init__(id="filter")
        self._view = view

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        category, label, text = self._view.filter
        parts = [
            ("category", None if category is None else category.value),
            ("class", label if label != "" else "none"),
            ("text", text or None),
        ]
        line = Line(" only  ", Tone.DIM)
        shown = [(name, value) for name, value in parts if value is not None]
        for name, value in shown:
            line.add(f"{name} ", Tone.DIM).add(value, Tone.STRONG).add("   ")
        return [line if shown else Line(" all failed clips, the last one first", Tone.DIM)]
