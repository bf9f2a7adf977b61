"""A clip's file as an export reads it; its errors are told apart from those of the target."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


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
