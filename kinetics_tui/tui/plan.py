"""What the set-up screen ends with, and what it needs of the world outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from kinetics_tui.annotations.readers import Annotations
from kinetics_tui.annotations.releases import Release
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection


class Plan(msgspec.Struct, frozen=True):
    """What the user settled on.

    ``clips`` is the selection already made. It is None where the folder holds a dataset already: that
    one goes on with the clips and options in its ledger.
    """

    dataset: Path
    selection: Selection
    options: Options
    clips: tuple[Clip, ...] | None


class Source(msgspec.Struct, frozen=True):
    """Where annotations come from: a release (of which some splits are enough), or files."""

    release: str = ""
    splits: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


class Folder(msgspec.Struct, frozen=True):
    """What is known of a folder that clips could go to.

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
        """Whether ``load`` would need no network."""

    def load(self, source: Source, on_progress: Callable[[str], None]) -> Annotations:
        """Fetch and read annotations, saying now and then how far it is; raises ``AnnotationError``."""

    def select(self, annotations: Annotations, selection: Selection) -> list[Clip]:
        """The clips of a selection; raises ``AnnotationError``."""

    def look_at(self, folder: Path) -> Folder:
        """How a folder, which need not exist yet, would serve as a dataset folder."""
