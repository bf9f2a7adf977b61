"""The report as it was last made, scrolled by keys."""

from __future__ import annotations

from kinetics_tui.report.figures import Report
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.moment import Moment
from kinetics_tui.tui.report.lines import report_lines
from kinetics_tui.tui.text import age_text, paragraph
from kinetics_tui.tui.widgets.panel import Panel

MAKING = "Adding it up. A large dataset takes some seconds."


class ReportPanel(Panel):
    """Shows a report, that one is being made, or why there is none."""

    heading = "Report"

    def __init__(self) -> None:
        super().__init__()
        self.full = True
        self.making = False
        """Whether a newer one is being made."""
        self.problem = ""
        """Why the last one could not be made."""
        self._report: Report | None = None
        self._lines: list[Line] = []
        self._drawn_for: object = None

    @property
    def report(self) -> Report | None:
        """What is shown."""
        return self._report

    @report.setter
    def report(self, report: Report) -> None:
        self._report, self._drawn_for = report, None

    def body(self, moment: Moment, width: int, height: int) -> list[Line]:
        problem = [Line(row, Tone.BAD) for row in paragraph(self.problem, width)] if self.problem else []
        if self._report is None:
            return problem or [Line(row, Tone.DIM) for row in paragraph(MAKING, width)]
        if self._drawn_for != (width, moment.zone):
            self._drawn_for = (width, moment.zone)
            self._lines = report_lines(self._report, width, moment.zone)
        return [*problem, *self._lines]

    def figures(self, moment: Moment) -> str:
        if self.making:
            return "being made"
        if self._report is None:
            return ""
        age = f"{age_text(moment.now - self._report.at)} old"
        if not self.flat or self._body_length <= self._body_room:
            return age
        # Without a frame there is no line below that says where in it one is.
        end = min(self._body_length, self.first_line + self._body_room)
        return f"{age}  {self.first_line + 1}-{end} of {self._body_length}"
