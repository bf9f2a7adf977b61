"""A file from elsewhere given its place in a dataset; where it came from it stays as it is."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

from kinetics_tui.base.whole_file import sync, whole_file
from kinetics_tui.upkeep.adopt.result import LinkMode

CHUNK_BYTES = 1 << 20


class ChangedError(OSError):
    """The file is not the one that was looked at before."""


class Look(NamedTuple):
    """Which file that is, and in which state: another write to it would show."""

    device: int
    inode: int
    size_bytes: int
    written_ns: int


def look_at(path: Path) -> Look | None:
    """The thing at a path; None where it is a link or no regular file. Raises OSError."""
    return _look(path.lstat())


def place(source: Path, target: Path, seen: Look, how: LinkMode, scratch: Path) -> None:
    """Give the file ``source``, in the state ``seen``, the name ``target``, where nothing is yet.

    A copy is made in ``scratch``, a folder of the caller's own on the file system of ``target``, and named
    when it is on the disk.
    Raises ChangedError where the file is another by now, other OSError where it cannot be placed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if how is LinkMode.COPY:
        _copy(source, target, seen, scratch)
        return
    os.link(source, target, follow_symlinks=False)
    if look_at(target) != seen:
        target.unlink()
        raise _changed(source)


def place_made(made: Path, target: Path, source: Path, seen: Look) -> None:
    """Give ``made``, a file of our own made of ``source`` in the state ``seen``, the name ``target``.

    It lies on the file system of ``target``. Raises as ``place`` does.
    """
    if look_at(source) != seen:
        raise _changed(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(made)
    made.rename(target)


def _copy(source: Path, target: Path, seen: Look, scratch: Path) -> None:
    # Neither a link put in its place meanwhile is followed, nor a pipe waited for.
    with (
        open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file,  # noqa: PTH123
        whole_file(target, folder=scratch) as making,
        making.open("wb") as out,
    ):
        if _look(os.fstat(file.fileno())) != seen:
            raise _changed(source)
        shutil.copyfileobj(file, out, CHUNK_BYTES)
        if _look(os.fstat(file.fileno())) != seen:
            raise _changed(source)


def _look(about: os.stat_result) -> Look | None:
    if not stat.S_ISREG(about.st_mode):
        return None
    return Look(about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


def _changed(path: Path) -> ChangedError:
    return ChangedError(0, "it was changed meanwhile", str(path))
