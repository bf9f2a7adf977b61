"""The four releases of Kinetics: where they are, how large they are, and what their classes are.

Class names and their order are DeepMind's (CC BY 4.0); the groups of classes are those of the
Kinetics-400 paper, with the classes that it left out under "other".

Names that users type: how they are compared, and what is said where one is not known.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable, Sequence
from importlib import resources

import msgspec

from kinetics_tui.annotations.row_rules import shown
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import TEST, TRAIN, VAL

_SUGGESTIONS = 3
_LISTED = 8


def folded(name: str) -> str:
    """A name as it is compared: capitals and the kind of blank between words do not matter."""
    return " ".join(name.casefold().replace("_", " ").split())


def listed(names: Sequence[str]) -> str:
    """Names as they stand in a message; only the first few of many."""
    rest = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(shown(name) for name in names[:_LISTED]) + rest


def unknown_name(what: str, asked: str, known: Iterable[str], where: str = "") -> AnnotationError:
    """The error for a name that is not known: suggests the nearest ones, or lists them if they are few."""
    by_folded = {folded(name): name for name in known}
    near = difflib.get_close_matches(folded(asked), by_folded, n=_SUGGESTIONS, cutoff=0.5)
    if near:
        hint = "did you mean " + " or ".join(shown(by_folded[name]) for name in near) + "?"
    elif len(by_folded) <= _LISTED:
        hint = f"there is {listed(list(by_folded.values()))}."
    else:
        some = listed(list(by_folded.values())[:_SUGGESTIONS])
        hint = f"there are {len(by_folded):,} others, such as {some}."
    return AnnotationError(f"No {what} {shown(asked)}{where}: {hint}")


CUSTOM = "custom"
"""Stands for annotations of one's own where the name of a release is expected."""

_ARCHIVES = "https://storage.googleapis.com/deepmind-media/Datasets"
_MIRROR = "https://s3.amazonaws.com/kinetics"

MEAN_CLIP_BYTES = 1_048_000
"""Size of a clip at 360 lines or less in the 2019 write-up: 628.43 GiB in 643,882 files."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One release as it was published.

    ``splits`` are clips a split as first published, rounded where the publication rounds; releases
    have since been re-issued with fewer. ``archive_url`` holds the annotations of all splits,
    ``mirror_urls`` those of one split each. ``clip_bytes`` is the mean size of a clip at 360 lines or
    less, ``mirror_bytes`` the size of all videos on the CVDF mirror (None: it has none).
    """

    name: str
    title: str
    splits: dict[str, int]
    class_count: int
    archive_url: str
    mirror_urls: dict[str, str] = {}
    clip_bytes: int = MEAN_CLIP_BYTES
    mirror_bytes: int | None = None


def _mirror_urls(folder: str) -> dict[str, str]:
    return {split: f"{_MIRROR}/{folder}/annotations/{split}.csv" for split in (TRAIN, VAL, TEST)}


RELEASES: dict[str, Release] = {
    release.name: release
    for release in (
        Release(
            name="kinetics-400",
            title="Kinetics-400",
            splits={TRAIN: 246_534, VAL: 19_906, TEST: 38_685},
            class_count=400,
            archive_url=f"{_ARCHIVES}/kinetics400.tar.gz",
            mirror_urls=_mirror_urls("400"),
            mirror_bytes=456_000_000_000,
        ),
        Release(
            name="kinetics-600",
            title="Kinetics-600",
            splits={TRAIN: 392_000, VAL: 30_000, TEST: 72_924},
            class_count=600,
            archive_url=f"{_ARCHIVES}/kinetics600.tar.gz",
            mirror_urls={
                TRAIN: f"{_MIRROR}/600/annotations/train.txt",
                VAL: f"{_MIRROR}/600/annotations/val.txt",
                TEST: f"{_MIRROR}/600/annotations/test.csv",
            },
            mirror_bytes=779_000_000_000,
        ),
        Release(
            name="kinetics-700",
            title="Kinetics-700",
            splits={TRAIN: 542_000, VAL: 35_000, TEST: 70_000},
            class_count=700,
            archive_url=f"{_ARCHIVES}/kinetics700.tar.gz",
        ),
        Release(
            name="kinetics-700-2020",
            title="Kinetics-700-2020",
            splits={TRAIN: 542_000, VAL: 34_198, TEST: 67_767},
            class_count=700,
            archive_url=f"{_ARCHIVES}/kinetics700_2020.tar.gz",
            mirror_urls=_mirror_urls("700_2020"),
            mirror_bytes=710_000_000_000,
        ),
    )
}

_LABEL_FILES = {
    "kinetics-400": "labels-kinetics-400.txt",
    "kinetics-600": "labels-kinetics-600.txt",
    "kinetics-700": "labels-kinetics-700.txt",
    "kinetics-700-2020": "labels-kinetics-700.txt",
}
_CATEGORY_FILES = {"kinetics-400": "categories-kinetics-400.json"}
# The file's name for the classes that the paper puts in no group, and a name that says so.
_UNGROUPED = {"custom": "other"}


def find_release(name: str) -> Release:
    """The release of a name as people write it: ``kinetics-400``, ``400``, ``K400``, ``700_2020``.

    Raises AnnotationError, with the nearest names, where there is none.
    """
    number = re.sub(r"^(kinetics|k)", "", re.sub(r"[\s_-]+", "", name.casefold()))
    for release in RELEASES.values():
        if number == release.name.removeprefix("kinetics-").replace("-", ""):
            return release
    raise unknown_name("release", name, RELEASES)


@functools.cache
def class_names(release_name: str) -> tuple[str, ...]:
    """The classes of a release in the official order; empty for annotations of one's own."""
    file = _LABEL_FILES.get(release_name)
    return tuple(_data_text(file).splitlines()) if file else ()


@functools.cache
def class_index(release_name: str) -> dict[str, int]:
    """From the class to its official index, counted from 0; empty for annotations of one's own."""
    return {name: index for index, name in enumerate(class_names(release_name))}


@functools.cache
def categories(release_name: str) -> dict[str, tuple[str, ...]]:
    """From the category to its classes, of which some are in two; empty where none were published."""
    file = _CATEGORY_FILES.get(release_name)
    if file is None:
        return {}
    groups: dict[str, list[str]] = json.loads(_data_text(file))
    return {_UNGROUPED.get(category, category): tuple(names) for category, names in groups.items()}


def _data_text(file: str) -> str:
    return (resources.files("kinetics_tui.annotations") / "data" / file).read_text(encoding="utf-8")
