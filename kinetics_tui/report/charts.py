"""The charts of the page as data: boxes and words with their places, which the template draws as SVG.

Shapes take their colours from the page by their kind: ``done``, ``failed``, ``left``, ``bar``, ``doing-N``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kinetics_tui.base.words import counted, duration_text, shares_text
from kinetics_tui.report.digest import (
    OF_FAILED,
    Rates,
    failed_share_text,
    failed_shares,
    label_text,
    seconds_by_doing,
)
from kinetics_tui.report.figures import Doing, Histogram, Progress, Report, Session

WIDTH = 760
"""Units across; a page scales a chart to its own width."""
WORST, BEST = 15, 5
MOST_SESSIONS = 40
MOST_COLUMNS = 240
_ROW, _THICK = 24, 14
_CHARACTER = 6.6
"""The average width of a character of the small type."""
_NAME_MOST, _BAR_LEAST = 250, 150
_CHART_TOP, _CHART_HEIGHT = 18, 150
_BAND_HEIGHT = 30
_SLIVER = 0.8
"""So wide or high is at least what is more than nothing."""
_SHORTEST_PIECE = 1 / 2000
"""Of a band: what is shorter cannot be seen, and thousands of it would make the page large."""

Dated = Callable[[float], str]
"""A moment, in seconds since 1970, as words."""


class Box(NamedTuple):
    """A rectangle; ``tip`` is what it is, for a reader who points at it."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    tip: str = ""


class Words(NamedTuple):
    """Words that begin, or by their ``anchor`` end, at a place; ``tip`` has them in full if they are cut."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = "name"
    tip: str = ""


class Chart(NamedTuple):
    """Shapes on a drawing of ``WIDTH`` times ``height``; ``lines`` are the heights of lines across it."""

    title: str
    height: float
    boxes: list[Box]
    words: list[Words]
    lines: Sequence[float] = ()


class Bar(NamedTuple):
    """A row of a bar chart; ``parts`` are its pieces from the left: kind, and share of the longest bar."""

    name: str
    figures: str
    parts: Sequence[tuple[str, float]]


def bars(title: str, rows: Sequence[Bar]) -> Chart:
    """Horizontal bars, a row each."""
    longest = max((len(row.name) for row in rows), default=0)
    left = min(_NAME_MOST, longest * _CHARACTER + 12)
    behind = max((len(row.figures) for row in rows), default=0)
    room = max(_BAR_LEAST, WIDTH - left - behind * _CHARACTER - 16)
    fit = int((left - 8) / _CHARACTER)
    chart = Chart(title, len(rows) * _ROW, [], [])
    for number, row in enumerate(rows):
        top = number * _ROW + (_ROW - _THICK) / 2
        base = number * _ROW + _ROW / 2 + 4
        name = row.name if len(row.name) <= fit else row.name[: max(1, fit - 1)] + "…"
        chart.words.append(Words(left - 8, base, name, "end", tip=row.name if name != row.name else ""))
        x = left
        for kind, share in row.parts:
            width = max(0.0, min(1.0, share)) * room
            if width > 0:
                chart.boxes.append(Box(kind, x, top, max(width, _SLIVER), _THICK))
            x += width
        chart.words.append(Words(x + 8, base, row.figures, kind="figures"))
    return chart


def columns(title: str, values: Sequence[float], ends: tuple[str, str], most: str) -> Chart:
    """Upright columns side by side; ``ends`` are words below the left and right end, ``most`` at the top."""
    bottom = _CHART_TOP + _CHART_HEIGHT
    highest = max(values, default=0.0) or 1.0
    step = WIDTH / max(1, len(values))
    gap = 1.5 if step > 6 else 0.0
    boxes = []
    for number, value in enumerate(values):
        if value > 0:
            tall = max(value / highest * _CHART_HEIGHT, _SLIVER)
            boxes.append(Box("bar", number * step, bottom - tall, step - gap, tall))
    words = [Words(0, _CHART_TOP - 6, most, kind="figures"), *_ends(bottom + 16, ends)]
    return Chart(title, bottom + 22, boxes, words, lines=(_CHART_TOP, bottom))


def _ends(y: float, ends: tuple[str, str]) -> list[Words]:
    return [Words(0, y, ends[0]), Words(WIDTH, y, ends[1], "end")]


def splits(report: Report) -> Chart:
    """A bar a split, all equally long, in what became of its clips."""
    rows = [
        Bar(
            part.split,
            f"{part.done:,} of {part.total:,}",
            [(kind, getattr(part, kind) / part.total) for kind in ("done", "failed", "left", "off")],
        )
        for part in report.splits
        if part.total
    ]
    return bars("Done, failed and left of each split", rows)


def classes(found: Sequence[Progress]) -> list[tuple[str, Chart]]:
    """The classes that lost the most and the least of what was tried; ``found`` as ``by_label`` has them.

    Each chart comes with its heading, which is empty where one chart has room for all.
    """
    tried = [part for part in found if part.done + part.failed]
    rows = [
        Bar(
            label_text(part.label),
            f"{failed_share_text(part)}  ({part.failed:,} of {part.done + part.failed:,})",
            [("failed", part.failed_share / (tried[0].failed_share or 1.0))],
        )
        for part in tried
    ]
    if len(rows) > WORST + BEST:
        worst, best = rows[:WORST], rows[-BEST:]
        return [
            ("failed most", bars("Classes that failed most", worst)),
            ("failed least", bars("Classes that failed least", best)),
        ]
    return [("", bars("Share that failed, by class", rows))] if rows else []


def failures(report: Report) -> Chart:
    """A bar a category."""
    rows = [
        Bar(
            count.name,
            f"{count.clips:,}  ({share} {OF_FAILED})",
            [("failed", count.clips / report.failures[0].clips)],
        )
        for count, share in zip(report.failures, failed_shares(report), strict=True)
    ]
    return bars("Failures by category", rows)


def histogram(found: Histogram) -> Chart:
    """Clips by seconds, as far as the fences reach."""
    most = counted(max(found.clips), "clip")
    last = f"{len(found.clips) * found.bin_s:,.6g} s; {counted(found.beyond, 'clip')} took longer"
    return columns("Clips by the seconds they took", found.clips, ("0 s", last), most)


def over_time(report: Report, dated: Dated) -> Chart:
    """One long bar: what the run did, from its beginning to its end."""
    began_at, ended_at = report.stretches[0].began_at, report.stretches[-1].ended_at
    whole_s = ended_at - began_at
    boxes = [
        Box(
            _kind(stretch.doing),
            (stretch.began_at - began_at) / whole_s * WIDTH,
            0,
            max(0.5, stretch.took_s / whole_s * WIDTH),
            _BAND_HEIGHT,
            f"{stretch.doing.value}: {duration_text(stretch.took_s)} from {dated(stretch.began_at)}",
        )
        for stretch in report.stretches
        if stretch.took_s >= whole_s * _SHORTEST_PIECE
    ]
    ends = _ends(_BAND_HEIGHT + 16, (dated(began_at), dated(ended_at)))
    return Chart("What the run did over time", _BAND_HEIGHT + 22, boxes, ends)


def spent(report: Report) -> Chart:
    """A bar for each thing that the run did, in the colours of ``over_time``."""
    sums = seconds_by_doing(report)
    whole_s = sum(seconds for _, seconds in sums)
    shares = shares_text([seconds for _, seconds in sums])
    rows = [
        Bar(doing.value, f"{duration_text(seconds)}  ({share})", [(_kind(doing), seconds / whole_s)])
        for (doing, seconds), share in zip(sums, shares, strict=True)
    ]
    return bars("Where the time went", rows)


def _kind(doing: Doing) -> str:
    return f"doing-{list(Doing).index(doing)}"


def sessions(found: Sequence[Session], dated: Dated) -> Chart:
    """Clips of each session, the newest first as ``found`` is."""
    most = max(session.clips for session in found)
    rows = [
        Bar(
            f"session {len(found) - place}" if session.began_at is None else dated(session.began_at),
            f"{session.clips:,}  {session.why}",
            [("bar", session.clips / most)],
        )
        for place, session in enumerate(found[:MOST_SESSIONS])
    ]
    return bars("Clips of each session, the newest first", rows)


def rates(found: Rates, dated: Dated) -> Chart:
    """Clips an hour over the whole run."""
    ends = (dated(found.began_at), dated(found.ended_at))
    return columns("Clips an hour", found.per_hour, ends, f"{max(found.per_hour):,.0f} clips an hour")
