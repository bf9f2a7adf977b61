"""The charts of the page: which figures go into which shapes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from kinetics_tui.model.amounts import share_text
from kinetics_tui.model.durations import duration_text
from kinetics_tui.report.digest import Rates, dated, failed_share_text, label_text, seconds_by_doing
from kinetics_tui.report.figures import Doing, Histogram, Progress, Report, Session
from kinetics_tui.report.svg import Bar, Part, Piece, band, bars, columns

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
