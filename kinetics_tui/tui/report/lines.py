"""The whole report in lines of a terminal: splits, classes, categories, sessions, bytes, clips an hour."""

from __future__ import annotations

from datetime import tzinfo

from kinetics_tui.base.words import counted, dated, duration_text
from kinetics_tui.report.digest import (
    NETWORK_TITLES,
    OF_FAILED,
    OF_SETTLED,
    archive_counts,
    by_label,
    endings_text,
    failed_share_text,
    failed_shares,
    fruitful,
    headline,
    label_text,
    network_cells,
    progress_cells,
    progress_titles,
    rates,
    rates_text,
    refusals_text,
    several_networks,
    sources_text,
    traffic_text,
)
from kinetics_tui.report.figures import Progress, Report, Session
from kinetics_tui.tui.parts.blocks import chart
from kinetics_tui.tui.parts.lines import Line, Tone, paragraph
from kinetics_tui.tui.report.tables import (
    Row,
    effort_lines,
    histogram_lines,
    seconds_lines,
    span_line,
    spent_lines,
    table_lines,
)

WORST, BEST = 10, 5
"""The number of classes shown of each end."""


def split_lines(report: Report, width: int) -> list[Line]:
    """A row a split; the bar is what is done of it."""
    if not report.splits:
        return []
    parts = [(split.split, split) for split in report.splits]
    if len(parts) > 1:
        parts.append(("all of it", report.whole))
    rows = [
        Row(name, progress_cells(report, part), part.done / part.total if part.total else 0.0)
        for name, part in parts
    ]
    return table_lines(("", *progress_titles(report)), rows, width)


def class_lines(report: Report, width: int) -> list[Line]:
    """The classes that lost the most and the least; the bar compares the shares that failed."""
    classes = [part for part in by_label(report) if part.done + part.failed]
    if len(classes) < 2:
        return []
    most = classes[0].failed_share
    if len(classes) <= WORST + BEST:
        return _classes("all", classes, most, width)
    lines = _classes("failed most", classes[:WORST], most, width)
    return [*lines, Line(), *_classes("failed least", classes[-BEST:], most, width)]


def _classes(title: str, classes: list[Progress], most: float, width: int) -> list[Line]:
    rows = [
        Row(
            label_text(part.label),
            (f"{part.done:,}", f"{part.failed:,}", failed_share_text(part)),
            part.failed_share / most if most else 0.0,
        )
        for part in classes
    ]
    return table_lines((title, "done", "failed", OF_SETTLED), rows, width)


def failure_lines(report: Report, width: int) -> list[Line]:
    """Categories, the most frequent first, and what is tried again."""
    lines = _categories(report, width) if report.failures else [Line("no clip has failed", Tone.DIM)]
    if report.retried:
        names = ", ".join(f"{count.clips:,} {count.name}" for count in report.retried)
        lines += [Line(row, Tone.DIM) for row in paragraph(f"tried again later: {names}", width)]
    return lines


def _categories(report: Report, width: int) -> list[Line]:
    failed = sum(count.clips for count in report.failures)
    rows = [
        Row(count.name, (f"{count.clips:,}", share), count.clips / failed)
        for count, share in zip(report.failures, failed_shares(report), strict=True)
    ]
    return table_lines(("", "clips", OF_FAILED), rows, width)


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
    titles = ["began" if told else "session", "clips", "took", *["ended"] * told, *["network"] * wide]
    rows = []
    for place, session in enumerate(newest):
        cells = [f"{session.clips:,}", duration_text(session.took_s)]
        cells += [*[session.why] * told, *[session.network] * wide]
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


def network_lines(report: Report, width: int) -> list[Line]:
    """The work by each network, where there were several."""
    networks = several_networks(report)
    if not networks:
        return []
    most = networks[0].clips
    wide = width >= _WIDE
    rows = [
        Row(one.network, network_cells(one), one.clips / most if wide and most else None) for one in networks
    ]
    return table_lines(NETWORK_TITLES, rows, width)


def source_lines(report: Report, width: int) -> list[Line]:
    """From where the clips come, where some are out of archives."""
    said = [Line(row) for row in paragraph(sources_text(report.sources), width)]
    counts = archive_counts(report.sources)
    if not counts:
        return []
    most = max(count.clips for count in counts)
    rows = [Row(count.name, (f"{count.clips:,}",), count.clips / most) for count in counts]
    return [*said, *table_lines(("archive", "clips"), rows, width)]


def traffic_lines(report: Report, width: int) -> list[Line]:
    """The wire against the disk."""
    if report.traffic is None:
        return []
    return [
        Line(row)
        for sentence in traffic_text(report.traffic, report.sources)
        for row in paragraph(sentence, width)
    ]


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
        ("Networks", network_lines(report, width)),
        ("Sources", source_lines(report, width)),
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
