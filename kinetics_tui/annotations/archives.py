"""Reads annotation files out of a ``.tar.gz`` without unpacking anything onto the disk.

An archive may come from anywhere: members are only ever read as bytes under a name to show, links
and devices are not followed, and an archive that swells beyond all reason is given up.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Self

from kinetics_tui.base.errors import AnnotationError

GZIP_MAGIC = b"\x1f\x8b"
MAX_MEMBER_BYTES = 512 * 1024**2
"""The largest file of a release, Kinetics-700's JSON, has 198 MB."""
MAX_ARCHIVE_BYTES = 4 * MAX_MEMBER_BYTES
MAX_RATIO = 200
"""Annotations shrink to a tenth at best; archives of nothing swell a thousandfold."""
MAX_MEMBERS = 100_000
MAX_HEADER_BYTES = 64 * 1024
"""The longest description of a member (a long name, say) that is read; real ones have some hundred."""
_RATIO_FROM_BYTES = 16 * 1024**2
_DRAIN_BYTES = 64 * 1024

DAMAGE = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, RecursionError)
"""Raised by tarfile, gzip and zlib over archives that are cut off, damaged or made to do harm."""


def read_members(path: Path, on_refused: Callable[[str, str], None]) -> Iterator[tuple[str, bytes]]:
    """The annotation files in an archive as (name, bytes): CSV, and JSON where no CSV tells the same.

    ``on_refused(name, why)`` is told of members that look like annotations and are not read.
    Raises AnnotationError where the archive cannot be read or swells too far.
    """
    csv_stems: set[str] = set()
    json_names: set[str] = set()

    def is_csv(name: str) -> bool:
        stem, suffix = _stem_and_suffix(name)
        if suffix == ".json":
            json_names.add(name)
        else:
            csv_stems.add(stem)
        return suffix == ".csv"

    yield from _read_wanted(path, is_csv, on_refused)
    # The JSON of a release says what its CSV says, but loses second clips of a video.
    lonely = {name for name in json_names if _stem_and_suffix(name)[0] not in csv_stems}
    if lonely:
        yield from _read_wanted(path, lambda name: name in lonely, lambda _name, _why: None)


def _stem_and_suffix(name: str) -> tuple[str, str]:
    place = PurePosixPath(name)
    return str(place.with_suffix("")), place.suffix.lower()


def _read_wanted(
    path: Path, is_wanted: Callable[[str], bool], on_refused: Callable[[str, str], None]
) -> Iterator[tuple[str, bytes]]:
    try:
        with path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as unpacked:
            stream: Any = _Bounded(unpacked, path)  # tarfile asks for no more than read(size)
            with tarfile.open(fileobj=stream, mode="r|", tarinfo=ShortlyDescribed) as archive:
                for count, member in enumerate(archive):
                    if count >= MAX_MEMBERS:
                        raise AnnotationError(
                            f"{path}: more than {MAX_MEMBERS:,} files are in it; "
                            "unpack it yourself and give the CSV files in it."
                        )
                    if not _looks_like_annotations(member.name):
                        continue
                    why = _refusal(member)
                    if why:
                        on_refused(member.name, why)
                    elif is_wanted(member.name):
                        content = archive.extractfile(member)
                        assert content is not None  # it is a regular file
                        yield member.name, content.read()
            while stream.read(_DRAIN_BYTES):
                pass  # gzip checks its sums when the end is reached
    except DAMAGE as error:
        raise AnnotationError(
            f"{path}: not a whole .tar.gz archive ({str(error) or type(error).__name__}); "
            "fetch it again, or unpack it and give the CSV files in it."
        ) from error


def _looks_like_annotations(name: str) -> bool:
    place = PurePosixPath(name)
    # macOS puts a "._name" of another kind beside each file that it packs.
    return place.suffix.lower() in (".csv", ".json") and not place.name.startswith(".")


def _refusal(member: tarfile.TarInfo) -> str:
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts:
        return "its name leads out of the archive"
    if not member.isreg() or member.issparse():
        return "it is a link or something else than a plain file"
    if member.size > MAX_MEMBER_BYTES:
        return f"it has {member.size:,} bytes, more than {MAX_MEMBER_BYTES:,}"
    return ""


class ShortlyDescribed(tarfile.TarInfo):
    """A member whose description is not longer than is reasonable: it would be read into memory whole."""

    _DESCRIPTIONS = (
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
    )

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type in cls._DESCRIPTIONS and member.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a member's description has {member.size:,} bytes")
        return member


class _Bounded(io.RawIOBase):
    """An unpacked stream that ends in AnnotationError once it has swollen too far."""

    def __init__(self, unpacked: gzip.GzipFile, path: Path) -> None:
        self._unpacked = unpacked
        self._path = path
        self._count = 0
        swollen = max(_RATIO_FROM_BYTES, path.stat().st_size * MAX_RATIO)
        self._limit = min(MAX_ARCHIVE_BYTES, swollen)

    def read(self, size: int = -1) -> bytes:
        data = self._unpacked.read(min(size, self._limit + 1) if size >= 0 else self._limit + 1)
        self._count += len(data)
        if self._count > self._limit:
            raise AnnotationError(
                f"{self._path}: unpacks to more than {self._limit:,} bytes, which no release does; "
                "unpack it yourself and give the CSV files in it."
            )
        return data
