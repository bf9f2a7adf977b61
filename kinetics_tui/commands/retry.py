"""Failed clips made pending again, as a command: what it is told and what it says."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.engine.retry import Asked, find_failed, retry_failed


def retry_clips(
    dataset: Path,
    *,
    categories: list[str] | None = None,
    classes: list[str] | None = None,
    clips: list[str] | None = None,
    transient: bool = False,
) -> list[str]:
    """Make failed clips pending again; a line for each category. Raises ``UserError`` for none."""
    asked = Asked(
        categories=tuple(categories or ()),
        classes=tuple(classes or ()),
        clips=tuple(clips or ()),
        transient=transient,
    )
    counts = retry_failed(dataset, find_failed(dataset, asked))
    return [f"pending again: {count:,} of {category.value}" for category, count in counts.items()]
