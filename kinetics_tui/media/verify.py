"""A finished clip read as a stranger would, and held against what was written and against its segment."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
from av.packet import Packet

from kinetics_tui.media.cut.cut import STRICT_DECODING
from kinetics_tui.media.cut.order import frame_time
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile

SOUND_TOLERANCE_S = 0.05
"""Two packets of AAC: copied sound starts and ends on packets."""
QUICK_DECODING = {"skip_loop_filter": "all"}
"""Nobody looks at these pictures: whatever may be damaged is read before their edges are smoothed."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a clip's file. ``audio_s`` is 0 where there is no sound."""

    duration_s: float
    audio_s: float
    frames: int
    width_px: int
    height_px: int
    fps: float

    @property
    def sound(self) -> bool:
        return self.audio_s > 0

    def made_file(self, output_bytes: int, *, short: bool, exact: bool, **source: Any) -> MadeFile:
        """The file as it goes into the ledger; ``source``: fields of what it was made from and with."""
        return MadeFile(
            output_bytes=output_bytes,
            duration_s=self.duration_s,
            width_px=self.width_px,
            height_px=self.height_px,
            fps=self.fps,
            sound=self.sound,
            short=short,
            exact=exact,
            **source,
        )


def verify(path: Path, *, decode: bool = True, strict: bool = False) -> Facts:
    """Read the clip at ``path`` from end to end; ``decode`` also decodes it,
    ``strict`` with no damage to its sound let pass: it may have been taken from its source as it was.

    Raises ClipFailure (TRIM_FAILED) where it holds no pictures, does not decode, or goes back in time, and
    FileNotFoundError where it is not there.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise _bad("it holds no pictures")
            video = container.streams.video[0]
            video.codec_context.thread_count = 1
            video.codec_context.options = dict(QUICK_DECODING)
            audio = container.streams.audio[0] if container.streams.audio else None
            if strict and audio is not None:
                audio.codec_context.options = dict(STRICT_DECODING)
            pictures = _Track(video.time_base)
            sound = _Track(audio.time_base if audio else None)
            for packet in container.demux(video, *([audio] if audio else [])):
                track = pictures if packet.stream is video else sound
                track.read(packet, decode=decode)
            if not pictures.packets:
                raise _bad("it holds no pictures")
            if decode and pictures.frames != pictures.packets:
                raise _bad(f"{pictures.packets} pictures are stored and {pictures.frames} decode")
            return Facts(
                duration_s=float(pictures.end_s - pictures.start_s),
                audio_s=float(sound.end_s - max(sound.start_s, Fraction(0))) if sound.packets else 0.0,
                frames=pictures.packets,
                width_px=video.codec_context.width,
                height_px=video.codec_context.height,
                fps=round(float(video.average_rate or 0), 3),
            )
    except av.FileNotFoundError:
        raise
    except av.FFmpegError as error:
        raise _bad(error.strerror or type(error).__name__) from error


def compare(facts: Facts, *, duration_s: float, audio_s: float, frames: int) -> None:
    """Raise ClipFailure (TRIM_FAILED) where a file does not hold what was written: to one frame."""
    frame_s = 1 / facts.fps if facts.fps else 0.05
    if facts.frames != frames:
        raise _bad(f"it holds {facts.frames} pictures where {frames} were written")
    if abs(facts.duration_s - duration_s) > frame_s:
        raise _bad(f"it lasts {facts.duration_s:.3f} s where {duration_s:.3f} s were written")
    if abs(facts.audio_s - audio_s) > SOUND_TOLERANCE_S:
        raise _bad(f"its sound lasts {facts.audio_s:.3f} s where {audio_s:.3f} s were written")


def _bad(reason: str) -> ClipFailure:
    return ClipFailure(Category.TRIM_FAILED, f"The clip did not verify: {reason}.")


class _Track:
    """The content of one stream, packet by packet."""

    def __init__(self, time_base: Fraction | None) -> None:
        self._time_base = time_base
        self._last_dts: int | None = None
        self.packets = 0
        self.frames = 0
        self._start: int | None = None
        self._end = 0

    @property
    def start_s(self) -> Fraction:
        """When the first packet is shown."""
        return frame_time(self._start or 0, self._time_base)

    @property
    def end_s(self) -> Fraction:
        """Until when the last packet is shown."""
        return frame_time(self._end, self._time_base)

    def read(self, packet: Packet[Any], *, decode: bool) -> None:
        if packet.dts is not None and packet.pts is not None:
            if packet.is_corrupt:
                raise _bad("a packet is damaged")
            if self._last_dts is not None and packet.dts <= self._last_dts:
                raise _bad("its times go back")
            self._last_dts = packet.dts
            self.packets += 1
            self._start = packet.pts if self._start is None else min(self._start, packet.pts)
            self._end = max(self._end, packet.pts + (packet.duration or 0))
        if decode:
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise _bad("a picture does not decode")
                self.frames += 1


USUAL_FRAME_S = 0.05


def is_right_length(facts: Facts, expected_s: float, *, exact: bool) -> bool:
    """True if a file lasts ``expected_s``, to one frame; one that was not cut exactly may be longer."""
    frame_s = 1 / facts.fps if facts.fps else USUAL_FRAME_S
    longer_s = facts.duration_s - expected_s
    return longer_s >= -frame_s and not (exact and longer_s > frame_s)
