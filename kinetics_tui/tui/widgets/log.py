"""The log panel: what happened last."""

from __future__ import annotations

from datetime import tzinfo
from itertools import islice

from kinetics_tui.model.events import LogLine
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.text import clock_text
from kinetics_tui.tui.widgets.panel import Panel

_WORD_WIDTH = 8
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
    """One entry: time, what, whom, particulars."""
    line = Line(f"{clock_text(entry.at, zone)}  ", Tone.BAR)
    line.cell(entry.word, max(_WORD_WIDTH, len(entry.word)), _TONES.get(entry.word, Tone.STRONG))
    if entry.subject:
        line.add(f"  {entry.subject}")
    return line.add(f"  {entry.detail}", Tone.DIM if entry.subject else Tone.PLAIN) if entry.detail else line


class LogPanel(Panel):
    """The last lines of the log; in full view all that are kept."""

    number = 5
    heading = "Log"
    from_end = True

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        log = moment.state.log
        first = 0 if self.full else max(0, len(log) - height)
        return [log_line(entry, moment.zone) for entry in islice(log, first, None)]
