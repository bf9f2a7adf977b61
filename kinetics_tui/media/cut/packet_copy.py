"""Copy a clip's packets as they are: cheap, and only as exact as the keyframes are close."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import av
from av.packet import Packet

from kinetics_tui.media.cut.order import AnyPacket, Cut, Inputs, Job, Media, Progress, in_order
from kinetics_tui.media.cut.sound import seek_sound
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Trim

COPIED_VIDEO = frozenset({"h264", "hevc", "av1", "libdav1d", "vp9"})
COPIED_AUDIO = frozenset({"aac", "opus", "mp3", "mp3float"})
"""PyAV's names of the decoders whose codecs players expect in an MP4."""
TOLERANCE_S = Fraction(1, 100)


def can_copy(inputs: Inputs) -> bool:
    """True if both streams may go into an MP4 as they are.

    An MP4 has to tell the shape of VP9's pixels, which a WebM may keep in the pictures alone.
    """
    (_, video), sound = inputs
    codec = video.codec_context
    return (
        codec.name in COPIED_VIDEO
        and not (codec.name == "vp9" and codec.pix_fmt is None)
        and (sound is None or sound[1].codec_context.name in COPIED_AUDIO)
    )


def copy_packets(job: Job, inputs: Inputs, path: Path, on_progress: Progress) -> Cut:
    """Write the packets of ``job`` to ``path``, from the keyframe at or before its start.

    Raises ClipFailure where the source ends before the clip starts.
    """
    (container, source), sound = inputs
    pictures = _pictures(container, source, job)
    spans = [_span(packet) for packet in pictures]
    unit_s = source.time_base or Fraction(1)
    start_s = min((begin for begin, _ in spans), default=0) * unit_s
    end_s = max((end for _, end in spans), default=0) * unit_s
    if end_s <= job.start_s:
        raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
    on_progress(0.5)
    samples: list[Packet[av.AudioStream]] = []
    if sound and job.audio:
        samples = _samples(*sound, job.audio, start_s, min(end_s, job.end_s))
    audio_s = Fraction(0)
    if sound and samples:
        sound_unit_s = sound[1].time_base or Fraction(1)
        audio_s = _span(samples[-1])[1] * sound_unit_s - max(start_s, _span(samples[0])[0] * sound_unit_s)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        video = out.add_stream_from_template(source)
        audio = out.add_stream_from_template(sound[1]) if sound and samples else None
        parts: tuple[AnyPacket, ...] = (*pictures[:1], *samples[:1])
        zeros = {part.time_base: round(start_s / (part.time_base or 1)) for part in parts}
        for packet in in_order(pictures, samples):
            zero = zeros[packet.time_base]
            packet.pts = (packet.pts or 0) - zero
            packet.dts = (packet.dts or 0) - zero
            packet.stream = audio if audio and packet.stream.type == "audio" else video
            out.mux(packet)
    return Cut(
        duration_s=float(end_s - start_s),
        audio_s=float(audio_s),
        frames=len(pictures),
        width_px=source.codec_context.width,
        height_px=source.codec_context.height,
        mode=Trim.COPY,
        short=end_s + TOLERANCE_S < job.end_s,
        late=start_s > job.start_s + TOLERANCE_S,
    )


def _pictures(
    container: av.container.InputContainer, source: av.VideoStream, job: Job
) -> list[Packet[av.VideoStream]]:
    """The packets from the last keyframe at or before the start to the end.

    Behind the end come those that are shown before one of the others, so that none is missing between.
    """
    unit_s = source.time_base or Fraction(1)
    if job.video.seekable:
        container.seek(int(job.start_s / unit_s), stream=source)
    latest_start, end = floor((job.start_s + TOLERANCE_S) / unit_s), ceil(job.end_s / unit_s)
    kept: list[Packet[av.VideoStream]] = []
    last_pts = 0
    for packet in container.demux(source):
        if packet.dts is None or packet.pts is None:
            continue
        if packet.is_keyframe and (not kept or packet.pts <= latest_start):
            kept = []
        elif not kept or packet.pts < (kept[0].pts or 0):
            # Shown before the keyframe, and made from pictures before it that are not there.
            continue
        elif packet.dts >= end and packet.pts > last_pts:
            break
        kept.append(packet)
        last_pts = max(last_pts, packet.pts)
    return kept


def _samples(
    container: av.container.InputContainer,
    source: av.AudioStream,
    media: Media,
    start_s: Fraction,
    end_s: Fraction,
) -> list[Packet[av.AudioStream]]:
    unit_s = source.time_base or Fraction(1)
    if media.seekable:
        seek_sound(container, source, start_s)
    start, end = floor(start_s / unit_s), ceil(end_s / unit_s)
    kept = []
    for packet in container.demux(source):
        if packet.dts is None or packet.pts is None or _span(packet)[1] <= start:
            continue
        if packet.pts >= end:
            break
        kept.append(packet)
    return kept


def _span(packet: AnyPacket) -> tuple[int, int]:
    """When a packet is shown, and until when, in its stream's units."""
    begin = packet.pts or 0
    return begin, begin + (packet.duration or 0)
