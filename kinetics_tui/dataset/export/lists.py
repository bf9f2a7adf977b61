"""Readers that are given a list of files with the number of each one's class, parted by a blank."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import PurePosixPath
from typing import ClassVar

import msgspec

from kinetics_tui.annotations.releases import short_name
from kinetics_tui.base.words import counted
from kinetics_tui.dataset.export.clip_files import Placed
from kinetics_tui.dataset.export.exporter import Form, Item
from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.model.options import LayoutName

SHORT_SIDE_PX = 256
"""The size to which the published recipes of SlowFast and PyTorchVideo scale their clips to beforehand."""


class Listed(Form):
    """A tree of files without blanks in their paths, and a list of them for each split."""

    paths_begin_with_split: ClassVar[bool] = True
    """True if the paths in a list begin at the export's folder, or at that of the split."""

    def add(self, item: Item) -> Placed:
        path = _without_blanks(item)
        split, *rest = path.parts
        placed = self.placer.place(item.source, PurePosixPath(self.folder(split), *rest))
        if placed is not Placed.OTHER:
            text = self.list_of(self.list_name(split))
            start = (self.folder(split),) if self.paths_begin_with_split else ()
            text.write(f"{PurePosixPath(*start, *rest)} {item.number}\n")
        return placed

    @abstractmethod
    def folder(self, split: str) -> str:
        """The folder of a split."""

    @abstractmethod
    def list_name(self, split: str) -> str:
        """The name of a split's list."""


class Mmaction2(Listed):
    """``videos_<split>/<label>/...`` and ``kinetics400_<split>_list_videos.txt``, whose paths begin below it.

    As its configuration files for Kinetics have it (``ann_file``, ``data_prefix``).
    """

    paths_begin_with_split = False

    def folder(self, split: str) -> str:
        return f"videos_{split}"

    def list_name(self, split: str) -> str:
        release = short_name(self.release).removesuffix("-2020").replace("-", "")
        return f"{release or 'kinetics'}_{split}_list_videos.txt"

    def finish(self) -> list[str]:
        self.write_label_map()
        with self.target.text("label_map.txt") as text:
            text.writelines(f"{' '.join(label.split())}\n" for label in self.labels.names)
        return []


class Slowfast(Listed):
    """``<split>/<label>/...`` and ``<split>.csv``; paths begin at the export's folder.

    SlowFast takes it as ``DATA.PATH_TO_DATA_DIR`` and ``DATA.PATH_PREFIX``, PyTorchVideo as
    ``video_path_prefix``.
    """

    _other_sizes = 0

    def folder(self, split: str) -> str:
        return split

    def list_name(self, split: str) -> str:
        return f"{split}.csv"

    def add(self, item: Item) -> Placed:
        made = item.holding.made
        if made and made.height_px:
            self._other_sizes += min(made.width_px, made.height_px) != SHORT_SIDE_PX
        return super().add(item)

    def finish(self) -> list[str]:
        self.write_label_map()
        with self.target.table("label_map.json") as file:
            file.write(msgspec.json.encode(self.labels.numbers))
        if not self._other_sizes:
            return []
        have = "has" if self._other_sizes == 1 else "have"
        return [
            f"{counted(self._other_sizes, 'clip')} {have} another short side than the {SHORT_SIDE_PX} px "
            f"that the published recipes expect; kinetics-tui run --short-side {SHORT_SIDE_PX} makes them so."
        ]


def _without_blanks(item: Item) -> PurePosixPath:
    """The path of a clip's file with nothing in it that a reader may split at."""
    path = clip_path(LayoutName.ACTIVITYNET, item.clip, item.holding.naming)
    return PurePosixPath(*map(_joined, path.parts))


def _joined(text: str) -> str:
    return "".join("_" if character.isspace() else character for character in text)
