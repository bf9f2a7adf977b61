"""``python -m kinetics_tui.upkeep.verify_program``: reads files of clips, one at a time, as it is told.

A program of its own: a file that takes libav down or never comes to an end takes nothing else with it.
It is started in the dataset folder, told a job a line on standard input, and answers a line each.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from enum import StrEnum
from pathlib import Path

import msgspec

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.media.cut.mp4_copy import copy_into_mp4, is_matroska, is_mp4
from kinetics_tui.media.failures import ClipFailure, clean_message, is_of_disk
from kinetics_tui.media.verify import Facts, verify

CHUNK_BYTES = 1 << 20


class ReadingKind(StrEnum):
    """The outcome of reading a file."""

    PLAYS = "plays"
    UNPLAYABLE = "unplayable"
    """The file is read, and is no clip that plays."""
    UNREADABLE = "unreadable"
    """The disk or the permissions do not let it be read: nothing is known of the clip."""
    NO_MP4 = "no mp4"
    """What is in it is not what an MP4 file holds."""


class Job(msgspec.Struct, frozen=True):
    """A file to be read; ``decode``: every picture is decoded too, ``digest``: its bytes are summed up.

    ``stranger``: it is from elsewhere, and has to be an MP4 file by its first bytes. Others name media to
    be read in their stead. ``into``: it is WebM or Matroska, and what is in it is put as it is into an MP4
    file of this path, which is read in its place.
    """

    path: str
    decode: bool
    digest: bool = False
    stranger: bool = False
    into: str = ""


class Reading(msgspec.Struct, frozen=True):
    """The outcome of one job; ``facts`` are there if it plays, ``sha256`` where it was read and asked for."""

    kind: ReadingKind
    why: str = ""
    size_bytes: int = 0
    facts: Facts | None = None
    sha256: str = ""


def read(job: Job) -> Reading:
    """Read a file from end to end as a stranger would."""
    path = Path(job.path)
    digest = hashlib.sha256() if job.digest else None
    try:
        size_bytes, first = _read_bytes(path, digest)
    except OSError as error:
        return Reading(ReadingKind.UNREADABLE, clean_message(error.strerror or str(error)))
    if size_bytes is None:
        return Reading(ReadingKind.UNPLAYABLE, "it is not a file")
    if job.into:
        return _read_copied(job, first)
    if job.stranger and not is_mp4(first):
        return Reading(ReadingKind.UNPLAYABLE, "it is no MP4 file", size_bytes)
    reading = _play(path, size_bytes, decode=job.decode)
    return msgspec.structs.replace(reading, sha256=digest.hexdigest()) if digest else reading


def _read_copied(job: Job, first: bytes) -> Reading:
    if not is_matroska(first):
        return Reading(ReadingKind.UNPLAYABLE, "it is no WebM or Matroska file")
    try:
        why_not = copy_into_mp4(job.path, job.into)
    except Exception as error:  # noqa: BLE001 -- a file from anywhere: what it breaks is its own fault
        of_disk = isinstance(error, MemoryError) or (isinstance(error, OSError) and is_of_disk(error))
        kind = ReadingKind.UNREADABLE if of_disk else ReadingKind.UNPLAYABLE
        why = clean_message(getattr(error, "strerror", None) or str(error)) or type(error).__name__
        return Reading(kind, f"its content cannot be copied: {why}")
    if why_not:
        return Reading(ReadingKind.NO_MP4, why_not)
    return _play(Path(job.into), Path(job.into).stat().st_size, decode=job.decode)


def _play(path: Path, size_bytes: int, *, decode: bool) -> Reading:
    try:
        facts = verify(path, decode=decode)
    except ClipFailure as failure:
        return Reading(ReadingKind.UNPLAYABLE, failure.message, size_bytes)
    except FileNotFoundError:
        return Reading(ReadingKind.UNREADABLE, "it was taken away while it was read", size_bytes)
    except MemoryError:
        return Reading(ReadingKind.UNREADABLE, "there is not enough memory to decode it", size_bytes)
    except Exception as error:  # noqa: BLE001 -- a file from anywhere: what it breaks is its own fault
        why = clean_message(str(error)) or type(error).__name__
        return Reading(ReadingKind.UNPLAYABLE, why, size_bytes)
    return Reading(ReadingKind.PLAYS, size_bytes=size_bytes, facts=facts)


def _read_bytes(path: Path, digest: hashlib._Hash | None) -> tuple[int | None, bytes]:
    """The size of a file of which every byte can be read, None for what is no file; and its first bytes.

    All bytes are summed up on the way. So an error of the disk is known as one: libav says of a file cut off
    what it says of those.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # opening a named pipe must not wait for its writer
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None, b""
        size_bytes, first = 0, b""
        while chunk := os.read(fd, CHUNK_BYTES):
            first = first or chunk[:8]
            size_bytes += len(chunk)
            if digest is not None:
                digest.update(chunk)
        return size_bytes, first
    finally:
        os.close(fd)


def main() -> int:
    """Answer jobs until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    decoder = JsonReader[Job](Job)
    for line in sys.stdin.buffer:
        answers.write(to_json(read(decoder.decode(line))) + b"\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
