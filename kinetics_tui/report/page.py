"""The report as one page of HTML that needs nothing else: charts in it, light or dark as its reader has it.

There is no script in it and nothing is fetched. Labels and messages come from files and servers that anyone
may have written: the template escapes all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import partial

from markupsafe import Markup

from kinetics_tui.base.safe_text import for_page
from kinetics_tui.base.words import counted, dated, duration_text
from kinetics_tui.report import charts, digest
from kinetics_tui.report.figures import Progress, Report, Sheet, Still

GENERATOR = '<meta name="generator" content="kinetics-tui report">'
"""The mark of a page of ours, near its start."""


def page(report: Report, zone: tzinfo | None = None, sheet: Sheet = Sheet()) -> str:  # noqa: B008 - immutable
    """The whole page; ``zone`` is that of times of day (None: local)."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("kinetics_tui.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_for_page,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["grouped"] = "{:,}".format
    classes = digest.by_label(report)
    class_titles, class_rows = _class_table(report, classes)
    return environment.get_template("page.html.j2").render(
        report=report,
        sheet=sheet,
        picture_address=_picture_address,
        generator=GENERATOR,
        classes=classes,
        class_titles=class_titles,
        class_rows=class_rows,
        sessions=digest.fruitful(report)[::-1],
        rates=digest.rates(report.hours, charts.MOST_COLUMNS),
        dated=partial(dated, zone=zone),
        duration_text=duration_text,
        counted=counted,
        charts=charts,
        digest=digest,
    )


def _for_page(value: object) -> object:
    """Text made harmless; what macros made is whole already."""
    return for_page(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _picture_address(still: Still) -> Markup:
    """The picture itself as an address: base64 needs no escaping."""
    return Markup(f"data:image/jpeg;base64,{still.jpeg}")  # noqa: S704


def _class_table(report: Report, classes: Sequence[Progress]) -> tuple[list[str], list[list[str]]]:
    """Titles and rows: each class over all splits, then in each of them, where there are several."""
    splits = [split.split for split in report.splits] if len(report.splits) > 1 else []
    of_split = {(part.split, part.label): part for part in report.classes}
    rows = []
    for whole in classes:
        parts = [of_split.get((split, whole.label)) for split in splits]
        cells = [f"{part.done:,} + {part.failed:,} of {part.total:,}" if part else "" for part in parts]
        rows.append([digest.label_text(whole.label), *digest.progress_cells(report, whole), *cells])
    return ["class", *digest.progress_titles(report), *splits], rows
