"""A few pictures out of a finished clip, small, for people to see what it shows.

``python -m kinetics_tui.media.stills DATASET`` is a program of its own that answers one question: it reads a
query of ``model.clip_queries`` as JSON from standard input, and writes the pictures in MessagePack. So a view
goes on whatever the file does to whoever reads it: it may take libav down, or never answer.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec

from kinetics_tui.base.graphics import kitty_data, sixel_data
from kinetics_tui.media.cut.order import frame_time
from kinetics_tui.media.failures import ClipFailure, clean_message, is_of_disk
from kinetics_tui.media.verify import QUICK_DECODING
from kinetics_tui.model.clip_queries import Pictures, PicturesQuery
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import PictureKind

MOST_PX = 2000
_FAST = {**QUICK_DECODING, "skip_frame": "noref"}
"""Small pictures show neither blocks nor that every other frame was left out."""
_DAMAGED = "The file is damaged: {}; `kinetics-tui check` finds all that are."
_SEEK_S = 10
"""So far ahead a keyframe is looked for; less is decoded through."""
_ROUNDING_S = Fraction(1, 2)
"""Sound may go on for a moment after the last picture."""
POLITE = 10
"""The niceness of the program: an engine at work comes first."""


def read_pictures(path: Path, query: PicturesQuery) -> Pictures:
    """Pictures at even times out of a clip; where it is damaged, those before the damage."""
    found: list[bytes] = []
    size, problem = (0, 0), ""
    try:
        _require_file(path)
        with _open(path) as container:
            for frame in _at_even_times(container, query.count):
                if not found:
                    size = _fitted(frame, query.width_px, query.height_px)
                pixels = _pixels(frame.reformat(*size, format="rgb24", interpolation="AREA"))
                found.append(_as_taken(pixels, size[0], query.kind))
            if len(found) < query.count:
                problem = _DAMAGED.format("it ends early")
    except FileNotFoundError:
        problem = "The file is not there; `kinetics-tui check` finds all that are missing."
    except MemoryError:
        problem = "There is not enough memory to decode the file."
    except Exception as error:  # noqa: BLE001 -- whatever a file on a disk may be or do
        problem = _words(error)
    return Pictures(width_px=size[0], height_px=size[1], pictures=tuple(found), problem=problem)


def read_jpeg(path: Path, width_px: int, quality: int) -> bytes:
    """The keyframe at or before the middle of a clip as a JPEG of at most so many pixels across.

    ``quality`` as for ``jpeg_encoder``. Raises ClipFailure, OSError, or an error of libav's.
    """
    _require_file(path)
    with _open(path) as container:
        stream = container.streams.video[0]
        middle = int((stream.start_time or 0) + (stream.duration or 0) // 2)
        container.seek(middle, stream=stream)
        for frame in container.decode(stream):
            picture = frame.reformat(*_fitted(frame, width_px, 2 * width_px), format="yuvj420p")
            return b"".join(bytes(packet) for packet in jpeg_encoder(picture, quality).encode(picture))
    raise ClipFailure(Category.TRIM_FAILED, "The file holds no pictures.")


def _as_taken(pixels: bytes, width_px: int, kind: PictureKind) -> bytes:
    match kind:
        case PictureKind.KITTY:
            return kitty_data(pixels)
        case PictureKind.SIXEL:
            return sixel_data(pixels, width_px)
        case _:
            return pixels


def _require_file(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise ClipFailure(Category.TRIM_FAILED, "It is not a file.")


def _open(path: Path) -> av.container.InputContainer:
    container = av.open(str(path))
    if not container.streams.video:
        container.close()
        raise ClipFailure(Category.TRIM_FAILED, "The file holds no pictures.")
    context = container.streams.video[0].codec_context
    context.thread_count = 1
    context.options = dict(_FAST)
    return container


def _at_even_times(container: av.container.InputContainer, count: int) -> Iterator[av.VideoFrame]:
    """The picture in the middle of each of so many equal parts of a clip."""
    stream = container.streams.video[0]
    length_s = Fraction(container.duration or 0, 1_000_000)
    begin_s = frame_time(stream.start_time or 0, stream.time_base)
    wanted = [begin_s + length_s * (2 * number + 1) / (2 * count) for number in range(count)]
    last: av.VideoFrame | None = None
    frames = container.decode(stream)
    at_s = begin_s
    while wanted:
        if wanted[0] - at_s > _SEEK_S and stream.time_base:
            container.seek(int(wanted[0] / stream.time_base), stream=stream)
            frames = container.decode(stream)
        frame = next((frame for frame in frames if frame.pts is not None), None)
        if frame is None:
            break
        last, at_s = frame, frame_time(frame.pts or 0, frame.time_base)
        while wanted and at_s >= wanted[0]:
            wanted.pop(0)
            yield frame
    while last is not None and wanted and wanted[0] - at_s <= max(_ROUNDING_S, length_s / 10):
        wanted.pop(0)
        yield last


def _fitted(frame: av.VideoFrame, width_px: int, height_px: int) -> tuple[int, int]:
    """The largest size of a frame's shape within these bounds, in whole and even pixels."""
    scale = min(max(2, min(MOST_PX, width_px)) / frame.width, max(2, min(MOST_PX, height_px)) / frame.height)
    width, height = round(frame.width * scale), round(frame.height * scale)
    return max(2, width - width % 2), max(2, height - height % 2)


def _pixels(frame: av.VideoFrame) -> bytes:
    plane, row = frame.planes[0], 3 * frame.width
    data = bytes(plane)
    return b"".join(data[y * plane.line_size :][:row] for y in range(frame.height))


def jpeg_encoder(picture: av.VideoFrame, quality: int) -> av.VideoCodecContext:
    """An encoder for pictures of this size; ``quality`` is libav's, from 2 (best) to 31."""
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = quality
    encoder.thread_count = 1
    made: av.VideoCodecContext = encoder
    return made


def _words(error: Exception) -> str:
    if isinstance(error, ClipFailure):
        return error.message
    why = clean_message(getattr(error, "strerror", None) or str(error)) or type(error).__name__
    if isinstance(error, OSError) and (is_of_disk(error) or not isinstance(error, av.FFmpegError)):
        return f"The file cannot be read: {why}."
    return _DAMAGED.format(why)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one query."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.media.stills")
    parser.add_argument("dataset", type=Path, help="the dataset folder")
    dataset = parser.parse_args(arguments).dataset
    query = msgspec.json.decode(sys.stdin.buffer.read(), type=PicturesQuery)
    os.nice(POLITE)
    sys.stdout.buffer.write(msgspec.msgpack.encode(read_pictures(dataset / query.path, query)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
