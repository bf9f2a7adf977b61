"""The report as one page of HTML that needs nothing else: charts in it, light or dark as its reader has it.

There is no script in it and nothing is fetched. Labels and messages come from files and servers that anyone
may have written: all of them are escaped.

The style of the page; colours that stand side by side differ in lightness, and so in grey too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from kinetics_tui.base.safe_text import for_page
from kinetics_tui.base.words import dated, duration_text, share_text
from kinetics_tui.report import charts
from kinetics_tui.report.digest import (
    KNOWN,
    SPREADS,
    by_label,
    dominance_text,
    endings_text,
    failed_share_text,
    fences_text,
    fruitful,
    headline,
    label_text,
    rates,
    rates_text,
    refusals_text,
    sequence_text,
    spread_cells,
    spread_rows,
    taken_text,
    traffic_text,
)
from kinetics_tui.report.figures import Progress, Report, Timing

STYLE = """\
:root {
  --paper: #ffffff; --ink: #1f2328; --dim: #59636e; --line: #d1d9e0; --soft: #f3f5f7;
  --done: #2563b8; --failed: #c2410c; --left: #d5dbe1; --bar: #2563b8; --note: #9a3412;
  --d0: #2563b8; --d1: #e0a100; --d2: #8a94a0; --d3: #c2410c; --d4: #7c2d92; --d5: #0f8a7e;
  --d6: #dde3e9; --d7: #b9a7d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e3e7eb; --dim: #98a2ad; --line: #343b43; --soft: #1d2125;
    --done: #6aa5f0; --failed: #f08a4b; --left: #3a424b; --bar: #6aa5f0; --note: #f0a36b;
    --d0: #6aa5f0; --d1: #e3b341; --d2: #7d8893; --d3: #f08a4b; --d4: #c48ad9; --d5: #4fc4b5;
    --d6: #2b323a; --d7: #75639b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 860px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
h3 { font-size: 14px; font-weight: 600; color: var(--dim); margin: 14px 0 6px; }
p { margin: 6px 0; overflow-wrap: anywhere; }
.lead { font-size: 18px; }
.dim { color: var(--dim); }
.note { color: var(--note); }
svg { display: block; width: 100%; height: auto; margin: 6px 0; }
svg text { font-size: 12px; fill: var(--ink); font-variant-numeric: tabular-nums; white-space: pre; }
svg .figures { fill: var(--dim); }
.axis { stroke: var(--line); stroke-width: 1; }
.done { fill: var(--done); background: var(--done); }
.failed { fill: var(--failed); background: var(--failed); }
.left { fill: var(--left); background: var(--left); }
.bar { fill: var(--bar); }
.doing-0 { fill: var(--d0); } .doing-1 { fill: var(--d1); } .doing-2 { fill: var(--d2); }
.doing-3 { fill: var(--d3); } .doing-4 { fill: var(--d4); } .doing-5 { fill: var(--d5); }
.doing-6 { fill: var(--d6); } .doing-7 { fill: var(--d7); }
.legend { color: var(--dim); font-size: 13px; }
.legend span { margin-right: 18px; white-space: nowrap; }
.legend i { display: inline-block; width: 11px; height: 11px; margin-right: 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 6px 0; }
th, td { padding: 3px 12px 3px 0; text-align: right; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; }
th.words, td.words { text-align: left; background: none; }
details { margin: 8px 0; }
summary { cursor: pointer; color: var(--done); }
.pair { display: flex; flex-wrap: wrap; gap: 0 40px; }
.pair > div { flex: 1 1 340px; }
@media print { details { display: none; } }
"""


GENERATOR = '<meta name="generator" content="kinetics-tui report">'
"""What marks a page of ours, near its start."""


def page(report: Report, zone: tzinfo | None = None) -> str:
    """The whole page; ``zone`` is that of times of day (None: local)."""
    sections = (
        ("Splits", _splits(report)),
        ("Classes", _classes(report)),
        ("Why clips failed", _failures(report)),
        ("Seconds a clip", _seconds(report)),
        ("One after the other", _effort(report)),
        ("Where the time went", _spent(report, zone)),
        ("Sessions", _sessions(report, zone)),
        ("Bytes", _paragraphs(traffic_text(report.traffic) if report.traffic else [])),
        ("Clips an hour", _rates(report, zone)),
    )
    body = "\n".join(
        f"<section><h2>{for_page(name)}</h2>\n{html}</section>" for name, html in sections if html
    )
    title = for_page(report.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{GENERATOR}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}: report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{title}</h1>\n{_opening(report, zone)}</header>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _opening(report: Report, zone: tzinfo | None) -> str:
    state = ", an engine is at work" if report.running else ""
    notes = "".join(f'<p class="note">{for_page(note)}</p>\n' for note in report.notes)
    return (
        f'<p class="lead">{for_page(headline(report))}</p>\n'
        f'<p class="dim">{for_page(report.source)} as of {dated(report.at, zone)}{state}</p>\n{notes}'
    )


def _splits(report: Report) -> str:
    if not report.splits:
        return ""
    parts = [(part.split, part) for part in report.splits]
    if len(parts) > 1:
        parts.append(("all of it", report.whole))
    legend = _legend((("done", "downloaded"), ("failed", "failed"), ("left", "left")))
    rows = [(name, *_progress_cells(part), f"{part.left:,}") for name, part in parts]
    titles = ("split", "clips", "downloaded", "failed", "share", "left")
    return charts.splits(report) + legend + _table(titles, rows)


def _progress_cells(part: Progress) -> tuple[str, ...]:
    return f"{part.total:,}", f"{part.done:,}", f"{part.failed:,}", failed_share_text(part)


def _classes(report: Report) -> str:
    classes = by_label(report)
    if len(classes) < 2:
        return ""
    splits = [split.split for split in report.splits] if len(report.splits) > 1 else []
    of_split = {(part.split, part.label): part for part in report.classes}
    rows = []
    for whole in classes:
        parts = [of_split.get((split, whole.label)) for split in splits]
        cells = [f"{part.done:,} + {part.failed:,} of {part.total:,}" if part else "" for part in parts]
        rows.append((label_text(whole.label), *_progress_cells(whole), *cells))
    titles = ("class", "clips", "downloaded", "failed", "share", *splits)
    table = _table(titles, rows)
    how = ' <span class="dim">(of each split: downloaded + failed of all)</span>' if splits else ""
    return (
        f"{charts.classes(classes)}<details><summary>All {len(classes):,} classes{how}</summary>\n"
        f"{table}</details>\n"
    )


def _failures(report: Report) -> str:
    if not report.failures and not report.retried:
        return ""
    total = sum(count.clips for count in report.failures)
    rows = [
        (count.name[:1].upper() + count.name[1:], f"{count.clips:,}", share_text(count.clips, total))
        for count in report.failures
    ]
    html = charts.failures(report) + _details("As a table", _table(("category", "clips", "share"), rows))
    if report.retried:
        again = ", ".join(f"{count.clips:,} {count.name}" for count in report.retried)
        html += _paragraphs([f"Tried again: {again}."])
    return html


def _seconds(report: Report) -> str:
    timing = report.timing
    if timing is None:
        return ""
    return (
        '<div class="pair">'
        f"<div><h3>all of them: {timing.in_full.clips:,} clips</h3>{_spreads(timing, fenced=False)}</div>"
        f"<div><h3>{for_page(fences_text(timing))}</h3>{_spreads(timing, fenced=True)}</div></div>\n"
        f"{_paragraphs([dominance_text(timing)])}<h3>how long a clip took in all</h3>"
        f"{charts.histogram(timing.histogram)}"
    )


def _spreads(timing: Timing, *, fenced: bool) -> str:
    rows = [(name, *spread_cells(spread)) for name, spread in spread_rows(timing, fenced=fenced)]
    return _table(("seconds", *SPREADS), rows)


def _effort(report: Report) -> str:
    if report.timing is None:
        return ""
    return _paragraphs([sequence_text(report.timing), taken_text(report.timing)])


def _spent(report: Report, zone: tzinfo | None) -> str:
    if not report.stretches:
        return ""
    return charts.spent(report, zone) + f'<p class="dim">{for_page(KNOWN)}</p>\n'


def _sessions(report: Report, zone: tzinfo | None) -> str:
    sessions = fruitful(report)[::-1]
    if not sessions:
        return ""
    told = any(session.began_at is not None for session in sessions)
    rows = []
    for place, session in enumerate(sessions):
        name = str(len(sessions) - place) if session.began_at is None else dated(session.began_at, zone)
        cells = [name, f"{session.clips:,}", duration_text(session.took_s)]
        rows.append((*cells, session.why, session.network) if told else tuple(cells))
    titles = ("began", "clips", "took", "ended", "network") if told else ("session", "clips", "took")
    said = _paragraphs([endings_text(report), refusals_text(report)])
    table = _details(f"All {len(sessions):,} sessions with clips", _table(titles, rows, words=(3, 4)))
    return charts.sessions(sessions, zone) + said + table


def _rates(report: Report, zone: tzinfo | None) -> str:
    found = rates(report.hours, charts.MOST_COLUMNS)
    if found is None:
        return ""
    chart = charts.rates_chart(found, zone) if len(found.per_hour) > 1 else ""
    return chart + f'<p class="dim">{for_page(rates_text(found))}</p>\n'


# -- pieces of a page ----------------------------------------------------------------------------


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{for_page(sentence)}</p>\n" for sentence in sentences if sentence)


def _legend(kinds: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<span><i class="{kind}"></i>{for_page(name)}</span>' for kind, name in kinds)
    return f'<p class="legend">{items}</p>\n'


def _details(summary: str, html: str) -> str:
    return f"<details><summary>{for_page(summary)}</summary>\n{html}</details>\n"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[int] = ()) -> str:
    """The first column and ``words`` are set to the left, the others are figures."""
    left = (0, *words)

    def row(cells: Sequence[str], tag: str) -> str:
        shaped = (
            f"<{tag}{' class=words' if place in left else ''}>{for_page(cell)}</{tag}>"
            for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(shaped)}</tr>\n"

    head, body = row(titles, "th"), "".join(row(cells, "td") for cells in rows)
    return f'<div class="wide"><table>\n<thead>{head}</thead>\n<tbody>\n{body}</tbody></table></div>\n'
