"""A clip's file put into an export: linked or copied, and never in the place of anything else.

Errors of the clip's file are told apart from those of the target.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.export.target import Target, same_file


class UnreadableError(Exception):
    """A clip's file cannot be read: ``str(error)`` says why in a few words. The export goes on without it."""


class Source:
    """A clip's file, open to be read."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.about = os.fstat(file.fileno())
        self._file = file

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes more. Raises UnreadableError."""
        try:
            return self._file.read(size)
        except OSError as error:
            raise _unreadable(error) from error


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open the file at ``path``, or the one that it is a link to. Raises UnreadableError."""
    try:
        # The file itself: a link to a link would lead nowhere once the first is gone.
        path = path.resolve(strict=True)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not wait for its writer
    except FileNotFoundError:
        raise UnreadableError("its file is gone") from None
    except (OSError, RuntimeError) as error:
        raise _unreadable(error) from error
    with os.fdopen(fd, "rb") as file:
        source = Source(path, file)
        if not stat.S_ISREG(source.about.st_mode):
            raise UnreadableError("what is in its place is not a file")
        yield source


def _unreadable(error: Exception) -> UnreadableError:
    why = getattr(error, "strerror", None) or str(error)
    return UnreadableError(f"its file cannot be read ({why})")


_OTHER_DISK = frozenset({errno.EXDEV})
_CANNOT = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
COPY_BYTES = 1 << 20


class Link(StrEnum):
    """The ways in which an export gets the files of its clips."""

    HARD = "hard"
    """A second name of the same file: takes no room, needs the same file system."""
    SYM = "sym"
    """A symbolic link to the dataset's file."""
    COPY = "copy"


class Placed(StrEnum):
    """The outcome of putting a clip's file into an export."""

    ADDED = "added"
    THERE = "there"
    """It was there already."""
    OTHER = "other"
    """Something else is in its place, and stays there."""


class Placer:
    """Puts files into an export, the way that was asked for; ``tell`` hears why that is another one."""

    def __init__(self, target: Target, link: Link, tell: Callable[[str], None]) -> None:
        self._target = target
        self._link = link
        self._tell = tell
        self.copied = 0
        """The number of files copied."""

    def place(self, source: Source, path: PurePosixPath) -> Placed:
        """Have a clip's file at ``path`` below the target.

        Raises DatasetError where the target cannot be written, UnreadableError where the file cannot be read.
        """
        with self._target.open_folder(*path.parent.parts) as folder_fd:
            found = _look(path.name, folder_fd)
            if found is not None:
                return Placed.THERE if _is_ours(found, path.name, folder_fd, source) else Placed.OTHER
            match self._link:
                case Link.HARD:
                    self._link_or_copy(source, folder_fd, path.name)
                case Link.SYM:
                    self._point(source, folder_fd, path.name)
                case Link.COPY:
                    self._copy(source, folder_fd, path.name)
        return Placed.ADDED

    def _link_or_copy(self, source: Source, folder_fd: int, name: str) -> None:
        try:
            os.link(source.path, name, dst_dir_fd=folder_fd)
        except OSError as error:
            if error.errno in _OTHER_DISK:
                why = "lies on another file system than the dataset"
            elif error.errno in _CANNOT:
                why = "takes no hard links"
            elif error.errno != errno.EMLINK:  # one file has too many names: it alone is copied
                raise
            else:
                why = ""
            if why:
                self._tell(f"{self._target.folder} {why}: the clips are copied.")
                self._link = Link.COPY
            self._copy(source, folder_fd, name)

    def _point(self, source: Source, folder_fd: int, name: str) -> None:
        try:
            os.symlink(source.path, name, dir_fd=folder_fd)
        except OSError as error:
            if error.errno in _CANNOT:
                raise DatasetError(
                    f"{self._target.folder} takes no symbolic links; export with --link copy."
                ) from error
            raise

    def _copy(self, source: Source, folder_fd: int, name: str) -> None:
        with self._target.part("copy") as copy:
            while chunk := source.read(COPY_BYTES):
                copy.write(chunk)
            copy.flush()
            # By its time of change a copy is known again.
            os.utime(copy.fileno(), ns=(source.about.st_atime_ns, source.about.st_mtime_ns))
            self._target.give_name(copy, "copy", folder_fd, name)
        self.copied += 1


def _look(name: str, folder_fd: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_ours(found: os.stat_result, name: str, folder_fd: int, source: Source) -> bool:
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(name, dir_fd=folder_fd) == str(source.path)
    return same_file(found, source.about)
