"""The annotations of a selection: from its files, from the cache, or fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics_tui.annotations.fetch import Opener, fetch_annotations
from kinetics_tui.annotations.readers import Annotations, read_annotations
from kinetics_tui.annotations.releases import find_release
from kinetics_tui.model.options import Selection

TELL_EVERY_BYTES = 5_000_000


def obtain_annotations(
    selection: Selection, cache_dir: Path, tell: Callable[[str], None], opener: Opener | None = None
) -> Annotations:
    """Read the annotations that a selection is made from; ``tell`` is told a line now and then.

    Raises ``AnnotationError``, offline with the way in by a local file.
    """
    if selection.annotations:
        return read_annotations([Path(file) for file in selection.annotations])
    told_bytes = -1

    def on_progress(url: str, got_bytes: int, total_bytes: int | None) -> None:
        nonlocal told_bytes
        if got_bytes < told_bytes:
            told_bytes = -1  # the next address
        if told_bytes < 0 or got_bytes - told_bytes >= TELL_EVERY_BYTES or got_bytes == total_bytes:
            told_bytes = got_bytes
            total = f" of {total_bytes / 1e6:.1f}" if total_bytes else ""
            tell(f"Fetching {url}: {got_bytes / 1e6:.1f}{total} MB")

    release = find_release(selection.release)
    return read_annotations(fetch_annotations(release, selection.splits, cache_dir, on_progress, opener))
