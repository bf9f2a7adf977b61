from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import (
    Kind,
    Source,
    SourceSpec,
    cached_source,
    make_source,
    match_sound,
    read_frame_number,
)


def boxes(path: Path) -> list[tuple[str, int, int]]:
    """Top-level boxes of an MP4: type, place, size."""
    data = path.read_bytes()
    found, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind.decode(), at, size))
        at += size
    return found


def numbers_and_times(source: Source) -> list[tuple[int, int]]:
    """Of each picture the number it carries, and the one its time stands for."""
    with av.open(str(source.path)) as container:
        return [
            (read_frame_number(frame), round(float(frame.time or 0) * source.spec.fps))
            for frame in container.decode(video=0)
        ]


def heard(source: Source, at_s: float, duration_s: float = 0.5) -> array[int]:
    """Decoded sound as 16-bit mono, by the times that its frames carry."""
    samples = array("h")
    resampler = av.AudioResampler("s16", "mono")
    start_s = None
    with av.open(str(source.path)) as container:
        for frame in container.decode(audio=0):
            start_s = float(frame.time or 0) if start_s is None else start_s
            for converted in resampler.resample(frame):
                piece = array("h")
                piece.frombytes(bytes(converted.planes[0])[: 2 * converted.samples])
                samples.extend(piece)
    assert start_s is not None
    rate_hz = source.spec.sample_rate_hz
    first = round((at_s - start_s) * rate_hz)
    return samples[first : first + round(duration_s * rate_hz)]


@pytest.mark.parametrize("itag", [160, 18, 278])
def test_every_picture_carries_the_number_of_its_time(sources: Mapping[int, Source], itag: int) -> None:
    source = sources[itag]
    pairs = numbers_and_times(source)
    assert pairs == [(number, number) for number in range(round(source.spec.duration_s * source.spec.fps))]


@pytest.mark.parametrize("itag", [140, 18, 251])
@pytest.mark.parametrize("at_s", [0.6, 7.25])
def test_sound_is_where_its_time_says(sources: Mapping[int, Source], itag: int, at_s: float) -> None:
    match = match_sound(heard(sources[itag], at_s), sources[itag].spec.sample_rate_hz, at_s)
    assert match.offset_s == pytest.approx(0, abs=0.0005)
    assert match.score > 0.95


@pytest.mark.parametrize(("itag", "fragment_s"), [(160, 2), (140, 5)])
def test_a_dash_source_has_one_index_of_all_fragments_in_front(
    sources: Mapping[int, Source], itag: int, fragment_s: int
) -> None:
    path = sources[itag].path
    found = boxes(path)
    assert [kind for kind, _, _ in found][:4] == ["ftyp", "moov", "sidx", "moof"]
    assert [kind for kind, _, _ in found].count("sidx") == 1
    _, at, size = found[2]
    fragments = [at for kind, at, _ in found if kind == "moof"]
    version = path.read_bytes()[at + 8]
    entries = at + (32 if version == 0 else 40)
    count = struct.unpack_from(">H", path.read_bytes(), entries - 2)[0]
    sizes = [struct.unpack_from(">I", path.read_bytes(), entries + 12 * n)[0] for n in range(count)]
    assert [at + size + sum(sizes[:n]) for n in range(count)] == fragments
    assert count == -(-sources[itag].spec.duration_s // fragment_s)


def test_keyframes_come_at_the_distance_asked_for(sources: Mapping[int, Source]) -> None:
    with av.open(str(sources[160].path)) as container:
        times = [
            float(packet.pts * packet.time_base)
            for packet in container.demux(video=0)
            if packet.is_keyframe and packet.pts is not None
        ]
    assert times == [0, 2, 4, 6, 8, 10]


def test_pictures_and_packets_differ_in_order(sources: Mapping[int, Source]) -> None:
    with av.open(str(sources[160].path)) as container:
        stamps = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
    assert stamps != sorted(stamps)


def test_progressive_sources_have_their_index_in_front_or_at_the_end(
    sources: Mapping[int, Source], tail_source: Source
) -> None:
    front = [kind for kind, _, _ in boxes(sources[18].path)]
    tail = [kind for kind, _, _ in boxes(tail_source.path)]
    assert front.index("moov") < front.index("mdat")
    assert tail.index("moov") > tail.index("mdat")


@pytest.mark.parametrize("itag", [278, 251])
def test_webm_cues_stand_before_the_first_cluster(sources: Mapping[int, Source], itag: int) -> None:
    data = sources[itag].path.read_bytes()
    cues, cluster = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"
    # The seek head in front names both, so the elements themselves are the last and the second hit.
    assert data.index(cluster) > data.index(cues, data.index(cues) + 1)


def test_a_period_is_repeated_with_times_that_go_on(tmp_path: Path) -> None:
    source = make_source(
        tmp_path / "long", Kind.PROGRESSIVE, duration_s=24, period_s=8, fps=10, width_px=160, height_px=90
    )
    assert numbers_and_times(source) == [(number % 80, number) for number in range(240)]
    match = match_sound(heard(source, 17.25), source.spec.sample_rate_hz, 17.25, period_s=8)
    assert match.offset_s == pytest.approx(0, abs=0.0005)
    assert match.score > 0.95


@pytest.mark.parametrize(
    ("shape", "why"),
    [({"duration_s": 20, "period_s": 8}, "periods"), ({"duration_s": 9, "period_s": 9}, "audio frames")],
)
def test_a_period_that_does_not_fit_is_refused(tmp_path: Path, shape: dict[str, float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make_source(tmp_path / "never", Kind.DASH_AUDIO, **shape)


def test_a_cached_source_is_made_once_and_leaves_nothing_unfinished(tmp_path: Path) -> None:
    spec = SourceSpec(kind=Kind.DASH_AUDIO, duration_s=1)
    first = cached_source(tmp_path, spec)
    made_at = first.path.stat().st_mtime_ns
    assert cached_source(tmp_path, spec) == first
    assert first.path.stat().st_mtime_ns == made_at
    assert [path.name for path in tmp_path.iterdir()] == [first.path.name]


def test_sources_of_other_shapes_are_kept_apart(tmp_path: Path) -> None:
    one, other = (
        cached_source(tmp_path, SourceSpec(kind=Kind.DASH_AUDIO, duration_s=length_s)) for length_s in (1, 2)
    )
    assert one.path != other.path
    assert one.size_bytes < other.size_bytes
