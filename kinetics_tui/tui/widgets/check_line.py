"""What the last check of a network came to, or that one is under way."""

from __future__ import annotations

from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import clock_text, paragraph, when_text
from kinetics_tui.tui.widgets.canvas import Canvas

LINES_MOST = 3


def check_lines(moment: Moment, checking: str, width: int) -> list[Line]:
    """``checking`` is the label of a network that is being checked, else empty."""
    if checking:
        return [Line(f" checking {checking}: one request is on its way ...", Tone.STRONG)]
    checked = moment.state.checked
    if checked is None:
        return []
    at = clock_text(checked.at, moment.zone)
    day = when_text(checked.at, moment.now, moment.zone)
    when = at if at.startswith(day) else day
    text = checked.text if checked.label in checked.text else f"{checked.label}: {checked.text}"
    mark, tone = ("ok", Tone.GOOD) if checked.ok else ("!", Tone.WARN)
    head = Line(f" check {when}  ", Tone.DIM).add(f"{mark}  ", tone)
    first, *rest = paragraph(text, max(1, width - head.width - 1)) or [""]
    lines = [Line().append(head).add(first)]
    return [*lines, *(Line(" " * head.width).add(row) for row in rest)][:LINES_MOST]


class CheckLine(Canvas):
    """One line, or a few where the terminal is narrow; the screen gives it as many as it needs."""

    def __init__(self) -> None:
        super().__init__(id="check")
        self.checking = ""

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        return check_lines(moment, self.checking, width)
