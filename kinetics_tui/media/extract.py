"""Frames and sound out of a finished clip, each whole in its place or not there at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec

from kinetics_tui.base.whole_file import sync
from kinetics_tui.media.cut.frames import Shaper
from kinetics_tui.media.cut.order import frame_time
from kinetics_tui.media.failures import ClipFailure, clean_message, failure_of, is_of_disk
from kinetics_tui.media.stills import jpeg_encoder
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Extras, SoundFormat, frames_path, sound_path

FRAMES_SHARE = 0.8
"""The share of the work that frames are where sound is made too."""
JPEG_QUALITY = 3
_CODECS = {
    SoundFormat.WAV: ("wav", "pcm_s16le", None),
    SoundFormat.MP3: ("mp3", "libmp3lame", (48_000, 44_100, 32_000, 24_000, 22_050, 16_000)),
    SoundFormat.OPUS: ("ogg", "libopus", (48_000, 24_000, 16_000, 12_000, 8_000)),
}
"""Container, encoder, and the rates that the encoder takes, the first for whatever it does not."""

OnFraction = Callable[[float], None]
"""Told the fraction of the work done; what it raises ends the work."""


class Extracted(msgspec.Struct, frozen=True):
    """The things made: so many frames, and a file of sound if the clip has any."""

    frames: int = 0
    sound: bool = False


def extract(
    dataset: Path, clip_path: str, extras: Extras, scratch: Path, on_fraction: OnFraction
) -> Extracted:
    """Make what is wanted of the clip at ``clip_path``, relative to the dataset folder, and not there yet.

    ``scratch`` is a folder on the same file system. Raises ClipFailure, and what ``on_fraction`` raises;
    nothing half made is left either way.
    """
    frames, sound = dataset / frames_path(clip_path), None
    if extras.sound is not None:
        sound = dataset / sound_path(clip_path, extras.sound)
    source, folder = dataset / clip_path, None
    try:
        scratch.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="extract-", dir=scratch))
        count, has_sound = 0, False
        lacks_frames = bool(extras.frames_fps) and not frames.is_dir()
        lacks_sound = sound is not None and not sound.exists()
        share = (FRAMES_SHARE if lacks_sound else 1.0) if lacks_frames else 0.0
        if lacks_frames:
            count = _frames(source, folder / "frames", extras, lambda part: on_fraction(part * share))
            _settle(folder / "frames", frames)
        if extras.sound and sound is not None and lacks_sound:
            has_sound = _sound(
                source, folder / "sound", extras.sound, lambda part: on_fraction(share + part * (1.0 - share))
            )
            if has_sound:
                _settle(folder / "sound", sound)
        on_fraction(1.0)
        return Extracted(count, has_sound)
    except OSError as error:
        if isinstance(error, av.FFmpegError) and not is_of_disk(error):
            raise _bad(error.strerror or type(error).__name__) from error
        raise failure_of(error, frames, scratch) from error
    except (av.FFmpegError, ValueError) as error:
        raise _bad(clean_message(str(error)) or type(error).__name__) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _frames(source: Path, folder: Path, extras: Extras, on_fraction: OnFraction) -> int:
    folder.mkdir()
    count = 0
    with av.open(str(source)) as container:
        if not container.streams.video:
            raise _bad("it holds no pictures")
        shaper: Shaper | None = None
        encoder: av.VideoCodecContext | None = None
        for frame, fraction in _sampled(container, Fraction(extras.frames_fps or 1).limit_denominator(1000)):
            shaper = shaper or Shaper(frame, extras.frames_short_side_px)
            picture = shaper.shape(frame).reformat(format="yuvj420p")
            encoder = encoder or jpeg_encoder(picture, JPEG_QUALITY)
            picture.pts, picture.time_base = count, Fraction(1, 25)
            count += 1
            data = b"".join(bytes(packet) for packet in encoder.encode(picture))
            (folder / f"{count:06d}.jpg").write_bytes(data)
            on_fraction(fraction)
    if not count:
        raise _bad("it holds no pictures")
    return count


def _sampled(container: av.container.InputContainer, fps: Fraction) -> Iterator[tuple[av.VideoFrame, float]]:
    """The picture that shows at each multiple of ``1 / fps`` seconds, with how far into the clip that is."""
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    length_s = Fraction(container.duration or 0, 1_000_000)
    number, begin_s, end_s = 0, None, Fraction(0)
    shown: av.VideoFrame | None = None
    for frame in container.decode(stream):
        if frame.pts is None:
            continue
        at_s = frame_time(frame.pts, frame.time_base)
        begin_s = at_s if begin_s is None else begin_s
        while shown is not None and begin_s + number / fps < at_s:
            yield shown, min(1.0, float(number / fps / length_s)) if length_s else 0.0
            number += 1
        shown = frame
        end_s = at_s + frame_time(frame.duration or 0, frame.time_base)
    while shown is not None and begin_s is not None and begin_s + number / fps < end_s:
        yield shown, 1.0
        number += 1


def _sound(source: Path, path: Path, kind: SoundFormat, on_fraction: OnFraction) -> bool:
    container_name, codec, rates_hz = _CODECS[kind]
    with av.open(str(source)) as container:
        if not container.streams.audio:
            return False
        stream = container.streams.audio[0]
        rate_hz = stream.rate if rates_hz is None or stream.rate in rates_hz else rates_hz[0]
        layout = "mono" if stream.layout.nb_channels == 1 else "stereo"
        with av.open(str(path), "w", format=container_name) as out:
            made: Any = out.add_stream(codec, rate=rate_hz, layout=layout)
            length_s = (container.duration or 0) / 1_000_000
            for number, frame in enumerate(container.decode(stream)):
                out.mux(made.encode(frame))
                if number % 64 == 0:
                    on_fraction(min(1.0, (frame.time or 0.0) / length_s) if length_s else 0.0)
            out.mux(made.encode(None))
    return True


def _settle(made: Path, target: Path) -> None:
    """Give what was made its name, its content on the disk before."""
    for path in sorted(made.iterdir()) if made.is_dir() else [made]:
        sync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    made.rename(target)


def _bad(why: str) -> ClipFailure:
    return ClipFailure(Category.TRIM_FAILED, f"Nothing can be taken out of the clip: {why}.")
