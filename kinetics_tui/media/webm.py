"""Just enough of EBML to read a WebM file's cues: which moment lies at which byte."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
INFO = 0x1549A966
TIMECODE_SCALE = 0x2AD7B1
CLUSTER = 0x1F43B675
TIMECODE = 0xE7
SILENT_TRACKS = 0x5854
POSITION = 0xA7
PREV_SIZE = 0xAB
SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0
ENCRYPTED_BLOCK = 0xAF
VOID = 0xEC
CRC_32 = 0xBF
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


class Cue(msgspec.Struct, frozen=True):
    """A cluster that a cue points to: the moment and the byte it starts at."""

    time_s: Fraction
    offset: int


class CueIndex(msgspec.Struct, frozen=True):
    """All cues in order, and where the segment ends (None where that is not written).

    ``scale_ns`` is the file's unit of time.
    """

    cues: tuple[Cue, ...]
    end_offset: int | None
    scale_ns: int


def walk(data: bytes, start: int, end: int) -> Iterator[Element]:
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
    segment = next((e for e in walk(head, 0, len(head)) if e.id == SEGMENT), None)
    if segment is None:
        return None
    scale_ns = 1_000_000
    for element in walk(head, segment.body, segment.end):
        if element.id == INFO:
            for entry in walk(head, element.body, element.end):
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
    segment = next((e for e in walk(head, 0, len(head)) if e.id == SEGMENT), None)
    if segment is None:
        return None
    for element in walk(head, segment.body, segment.end):
        if element.id == CUES:
            return element.end
        if element.id == CLUSTER:
            return None
    return None


def _cues(head: bytes, cues: Element, origin: int, scale_ns: int) -> Iterator[Cue]:
    for point in walk(head, cues.body, cues.end):
        if point.id != CUE_POINT:
            continue
        time: int | None = None
        offset: int | None = None
        for entry in walk(head, point.body, point.end):
            if entry.id == CUE_TIME:
                time = _value(head, entry)
            elif entry.id == CUE_TRACK_POSITIONS and offset is None:
                for position in walk(head, entry.body, entry.end):
                    if position.id == CUE_CLUSTER_POSITION:
                        offset = origin + _value(head, position)
        if time is not None and offset is not None:
            yield Cue(Fraction(time * scale_ns, 1_000_000_000), offset)


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
