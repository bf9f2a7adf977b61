"""The published annotations and the disks of this machine, as the set-up screen asks for them."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kinetics_tui.annotations import releases
from kinetics_tui.annotations.fetch import Opener, cached_annotations, fetch_annotations
from kinetics_tui.annotations.readers import Annotations, read_annotations
from kinetics_tui.annotations.releases import RELEASES, Release, find_release
from kinetics_tui.annotations.selection import select
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Selection
from kinetics_tui.tui.plan import Folder, Source
from kinetics_tui.tui.text import bytes_text, counted


class PublishedLibrary:
    """The real library; what it fetches by ``opener`` (None: the machine's own) stays in ``cache_folder``."""

    def __init__(self, cache_folder: Path, opener: Opener | None = None) -> None:
        self._cache_folder = cache_folder
        self._opener = opener

    def releases(self) -> Sequence[Release]:
        return list(RELEASES.values())

    def classes(self, release: str) -> tuple[str, ...]:
        return releases.class_names(release)

    def categories(self, release: str) -> dict[str, tuple[str, ...]]:
        return releases.categories(release)

    def is_at_hand(self, source: Source) -> bool:
        if not source.release:
            return True
        release = find_release(source.release)
        return cached_annotations(release, source.splits, self._cache_folder) is not None

    def load(self, source: Source, on_progress: Callable[[str], None]) -> Annotations:
        paths: Sequence[Path] = source.files
        if source.release:
            release = find_release(source.release)

            def on_bytes(url: str, got_bytes: int, total_bytes: int | None) -> None:
                total = f" of {bytes_text(total_bytes)}" if total_bytes else ""
                on_progress(f"fetching {url.rpartition('/')[2]}: {bytes_text(got_bytes)}{total}")

            paths = fetch_annotations(release, source.splits, self._cache_folder, on_bytes, self._opener)
        on_progress("reading ...")

        def on_rows(count: int) -> None:
            on_progress(f"reading: {counted(count, 'clip')}")
            # Reading holds the interpreter; the screen, in the same process, gets its turn here.
            time.sleep(0.001)

        return read_annotations(paths, on_rows)

    def select(self, annotations: Annotations, selection: Selection) -> list[Clip]:
        return select(annotations, selection)

    def look_at(self, folder: Path) -> Folder:
        try:
            return self._look_at(folder)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return Folder(folder, problem=f"The folder cannot be used ({reason}): choose another.")

    def _look_at(self, folder: Path) -> Folder:
        nearest = folder.absolute()
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        if not nearest.is_dir():
            return Folder(folder, problem=f"{nearest} is a file: choose a folder.")
        free_bytes = shutil.disk_usage(nearest).free
        if not os.access(nearest, os.W_OK | os.X_OK):
            return Folder(folder, free_bytes, problem=f"{nearest} cannot be written: choose another folder.")
        return Folder(folder, free_bytes, has_ledger=ledger_path(folder).exists())
