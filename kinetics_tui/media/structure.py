"""Check fetched media against their index: damage shows in the containers' own figures.

Decoders hide damage, and readers of containers skip what they do not understand; a clip would come
out with other seconds than asked for, or with one picture that stands still. What is looked at here is
written twice in every file: where fragments begin and when, and how long things are. Differences that a
writer's roundings may bring about are let pass. Everything here raises ClipFailure (TRIM_FAILED).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction

from kinetics_tui.media.containers import (
    CLUSTER,
    IN_CLUSTERS,
    SIMPLE_BLOCK,
    TIMECODE,
    Box,
    Element,
    Point,
    read_header,
    walk_boxes,
    walk_elements,
)
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.model.failure import Category

TOLERANCE_S = 1
"""Writers disagree on whether an index takes edit lists into account."""
TABLE_TOLERANCE_S = 2


def damaged(what: str) -> ClipFailure:
    """The failure of media that are not what they should be."""
    return ClipFailure(Category.TRIM_FAILED, f"The media are damaged: {what}.")


def check_fragments(
    data: bytes, origin: int, points: Sequence[Point], timescale: int, late_s: Fraction = Fraction(0)
) -> None:
    """Look over the fragments of an MP4 that lie in ``data``, which begins at byte ``origin`` of the file.

    ``points`` are those that the index has for these bytes; ``timescale`` is the track's.
    ``late_s`` is how much later than they are written the edit list has the fragments shown: whether an
    index takes that into account is left to its writer.
    """
    expected = {offset - origin: time_s for time_s, offset in points}
    at = 0
    due: Fraction | None = None
    samples_bytes = 0
    while at < len(data):
        if at in expected:
            due = expected.pop(at)
        box = read_header(data[at : at + 16], at)
        # Boxes may come between fragments that nobody has heard of yet; their names are letters all the same.
        if box is None or not box.kind.isalnum() or box.end > len(data):
            raise damaged("a fragment does not end where it should")
        try:
            if box.kind == b"moof":
                time, samples_bytes = _read_moof(data, box)
                time_s = Fraction(time, timescale) if time is not None else None
                if (
                    due is not None
                    and time_s is not None
                    and min(abs(time_s - due), abs(time_s + late_s - due)) > TOLERANCE_S
                ):
                    raise damaged("a fragment belongs to another moment")
                due = None
            elif box.kind == b"mdat" and samples_bytes > box.end - box.body:
                raise damaged("samples are longer than their fragment")
        except struct.error as error:
            raise damaged("a fragment cannot be read") from error
        at = box.end
    if expected:
        raise damaged("a fragment is not where it should be")


def _read_moof(data: bytes, moof: Box) -> tuple[int | None, int]:
    """When a fragment begins, in the track's units, and how many bytes its samples have."""
    time: int | None = None
    total = usual_bytes = 0
    for box in walk_boxes(data, moof.body, moof.end):
        flags = int.from_bytes(data[box.body + 1 : box.body + 4])
        place = box.body + 4
        if box.kind == b"tfhd":
            # Before the usual size of a sample: the track, and what else the flags announce.
            place += 4 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2) + 4 * bool(flags & 0x8)
            usual_bytes = struct.unpack_from(">I", data, place)[0] if flags & 0x10 else 0
        elif box.kind == b"tfdt":
            time = struct.unpack_from(">Q" if data[box.body] else ">I", data, place)[0]
        elif box.kind == b"trun":
            (count,) = struct.unpack_from(">I", data, place)
            place += 4 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
            length = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
            if place + length * count > box.end:
                raise damaged("a fragment's table is too long")
            if not flags & 0x200:
                total += count * usual_bytes
                continue
            place += 4 * bool(flags & 0x100)
            total += sum(struct.unpack_from(">I", data, place + length * n)[0] for n in range(count))
    return time, total


def check_tables(moov: bytes, file_bytes: int) -> None:
    """Look over the sample tables of an MP4 of ``file_bytes``.

    The samples of a track last as long as the track does, both tables that count them count as many, and
    they are not longer than the file: a reader that finds one too long leaves out the tables behind it, and
    shows every picture at another time.
    """
    timescale = duration = timed = 0
    for box in walk_boxes(moov):
        try:
            if box.kind == b"mdhd":
                timed = 0
                layout, place = (">IQ", 20) if moov[box.body] else (">II", 12)
                timescale, duration = struct.unpack_from(layout, moov, box.body + place)
            elif box.kind == b"stts":
                entries = list(struct.iter_unpack(">II", _table(moov, box, 4, 8)))
                timed = sum(samples for samples, _ in entries)
                total = sum(samples * each for samples, each in entries)
                if duration and total and abs(total - duration) > TABLE_TOLERANCE_S * timescale:
                    raise damaged("its index does not add up")
            elif box.kind == b"stsz":
                usual_bytes, count = struct.unpack_from(">II", moov, box.body + 4)
                sizes = b"" if usual_bytes else _table(moov, box, 8, 4)
                if sum(size for (size,) in struct.iter_unpack(">I", sizes)) > file_bytes:
                    raise damaged("its index has samples that are longer than the file")
                if timed and timed != count:
                    raise damaged("its index counts its samples in two ways")
        except struct.error as error:
            raise damaged("its index cannot be read") from error


def _table(moov: bytes, box: Box, at: int, entry_bytes: int) -> bytes:
    """The entries of a box's table; their number is written ``at`` bytes into the box, right before them."""
    (count,) = struct.unpack_from(">I", moov, box.body + at)
    start = box.body + at + 4
    if start + entry_bytes * count > box.end:
        raise damaged("its index is too long")
    return moov[start : start + entry_bytes * count]


def check_clusters(data: bytes, origin: int, points: Sequence[Point], scale_ns: int) -> None:
    """Look over the clusters of a WebM that lie in ``data``, which begins at byte ``origin`` of the file.

    ``points`` are those that the cues have for these bytes; ``scale_ns`` is the file's unit of time.
    """
    expected: dict[int, list[Fraction]] = {}
    for time_s, offset in points:
        expected.setdefault(offset - origin, []).append(time_s)
    at = 0
    while at < len(data):
        element = next(walk_elements(data, at, len(data)), None)
        if element is None or element.end > len(data):
            raise damaged("a cluster does not end where it should")
        if element.id == CLUSTER:
            first, last = _read_cluster(data, element)
            for time_s in expected.pop(at, ()):
                unit = Fraction(scale_ns, 1_000_000_000)
                if not first * unit - TOLERANCE_S <= time_s <= last * unit + TOLERANCE_S:
                    raise damaged("a cluster belongs to another moment")
        at = element.end
    if expected:
        raise damaged("a cluster is not where it should be")


def _read_cluster(data: bytes, cluster: Element) -> tuple[int, int]:
    """When a cluster begins, and when its last block does, in the file's units."""
    time = last = 0
    at = cluster.body
    for element in walk_elements(data, cluster.body, cluster.end):
        if element.id not in IN_CLUSTERS or element.end > cluster.end:
            raise damaged("a cluster cannot be read")
        if element.id == TIMECODE:
            time = last = int.from_bytes(data[element.body : element.end])
        elif element.id == SIMPLE_BLOCK:
            # Behind the track's number, which has one byte: there are no more than 127 tracks.
            last = max(last, time + int.from_bytes(data[element.body + 1 : element.body + 3], signed=True))
        at = element.end
    if at != cluster.end:
        raise damaged("a cluster cannot be read")
    return time, last
