"""Readers that learn the class of a clip from the folder that its file is in."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import PurePosixPath
from typing import Any

import msgspec

from kinetics_tui.annotations.row_rules import CLIP_COLUMNS, clip_row, write_row
from kinetics_tui.dataset.export.clip_files import Placed
from kinetics_tui.dataset.export.exporter import Form, Item
from kinetics_tui.dataset.layout import clip_path, safe_component
from kinetics_tui.model.clip import VAL, Clip
from kinetics_tui.model.options import LayoutName

NO_LABEL = "_unlabeled"
"""The folder of clips without a label, as fiftyone spells it: a reader of trees wants one for each clip."""


class Tree(Form):
    """``<split>/<label>/<id>_<start>_<end>.mp4``."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._folders: dict[str, str] = {}
        self._splits: dict[str, str] = {}

    @abstractmethod
    def place_of(self, item: Item) -> PurePosixPath:
        """The file of a clip with a label, by the layout that the reader knows."""

    def add(self, item: Item) -> Placed:
        place = self.place_of(item)
        split, label = place.parts[0], place.parts[1] if item.clip.label else NO_LABEL
        placed = self.placer.place(item.source, PurePosixPath(split, label, place.name))
        self._splits[item.clip.split] = split
        if item.clip.label:
            self._folders[item.clip.label] = label
        return placed

    def finish(self) -> list[str]:
        splits = sorted(self._splits)
        # As the reader finds them: with classes of former exports, without those that have no clip yet.
        found = {
            split: {name: number for number, name in enumerate(self.target.folders_in(folder))}
            for split, folder in self._splits.items()
        }
        rows = []
        for label in self.labels.names:
            folder = self._folders.get(label, "")
            rows.append((folder, *(found[split].get(folder, "") for split in splits)))
        self.write_label_map(("folder", *(f"{split}_index" for split in splits)), rows)
        return [*self._shared(), *self.notes_on(found)]

    def notes_on(self, found: dict[str, dict[str, int]]) -> list[str]:  # noqa: ARG002 - not here
        """Remarks on the numbers that the reader gives the folders of each split."""
        return []

    def renumbered(self, numbers: dict[str, int]) -> int:
        """The number of classes that the reader numbers otherwise than the label map."""
        return sum(
            folder in numbers and numbers[folder] != self.labels.number(label)
            for label, folder in self._folders.items()
        )

    def _shared(self) -> list[str]:
        shared = len(self._folders) - len(set(self._folders.values()))
        if not shared:
            return []
        return [f"{shared:,} classes share the folder of another one: to the reader they are one class."]


class Torchvision(Tree):
    """For ``torchvision.datasets.Kinetics``, with ``annotations/<split>.csv``.

    It numbers classes by the sorted names of the folders in the split at hand.
    """

    def place_of(self, item: Item) -> PurePosixPath:
        return clip_path(LayoutName.TORCHVISION, item.clip, item.holding.naming)

    def selected(self, clip: Clip) -> None:
        text = self.list_of(f"{safe_component(clip.split)}.csv", "annotations", CLIP_COLUMNS)
        write_row(text, clip_row(clip))

    def notes_on(self, found: dict[str, dict[str, int]]) -> list[str]:
        said = []
        for split, numbers in sorted(found.items()):
            if other := self.renumbered(numbers):
                said.append(
                    f"torchvision numbers classes by the sorted names of their folders: in {split}, "
                    f"{other:,} of {len(numbers):,} have another number than in the label map. "
                    f"Its column {split}_index leads from one to the other."
                )
        return said


class Fiftyone(Tree):
    """For fiftyone's ``VideoClassificationDirectoryTree``, a folder a split; labels keep their spaces."""

    def place_of(self, item: Item) -> PurePosixPath:
        clip = item.clip
        if clip.split == VAL:
            clip = msgspec.structs.replace(clip, split="validation")
        return clip_path(LayoutName.ACTIVITYNET, clip, item.holding.naming)
