"""The files in an archive or a folder of clips, one after the other; nothing in an archive is trusted.

A tar is read once from its beginning to its end, whatever its name says of how it is packed. Links and
devices are left out, sizes held to what a clip can have, and what swells beyond all reason is given up.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, TypeVar

from kinetics_tui.annotations.archives import DAMAGE, GZIP_MAGIC, ShortlyDescribed
from kinetics_tui.dataset.clip_names import is_clip_file

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")
LARGEST_CLIP_BYTES = 512 * 1024**2
MAX_MEMBERS = 1_000_000
"""An archive of the mirror holds about a thousand clips, a whole release in one some hundred thousand."""
MAX_RATIO = 100
"""Videos do not shrink: a tar.gz of clips has 0.99 of its tar, and none swells a hundredfold."""
_RATIO_FROM_BYTES = 64 * 1024**2
_CHUNK_BYTES = 1 << 20
_BLOCK_BYTES = 64 * 1024
"""Of a packed archive, and of what is unpacked of it, so much is read at a time."""

_Found = TypeVar("_Found")
OnRefused = Callable[[str, str], object]
"""Told the name of a file that may be a clip by it and is passed over, and why."""


class ArchiveError(Exception):
    """An archive that cannot be read on; ``str(error)`` says why in a few words."""


class Member(NamedTuple):
    """A plain file in an archive: where its content begins in the unpacked archive, and the way to it.

    ``alone``: damage to it says nothing of the others, as in a zip or a folder.
    """

    name: str
    offset: int
    size_bytes: int
    open: Callable[[], IO[bytes] | None]
    alone: bool = False


def is_archive(path: str) -> bool:
    """True if a file is an archive by the end of its name."""
    return path.casefold().endswith(SUFFIXES)


def members_of(path: Path, on_refused: OnRefused) -> Iterator[Member]:
    """The files in an archive that may be clips, or in a folder. Raises ArchiveError, and OSError."""
    if path.is_dir():
        yield from _loose(path)
    elif zipfile.is_zipfile(path):
        yield from _zipped(path, on_refused)
    else:
        with path.open("rb") as file:
            yield from members_of_tar(file, on_refused)


def members_of_tar(file: IO[bytes], on_refused: OnRefused) -> Iterator[Member]:
    """The same of a tar, packed or not, that is read once from here to its end.

    A member's content is to be read before the next one is asked for. Raises ArchiveError, and what reading
    ``file`` raises but OSError.
    """
    members = _tarred(file, on_refused)
    while (member := _read(partial(next, members, None))) is not None:
        yield member


def unpack(member: Member, path: Path) -> None:
    """Write a member's content to ``path``.

    Raises ArchiveError where it is damaged, with what came before that written, OSError where it cannot be.
    """
    content = _read(member.open)
    assert content is not None  # it is a plain file
    left_bytes = LARGEST_CLIP_BYTES
    with content, path.open("wb") as out:
        while left_bytes > 0 and (chunk := _read(partial(content.read, _CHUNK_BYTES))):
            out.write(chunk)
            left_bytes -= len(chunk)


def version_of(about: os.stat_result) -> str:
    """What tells a file on this machine from another version of it."""
    return f"{about.st_size}-{about.st_mtime_ns}"


def _loose(folder: Path) -> Iterator[Member]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(where, name)
            if is_clip_file(name) and not name.startswith("._") and path.is_file() and not path.is_symlink():
                shown = path.relative_to(folder).as_posix()
                yield Member(shown, 0, path.stat().st_size, partial(_opened, path), alone=True)


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _zipped(archive: Path, on_refused: OnRefused) -> Iterator[Member]:
    opened = _read(partial(zipfile.ZipFile, archive))
    with opened:
        for one in opened.infolist():
            if _may_be_clip(one.filename, one.file_size, on_refused):
                content = partial(opened.open, one)
                yield Member(one.filename, one.header_offset, one.file_size, content, alone=True)


def _tarred(file: IO[bytes], on_refused: OnRefused) -> Iterator[Member]:
    first = file.read(len(GZIP_MAGIC))
    packed = _Counted(file, first)
    # Not tarfile's own way of finding out how it is packed: it takes an archive that is cut off for whole.
    unpacked: Any = gzip.GzipFile(fileobj=packed) if first == GZIP_MAGIC else packed
    stream: Any = _Bounded(unpacked, packed)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=ShortlyDescribed, bufsize=_BLOCK_BYTES) as opened:
        for count, one in enumerate(opened):
            if count >= MAX_MEMBERS:
                raise ArchiveError(f"more than {MAX_MEMBERS:,} files are in it")
            if not (one.isreg() and not one.issparse()):
                if is_clip_file(one.name):
                    on_refused(one.name, "it is a link or something else than a plain file")
            elif _may_be_clip(one.name, one.size, on_refused):
                yield Member(one.name, one.offset_data, one.size, partial(opened.extractfile, one))
            opened.members = []  # type: ignore[attr-defined]  # it would keep all that it has passed
    while stream.read(_CHUNK_BYTES):
        pass  # gzip checks its sums when the end is reached


def _may_be_clip(name: str, size_bytes: int, on_refused: OnRefused) -> bool:
    if not is_clip_file(name):
        return False
    if PurePosixPath(name).name.startswith("._"):
        return False  # macOS puts a "._name" of another kind beside each file that it packs
    if size_bytes > LARGEST_CLIP_BYTES:
        on_refused(name, f"it has {size_bytes:,} bytes, more than a clip")
        return False
    return True


def leads_out(name: str) -> bool:
    """True if a member's name would lead out of the folder that it is unpacked in."""
    place = PurePosixPath(name)
    return place.is_absolute() or ".." in place.parts


def _read(read: Callable[[], _Found]) -> _Found:
    try:
        return read()
    except (*DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ArchiveError(str(error) or type(error).__name__) from error


class _Counted(io.RawIOBase):
    """What is packed, from the bytes on that were read already to find out how."""

    def __init__(self, file: IO[bytes], first: bytes) -> None:
        self._file = file
        self._ahead = first
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        while not 0 <= size <= len(self._ahead):
            # gzip asks for little at a time.
            more = self._file.read(-1 if size < 0 else max(size - len(self._ahead), _BLOCK_BYTES))
            if not more:
                break
            self._ahead += more
        data = self._ahead if size < 0 else self._ahead[:size]
        self._ahead = self._ahead[len(data) :]
        self.count += len(data)
        return data


class _Bounded(io.RawIOBase):
    """What is unpacked, which ends in ArchiveError once it has swollen too far."""

    def __init__(self, unpacked: IO[bytes], packed: _Counted) -> None:
        self._unpacked = unpacked
        self._packed = packed
        self._count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._unpacked.read(size)
        self._count += len(data)
        if self._count > max(_RATIO_FROM_BYTES, MAX_RATIO * self._packed.count):
            raise ArchiveError("it swells beyond all that clips do")
        return data
