"""The clips in an archive from elsewhere, unpacked a handful at a time, under names that lead nowhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from kinetics_tui.engine.archives.members import ArchiveError, members_of, unpack
from kinetics_tui.upkeep.walk import Stopped

BATCH_BYTES = 256 * 1024**2
"""Unpacked clips take so much room beside the dataset, and one clip more."""
FOLDERS = 2
"""So many folders around a file are kept: they may tell its split and its label."""
_LONGEST_PART = 60
"""In characters, of which each may take four of the 255 bytes of a name."""
_odd = re.compile(r"[^\w.~ (),'&+-]")


def batches(archive: Path, into: Path, wants: Callable[[str], bool], stopped: Stopped) -> Iterator[None]:
    """Fill the folder ``into`` with clips of the archive, and again, until none is left or it is ``stopped``.

    Comes back each time it is full; it is emptied after that. ``wants`` is asked for each file that may be a
    clip, by the path that it would get. A file whose content is damaged is unpacked as far as that goes.
    Raises ArchiveError where the archive cannot be read on, OSError where ``into`` cannot be written.
    """
    broken: ArchiveError | None = None
    size_bytes = 0
    members = members_of(archive, lambda _name, _why: None)
    while broken is None and not stopped():
        try:
            member = next(members, None)
        except ArchiveError as error:
            broken = error
            break
        if member is None:
            break
        path = into / _harmless(member.name)
        in_the_way = path.exists() or any(folder.is_file() for folder in path.parents)
        if in_the_way or size_bytes >= BATCH_BYTES:
            yield  # a second one of the same name gets its turn once it is known what came of the first
            shutil.rmtree(into)
            size_bytes = 0
        if wants(str(path.relative_to(into))):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                unpack(member, path)
            except ArchiveError as error:
                broken = None if member.alone else error  # a tar is over then
            size_bytes += path.stat().st_size
    if into.exists():
        yield
        shutil.rmtree(into)
    if broken is not None:
        raise broken


def _harmless(name: str) -> Path:
    """The end of a member's name, as a path that leads nowhere else."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    return Path(*(_odd.sub("_", part)[-_LONGEST_PART:] for part in parts[-1 - FOLDERS :]))
