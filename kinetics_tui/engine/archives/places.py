"""The archives that there are for a dataset: those of its release, or those that the user names.

Which clip lies in which archive is published nowhere: the class says it where archives go by class, the rank
of its name where they are runs of names; else an archive has to be read for that.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path, PurePosixPath

import msgspec

from kinetics_tui.annotations.fetch import Opener
from kinetics_tui.annotations.releases import ArchiveList, Holds, Release, folded
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import mask_credentials
from kinetics_tui.dataset.clip_names import is_clip_file
from kinetics_tui.dataset.ledger.archives import ArchiveRow
from kinetics_tui.engine.archives.download import DownloadError, Head, head
from kinetics_tui.engine.archives.members import is_archive, version_of
from kinetics_tui.model.clip import Clip

LIST_SUFFIX = ".txt"
MAX_LIST_BYTES = 4 * 1024**2
HEADS_AT_ONCE = 8
NEIGHBOURS = 1
"""A run of names is taken to be off by so many archives either way."""
_number = re.compile(r"(\d+)\D*$")

Annotated = Callable[[Release], Sequence[Clip]]
"""Gives all clips of a release, as annotated."""


class Found(msgspec.Struct, frozen=True):
    """The archives of a dataset; of those in ``unasked`` the size is not known, for the reason beside it."""

    archives: tuple[ArchiveRow, ...]
    unasked: tuple[tuple[str, str], ...] = ()


def find_archives(
    release: Release | None,
    others: Sequence[Release],
    places: Sequence[str],
    clips: Sequence[Clip],
    *,
    annotated: Annotated,
    opener: Opener,
    ask: Callable[[str], Head] = head,
) -> Found:
    """The archives that may hold some of ``clips``.

    ``places`` are addresses, lists, files and folders of the user's, instead of those of the ``release`` and
    of ``others`` whose archives hold clips of it. ``opener`` fetches lists, ``ask`` sizes.
    Raises DatasetError where there are none, or a list or a place cannot be read.
    """
    labels, splits = {clip.label for clip in clips}, {clip.split for clip in clips}
    if places:
        rows = [_told(row, release) for place in places for row in _placed(place, opener)]
    elif release is not None:
        rows = [row for one in release.archives for row in _listed(one, release, annotated, opener)]
        rows = [row for row in rows if row.split in ("", *splits) and row.label in ("", *labels)]
        for other in others:
            rows += _of_another(other, clips, annotated, opener)
    else:
        rows = []
    if not rows:
        raise DatasetError(
            "No archives are known for these clips; name some with --archives (an address, a list, a file or "
            "a folder), or take --source youtube."
        )
    unique = {row.address: row for row in rows}
    return _measured(_told_apart(list(unique.values())), ask)


# -- where they are -----------------------------------------------------------------------------------------


def _placed(place: str, opener: Opener) -> Iterator[ArchiveRow]:
    """The archives of a place that the user, or the description of a release, names."""
    if "://" in place:
        yield from _addresses(place, opener) if _is_list(place) else [_row(place)]
        return
    path = Path(place)
    if path.is_dir():
        loose = False
        for where, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                loose = loose or is_clip_file(name)
                if is_archive(name):
                    yield _row(str(Path(where, name)))
        if loose:
            yield _row(place)
    elif not path.exists():
        raise DatasetError(f"There is no {place} to take archives from; give --archives what exists.")
    elif _is_list(place):
        for line in _lines(path.read_text(encoding="utf-8", errors="replace")):
            yield _row(line if "://" in line else str((path.parent / line).absolute()))
    else:
        yield _row(place)


def _addresses(address: str, opener: Opener) -> Iterator[ArchiveRow]:
    """The archives of a list on the net."""
    shown = mask_credentials(address)
    try:
        stream, _ = opener(address)
        with closing(stream):
            content = b""
            while len(content) <= MAX_LIST_BYTES and (chunk := stream.read(1 << 16)):
                content += chunk
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        raise DatasetError(
            f"The list of archives {shown} could not be fetched ({why}); check the line, or give --archives "
            "what you have: addresses, files or a folder."
        ) from error
    for line in _lines(content.decode("utf-8", "replace")):
        yield _row(urllib.parse.urljoin(address, line))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _is_list(place: str) -> bool:
    return PurePosixPath(urllib.parse.urlsplit(place).path).suffix == LIST_SUFFIX


def _row(address: str) -> ArchiveRow:
    return ArchiveRow(address=address, name=_name(address, 2))


def _name(address: str, parts: int) -> str:
    path = urllib.parse.unquote(urllib.parse.urlsplit(address).path) if "://" in address else address
    return "/".join(PurePosixPath(path).parts[-parts:]).lstrip("/")


def _told_apart(rows: Sequence[ArchiveRow]) -> list[ArchiveRow]:
    """The same archives; those of one name, as two releases may have, get one more folder into it."""
    often = Counter(row.name for row in rows)
    return [
        row if often[row.name] == 1 else msgspec.structs.replace(row, name=_name(row.address, 3))
        for row in rows
    ]


def _stem(row: ArchiveRow) -> str:
    """The name of an archive without its folder and what says how it is packed."""
    return re.sub(r"\.(tar\.gz|tgz|tar|zip)$", "", PurePosixPath(row.name).name, flags=re.IGNORECASE)


# -- what is in them ----------------------------------------------------------------------------------------


def _listed(one: ArchiveList, release: Release, annotated: Annotated, opener: Opener) -> list[ArchiveRow]:
    """The archives of a list, with what their places in it tell of the clips in them."""
    rows = [
        msgspec.structs.replace(row, split=one.split, replaces=one.replaces)
        for row in _placed(one.address, opener)
    ]
    if one.holds is Holds.RUN:
        names = sorted(clip.name for clip in annotated(release) if clip.split == one.split)
        return [_run_of(row, names, one.clips_each) for row in rows]
    return [_told(row, release, one.holds) for row in rows]


def _run_of(row: ArchiveRow, names: Sequence[str], clips_each: int) -> ArchiveRow:
    found = _number.search(_stem(row))
    if found is None or not names:
        return row
    first = max(0, (int(found[1]) - NEIGHBOURS) * clips_each)
    last = (int(found[1]) + 1 + NEIGHBOURS) * clips_each - 1
    if first >= len(names):
        return row
    return msgspec.structs.replace(row, first_name=names[first], last_name=names[min(last, len(names) - 1)])


def _told(row: ArchiveRow, release: Release | None, holds: Holds | None = None) -> ArchiveRow:
    """An archive with what its name tells of the clips in it; ``holds`` None: whatever that may be."""
    classes = {folded(name): name for name in release.classes} if release else {}
    if holds in (Holds.CLASS, None):
        label = classes.get(folded(_stem(row)), "")
        if label:
            return msgspec.structs.replace(row, label=label)
    if holds is Holds.CLASS_NUMBER:
        found, ordered = _number.search(_stem(row)), sorted(classes.values())
        if found and 1 <= int(found[1]) <= len(ordered):
            return msgspec.structs.replace(row, label=ordered[int(found[1]) - 1])
    replaces = row.replaces or "replacement" in _stem(row)
    return msgspec.structs.replace(row, replaces=replaces)


def _of_another(
    other: Release, clips: Sequence[Clip], annotated: Annotated, opener: Opener
) -> list[ArchiveRow]:
    """The archives of another release that hold some of the clips, which may have other splits and labels."""
    there = {clip.key: clip for clip in annotated(other)}
    by_class: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    by_split: defaultdict[str, list[str]] = defaultdict(list)
    for clip in clips:
        if (its := there.get(clip.key)) is not None:
            by_class[its.split, its.label][clip.label] += 1
            by_split[its.split].append(its.name)
    for names in by_split.values():
        names.sort()
    rows = []
    for one in other.archives:
        for row in _listed(one, other, annotated, opener):
            ours = by_class.get((row.split, row.label), Counter()) if row.label else Counter()
            names = by_split[row.split]
            if row.label:
                holds_some = bool(ours)
            elif row.last_name:
                holds_some = bisect_left(names, row.first_name) < bisect_right(names, row.last_name)
            else:
                holds_some = bool(names) or not row.split
            if holds_some:
                label = next(iter(ours)) if len(ours) == 1 else ""
                row = msgspec.structs.replace(row, split="", first_name="", last_name="")
                rows.append(msgspec.structs.replace(row, label=label))
    return rows


# -- how large they are ----------------------------------------------------------------------------------


def _measured(rows: Sequence[ArchiveRow], ask: Callable[[str], Head]) -> Found:
    def measure(row: ArchiveRow) -> ArchiveRow:
        if "://" in row.address:
            try:
                found = ask(row.address)
            except DownloadError as error:
                return msgspec.structs.replace(row, why=str(error))
            return msgspec.structs.replace(row, size_bytes=found.size_bytes, validator=found.validator)
        try:
            about = Path(row.address).stat()
        except OSError as error:
            raise DatasetError(f"{row.address} cannot be read ({error.strerror}); mend that.") from error
        size_bytes = None if Path(row.address).is_dir() else about.st_size
        return msgspec.structs.replace(row, size_bytes=size_bytes, validator=version_of(about))

    with ThreadPoolExecutor(HEADS_AT_ONCE) as pool:
        measured = list(pool.map(measure, rows))
    unasked = tuple((row.name, row.why) for row in measured if row.why)
    if len(unasked) == len(measured):
        name, why = unasked[0]
        raise DatasetError(
            f"No archive can be reached ({name}: {why}); check the line, or give --archives what you have: "
            "addresses, files or a folder."
        )
    return Found(tuple(msgspec.structs.replace(row, why="") for row in measured), unasked)
