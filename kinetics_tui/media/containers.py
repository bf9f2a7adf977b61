"""Just enough of two containers to know at which byte of a file a moment lies.

Of MP4 its boxes and the ``sidx`` index, of WebM the EBML elements down to the cues.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import msgspec

CONTAINERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf"})


class Box(msgspec.Struct, frozen=True):
    """A box: its type, where it starts (its header), where its content starts, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


class Point(NamedTuple):
    """When something begins that can be decoded, a fragment or a cluster, and at which byte of the file."""

    time_s: Fraction
    offset: int


class SegmentIndex(msgspec.Struct, frozen=True):
    """A whole ``sidx`` box: the fragments in order, and where the last one ends."""

    segments: tuple[Point, ...]
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


def walk_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes in ``data`` between ``start`` and ``end``, and those inside of containers."""
    end = len(data) if end is None else end
    while start < end:
        box = read_header(data[start : start + 16], start)
        if box is None or box.end > end:
            return
        yield box
        if box.kind in CONTAINERS:
            yield from walk_boxes(data, box.body, box.end)
        start = box.end


def edit_shift(moov: bytes) -> Fraction:
    """The seconds by which the first picture's time is written later than it is shown.

    ``moov`` is the whole box. 0 where no edit list says so, or where it says something else.
    """
    timescale = track_timescale(moov)
    media_time = 0
    for box in walk_boxes(moov):
        if box.kind == b"elst":
            version, count = moov[box.body], struct.unpack_from(">I", moov, box.body + 4)[0]
            if count == 1:
                layout, offset = (">q", 16) if version == 1 else (">i", 12)
                media_time = struct.unpack_from(layout, moov, box.body + offset)[0]
    return Fraction(media_time, timescale) if timescale and media_time > 0 else Fraction(0)


def empty_edit(moov: bytes) -> Fraction:
    """The seconds without anything shown before the first track's media begin, by its edit list."""
    timescale = 0
    for box in walk_boxes(moov):
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
    box = next((box for box in walk_boxes(moov) if box.kind == b"mdhd"), None)
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
        segments.append(Point(time_s, offset))
        time_s += Fraction(duration, timescale)
        offset += size
        position += 12
    return SegmentIndex(tuple(segments), time_s, offset) if segments else None


def free_box(size: int) -> bytes:
    """The header of a ``free`` box of ``size`` bytes, at least 16: readers skip what follows."""
    return struct.pack(">I4sQ", 1, b"free", size)


EBML = 0x1A45DFA3
SEGMENT = 0x18538067
INFO = 0x1549A966
TIMECODE_SCALE = 0x2AD7B1
CLUSTER = 0x1F43B675
TIMECODE = 0xE7
SIMPLE_BLOCK = 0xA3
IN_CLUSTERS = {
    TIMECODE,
    SIMPLE_BLOCK,
    0xA0,  # BlockGroup
    0xA7,  # Position
    0xAB,  # PrevSize
    0xAF,  # EncryptedBlock
    0xBF,  # CRC-32
    0xEC,  # Void
    0x5854,  # SilentTracks
}
CUES = 0x1C53BB6B
CUE_POINT = 0xBB
CUE_TIME = 0xB3
CUE_TRACK_POSITIONS = 0xB7
CUE_CLUSTER_POSITION = 0xF1


class Element(msgspec.Struct, frozen=True):
    """An element: its id, where its content starts and where it ends."""

    id: int
    body: int
    end: int


class CueIndex(msgspec.Struct, frozen=True):
    """The clusters that cues point to, in order, and where the segment ends (None where that is not written).

    ``scale_ns`` is the file's unit of time.
    """

    cues: tuple[Point, ...]
    end_offset: int | None
    scale_ns: int


def walk_elements(data: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements in ``data`` from ``start``; the last may end beyond ``data``."""
    while start < min(end, len(data)):
        identity = _number(data, start, keep_marker=True)
        if identity is None:
            return
        size = _number(data, start + identity[1], keep_marker=False)
        if size is None:
            return
        body = start + identity[1] + size[1]
        unknown = size[0] == (1 << 7 * size[1]) - 1
        element = Element(identity[0], body, end if unknown else body + size[0])
        yield element
        start = element.end


def read_cues(head: bytes) -> CueIndex | None:
    """The cues of the file that begins with ``head``; None where they are not all within it."""
    segment = next((e for e in walk_elements(head, 0, len(head)) if e.id == SEGMENT), None)
    if segment is None:
        return None
    scale_ns = 1_000_000
    for element in walk_elements(head, segment.body, segment.end):
        if element.id == INFO:
            for entry in walk_elements(head, element.body, element.end):
                if entry.id == TIMECODE_SCALE:
                    scale_ns = _value(head, entry)
        elif element.id == CUES:
            if element.end > len(head):
                return None
            cues = tuple(sorted(_cues(head, element, segment.body, scale_ns), key=lambda cue: cue.offset))
            known_end = segment.end if segment.end > len(head) else None
            return CueIndex(cues, known_end, scale_ns) if cues else None
        elif element.id == CLUSTER:
            return None
    return None


def cues_end(head: bytes) -> int | None:
    """Where the cues that start within ``head`` end; None where none start before the first cluster."""
    segment = next((e for e in walk_elements(head, 0, len(head)) if e.id == SEGMENT), None)
    if segment is None:
        return None
    for element in walk_elements(head, segment.body, segment.end):
        if element.id == CUES:
            return element.end
        if element.id == CLUSTER:
            return None
    return None


def _cues(head: bytes, cues: Element, origin: int, scale_ns: int) -> Iterator[Point]:
    for point in walk_elements(head, cues.body, cues.end):
        if point.id != CUE_POINT:
            continue
        time: int | None = None
        offset: int | None = None
        for entry in walk_elements(head, point.body, point.end):
            if entry.id == CUE_TIME:
                time = _value(head, entry)
            elif entry.id == CUE_TRACK_POSITIONS and offset is None:
                for position in walk_elements(head, entry.body, entry.end):
                    if position.id == CUE_CLUSTER_POSITION:
                        offset = origin + _value(head, position)
        if time is not None and offset is not None:
            yield Point(Fraction(time * scale_ns, 1_000_000_000), offset)


def _value(data: bytes, element: Element) -> int:
    return int.from_bytes(data[element.body : element.end])


def _number(data: bytes, start: int, *, keep_marker: bool) -> tuple[int, int] | None:
    """A number of variable length and the length it has; None where ``data`` ends before it does."""
    if start >= len(data) or not data[start]:
        return None
    length = 9 - data[start].bit_length()
    if start + length > len(data):
        return None
    value = int.from_bytes(data[start : start + length])
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), length
