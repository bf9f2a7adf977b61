"""Files written whole or not at all: nobody ever reads half of one, not even after a power cut."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

SUFFIX = ".new"
_NAME_CHARS = 50
"""So much of a name is kept in that of the file in the making: names have at most 255 bytes."""


@contextlib.contextmanager
def whole_file(
    path: Path, *, folder: Path | None = None, mode: int | None = None, replace: bool = True
) -> Iterator[Path]:
    """An empty new file to fill, which is called ``path`` when the block ends without an error.

    It is in ``folder``, which has to be on the file system of ``path`` (None: beside it), and is removed on
    any error. Its permissions are ``mode``; None: those of the file that it replaces, or what the umask
    allows. Raises OSError, with ``replace`` False FileExistsError where there is a ``path`` by then.
    """
    name = f"{path.name[:_NAME_CHARS]}.{os.urandom(4).hex()}{SUFFIX}"
    making = (path.absolute().parent if folder is None else folder) / name
    kept = path.stat().st_mode & 0o777 if mode is None and path.exists() else None
    first = 0o600 if kept is not None else 0o666 if mode is None else mode
    os.close(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, first))
    try:
        yield making
        if kept is not None:
            with contextlib.suppress(OSError):  # exFAT and the like may refuse to set any
                making.chmod(kept)
        sync(making)
        if replace:
            making.replace(path)
        else:
            _give_name(making, path)
    finally:
        making.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_text(path: Path, *, folder: Path | None = None) -> Iterator[TextIO]:
    """Like ``whole_file``, as text in UTF-8; line ends are written as they are.

    A device or a pipe keeps its place: it is written to.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", errors="replace", newline="") as text:
            yield text
        return
    with (
        whole_file(path, folder=folder) as making,
        making.open("w", encoding="utf-8", errors="replace", newline="") as text,
    ):
        yield text


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole, in place of one that is there. Raises OSError, and leaves that one then."""
    with whole_file(path) as making:
        making.write_bytes(content)


def sync(path: Path) -> None:
    """Have the content of a file, or the names in a folder, on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_name(making: Path, path: Path) -> None:
    try:
        path.hardlink_to(making)  # unlike a rename, never takes the place of another file
    except FileExistsError:
        raise
    except OSError:
        making.rename(path)  # a file system without hard links
