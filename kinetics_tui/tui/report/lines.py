"""The whole report in lines of a terminal."""

from __future__ import annotations

from datetime import tzinfo

from kinetics_tui.report.digest import dated, headline
from kinetics_tui.report.figures import Report
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.report.counts import class_lines, failure_lines, split_lines
from kinetics_tui.tui.report.past import rate_lines, session_lines, traffic_lines
from kinetics_tui.tui.report.seconds import effort_lines, histogram_lines, seconds_lines
from kinetics_tui.tui.report.time_spent import spent_lines
from kinetics_tui.tui.text import paragraph


def report_lines(report: Report, width: int, zone: tzinfo | None = None) -> list[Line]:
    """All of it in lines of at most ``width`` cells; ``zone`` is that of times of day (None: local).

    What the source of the report does not tell is left out.
    """
    sections = (
        ("Splits", split_lines(report, width)),
        ("Classes", class_lines(report, width)),
        ("Why clips failed", failure_lines(report, width)),
        ("Seconds a clip", seconds_lines(report, width)),
        ("How long a clip took", histogram_lines(report, width)),
        ("One after the other", effort_lines(report, width)),
        ("Where the time went", spent_lines(report, width, zone)),
        ("Sessions", session_lines(report, width, zone)),
        ("Bytes", traffic_lines(report, width)),
        ("Clips an hour", rate_lines(report, width, zone)),
    )
    lines = _opening(report, width, zone)
    for heading, body in sections:
        if body:
            lines += [Line(), _rule(heading, width), *body]
    return lines


def _opening(report: Report, width: int, zone: tzinfo | None) -> list[Line]:
    title = Line(report.title, Tone.STRONG).right(dated(report.at, zone), width, Tone.DIM)
    source = [Line(row, Tone.DIM) for row in paragraph(report.source, width)]
    said = [Line(row, Tone.STRONG) for row in paragraph(headline(report), width)]
    notes = [Line(row, Tone.WARN) for note in report.notes for row in paragraph(note, width)]
    return [title, *source, *said, *notes]


def _rule(heading: str, width: int) -> Line:
    line = Line("── ", Tone.BORDER).add(heading, Tone.ACCENT).add(" ")
    return line.add("─" * max(0, width - line.width), Tone.BORDER)
