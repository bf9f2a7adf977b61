"""Cut a clip out of its source: exactly, by encoding it again, or roughly, by copying packets.

Exact: the first frame is the first one at or behind ``start_s`` less half a frame - for a start that
falls on a frame, that very frame - or, where the source shows one picture for long, the picture on
screen at ``start_s``. The clip lasts as long as the segment, to one frame; the sound is cut at the
sample that belongs to the first frame's time. Pictures keep their times, so a variable frame rate stays.

Copy: from the keyframe at or before ``start_s`` to about ``end_s``, so the clip is longer than the
segment and starts early. Only codecs that players expect in an MP4 are copied; others are cut exactly.
"""

from __future__ import annotations

import errno
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TypeVar

import av
from av.packet import Packet
from av.stream import Discard
from av.video.frame import PictureType

from kinetics_tui.media.cut.frames import FINE_TIME_BASE, Picker, Shaper, decode_from, on_grid
from kinetics_tui.media.cut.order import Cut, Inputs, Job, Media, Progress, in_order
from kinetics_tui.media.cut.packet_copy import can_copy, copy_packets
from kinetics_tui.media.cut.sound import Samples, can_copy_sound, copy_sound, encode_sound
from kinetics_tui.media.failures import ClipFailure, is_of_disk
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Trim

VIDEO_OPTIONS = {"crf": "23", "preset": "veryfast", "x264-params": "subme=1:partitions=i4x4,i8x8"}
"""Encoding is what limits a small machine. x264's ``veryfast`` spends two fifths of its time on fractions of
a pixel and on blocks smaller than 16 pixels that move on their own; without them the clips are some per
cent larger, and ``superfast``, which takes as long, makes them half as large again. The bench ``presets``
has the figures."""
STRICT_DECODING = {"err_detect": "crccheck+bitstream+buffer+explode"}
"""The decoder fails at damage that it would hide by default."""
StreamT = TypeVar("StreamT", av.VideoStream, av.AudioStream)
FALLBACK_RATE = Fraction(30)
FASTEST_RATE = Fraction(120)
COARSE_TIME_BASE = Fraction(1, 1000)


def trim(job: Job, path: Path, on_progress: Progress) -> Cut:
    """Write the clip of ``job`` to ``path``, an MP4 with its index in front.

    Raises ClipFailure: the source ends before the clip starts (SHORT_SOURCE), or it cannot be decoded
    (TRIM_FAILED). What reading the source raises comes through as it is.
    """
    try:
        with ExitStack() as stack:
            inputs = _open(job, stack)
            if job.mode is Trim.COPY and can_copy(inputs):
                return copy_packets(job, inputs, path, on_progress)
            return _encode(job, inputs, path, on_progress)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and (is_of_disk(error) or error.errno == errno.ENOENT):
            raise
        reason = error.strerror or type(error).__name__
        raise ClipFailure(Category.TRIM_FAILED, f"The media cannot be cut: {reason}.") from error


def _open(job: Job, stack: ExitStack) -> Inputs:
    pictures = stack.enter_context(job.video.open())
    if not pictures.streams.video:
        raise ClipFailure(Category.TRIM_FAILED, "The media hold no pictures.")
    video = _ready(pictures, pictures.streams.video[0])
    video.codec_context.thread_count = 1
    sound = stack.enter_context(job.audio.open()) if job.audio else None
    if sound is None or not sound.streams.audio:
        return (pictures, video), None
    return (pictures, video), (sound, _ready(sound, sound.streams.audio[0]))


def _ready(container: av.container.InputContainer, wanted: StreamT) -> StreamT:
    """``wanted``, ready to be decoded strictly.

    libav is kept from reading, and we from fetching, what belongs to other streams of the same file.
    """
    for stream in container.streams:
        if stream.index != wanted.index:
            stream.discard = Discard.all
    wanted.codec_context.options = dict(STRICT_DECODING)
    return wanted


def _encode(job: Job, inputs: Inputs, path: Path, on_progress: Progress) -> Cut:
    (container, source), sound = inputs
    time_base = source.time_base or Fraction(1, 90_000)
    rate = source.average_rate or source.guessed_rate or FALLBACK_RATE
    # Where the rate varies, its mean is slower than the pictures that follow each other closely.
    frame_s = 1 / max(rate, min(source.guessed_rate or rate, FASTEST_RATE))
    wanted_s = job.end_s - job.start_s
    frames = decode_from(container, source, job.start_s, seekable=job.video.seekable)
    if time_base >= COARSE_TIME_BASE:
        frames, time_base = on_grid(frames, rate), FINE_TIME_BASE
    picker = Picker(frames, job.start_s, job.end_s, frame_s)
    shots = picker.shots()
    first = next(shots, None)
    if first is None:
        raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
    shaper = Shaper(first.frame, job.short_side_px)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        video = out.add_stream("libx264", rate=rate, options=dict(VIDEO_OPTIONS))
        _describe(video, shaper, source, time_base)
        packets: list[Packet[av.VideoStream]] = []
        lengths: dict[int | None, int] = {}
        duration_s = Fraction(0)
        for shot in chain([first], shots):
            picture = shaper.shape(shot.frame)
            picture.pts = round((shot.time_s - first.time_s) / time_base)
            picture.time_base = time_base
            picture.pict_type = PictureType.NONE
            packets += video.encode(picture)
            lengths[picture.pts] = round(shot.duration_s / time_base)
            duration_s = shot.time_s - first.time_s + shot.duration_s
            on_progress(float(duration_s / wanted_s))
        packets += video.encode(None)
        for packet in packets:
            # The encoder writes the length of a usual picture; the last one's is nowhere else.
            packet.duration = lengths[packet.pts]
        samples: list[Packet[av.AudioStream]] = []
        audio_s = Fraction(0)
        if sound and job.audio:
            samples, audio_s = _sound(out, sound, job.audio, first.time_s, duration_s)
        for one in in_order(packets, samples):
            out.mux(one)
    return Cut(
        duration_s=float(duration_s),
        audio_s=float(audio_s),
        frames=len(lengths),
        width_px=shaper.width_px,
        height_px=shaper.height_px,
        mode=Trim.EXACT,
        short=picker.ended and wanted_s - duration_s > frame_s / 2,
        late=picker.late,
    )


def _sound(
    out: av.container.OutputContainer,
    sound: tuple[av.container.InputContainer, av.AudioStream],
    media: Media,
    start_s: Fraction,
    duration_s: Fraction,
) -> tuple[Samples, Fraction]:
    """The sound of these times: as it is where that can be, else encoded."""
    container, source = sound
    if not can_copy_sound(source):
        return encode_sound(out, container, source, start_s, duration_s, seekable=media.seekable)
    copied = copy_sound(out, container, source, start_s, duration_s, seekable=media.seekable)
    if copied is not None:
        return copied
    with media.open() as again:  # some of it has been read already
        source = _ready(again, again.streams.audio[0])
        return encode_sound(out, again, source, start_s, duration_s, seekable=media.seekable)


def _describe(video: av.VideoStream, shaper: Shaper, source: av.VideoStream, time_base: Fraction) -> None:
    video.width, video.height, video.pix_fmt = shaper.width_px, shaper.height_px, "yuv420p"
    context, original = video.codec_context, source.codec_context
    # Slices, PyAV's default, cost a fifth more time and some size.
    context.thread_count, context.thread_type = 1, "FRAME"
    context.time_base = video.time_base = time_base
    if shaper.keeps_pixel_shape and original.sample_aspect_ratio:
        context.sample_aspect_ratio = original.sample_aspect_ratio
    context.color_range = original.color_range
    context.colorspace = original.colorspace
    context.color_primaries = original.color_primaries
    context.color_trc = original.color_trc
