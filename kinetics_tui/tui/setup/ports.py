"""The result of the set-up screen, and its needs of the world outside.

These are the published annotations and the disks of this machine.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from kinetics_tui.annotations import releases
from kinetics_tui.annotations.fetch import Opener, cached_annotations, fetch_annotations
from kinetics_tui.annotations.read import Annotations, read_annotations
from kinetics_tui.annotations.releases import PUBLISHED, Release, find_release, published
from kinetics_tui.annotations.selection import select
from kinetics_tui.base.words import bytes_text, counted
from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection


class Plan(msgspec.Struct, frozen=True):
    """The choice of the user.

    ``clips`` is the selection already made. It is None where the folder holds a dataset already: that
    one goes on with the clips and options in its ledger. ``networks`` are those that the run goes out by
    (empty: as the dataset was last told).
    """

    dataset: Path
    selection: Selection
    options: Options
    clips: tuple[Clip, ...] | None
    networks: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True):
    """Where annotations come from: a release (of which some splits are enough), or files."""

    release: str = ""
    splits: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


class Folder(msgspec.Struct, frozen=True):
    """All that is known of a folder that clips could go to.

    ``problem`` is one plain sentence where it cannot serve, else empty; ``has_ledger`` tells a dataset.
    """

    path: Path
    free_bytes: int | None = None
    has_ledger: bool = False
    problem: str = ""


class Library(Protocol):
    """Annotations and folders, as the set-up screen asks for them. Everything but the tables may block."""

    def releases(self) -> Sequence[Release]:
        """The published releases, in the order they are offered."""

    def classes(self, release: str) -> tuple[str, ...]:
        """The class names of a release in official order."""

    def categories(self, release: str) -> dict[str, tuple[str, ...]]:
        """The classes of a release by category, empty where nobody published any."""

    def is_at_hand(self, source: Source) -> bool:
        """True if ``load`` would need no network."""

    def load(self, source: Source, on_progress: Callable[[str], None]) -> Annotations:
        """Fetch and read annotations, saying now and then how far it is; raises ``AnnotationError``."""

    def select(self, annotations: Annotations, selection: Selection) -> list[Clip]:
        """The clips of a selection; raises ``AnnotationError``."""

    def look_at(self, folder: Path) -> Folder:
        """The fitness of a folder, which need not exist yet, as a dataset folder."""


class PublishedLibrary:
    """The real library; what it fetches by ``opener`` (None: the machine's own) stays in ``cache_folder``."""

    def __init__(self, cache_folder: Path, opener: Opener | None = None) -> None:
        self._cache_folder = cache_folder
        self._opener = opener

    def releases(self) -> Sequence[Release]:
        return list(map(published, PUBLISHED))

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
