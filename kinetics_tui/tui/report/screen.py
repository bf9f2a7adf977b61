"""The report screen: what became of the dataset so far, added up when it is opened and when it is asked.

Beside it stand its keys, and the panel that scrolls the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from textual.widget import Widget

from kinetics_tui.base.errors import ReportError
from kinetics_tui.base.words import age_text
from kinetics_tui.report.figures import Report
from kinetics_tui.report.program import make_report
from kinetics_tui.tui.networks.screen import NetworksScreen
from kinetics_tui.tui.parts.bars import Hint, bind, help_key
from kinetics_tui.tui.parts.canvas import BARS, Panel, is_wide
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.parts.palette import Steering
from kinetics_tui.tui.parts.run_screen_base import OnRunScreen
from kinetics_tui.tui.parts.view_state import Moment
from kinetics_tui.tui.report.lines import report_lines

_key = partial(bind, "report")

KEYS = (
    _key("up", "move(-1)", "up", "A line up.", shown_as="↑"),
    _key("down", "move(1)", "down", "A line down.", shown_as="↓"),
    _key("pageup", "page(-1)", "page up", "A page up.", shown_as="PgUp"),
    _key("pagedown,space", "page(1)", "page down", "A page down.", shown_as="PgDn space"),
    _key("home", "to_end(False)", "to the start", "To the first line."),
    _key("end", "to_end(True)", "to the end", "To the last line."),
    _key("r", "make", "make it again", "Add everything up again, as the run stands now."),
    _key("escape,q,ctrl+c", "back", "back", "Back to the run.", shown_as="esc q"),
    help_key("report"),
)
"""Every key, in the order of the help."""

WORDS = (
    ("of settled", "Of the clips that are settled, done or failed for good, how many failed."),
    ("p95", "95 of 100 clips took less."),
    ("fences", "Clips that took far longer or shorter than most are left out: 1.5 times the middle half."),
    ("one after the other", "The mean seconds a clip times all settled clips, as the 2019 write-up has it."),
    ("session", "Work on one network, from a start to a throttle, a pause, a switch or a stop."),
    ("not known", "It waited, and then another engine went on: when the first ended is written nowhere."),
)
"""The words of the report."""

HINTS = (
    Hint("esc", "back", "back"),
    Hint("r", "make again", "make"),
    Hint("↑↓", "move", "move(1)"),
    Hint("PgDn", "page", "page(1)"),
    Hint("end", "to the end", "to_end(True)"),
)


MAKING = "Adding it up. A large dataset takes some seconds."


class ReportPanel(Panel):
    """Shows a report, that one is being made, or why there is none."""

    heading = "Report"

    def __init__(self) -> None:
        super().__init__()
        self.full = True
        self.making = False
        """True if a newer one is being made."""
        self.problem = ""
        """Why the last one could not be made."""
        self.report: Report | None = None
        self._lines: list[Line] = []
        self._drawn_for: object = None

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        problem = [Line(row, Tone.BAD) for row in paragraph(self.problem, width)] if self.problem else []
        if self.report is None:
            return problem or [Line(row, Tone.DIM) for row in paragraph(MAKING, width)]
        drawn_for = (self.report, width, moment.zone)
        if drawn_for != self._drawn_for:
            self._drawn_for = drawn_for
            self._lines = report_lines(self.report, width, moment.zone)
        return [*problem, *self._lines]

    def figures(self, moment: Moment) -> str:
        if self.making:
            return "being made"
        if self.report is None:
            return ""
        age = f"{age_text(moment.now - self.report.at)} old"
        if not self.flat or self._body_length <= self._body_room:
            return age
        # Without a frame there is no line below that says where in it one is.
        end = min(self._body_length, self.first_line + self._body_room)
        return f"{age}  {self.first_line + 1}-{end} of {self._body_length}"


class ReportScreen(OnRunScreen):
    """The figures are of the moment when they were added up, which is told."""

    TITLE = "Report"
    OWN_KEYS = KEYS
    OWN_WORDS = WORDS

    def __init__(self, run: Steering) -> None:
        super().__init__(run)
        self._panel = ReportPanel()

    def open_networks(self) -> None:
        """Show the network screen, where nothing else is in front."""
        if self.is_active:
            self.app.push_screen(NetworksScreen(self._run))

    # -- looking at the report ----------------------------------------------------------------------------

    @property
    def moved(self) -> Panel:
        return self._panel

    def body_widgets(self) -> Iterable[Widget]:
        return (self._panel,)

    def hints(self, moment: Moment) -> Sequence[Hint]:
        return HINTS

    def on_mount(self) -> None:
        super().on_mount()
        self.action_make()

    def show_body(self, moment: Moment, *, urgent: bool) -> None:
        width, height = self.size
        self._panel.flat = not is_wide(width, height)
        self._panel.styles.height = max(0, height - BARS)
        self._panel.show(moment, urgent=urgent)

    # -- making it ----------------------------------------------------------------------------------------

    def action_make(self) -> None:
        if not self._panel.making:
            self._panel.making = True
            self.run_worker(self._make(), group="report")
            self.tick(urgent=True)

    async def _make(self) -> None:
        try:
            self._panel.report = await make_report(Path(self.link.state.dataset))
            self._panel.problem = ""
        except ReportError as error:
            self._panel.problem = str(error)
        finally:
            self._panel.making = False
        self.tick(urgent=True)
