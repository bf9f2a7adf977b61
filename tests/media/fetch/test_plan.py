"""Indexes of files, right, wrong and broken."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.demo.media import Kind, Source
from kinetics_tui.media.containers import Point, cues_end, read_cues, read_sidx, walk_boxes
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.fetch.plan import PointIndex, read_index
from kinetics_tui.media.fetch.ranges_fetch import RangeReader
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Sources, Studio, frame_numbers, made

SECONDS = [Point(Fraction(5 * number), 1000 + 100 * number) for number in range(4)]


@pytest.mark.parametrize(
    ("start_s", "end_s", "begin", "end", "from_start", "to_end"),
    [
        (0, 5, 1000, 1100, True, False),
        (5, 15, 1100, 1300, False, False),
        (4, 11, 1000, 1300, True, False),
        (-1, 1, 1000, 1100, True, False),
        (16, 30, 1300, 1450, False, True),
        (50, 60, 1300, 1450, False, True),
    ],
)
def test_cover_takes_the_points_around_a_section(
    start_s: int, end_s: int, begin: int, end: int, from_start: bool, to_end: bool
) -> None:
    section = PointIndex(SECONDS, Fraction(20), 1450, units=1).cover(Fraction(start_s), Fraction(end_s))
    assert section is not None
    assert (section.start, section.end, section.from_start, section.to_end) == (
        begin,
        end,
        from_start,
        to_end,
    )


def sidx(earliest: int, *entries: tuple[int, int], version: int = 1) -> bytes:
    body = struct.pack(">B3xII", version, 1, 1000)
    body += struct.pack(">QQ" if version else ">II", earliest, 16) + struct.pack(">HH", 0, len(entries))
    body += b"".join(struct.pack(">III", size, duration, 0x90000000) for size, duration in entries)
    return struct.pack(">I4s", len(body) + 8, b"sidx") + body


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    ("earliest", "shift_ms", "first_ms"), [(0, 0, 0), (0, 67, 0), (67, 67, 0), (500, 0, 500)]
)
def test_sidx_times_are_those_shown(version: int, earliest: int, shift_ms: int, first_ms: int) -> None:
    index = read_sidx(
        sidx(earliest, (300, 5000), (400, 2500), version=version), 1000, Fraction(shift_ms, 1000)
    )
    assert index is not None
    assert [(round(segment.time_s * 1000), segment.offset) for segment in index.segments] == [
        (first_ms, 1016),
        (first_ms + 5000, 1316),
    ]
    assert (round(index.end_s * 1000), index.end_offset) == (first_ms + 7500, 1716)


def test_index_of_indexes_is_not_understood() -> None:
    assert read_sidx(sidx(0, (300 | 1 << 31, 5000)), 1000, Fraction(0)) is None


def test_cues_are_read_where_they_stand_in_front() -> None:
    data = made(Kind.WEBM_VIDEO).path.read_bytes()
    end = cues_end(data[:8192])
    assert end is not None
    index = read_cues(data[:end])
    assert index is not None
    assert [cue.time_s for cue in index.cues] == [5 * number for number in range(12)]
    assert all(data[cue.offset :].startswith(bytes.fromhex("1f43b675")) for cue in index.cues)
    assert read_cues(data[: end - 1]) is None


@given(st.binary(max_size=200))
def test_no_bytes_hang_or_break_the_readers(data: bytes) -> None:
    for head in (data, bytes.fromhex("1a45dfa380") + bytes.fromhex("1853806701ffffffffffffff") + data):
        cues_end(head)
        read_cues(head)
    assert all(box.start < box.end <= len(data) for box in walk_boxes(data))


@pytest.mark.parametrize(
    ("packing", "kind"), [("dash", "PointIndex"), ("progressive", "SampleIndex"), ("webm", "PointIndex")]
)
def test_index_is_found_in_two_requests_at_most(
    studio: Studio, packings: dict[str, Sources], packing: str, kind: str
) -> None:
    resolver = Resolver(studio.youtube.yt_dlp_args())
    source = resolver.resolve(studio.add(packings[packing]))
    reader = RangeReader(resolver.session, source.video, Guard())
    assert type(read_index(reader, source.duration_s)).__name__ == kind
    assert reader.requests <= 2
    resolver.close()


def with_sidx_off_by(source: Source, path: Path, ticks: int) -> Source:
    """``source`` with an index that has everything but the first fragment earlier or later than it is."""
    data = bytearray(source.path.read_bytes())
    first_duration = data.index(b"sidx") - 4 + 40 + 4
    (duration,) = struct.unpack_from(">I", data, first_duration)
    struct.pack_into(">I", data, first_duration, duration + ticks)
    path.write_bytes(data)
    return Source(path, source.spec, len(data))


@pytest.mark.parametrize(("ticks", "start_s"), [(-5000, 19.8), (5000, 20.1), (5000, 10.0)])
def test_index_that_is_off_costs_requests_and_no_pictures(
    studio: Studio, dash: Sources, tmp_path: Path, ticks: int, start_s: float
) -> None:
    video = studio.add({134: with_sidx_off_by(dash[134], tmp_path / "off.mp4", ticks), 140: dash[140]})
    file, path = studio.make(studio.maker(), video, start_s)
    first = round(start_s * 30)
    assert frame_numbers(path) == list(range(first, first + 300))
    assert not file.short
    assert len(studio.media_requests(video)) <= 6


def test_file_without_an_index_is_read_block_by_block(studio: Studio, tmp_path: Path) -> None:
    whole = made(Kind.DASH_VIDEO, duration_s=16)
    # A free box where the index was.
    data = whole.path.read_bytes().replace(b"sidx", b"free", 1)
    (tmp_path / "blocks.mp4").write_bytes(data)
    video = studio.add({134: Source(tmp_path / "blocks.mp4", whole.spec, len(data))})
    _, clip = studio.make(studio.maker(audio=False), video, 5.0, 8.0)
    assert frame_numbers(clip) == list(range(150, 240))
    assert studio.spent.wire_bytes <= len(data)


@pytest.mark.parametrize(
    "start", [b"\0\0\0\x18ftypmp42" + bytes(5000), b"\x1a\x45\xdf\xa3" * 999, b"<html>" * 999]
)
def test_what_is_no_media_fails_to_trim(studio: Studio, tmp_path: Path, start: bytes) -> None:
    (tmp_path / "odd.mp4").write_bytes(start)
    video = studio.add({134: Source(tmp_path / "odd.mp4", made(Kind.DASH_VIDEO).spec, len(start))})
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(audio=False), video, 5.0, 8.0)
    assert caught.value.category is Category.TRIM_FAILED
    assert studio.left_over() == []
