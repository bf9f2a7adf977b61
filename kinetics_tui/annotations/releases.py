"""The releases of Kinetics and those that users describe: where and how large they are, and their classes.

Each is described by a file: those of Kinetics lie in ``data``, a user names his own by its path.

Class names and their order are DeepMind's (CC BY 4.0); the groups of classes are those of the
Kinetics-400 paper, with the classes that it left out under "other".

Names that users type: how they are compared, and what is said where one is not known.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
import zlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import msgspec

from kinetics_tui.annotations.row_rules import shown, split_of_stem
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

USUAL_ARCHIVE_BYTES = 1_500_000_000
"""An archive whose size is not known counts as one of Kinetics-400 train."""

MEAN_CLIP_BYTES = 1_048_000
"""Size of a clip at 360 lines or less in the 2019 write-up: 628.43 GiB in 643,882 files."""


class Holds(StrEnum):
    """The clips in each archive of a list, as far as its place in it tells."""

    ANY = ""
    """Nobody knows which."""
    CLASS = "class"
    """Those of the class that it is called after."""
    CLASS_NUMBER = "class number"
    """Those of the class of its number, counted from 1 in the order of the alphabet."""
    RUN = "run"
    """A run of so many as ``clips_each`` says, in the order of their files' names; counted from 0."""


class ArchiveList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text with the address of an archive of clips in each line, or such an address itself.

    Either may be a file on this machine, and so may be a folder of them.

    ``split`` is theirs, empty if they may hold any. ``replaces``: their clips are better than others' are.
    So many are in the list as ``count`` says (0: that is published nowhere).
    """

    address: str
    split: str = ""
    holds: Holds = Holds.ANY
    clips_each: int = 0
    count: int = 0
    replaces: bool = False


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release as its description has it.

    ``name`` is that of a published one, the path of the description of one's own. ``splits`` are clips a
    split as first published, rounded where the publication rounds; releases have since been re-issued with
    fewer. ``archive_url`` holds the annotations of all splits (empty: there is none), ``mirror_urls`` those
    of one split each, ``files`` are those of one split each that lie on this machine. ``clip_bytes`` is the
    mean size of a clip at 360 lines or less, ``mirror_bytes`` the size of all videos on the CVDF mirror
    (None: it has none), of so many clips of each split as ``mirror_clips`` says. ``archives`` are those of
    its clips, ``archives_of`` other releases whose archives hold some. ``classes`` are in the official
    order; ``categories`` are groups of them.
    """

    name: str
    title: str
    splits: dict[str, int]
    archive_url: str = ""
    mirror_urls: dict[str, str] = {}
    files: dict[str, Path] = {}
    clip_bytes: int = MEAN_CLIP_BYTES
    mirror_bytes: int | None = None
    mirror_clips: dict[str, int] = {}
    archives: tuple[ArchiveList, ...] = ()
    archives_of: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = {}

    @property
    def cache_name(self) -> str:
        """The folder in the cache for what its addresses give: others have another one."""
        if not is_description(self.name):
            return self.name
        addresses = " ".join((self.archive_url, *self.mirror_urls.values()))
        return f"{short_name(self.name)}-{zlib.crc32(addresses.encode()):08x}"


DESCRIPTION_SUFFIX = ".toml"
_ALL = "all"
_UNGROUPED = {"custom": "other"}
"""The file's name for the classes that the paper puts in no group, and a name that says so."""


class _Description(msgspec.Struct, forbid_unknown_fields=True):
    """A description as it is written; ``classes`` are a list or the name of a file with one a line."""

    title: str
    splits: dict[str, Annotated[int, msgspec.Meta(ge=0)]]
    annotations: dict[str, str]
    classes: list[str] | str = []
    categories: dict[str, list[str]] | str = {}
    clip_bytes: Annotated[int, msgspec.Meta(gt=0)] = MEAN_CLIP_BYTES
    mirror_bytes: Annotated[int, msgspec.Meta(gt=0)] | None = None
    mirror_clips: dict[str, Annotated[int, msgspec.Meta(ge=0)]] = {}
    archives: list[ArchiveList] = []
    archives_of: list[str] = []


def is_description(name: str) -> bool:
    """True if the name of a release is that of a file that describes one."""
    return name.endswith(DESCRIPTION_SUFFIX)


def short_name(release_name: str) -> str:
    """The name of a release as a part of a file's."""
    return Path(release_name).stem if is_description(release_name) else release_name


def read_release(folder: Traversable, file: str, name: str) -> Release:
    """The release that a file describes; those that it names lie in its ``folder`` unless they say otherwise.

    Raises AnnotationError, which names the file and what to mend.
    """
    path = folder / file
    try:
        written = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Description)
        classes, groups = written.classes, written.categories
        if isinstance(classes, str):
            classes = (folder / classes).read_text(encoding="utf-8").splitlines()
        if isinstance(groups, str):
            groups = msgspec.json.decode((folder / groups).read_bytes(), type=dict[str, list[str]])
    except OSError as error:
        raise AnnotationError(
            f"{error.filename or path} cannot be read ({error.strerror}), which describes a release: "
            "mend its name or put it back."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise AnnotationError(f"{path}: {error}; mend it, or see: kinetics-tui help selection") from error
    for table, known in (
        (written.splits, (TRAIN, VAL, TEST)),
        (written.annotations, (_ALL, *written.splits)),
        (written.mirror_clips, tuple(written.splits)),
    ):
        for split in table:
            if split not in known:
                raise AnnotationError(f"{path}: {shown(split)} is none of {listed(known)}; mend its name.")
    for split, file in written.annotations.items():
        if "://" not in file and split == _ALL:
            raise AnnotationError(f"{path}: {_ALL} takes a web address; name the file of each split instead.")
        if "://" not in file and split_of_stem(Path(file).stem) != split:
            raise AnnotationError(
                f"{path}: {shown(file)} gives its rows no split {shown(split)}; "
                f"call the file {split}{Path(file).suffix}."
            )
    addresses = {split: url for split, url in written.annotations.items() if "://" in url}
    return Release(
        name=name,
        title=written.title,
        splits=written.splits,
        archive_url=addresses.pop(_ALL, ""),
        mirror_urls=addresses,
        files={
            split: Path(str(folder / file))
            for split, file in written.annotations.items()
            if "://" not in file
        },
        clip_bytes=written.clip_bytes,
        mirror_bytes=written.mirror_bytes,
        mirror_clips=written.mirror_clips,
        archives=tuple(
            one
            if "://" in one.address
            else msgspec.structs.replace(one, address=str(folder / Path(one.address).expanduser()))
            for one in written.archives
        ),
        archives_of=tuple(written.archives_of),
        classes=tuple(classes),
        categories={_UNGROUPED.get(group, group): tuple(names) for group, names in groups.items()},
    )


PUBLISHED = ("kinetics-400", "kinetics-600", "kinetics-700", "kinetics-700-2020")


@functools.cache
def published(name: str) -> Release:
    """A release of Kinetics, one of ``PUBLISHED``; its description is read when it is first asked for."""
    data = resources.files("kinetics_tui.annotations") / "data"
    return read_release(data, name + DESCRIPTION_SUFFIX, name)


def find_release(name: str) -> Release:
    """The release of a name as people write it: ``kinetics-400``, ``400``, ``K400``, ``700_2020``.

    Or that of the file which describes it: ``mine.toml``. Raises AnnotationError, with the nearest names,
    where there is none.
    """
    if is_description(name):
        path = Path(name).expanduser().absolute()
        return read_release(path.parent, path.name, str(path))
    number = re.sub(r"^(kinetics|k)", "", re.sub(r"[\s_-]+", "", name.casefold()))
    for known in PUBLISHED:
        if number == known.removeprefix("kinetics-").replace("-", ""):
            return published(known)
    raise unknown_name("release", name, PUBLISHED)


def release_of(name: str) -> Release | None:
    """The release that a dataset is of; None for annotations of one's own."""
    if is_description(name):
        return find_release(name)
    return published(name) if name in PUBLISHED else None


def class_names(release_name: str) -> tuple[str, ...]:
    """The classes of a release in the official order; empty for annotations of one's own."""
    release = release_of(release_name)
    return release.classes if release else ()


def categories(release_name: str) -> dict[str, tuple[str, ...]]:
    """From the category to its classes, of which some are in two; empty where none were published."""
    release = release_of(release_name)
    return release.categories if release else {}
