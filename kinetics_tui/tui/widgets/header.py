"""The top line: the state of the run first, then which run it is, the network, the pace, the time."""

from __future__ import annotations

from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment, headline
from kinetics_tui.tui.text import clean, clock_text, pace_text
from kinetics_tui.tui.widgets.canvas import Canvas


def header_line(moment: Moment, width: int) -> Line:
    """State, title, network and pace; the network and then the pace give way where room is short."""
    state = moment.state
    words, badge = headline(moment)
    line = Line(f" {words} ", badge)
    line.add(f"  {state.title or 'Kinetics'}", Tone.STRONG)
    label, pace = clean(state.network.label), f"pace {pace_text(moment.allowed_per_hour)}"
    for tail in (f"{label}   {pace}" if label else pace, label, pace):
        if tail and line.width + 3 + len(tail) <= width:
            return line.right(tail, width)
    return line


class HeaderLine(Canvas):
    """All of the top line but the clock."""

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        return [header_line(moment, width)]


class Clock(Canvas):
    """The time of day, a widget of its own so that its tick repaints nothing else."""

    def compose_lines(self, moment: Moment, width: int, height: int) -> list[Line]:
        return [Line(f"  {clock_text(moment.now, moment.zone)}", Tone.DIM)]
