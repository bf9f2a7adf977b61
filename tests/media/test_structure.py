"""Damage that shows in a container's own figures, and odd but whole media that it must not be taken for."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest

from kinetics_tui.demo.media import Kind
from kinetics_tui.demo.player import pieces
from kinetics_tui.media.containers import Point, read_cues, track_timescale, walk_boxes
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.structure import check_clusters, check_fragments, check_tables
from tests.media.media_studio import made


def fragments() -> tuple[bytes, int, list[Point], int]:
    """A source's fragments, where they begin, what its index says of them, and its timescale."""
    data = made(Kind.DASH_VIDEO, duration_s=20).path.read_bytes()
    origin, found = pieces(made(Kind.DASH_VIDEO, duration_s=20).path)
    points = [Point(Fraction(5 * number), piece.start) for number, piece in enumerate(found)]
    end = found[-1].start + found[-1].size_bytes
    moov = next(box for box in walk_boxes(data) if box.kind == b"moov")
    return data[origin:end], origin, points, track_timescale(data[moov.start : moov.end])


def test_whole_fragments_pass() -> None:
    check_fragments(*fragments())


@pytest.mark.parametrize("name", [b"moof", b"tfdt", b"mdat"])
def test_a_damaged_fragment_is_found(name: bytes) -> None:
    data, origin, points, timescale = fragments()
    at = data.index(name, points[1][1] - origin)
    place = at if name != b"tfdt" else at + 8 + 1
    damaged = data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :]
    with pytest.raises(ClipFailure, match="damaged"):
        check_fragments(damaged, origin, points, timescale)


def test_media_shown_later_than_written_are_whole() -> None:
    data, origin, points, timescale = fragments()
    later = [Point(time_s + 1000, offset) for time_s, offset in points]
    check_fragments(data, origin, later, timescale, Fraction(1000))
    with pytest.raises(ClipFailure, match="another moment"):
        check_fragments(data, origin, later, timescale)


def tables() -> tuple[bytes, int]:
    """The whole ``moov`` box of an MP4 in one piece, and how many bytes the file has."""
    data = made(Kind.PROGRESSIVE, duration_s=20).path.read_bytes()
    moov = next(box for box in walk_boxes(data) if box.kind == b"moov")
    return data[moov.start : moov.end], len(data)


def test_whole_tables_pass() -> None:
    check_tables(*tables())


@pytest.mark.parametrize(
    ("name", "at", "put", "why"),
    [
        (b"mdhd", 16, b"\x70", "does not add up"),
        (b"stts", 4, b"\x70", "too long"),
        (b"stsz", 8, b"\x70", "too long"),
        (b"stsz", 8, struct.pack(">I", 599), "in two ways"),
        (b"stsz", 4, struct.pack(">II", 7, 599), "in two ways"),  # every sample has seven bytes
        (b"stsz", 12 + 4 * 100, b"\x70", "longer than the file"),
    ],
)
def test_damaged_tables_are_found(name: bytes, at: int, put: bytes, why: str) -> None:
    moov, file_bytes = tables()
    place = moov.index(name) + 4 + at
    with pytest.raises(ClipFailure, match=why):
        check_tables(moov[:place] + put + moov[place + len(put) :], file_bytes)


def test_a_damaged_cluster_is_found() -> None:
    data = made(Kind.WEBM_VIDEO, duration_s=20).path.read_bytes()
    cues = read_cues(data)
    assert cues is not None
    points = cues.cues
    start = points[0][1]
    end = cues.end_offset or len(data)
    check_clusters(data[start:end], start, points, cues.scale_ns)
    place = points[1][1] - start
    damaged = data[start : start + place] + b"\x00" + data[start + place + 1 : end]
    with pytest.raises(ClipFailure, match="damaged"):
        check_clusters(damaged, start, points, cues.scale_ns)
