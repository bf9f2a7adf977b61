"""Real media for the loopback YouTube: every picture numbered, every moment of sound recognisable.

A source is what YouTube stores of one video in one format (an itag). Sources are made once and kept in
a cache folder, named by everything that shapes them.
"""

from __future__ import annotations

import hashlib
import heapq
import struct
from array import array
from collections.abc import Callable, Iterator
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import av
import msgspec

from kinetics_tui.base.whole_file import whole_file
from kinetics_tui.demo.pattern import Pattern, match_sound, read_frame_number, tune

__all__ = [
    "Kind",
    "Source",
    "SourceSpec",
    "cached_source",
    "chunks",
    "harmed",
    "make_source",
    "match_sound",
    "payloads",
    "read_frame_number",
]

CACHE_VERSION = 4
"""Part of every cached name: raise it when the making of sources changes."""

AUDIO_FRAGMENT_S = 5

_CHUNK_BYTES = 16 * 1024
_DAMAGE = bytes(byte ^ 0xA5 for byte in range(256))


class Kind(StrEnum):
    """The containers of a source."""

    DASH_VIDEO = "dash-video"
    """H.264 in fragmented MP4, a fragment a keyframe, one ``sidx`` in front."""
    DASH_AUDIO = "dash-audio"
    """AAC in fragmented MP4, fragments of five seconds, one ``sidx`` in front."""
    PROGRESSIVE = "progressive"
    """H.264 and AAC in one MP4 with its index in front."""
    PROGRESSIVE_TAIL = "progressive-tail"
    """The same with its index at the end."""
    WEBM_VIDEO = "webm-video"
    """VP9 in WebM, cues in front."""
    WEBM_AUDIO = "webm-audio"
    """Opus in WebM, cues in front."""


AnyPacket: TypeAlias = "av.Packet[av.VideoStream] | av.Packet[av.AudioStream]"
StreamT = TypeVar("StreamT", av.VideoStream, av.AudioStream)

_VIDEO = {Kind.DASH_VIDEO, Kind.PROGRESSIVE, Kind.PROGRESSIVE_TAIL, Kind.WEBM_VIDEO}
_AUDIO = {Kind.DASH_AUDIO, Kind.PROGRESSIVE, Kind.PROGRESSIVE_TAIL, Kind.WEBM_AUDIO}
_DASH_FLAGS = "dash+global_sidx+delay_moov+default_base_moof+skip_trailer"
_CONTAINERS: dict[Kind, tuple[str, dict[str, str]]] = {
    Kind.DASH_VIDEO: ("mp4", {"movflags": f"{_DASH_FLAGS}+frag_keyframe"}),
    Kind.DASH_AUDIO: ("mp4", {"movflags": _DASH_FLAGS, "frag_duration": str(AUDIO_FRAGMENT_S * 1_000_000)}),
    Kind.PROGRESSIVE: ("mp4", {"movflags": "faststart"}),
    Kind.PROGRESSIVE_TAIL: ("mp4", {}),
    Kind.WEBM_VIDEO: ("webm", {"cues_to_front": "1"}),
    Kind.WEBM_AUDIO: ("webm", {"cues_to_front": "1"}),
}


class SourceSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that shapes a source.

    With ``period_s`` only that much is encoded, and repeated until ``duration_s`` is full: hours of
    valid media in seconds of work, whose pictures, numbers and tune start again each period. The
    duration has to be a multiple of the period, and the period one of the length of an audio packet
    (8 s at 48 kHz and 16 s at 16 kHz are).
    """

    kind: Kind
    duration_s: float
    fps: int = 30
    width_px: int = 640
    height_px: int = 360
    gop_s: int = 5
    pattern_seed: int = 0
    crf: int = 26
    """Of H.264: lower is better and larger."""
    preset: str = "ultrafast"
    sample_rate_hz: int = 48_000
    channels: int = 2
    audio_bits_per_s: int = 128_000
    period_s: int | None = None

    @property
    def has_video(self) -> bool:
        return self.kind in _VIDEO

    @property
    def has_audio(self) -> bool:
        return self.kind in _AUDIO


class Source(msgspec.Struct, frozen=True):
    """A made source: its file and what it was made from."""

    path: Path
    spec: SourceSpec
    size_bytes: int


def make_source(path: Path, kind: Kind | str, *, duration_s: float, **shape: object) -> Source:
    """Make one source at ``path``; ``shape`` are the further fields of :class:`SourceSpec`."""
    spec = msgspec.convert({"kind": kind, "duration_s": duration_s, **shape}, SourceSpec)
    _write(path, spec)
    return Source(path, spec, path.stat().st_size)


def cached_source(
    folder: Path, spec: SourceSpec, reached: Callable[[float], object] = lambda _second: None
) -> Source:
    """The source of ``spec`` in the cache ``folder``, made now where it is not there yet.

    Safe for several processes at once: each makes its own file, and the last rename wins. ``reached`` is told
    up to which of its seconds it is made.
    """
    container, _ = _CONTAINERS[spec.kind]
    identity = msgspec.json.encode((CACHE_VERSION, av.__version__, spec))
    name = f"{spec.kind}-{hashlib.sha256(identity).hexdigest()[:20]}.{container}"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished:
            _write(unfinished, spec, reached)
    reached(spec.duration_s)
    return Source(path, spec, path.stat().st_size)


def _write(path: Path, spec: SourceSpec, reached: Callable[[float], object] = lambda _second: None) -> None:
    container_name, options = _CONTAINERS[spec.kind]
    with av.open(str(path), "w", format=container_name, options=options) as container:
        # All streams have to be there before the first packet is written.
        encoders: list[Iterator[AnyPacket]] = []
        if spec.has_video:
            encoders.append(_video_packets(_video_stream(container, spec), spec))
        if spec.has_audio:
            encoders.append(_audio_packets(_audio_stream(container, spec), spec))
        for packet in heapq.merge(*encoders, key=_decode_time):
            container.mux(packet)
            reached(float(_decode_time(packet)))


def _video_stream(container: av.container.OutputContainer, spec: SourceSpec) -> av.VideoStream:
    if spec.kind is Kind.WEBM_VIDEO:
        stream = container.add_stream("libvpx-vp9", rate=spec.fps)
        stream.options = {
            "deadline": "realtime",
            "cpu-used": "8",
            "crf": "40",
            "b": "0",
            "lag-in-frames": "0",
        }
    else:
        stream = container.add_stream("libx264", rate=spec.fps)
        # Scene cuts would place keyframes of their own; B-frames make pictures and packets differ in
        # order, as they do at YouTube.
        stream.options = {"preset": spec.preset, "crf": str(spec.crf), "bf": "2", "sc_threshold": "0"}
    stream.width, stream.height, stream.pix_fmt = spec.width_px, spec.height_px, "yuv420p"
    stream.codec_context.gop_size = spec.gop_s * spec.fps
    stream.codec_context.thread_count = 1
    stream.time_base = Fraction(1, spec.fps)
    return stream


def _video_packets(stream: av.VideoStream, spec: SourceSpec) -> Iterator[av.Packet[av.VideoStream]]:
    pattern = Pattern(spec.width_px, spec.height_px, spec.fps, spec.pattern_seed)
    frames = round((spec.period_s or spec.duration_s) * spec.fps)

    def encoded() -> Iterator[av.Packet[av.VideoStream]]:
        for number in range(frames):
            yield from stream.encode(pattern.draw(number))
        yield from stream.encode(None)

    if spec.period_s is None:
        yield from encoded()
    else:
        yield from _repeated(stream, list(encoded()), spec, skipped=0)


def _audio_stream(container: av.container.OutputContainer, spec: SourceSpec) -> av.AudioStream:
    layout = {1: "mono", 2: "stereo"}[spec.channels]
    codec = "libopus" if spec.kind is Kind.WEBM_AUDIO else "aac"
    stream = container.add_stream(codec, rate=spec.sample_rate_hz, layout=layout)
    assert isinstance(stream, av.AudioStream)
    stream.codec_context.bit_rate = spec.audio_bits_per_s
    if codec == "aac":
        stream.options = {"aac_coder": "fast"}
    return stream


def _audio_packets(stream: av.AudioStream, spec: SourceSpec) -> Iterator[av.Packet[av.AudioStream]]:
    rate_hz = spec.sample_rate_hz
    encoded_s: float = spec.duration_s
    if spec.period_s is not None:
        encoded_s = spec.period_s + 0.2

    def encoded() -> Iterator[av.Packet[av.AudioStream]]:
        at_s = 0.0
        while at_s < encoded_s:
            samples = tune(at_s, min(1.0, encoded_s - at_s), rate_hz, spec.period_s)
            yield from stream.encode(_audio_frame(samples, rate_hz, spec.channels, round(at_s * rate_hz)))
            at_s += 1.0
        yield from stream.encode(None)

    if spec.period_s is None:
        yield from encoded()
    else:
        packets = list(encoded())
        packet_samples = packets[0].duration
        assert packet_samples
        period_packets = spec.period_s * rate_hz / packet_samples
        if not period_packets.is_integer():
            raise ValueError(f"{spec.period_s} s is no whole number of audio frames at {rate_hz} Hz")
        # A packet decodes together with the one before it. The first two know silence before them;
        # the ones a period later know the end of the period, and fit wherever it is repeated.
        yield from _repeated(stream, packets[: int(period_packets) + 2], spec, skipped=2)


def _audio_frame(samples: array[int], rate_hz: int, channels: int, pts: int) -> av.AudioFrame:
    frame = av.AudioFrame("s16", "stereo" if channels == 2 else "mono", len(samples))
    if channels == 2:
        both = array("h", bytes(4 * len(samples)))
        both[0::2] = samples
        both[1::2] = samples
        samples = both
    padding = bytes(frame.planes[0].buffer_size - 2 * len(samples))
    frame.planes[0].update(samples.tobytes() + padding)
    frame.sample_rate = rate_hz
    frame.time_base = Fraction(1, rate_hz)
    frame.pts = pts
    return frame


def _repeated(
    stream: StreamT, packets: list[av.Packet[StreamT]], spec: SourceSpec, *, skipped: int
) -> Iterator[av.Packet[StreamT]]:
    """``packets``, and again all but the first ``skipped`` a period later, until the source is full."""
    assert spec.period_s is not None
    turns = spec.duration_s / spec.period_s
    if not turns.is_integer():
        raise ValueError(f"{spec.duration_s} s is no whole number of periods of {spec.period_s} s")
    time_base = packets[0].time_base
    stamps = [(bytes(p), p.pts, p.dts, p.duration, p.is_keyframe) for p in packets]
    for turn in range(int(turns)):
        later = round(turn * spec.period_s / time_base)
        for data, pts, dts, duration, is_keyframe in stamps[skipped if turn else 0 :]:
            assert pts is not None
            assert dts is not None
            packet = cast("av.Packet[StreamT]", av.Packet(data))
            packet.stream, packet.time_base = stream, time_base
            packet.pts, packet.dts, packet.duration = pts + later, dts + later, duration
            packet.is_keyframe = is_keyframe
            yield packet


def _decode_time(packet: AnyPacket) -> Fraction:
    """When a packet is decoded, in seconds: the order in which a file holds its packets."""
    assert packet.dts is not None
    return packet.dts * packet.time_base


@lru_cache(maxsize=32)
def payloads(path: Path) -> tuple[tuple[int, int], ...]:
    """Where in an MP4 pictures and sound lie, as (first, behind the last) byte; empty for WebM."""
    found = []
    with path.open("rb") as file:
        at = 0
        while len(header := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", header)
            if size < len(header):
                break
            if kind == b"mdat":
                found.append((at + len(header), at + size))
            at += size
            file.seek(at)
    return tuple(found)


def chunks(path: Path, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Bytes ``first`` to ``last`` of a file in pieces, each with its place."""
    with path.open("rb") as file:
        file.seek(first)
        while first <= last:
            chunk = file.read(min(_CHUNK_BYTES, last - first + 1))
            if not chunk:
                return
            yield first, chunk
            first += len(chunk)


def harmed(chunk: bytes, first: int, last: int) -> bytes:
    """``chunk`` with other bytes from ``first`` to before ``last``."""
    return chunk[:first] + chunk[first:last].translate(_DAMAGE) + chunk[last:]
