"""The room between header and keys: five panels, arranged to fit, or one of them in full.

The log panel is here too.
"""

from __future__ import annotations

from datetime import tzinfo
from itertools import islice

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from kinetics_tui.base.words import clock_text
from kinetics_tui.model.events import LogLine
from kinetics_tui.tui.parts.canvas import BARS, Panel
from kinetics_tui.tui.parts.lines import Line, Span, Tone, paragraph
from kinetics_tui.tui.parts.view_state import Moment
from kinetics_tui.tui.run.archives import archive_rows
from kinetics_tui.tui.run.arrangement import Arrangement, Demand, arrange
from kinetics_tui.tui.run.failures import FailuresPanel
from kinetics_tui.tui.run.splits import SplitsPanel
from kinetics_tui.tui.run.throttle import ThrottlePanel
from kinetics_tui.tui.run.workers import WorkersPanel

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


class Stage(Container):
    """Holds the panels and shows them a moment; the size of the screen is handed in with it."""

    class Changed(Message):
        """Another panel was opened, or closed, with the mouse."""

    def __init__(self) -> None:
        super().__init__(id="panels")
        self.splits_panel, self.workers_panel = SplitsPanel(), WorkersPanel()
        self.failures_panel, self.throttle_panel = FailuresPanel(), ThrottlePanel()
        self.log_panel = LogPanel()
        self.panels: tuple[Panel, ...] = (
            self.splits_panel,
            self.workers_panel,
            self.failures_panel,
            self.throttle_panel,
            self.log_panel,
        )
        self.full: Panel | None = None
        """The panel that has the stage for itself."""
        self._arranged: object = None

    def compose(self) -> ComposeResult:
        with Container(classes="pair"):
            yield self.splits_panel
            yield self.throttle_panel
        with Container(classes="pair"):
            yield self.workers_panel
            yield self.failures_panel
        yield self.log_panel

    def show(self, moment: Moment, width: int, height: int, *, spare: int, urgent: bool) -> None:
        """Show a moment on a screen of ``width`` by ``height`` cells, ``spare`` rows of it for a notice."""
        urgent = self._arrange(moment, width, height, spare) or urgent
        for panel in self.panels:
            if panel.display:
                panel.show(moment, urgent=urgent)

    def open(self, name: str) -> None:
        """Give one panel the stage, or take it back if it has it; seen at the next ``show``."""
        panel = next(panel for panel in self.panels if panel.id == name)
        self.full = None if panel is self.full else panel

    def move(self, rows: int) -> None:
        """Scroll the panel in full view, or else move the cursor over the splits."""
        if self.full is None or self.full is self.splits_panel:
            self.splits_panel.move_cursor(rows)
        else:
            self.full.move(rows)

    def _arrange(self, moment: Moment, width: int, height: int, spare: int) -> bool:
        """Give the panels their places; returns whether any of them changed."""
        state = moment.state
        workers = max(len(state.workers), state.workers_wanted)
        if moment.reads_archives:
            workers = archive_rows(state.archives)
        demand = Demand(
            len(state.splits),
            workers,
            moment.cooling,
            moment.held,
            moment.switching,
            networks=len(state.in_use),
        )
        arranged = (width, height, demand, self.full, spare)
        if arranged == self._arranged:
            return False
        self._arranged = arranged
        arrangement = arrange(width, height, demand)
        with self.app.batch_update():
            self.set_class(not arrangement.wide, "-stacked")
            for panel in self.panels:
                self._place(panel, arrangement, height, spare)
            for pair in self.query(".pair"):
                pair.display = any(child.display for child in pair.children)
        self.throttle_panel.set_class(moment.cooling, "-cooling")
        return True

    def _place(self, panel: Panel, arrangement: Arrangement, height: int, spare: int) -> None:
        if self.full is None:
            rows = arrangement.rows(panel.heading.lower())
            if panel is self.log_panel:
                # The newest lines stay in view above a notice; the other panels stay where they are.
                rows = max(0, rows - spare)
        else:
            rows = max(1, height - BARS - spare) if panel is self.full else 0
        in_left_column = (
            self.full is None and arrangement.wide and panel in (self.splits_panel, self.workers_panel)
        )
        panel.flat = not arrangement.wide
        panel.display = rows > 0
        panel.styles.height = rows
        panel.styles.width = f"{arrangement.left_percent}%" if in_left_column else "1fr"
        if panel.full != (panel is self.full):
            panel.set_full(full=panel is self.full)

    def on_panel_opened(self, event: Panel.Opened) -> None:
        event.stop()
        self.open(event.panel.heading.lower())
        self.post_message(self.Changed())
