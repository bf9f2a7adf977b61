"""The charts of the page as SVG: shapes and words that take their colours from the page around them.

Every word is escaped here. Shapes carry classes: ``done``, ``failed``, ``left``, ``bar``, ``doing-N``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from kinetics_tui.base.safe_text import for_page
from kinetics_tui.base.words import dated, duration_text, share_text
from kinetics_tui.report.digest import Rates, failed_share_text, label_text, seconds_by_doing
from kinetics_tui.report.figures import Doing, Histogram, Progress, Report, Session

WIDTH = 760
"""Units across; a page scales a chart to its own width."""
_ROW, _THICK = 24, 14
_CHARACTER = 6.6
"""How wide a character of the small type is on average."""
_NAME_MOST, _BAR_LEAST = 250, 150
_CHART_HEIGHT = 150


class Part(NamedTuple):
    """A piece of a bar: its share of the longest bar, and its class."""

    share: float
    kind: str


class Bar(NamedTuple):
    """A row of a bar chart: what it is called, its pieces from the left, and the figures behind it."""

    name: str
    parts: Sequence[Part]
    figures: str


class Piece(NamedTuple):
    """A piece of a band: from and to as shares of its length, its class, and what it is."""

    start: float
    end: float
    kind: str
    title: str


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars, a row each."""
    longest = max((len(row.name) for row in rows), default=0)
    left = min(_NAME_MOST, longest * _CHARACTER + 12)
    behind = max((len(row.figures) for row in rows), default=0)
    room = max(_BAR_LEAST, WIDTH - left - behind * _CHARACTER - 16)
    drawn = []
    for number, row in enumerate(rows):
        top = number * _ROW + (_ROW - _THICK) / 2
        base = number * _ROW + _ROW / 2 + 4
        drawn.append(_words(left - 8, base, _fitted(row.name, left), "end", whole=row.name))
        x = left
        for part in row.parts:
            width = max(0.0, min(1.0, part.share)) * room
            if width > 0:
                drawn.append(_box(x, top, max(width, 0.8), _THICK, part.kind))
            x += width
        drawn.append(_words(x + 8, base, row.figures, "start", kind="figures"))
    return _svg(title, len(rows) * _ROW, drawn)


def columns(title: str, values: Sequence[float], ends: Sequence[str], most: str, kind: str = "bar") -> str:
    """Upright columns side by side; ``ends`` are words below the left and right end, ``most`` at the top."""
    top, height = 18, _CHART_HEIGHT
    highest = max(values, default=0.0) or 1.0
    step = WIDTH / max(1, len(values))
    gap = 1.5 if step > 6 else 0.0
    drawn = [
        f'<line class="axis" x1="0" y1="{top}" x2="{WIDTH}" y2="{top}"/>',
        f'<line class="axis" x1="0" y1="{top + height}" x2="{WIDTH}" y2="{top + height}"/>',
        _words(0, top - 6, most, "start", kind="figures"),
    ]
    for number, value in enumerate(values):
        tall = value / highest * height
        if tall > 0:
            tall = max(tall, 0.8)
            drawn.append(_box(number * step, top + height - tall, step - gap, tall, kind))
    below = top + height + 16
    drawn.append(_words(0, below, ends[0], "start"))
    drawn.append(_words(WIDTH, below, ends[-1], "end"))
    return _svg(title, below + 6, drawn)


def band(title: str, pieces: Sequence[Piece], ends: Sequence[str]) -> str:
    """One long bar in pieces, from one moment to another."""
    drawn = [
        f'<rect class="{piece.kind}" x="{piece.start * WIDTH:.2f}" y="0"'
        f' width="{max(0.5, (piece.end - piece.start) * WIDTH):.2f}" height="30">'
        f"<title>{for_page(piece.title)}</title></rect>"
        for piece in pieces
    ]
    drawn.append(_words(0, 46, ends[0], "start"))
    drawn.append(_words(WIDTH, 46, ends[-1], "end"))
    return _svg(title, 52, drawn)


def _svg(title: str, height: float, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{for_page(title)}">'
        f"{''.join(drawn)}</svg>"
    )


def _box(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"/>'


def _words(x: float, y: float, text: str, anchor: str, *, kind: str = "name", whole: str = "") -> str:
    tip = f"<title>{for_page(whole)}</title>" if whole and whole != text else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{for_page(text)}{tip}</text>'


def _fitted(text: str, width: float) -> str:
    room = int((width - 8) / _CHARACTER)
    return text if len(text) <= room else text[: max(1, room - 1)] + "…"


WORST, BEST = 15, 5
MOST_SESSIONS = 40
MOST_COLUMNS = 240
_SHORTEST_PIECE = 1 / 2000
"""Of a band: what is shorter cannot be seen, and thousands of it would make the page large."""


def splits(report: Report) -> str:
    """A bar a split, all equally long, in what became of its clips."""
    rows = [
        Bar(
            part.split,
            [
                Part(part.done / part.total, "done"),
                Part(part.failed / part.total, "failed"),
                Part(part.left / part.total, "left"),
            ],
            f"{part.done:,} of {part.total:,}",
        )
        for part in report.splits
        if part.total
    ]
    return bars("Downloaded, failed and left of each split", rows)


def classes(found: Sequence[Progress]) -> str:
    """The classes that lost the most and the least of what was tried; ``found`` as ``by_label`` has them."""
    tried = [part for part in found if part.done + part.failed]
    if not tried:
        return ""
    if len(tried) <= WORST + BEST:
        return _classes("Share that failed, by class", tried, tried[0].failed_share)
    most = tried[0].failed_share
    return (
        f"<h3>failed most</h3>{_classes('Classes that failed most', tried[:WORST], most)}"
        f"<h3>failed least</h3>{_classes('Classes that failed least', tried[-BEST:], most)}"
    )


def _classes(title: str, found: Sequence[Progress], most: float) -> str:
    rows = [
        Bar(
            label_text(part.label),
            [Part(part.failed_share / most if most else 0.0, "failed")],
            f"{failed_share_text(part)}  ({part.failed:,} of {part.done + part.failed:,})",
        )
        for part in found
    ]
    return bars(title, rows)


def failures(report: Report) -> str:
    """A bar a category."""
    if not report.failures:
        return ""
    total = sum(count.clips for count in report.failures)
    rows = [
        Bar(
            count.name[:1].upper() + count.name[1:],
            [Part(count.clips / report.failures[0].clips, "failed")],
            f"{count.clips:,}  ({share_text(count.clips, total)})",
        )
        for count in report.failures
    ]
    return bars("Failures by category", rows)


def histogram(found: Histogram) -> str:
    """Clips by seconds, as far as the fences reach."""
    most = f"{max(found.clips):,} clips"
    last = f"{len(found.clips) * found.bin_s:,.6g} s; {found.beyond:,} clips took longer"
    return columns("Clips by the seconds they took", found.clips, ("0 s", last), most)


def spent(report: Report, zone: tzinfo | None) -> str:
    """What the run did, as a band and as bars; both have the same colours."""
    began_at, ended_at = report.stretches[0].began_at, report.stretches[-1].ended_at
    whole = ended_at - began_at
    pieces = [
        Piece(
            (stretch.began_at - began_at) / whole,
            (stretch.ended_at - began_at) / whole,
            _kind(stretch.doing),
            f"{stretch.doing.value}: {duration_text(stretch.took_s)} from {dated(stretch.began_at, zone)}",
        )
        for stretch in report.stretches
        if stretch.took_s >= whole * _SHORTEST_PIECE
    ]
    sums = seconds_by_doing(report)
    rows = [
        Bar(
            doing.value,
            [Part(seconds / whole, _kind(doing))],
            f"{duration_text(seconds)}  ({share_text(round(seconds), round(whole))})",
        )
        for doing, seconds in sums
    ]
    ends = (dated(began_at, zone), dated(ended_at, zone))
    return band("What the run did over time", pieces, ends) + bars("Where the time went", rows)


def _kind(doing: Doing) -> str:
    return f"doing-{list(Doing).index(doing)}"


def sessions(found: Sequence[Session], zone: tzinfo | None) -> str:
    """Clips of each session, the newest first as ``found`` is."""
    most = max(session.clips for session in found)
    rows = [
        Bar(
            f"session {len(found) - place}" if session.began_at is None else dated(session.began_at, zone),
            [Part(session.clips / most, "bar")],
            f"{session.clips:,}  {session.why}",
        )
        for place, session in enumerate(found[:MOST_SESSIONS])
    ]
    return bars("Clips of each session, the newest first", rows)


def rates_chart(found: Rates, zone: tzinfo | None) -> str:
    """Clips an hour over the whole run."""
    ends = (dated(found.began_at, zone), dated(found.ended_at, zone))
    return columns("Clips an hour", found.per_hour, ends, f"{max(found.per_hour):,.0f} clips an hour")
