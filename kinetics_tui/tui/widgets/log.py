"""The log panel: what happened last."""

from __future__ import annotations

from datetime import tzinfo
from itertools import islice

from kinetics_tui.model.events import LogLine
from kinetics_tui.tui.lines import Line, Span, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import clock_text, paragraph
from kinetics_tui.tui.widgets.panel import Panel

_WORD_WIDTH = 8
_ROOM_LEAST = 20
"""In fewer cells than this an entry is cut, not wrapped."""
_WHY_FIRST = {"failed", "put back"}
_TONES = {
    # By far the most frequent: without a tone of its own it shares a run of style with what follows.
    "done": Tone.PLAIN,
    "failed": Tone.BAD,
    "error": Tone.BAD,
    "put back": Tone.WARN,
    "warning": Tone.WARN,
    "worker": Tone.WARN,
}


def log_line(entry: LogLine, zone: tzinfo | None) -> Line:
    """One entry: time, what, whom, particulars; where a clip did not come through, why before whom."""
    line = Line(f"{clock_text(entry.at, zone)}  ", Tone.BAR)
    line.cell(entry.word, max(_WORD_WIDTH, len(entry.word)), _TONES.get(entry.word, Tone.STRONG))
    for text, tone in _parts(entry):
        line.add(f"  {text}", tone)
    return line


def log_lines(entry: LogLine, zone: tzinfo | None, width: int) -> list[Line]:
    """One entry in as many lines as it takes: nothing of it is cut."""
    whole = log_line(entry, zone)
    if whole.width <= width:
        return [whole]
    head = log_line(LogLine(entry.at, entry.word), zone)
    room = width - head.width - 2
    if room < _ROOM_LEAST:
        return [whole]
    rows = [(row, tone) for text, tone in _parts(entry) for row in paragraph(text, room)]
    lines = [head, *(Line(" " * head.width) for _ in rows[1:])]
    for line, (row, tone) in zip(lines, rows, strict=True):
        line.add(f"  {row}", tone)
    return lines


def _parts(entry: LogLine) -> list[Span]:
    subject, detail = (entry.subject, Tone.PLAIN), (entry.detail, Tone.DIM if entry.subject else Tone.PLAIN)
    parts = [detail, subject] if entry.word in _WHY_FIRST else [subject, detail]
    return [part for part in parts if part[0]]


class LogPanel(Panel):
    """The last lines of the log; in full view all that are kept, none of them cut."""

    number = 5
    heading = "Log"
    from_end = True

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        log = moment.state.log
        if self.full:
            return [line for entry in log for line in log_lines(entry, moment.zone, width)]
        first = max(0, len(log) - height)
        return [log_line(entry, moment.zone) for entry in islice(log, first, None)]
