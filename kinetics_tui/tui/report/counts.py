"""What was downloaded and what failed: by split, by class, by category."""

from __future__ import annotations

from kinetics_tui.model.amounts import share_text
from kinetics_tui.report.digest import by_label, failed_share_text, label_text
from kinetics_tui.report.figures import Count, Progress, Report
from kinetics_tui.tui.lines import Line, Tone
from kinetics_tui.tui.report.table import Row, table_lines
from kinetics_tui.tui.text import paragraph

WORST, BEST = 10, 5
"""How many classes are shown of each end."""


def split_lines(report: Report, width: int) -> list[Line]:
    """A row a split; the bar is what was downloaded of it."""
    if not report.splits:
        return []
    rows = [_split_row(split.split, split) for split in report.splits]
    if len(rows) > 1:
        rows.append(_split_row("all of it", report.whole))
    return table_lines(("", "clips", "downloaded", "failed", "share", "left"), rows, width)


def _split_row(name: str, part: Progress) -> Row:
    cells = (
        f"{part.total:,}",
        f"{part.done:,}",
        f"{part.failed:,}",
        failed_share_text(part),
        f"{part.left:,}",
    )
    return Row(name, cells, part.done / part.total if part.total else 0.0)


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
    return table_lines((title, "downloaded", "failed", "share"), rows, width)


def failure_lines(report: Report, width: int) -> list[Line]:
    """Categories, the most frequent first, and what is tried again."""
    lines = _counts(report.failures, width) if report.failures else [Line("no clip has failed", Tone.DIM)]
    if report.retried:
        names = ", ".join(f"{count.clips:,} {count.name}" for count in report.retried)
        lines += [Line(row, Tone.DIM) for row in paragraph(f"tried again: {names}", width)]
    return lines


def _counts(counts: tuple[Count, ...], width: int) -> list[Line]:
    total = sum(count.clips for count in counts)
    most = counts[0].clips
    rows = [
        Row(
            count.name[:1].upper() + count.name[1:],
            (f"{count.clips:,}", share_text(count.clips, total)),
            count.clips / most,
        )
        for count in counts
    ]
    return table_lines(("", "clips", "share"), rows, width)
