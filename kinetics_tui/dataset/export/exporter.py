"""The base of a reader's export, which takes in clips one by one, and the numbers of the classes."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import Any, ClassVar

import msgspec

from kinetics_tui.annotations.releases import class_names
from kinetics_tui.annotations.row_rules import write_row
from kinetics_tui.dataset.export.clip_files import Placed, Placer, Source
from kinetics_tui.dataset.export.target import Target
from kinetics_tui.dataset.ledger.files import Holding
from kinetics_tui.model.clip import Clip

UNLABELLED = -1
"""The number of a clip without a label."""


class LabelMap(msgspec.Struct, frozen=True):
    """The classes by their numbers, counted from 0.

    ``official`` is how many of them, the first ones, are the release's own.
    """

    names: tuple[str, ...]
    numbers: dict[str, int]
    official: int

    def number(self, label: str) -> int:
        """The number of a label; ``UNLABELLED`` for none, and for one that came up meanwhile."""
        return self.numbers.get(label, UNLABELLED)


def label_map(release: str, labels: Iterable[str]) -> LabelMap:
    """The classes of a release as its official list numbers them, those of no release sorted by name.

    Labels that the official list does not have come behind it, sorted.
    """
    official = class_names(release)
    further = sorted(set(labels) - set(official) - {""})
    names = (*official, *further)
    return LabelMap(names, {name: number for number, name in enumerate(names)}, len(official))


LABEL_MAP = "label_map.csv"


class Item(msgspec.Struct, frozen=True):
    """A clip to be exported: ``source`` is its file, ``number`` that of its class."""

    holding: Holding
    source: Source
    number: int

    @property
    def clip(self) -> Clip:
        return self.holding.clip


class Form(ABC):
    """The form of one reader's export; a context manager around all clips of it.

    Its lists get their names when it is finished; where it is not, those of the export before stay.
    """

    links: ClassVar[bool] = True
    """True if it puts the clips' files into the target, by links or copies."""

    def __init__(self, target: Target, placer: Placer, labels: LabelMap, release: str) -> None:
        self.target = target
        self.placer = placer
        self.labels = labels
        self.release = release
        self._stack = contextlib.ExitStack()
        self._texts: dict[str, TextIOWrapper] = {}

    def __enter__(self) -> Form:
        return self

    def __exit__(self, *exception: Any) -> bool | None:
        return self._stack.__exit__(*exception)

    def selected(self, clip: Clip) -> None:  # noqa: B027 - most forms need not know of it
        """A clip of the selection, whether it is there or not."""

    @abstractmethod
    def add(self, item: Item) -> Placed:
        """Take in a clip that is there. Raises UnreadableError, and DatasetError."""

    def finish(self) -> list[str]:
        """Complete the export, with its label map; what is worth saying about it, a sentence each."""
        self.write_label_map()
        return []

    # -- for the forms -----------------------------------------------------------------------------

    def list_of(self, name: str, folder: str = "", header: Sequence[str] = ()) -> TextIOWrapper:
        """A list of the export, open until the end; begun with its header when it is first asked for."""
        place = f"{folder}/{name}"
        if place not in self._texts:
            text = self._stack.enter_context(self.target.text(name, folder))
            self._texts[place] = text
            if header:
                write_row(text, header)
        return self._texts[place]

    def write_label_map(self, header: Sequence[str] = (), further: Iterable[Sequence[object]] = ()) -> None:
        """The label map: the class behind each number, with further columns of the form's own."""
        with self.target.text(LABEL_MAP) as text:
            write_row(text, ("index", "label", *header))
            rows = further if header else ([] for _ in self.labels.names)
            for number, (label, more) in enumerate(zip(self.labels.names, rows, strict=True)):
                write_row(text, (number, label, *more))
