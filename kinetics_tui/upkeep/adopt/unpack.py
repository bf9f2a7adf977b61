"""The clips in an archive from elsewhere, unpacked a handful at a time; nothing in an archive is trusted.

Names are taken apart and made anew, links and devices left out, sizes held to what a clip can have, and a tar
is read once from its beginning to its end, whatever its name says of how it is packed.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, TypeVar

from kinetics_tui.annotations.archives import DAMAGE, GZIP_MAGIC, ShortlyDescribed
from kinetics_tui.upkeep.adopt.match import is_clip_file
from kinetics_tui.upkeep.walk import Stopped

_Found = TypeVar("_Found")
SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")
LARGEST_CLIP_BYTES = 512 * 1024**2
BATCH_BYTES = 256 * 1024**2
"""Unpacked clips take so much room beside the dataset, and one clip more."""
FOLDERS = 2
"""So many folders around a file are kept: they may tell its split and its label."""
_CHUNK_BYTES = 1 << 20
_LONGEST_PART = 60
"""In characters, of which each may take four of the 255 bytes of a name."""
_odd = re.compile(r"[^\w.~ (),'&+-]")


class ArchiveError(Exception):
    """An archive that cannot be read on; ``str(error)`` says why in a few words."""


def is_archive(path: str) -> bool:
    """True if a file is an archive by the end of its name."""
    return path.casefold().endswith(SUFFIXES)


def batches(archive: Path, into: Path, wants: Callable[[str], bool], stopped: Stopped) -> Iterator[None]:
    """Fill the folder ``into`` with clips of the archive, and again, until none is left or it is ``stopped``.

    Comes back each time it is full; it is emptied after that. ``wants`` is asked for each file that may be a
    clip, by the path that it would get. A file whose content is damaged is unpacked as far as that goes.
    Raises ArchiveError where the archive cannot be read on, OSError where ``into`` cannot be written.
    """
    broken: ArchiveError | None = None
    size_bytes, is_zip = 0, zipfile.is_zipfile(archive)
    members = (_zipped if is_zip else _tarred)(archive)
    while broken is None and not stopped():
        try:
            member = _read(partial(next, members, None))
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
                _unpack(member, path)
            except ArchiveError as error:
                broken = None if is_zip else error  # a tar is over then
            size_bytes += path.stat().st_size
    if into.exists():
        yield
        shutil.rmtree(into)
    if broken is not None:
        raise broken


class _File(NamedTuple):
    """A plain file in an archive, and the way to its content."""

    name: str
    open: Callable[[], IO[bytes] | None]


def _zipped(archive: Path) -> Iterator[_File]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if _may_be_clip(member.filename, member.file_size):
                yield _File(member.filename, partial(opened.open, member))


def _tarred(archive: Path) -> Iterator[_File]:
    with archive.open("rb") as file, contextlib.ExitStack() as stack:
        is_packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        # Not tarfile's own way of finding that out: it takes an archive that is cut off for whole.
        stream: Any = stack.enter_context(gzip.GzipFile(fileobj=file)) if is_packed else file
        opened = stack.enter_context(tarfile.open(fileobj=stream, mode="r|", tarinfo=ShortlyDescribed))
        for member in opened:
            if member.isreg() and not member.issparse() and _may_be_clip(member.name, member.size):
                yield _File(member.name, partial(opened.extractfile, member))
            opened.members = []  # type: ignore[attr-defined]  # it would keep all that it has passed
        while stream.read(_CHUNK_BYTES):
            pass  # gzip checks its sums when the end is reached


def _may_be_clip(name: str, size_bytes: int) -> bool:
    # macOS puts a "._name" of another kind beside each file that it packs.
    return (
        is_clip_file(name)
        and size_bytes <= LARGEST_CLIP_BYTES
        and not PurePosixPath(name).name.startswith("._")
    )


def _unpack(member: _File, path: Path) -> None:
    content = _read(member.open)
    assert content is not None  # it is a plain file
    left_bytes = LARGEST_CLIP_BYTES
    with path.open("wb") as out:
        while left_bytes > 0 and (chunk := _read(partial(content.read, _CHUNK_BYTES))):
            out.write(chunk)
            left_bytes -= len(chunk)


def _read(read: Callable[[], _Found]) -> _Found:
    try:
        return read()
    except (*DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ArchiveError(str(error) or type(error).__name__) from error


def _harmless(name: str) -> Path:
    """The end of a member's name, as a path that leads nowhere else."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    return Path(*(_odd.sub("_", part)[-_LONGEST_PART:] for part in parts[-1 - FOLDERS :]))
