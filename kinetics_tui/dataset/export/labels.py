"""The numbers of the classes, which every export carries along."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kinetics_tui.annotations.releases import class_names

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
