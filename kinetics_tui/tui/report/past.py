"""What happened: sessions, bytes, and clips an hour over the whole run."""

from __future__ import annotations

from datetime import tzinfo

from kinetics_tui.model.durations import duration_text
from kinetics_tui.report.digest import (
    dated,
    endings_text,
    fruitful,
    rates,
    rates_text,
    refusals_text,
    traffic_text,
)
from kinetics_tui.report.figures import Report, Session
from kinetics_tui.tui.blocks import chart
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.report.table import Row, table_lines
from kinetics_tui.tui.report.time_spent import span_line
from kinetics_tui.tui.text import counted, paragraph

SESSIONS = 15
"""So many are shown, the newest; the others are counted."""
_CHART_ROWS = 6
_WIDE = 100


def session_lines(report: Report, width: int, zone: tzinfo | None) -> list[Line]:
    """Clips before each stop and why it came, the newest first."""
    sessions = fruitful(report)
    if not sessions:
        return []
    most = max(session.clips for session in sessions)
    newest = sessions[: -SESSIONS - 1 : -1]
    told = any(session.began_at is not None for session in newest)
    wide = width >= _WIDE and told
    titles = ["began" if told else "session", "clips", "took"]
    if told:
        titles.append("ended")
    if wide:
        titles.append("network")
    rows = []
    for place, session in enumerate(newest):
        cells = [f"{session.clips:,}", duration_text(session.took_s)]
        if told:
            cells.append(session.why)
        if wide:
            cells.append(session.network)
        rows.append(Row(_name(session, len(sessions) - place, zone), cells, session.clips / most))
    lines = table_lines(titles, rows, width)
    if len(sessions) > len(newest):
        earlier = len(sessions) - len(newest)
        fetched = sum(session.clips for session in sessions[:earlier])
        lines.append(Line(f"{counted(earlier, 'earlier session')} with {counted(fetched, 'clip')}", Tone.DIM))
    said = (endings_text(report), refusals_text(report))
    return [*lines, *(Line(row, Tone.DIM) for text in said for row in paragraph(text, width))]


def _name(session: Session, number: int, zone: tzinfo | None) -> str:
    return f"{number}" if session.began_at is None else dated(session.began_at, zone)


def traffic_lines(report: Report, width: int) -> list[Line]:
    """The wire against the disk."""
    if report.traffic is None:
        return []
    return [Line(row) for sentence in traffic_text(report.traffic) for row in paragraph(sentence, width)]


def rate_lines(report: Report, width: int, zone: tzinfo | None) -> list[Line]:
    """A chart over the whole run; a dot is time without a clip."""
    found = rates(report.hours, width)
    if found is None:
        return []
    lines = [Line(row, Tone.DIM) for row in paragraph(rates_text(found), width)]
    if len(found.per_hour) == 1:
        return lines
    lines += [Line(row, Tone.BAR) for row in chart(found.per_hour, _CHART_ROWS)]
    return [*lines, span_line(found.began_at, found.ended_at, max(1, len(found.per_hour)), zone)]
