"""Just enough of MP4's boxes to know where a moment of a file lies."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

import msgspec

CONTAINERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf"})


class Box(msgspec.Struct, frozen=True):
    """A box: its type, where it starts (its header), where its content starts, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


class Segment(msgspec.Struct, frozen=True):
    """A fragment as the ``sidx`` box lists it: its first moment and its first byte."""

    time_s: Fraction
    offset: int


class SegmentIndex(msgspec.Struct, frozen=True):
    """A whole ``sidx`` box: the fragments in order, and where the last one ends."""

    segments: tuple[Segment, ...]
    end_s: Fraction
    end_offset: int


def read_header(data: bytes, start: int) -> Box | None:
    """The header of the box at ``start``, of which ``data`` holds the first bytes; None: not enough."""
    if len(data) < 8:
        return None
    size, kind = struct.unpack_from(">I4s", data)
    header = 8
    if size == 1:
        if len(data) < 16:
            return None
        size, header = struct.unpack_from(">Q", data, 8)[0], 16
    if size < header:
        # Size 0 means "to the end of the file"; anything else below the header's is damage.
        return None
    return Box(kind, start, start + header, start + size)


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes in ``data`` between ``start`` and ``end``, and those inside of containers."""
    end = len(data) if end is None else end
    while start < end:
        box = read_header(data[start : start + 16], start)
        if box is None or box.end > end:
            return
        yield box
        if box.kind in CONTAINERS:
            yield from walk(data, box.body, box.end)
        start = box.end


def edit_shift(moov: bytes) -> Fraction:
    """How much later than it is shown the first picture's time is written, in seconds.

    ``moov`` is the whole box. 0 where no edit list says so, or where it says something else.
    """
    timescale = 0
    media_time = 0
    for box in walk(moov):
        if box.kind == b"elst":
            version, count = moov[box.body], struct.unpack_from(">I", moov, box.body + 4)[0]
            if count == 1:
                layout, offset = (">q", 16) if version == 1 else (">i", 12)
                media_time = struct.unpack_from(layout, moov, box.body + offset)[0]
        elif box.kind == b"mdhd" and not timescale:
            offset = 20 if moov[box.body] == 1 else 12
            timescale = struct.unpack_from(">I", moov, box.body + offset)[0]
    return Fraction(media_time, timescale) if timescale and media_time > 0 else Fraction(0)


def empty_edit(moov: bytes) -> Fraction:
    """How long nothing is shown before the first track's media begin, in seconds, by its edit list."""
    timescale = 0
    for box in walk(moov):
        if box.kind == b"mvhd":
            start = box.body + (20 if moov[box.body] == 1 else 12)
            timescale = int.from_bytes(moov[start : start + 4])
        elif box.kind == b"elst" and timescale:
            layout = ">Qq" if moov[box.body] == 1 else ">Ii"
            if box.body + 8 + struct.calcsize(layout) > box.end:
                break
            duration, media_time = struct.unpack_from(layout, moov, box.body + 8)
            return Fraction(duration, timescale) if media_time == -1 else Fraction(0)
    return Fraction(0)


def track_timescale(moov: bytes) -> int:
    """In how many units a second the first track of a whole ``moov`` box counts time; 0: not told."""
    box = next((box for box in walk(moov) if box.kind == b"mdhd"), None)
    if box is None:
        return 0
    start = box.body + (20 if moov[box.body] == 1 else 12)
    return int.from_bytes(moov[start : start + 4])


def read_sidx(sidx: bytes, end: int, shift: Fraction) -> SegmentIndex | None:
    """The fragments of a whole ``sidx`` box that ends at byte ``end`` of its file.

    ``shift`` is the edit list's. Writers disagree on whether the box's times take it into account: they
    do where the first one does not repeat it. None for an index of indexes.
    """
    version = sidx[8]
    timescale = struct.unpack_from(">I", sidx, 16)[0]
    earliest, first_offset = struct.unpack_from(">QQ" if version else ">II", sidx, 20)
    position = 36 if version else 28
    count = struct.unpack_from(">H", sidx, position + 2)[0]
    position += 4
    if not timescale or len(sidx) < position + 12 * count:
        return None
    time_s, offset = Fraction(earliest, timescale), end + first_offset
    if time_s == shift:
        time_s = Fraction(0)
    segments = []
    for _ in range(count):
        size, duration, _access = struct.unpack_from(">III", sidx, position)
        if size >> 31:
            return None
        segments.append(Segment(time_s, offset))
        time_s += Fraction(duration, timescale)
        offset += size
        position += 12
    return SegmentIndex(tuple(segments), time_s, offset) if segments else None


def free_box(size: int) -> bytes:
    """The header of a ``free`` box of ``size`` bytes, at least 16: readers skip what follows."""
    return struct.pack(">I4sQ", 1, b"free", size)
