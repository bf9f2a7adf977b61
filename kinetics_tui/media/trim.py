"""Cut a clip out of its source: exactly, by encoding it again, or roughly, by copying packets.

Exact: the first frame is the first one at or behind ``start_s`` less half a frame - for a start that
falls on a frame, that very frame - or, where the source shows one picture for long, the picture on
screen at ``start_s``. The clip lasts as long as the segment, to one frame; the sound is cut at the
sample that belongs to the first frame's time. Pictures keep their times, so a variable frame rate stays.

Copy: from the keyframe at or before ``start_s`` to about ``end_s``, so the clip is longer than the
segment and starts early. Only codecs that players expect in an MP4 are copied; others are cut exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import msgspec
from av.packet import Packet
from av.video.frame import PictureType

from kinetics_tui.media.failures import ClipCancelled, ClipFailure
from kinetics_tui.media.picture import Shaper, even_size
from kinetics_tui.media.sound import encode_sound
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Trim

COPIED_VIDEO = frozenset({"h264", "hevc", "av1", "vp9"})
COPIED_AUDIO = frozenset({"aac", "opus", "mp3"})
VIDEO_OPTIONS = {"crf": "23", "preset": "veryfast"}
EARLIER_S = (0, 2, 20)
"""Where the frame before the start is not found, seek again so much earlier."""
FALLBACK_RATE = Fraction(30)


class Media(msgspec.Struct):
    """One input: how to open it, and whether to seek in it (else it starts near the clip)."""

    open: Callable[[], av.container.InputContainer]
    seekable: bool = True


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to cut: times in seconds as the source's streams write them."""

    video: Media
    audio: Media | None
    start_s: Fraction
    end_s: Fraction
    mode: Trim = Trim.EXACT
    short_side_px: int | None = None


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What was written. ``late``: the source's first picture came after the start asked for."""

    duration_s: float
    audio_s: float
    frames: int
    width_px: int
    height_px: int
    mode: Trim
    short: bool
    late: bool


Progress = Callable[[float], None]


def trim(job: Job, path: Path, on_progress: Progress = lambda fraction: None) -> Cut:
    """Write the clip of ``job`` to ``path``, an MP4 with its index in front.

    ``on_progress`` gets the fraction done; what it raises ends the work. Raises ClipFailure: the source
    ends before the clip starts (SHORT_SOURCE), or cannot be decoded (TRIM_FAILED).
    """
    try:
        with ExitStack() as stack:
            inputs = _open(job, stack)
            if job.mode is Trim.COPY and _can_copy(*inputs):
                return _copy(job, *inputs, path, on_progress)
            return _encode(job, *inputs, path, on_progress)
    except (ClipFailure, ClipCancelled):
        raise
    except (av.FFmpegError, ValueError) as error:
        raise ClipFailure(Category.TRIM_FAILED, f"The media cannot be cut: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, av.FFmpegError) and error.strerror else str(error)
    return text.rstrip(".")


Inputs = tuple[
    tuple[av.container.InputContainer, av.VideoStream],
    tuple[av.container.InputContainer, av.AudioStream] | None,
]


def _open(job: Job, stack: ExitStack) -> Inputs:
    pictures = stack.enter_context(job.video.open())
    if not pictures.streams.video:
        raise ClipFailure(Category.TRIM_FAILED, "The media hold no pictures.")
    video = pictures.streams.video[0]
    video.codec_context.thread_count = 1
    if job.audio is None:
        return (pictures, video), None
    sound = stack.enter_context(job.audio.open())
    return (pictures, video), (sound, sound.streams.audio[0]) if sound.streams.audio else None


def frame_time(stamp: int, time_base: Fraction | None) -> Fraction:
    """``stamp`` in seconds."""
    return stamp * (time_base or Fraction(1))


def decode_from(
    container: av.container.InputContainer, stream: av.VideoStream, start_s: Fraction, *, seekable: bool
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Frames and their times, from the one shown at ``start_s`` or an earlier one where there is one."""
    for earlier_s in EARLIER_S if seekable else (0,):
        if seekable:
            target_s = max(Fraction(0), start_s - earlier_s)
            container.seek(int(target_s / (stream.time_base or 1)), stream=stream)
        frames = (
            (frame_time(frame.pts, frame.time_base), frame)
            for frame in container.decode(stream)
            if frame.pts is not None
        )
        first = next(frames, None)
        if first is None:
            return
        if first[0] <= start_s or not seekable or earlier_s == EARLIER_S[-1] or target_s == 0:
            yield from chain([first], frames)
            return


class Shot(msgspec.Struct, frozen=True):
    """One picture of the clip: when the clip shows it (in the source's time), and how long."""

    time_s: Fraction
    duration_s: Fraction
    frame: av.VideoFrame


class Picker:
    """Picks the pictures of a clip out of its source's: see the module's text.

    ``late``: the first picture there was came after ``start_s``; it is shown from there on.
    ``ended``: the source ended before another picture took over at the clip's end.
    """

    def __init__(
        self,
        frames: Iterator[tuple[Fraction, av.VideoFrame]],
        start_s: Fraction,
        end_s: Fraction,
        frame_s: Fraction,
    ) -> None:
        self._frames = frames
        self._start_s = start_s
        self._wanted_s = end_s - start_s
        self._frame_s = frame_s
        self.late = False
        self.ended = False

    def shots(self) -> Iterator[Shot]:
        """The pictures in order. None where the source ends before the clip starts."""
        held: tuple[Fraction, av.VideoFrame] | None = None
        end_s: Fraction | None = None
        for time_s, frame in self._frames:
            if time_s < self._start_s - self._frame_s / 2:
                held = time_s, frame
                continue
            if end_s is None:
                # The clip's time starts with its first picture, so that all keep their distances.
                on_time = time_s <= self._start_s + self._frame_s / 2
                zero_s = time_s if on_time else self._start_s
                end_s = zero_s + self._wanted_s
                self.late = not on_time and held is None
                if on_time or held is None:
                    held = zero_s, frame
                    continue
                held = zero_s, held[1]
            assert held is not None
            if time_s > end_s - self._frame_s / 2:
                yield Shot(held[0], end_s - held[0], held[1])
                return
            yield Shot(held[0], time_s - held[0], held[1])
            held = time_s, frame
        self.ended = True
        if held is None:
            return
        time_s, frame = held
        length_s = max(self._frame_s, frame_time(frame.duration or 0, frame.time_base))
        if end_s is not None:
            yield Shot(time_s, min(length_s, end_s - time_s), frame)
        elif time_s + length_s > self._start_s + self._frame_s / 2:
            length_s = min(time_s + length_s - self._start_s, self._wanted_s)
            yield Shot(self._start_s, length_s, frame)


def _encode(
    job: Job,
    pictures: tuple[av.container.InputContainer, av.VideoStream],
    sound: tuple[av.container.InputContainer, av.AudioStream] | None,
    path: Path,
    on_progress: Progress,
) -> Cut:
    container, source = pictures
    time_base = source.time_base or Fraction(1, 90_000)
    rate = source.average_rate or source.guessed_rate or FALLBACK_RATE
    wanted_s = job.end_s - job.start_s
    frames = decode_from(container, source, job.start_s, seekable=job.video.seekable)
    picker = Picker(frames, job.start_s, job.end_s, 1 / rate)
    shots = picker.shots()
    first = next(shots, None)
    if first is None:
        raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
    shaper = Shaper(first.frame, job.short_side_px)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        video = out.add_stream("libx264", rate=rate, options=dict(VIDEO_OPTIONS))
        _describe(video, shaper, source, time_base)
        packets: list[Packet[av.VideoStream]] = []
        count, duration_s = 0, Fraction(0)
        for shot in chain([first], shots):
            if shot.frame.is_corrupt:
                raise ClipFailure(Category.TRIM_FAILED, "The media are damaged: a picture does not decode.")
            picture = shaper.shape(shot.frame)
            picture.pts = round((shot.time_s - first.time_s) / time_base)
            picture.duration = round(shot.duration_s / time_base)
            picture.time_base = time_base
            picture.pict_type = PictureType.NONE
            packets += video.encode(picture)
            count += 1
            duration_s = shot.time_s - first.time_s + shot.duration_s
            on_progress(float(duration_s / wanted_s))
        packets += video.encode(None)
        samples: list[Packet[av.AudioStream]] = []
        audio_s = Fraction(0)
        if sound and job.audio:
            samples, audio_s = encode_sound(
                out, *sound, first.time_s, duration_s, seekable=job.audio.seekable
            )
        for packet in heapq.merge(packets, samples, key=_decode_time):
            out.mux(packet)
    return Cut(
        duration_s=float(duration_s),
        audio_s=float(audio_s),
        frames=count,
        width_px=shaper.width_px,
        height_px=shaper.height_px,
        mode=Trim.EXACT,
        short=picker.ended and wanted_s - duration_s > 1 / rate / 2,
        late=picker.late,
    )


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


def _can_copy(
    pictures: tuple[av.container.InputContainer, av.VideoStream],
    sound: tuple[av.container.InputContainer, av.AudioStream] | None,
) -> bool:
    return pictures[1].codec_context.name in COPIED_VIDEO | {"libdav1d"} and (
        sound is None or sound[1].codec_context.name in COPIED_AUDIO | {"mp3float", "libopus"}
    )


def _copy(
    job: Job,
    pictures: tuple[av.container.InputContainer, av.VideoStream],
    sound: tuple[av.container.InputContainer, av.AudioStream] | None,
    path: Path,
    on_progress: Progress,
) -> Cut:
    container, source = pictures
    rate = source.average_rate or source.guessed_rate or FALLBACK_RATE
    video_packets = _keyframe_on(container, source, job, job.video)
    if not video_packets:
        raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
    zero_s = frame_time(video_packets[0].pts or 0, source.time_base)
    last_s = max(frame_time(packet.pts or 0, source.time_base) for packet in video_packets)
    if last_s + 1 / rate <= job.start_s:
        raise ClipFailure(Category.SHORT_SOURCE, "The video ends before the clip starts.")
    on_progress(0.5)
    audio_packets: list[Packet[av.AudioStream]] = []
    if sound and job.audio:
        audio_packets = _sound_between(*sound, zero_s, min(job.end_s, last_s + 1 / rate), job.audio)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        video = out.add_stream_from_template(source)
        audio = out.add_stream_from_template(sound[1]) if sound and audio_packets else None
        first_audio_s = frame_time(audio_packets[0].pts or 0, audio_packets[0].time_base) if audio else zero_s
        for packet in heapq.merge(video_packets, audio_packets, key=_decode_time):
            zero = round(zero_s / packet.time_base)
            packet.pts = (packet.pts or 0) - zero
            packet.dts = (packet.dts or 0) - zero
            packet.stream = video if isinstance(packet.stream, av.VideoStream) else audio
            out.mux(packet)
    audio_s = last_audio_s - first_audio_s if audio_packets else Fraction(0)
    return Cut()
