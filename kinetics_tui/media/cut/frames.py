"""Which of a source's pictures make up a clip, and how long each is shown.

Bring decoded pictures into the shape that the clip has: upright, scaled, even sides, yuv420p.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

import av
import msgspec
from av.filter import Graph

from kinetics_tui.media.cut.order import frame_time
from kinetics_tui.media.structure import damaged

EARLIER_S = (0, 2, 20)
"""Where seeking does not lead to the picture before the start, seek again so much earlier."""


def decode_from(
    container: av.container.InputContainer, stream: av.VideoStream, start_s: Fraction, *, seekable: bool
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Frames and their times, from the one shown at ``start_s`` or an earlier one where there is one."""
    for earlier_s in EARLIER_S if seekable else (0,):
        if seekable:
            target_s = max(Fraction(0), start_s - earlier_s)
            container.seek(int(target_s / (stream.time_base or 1)), stream=stream)
        frames = whole_frames(container, stream)
        first = next(frames, None)
        if first is None:
            return
        if first[0] <= start_s or not seekable or earlier_s == EARLIER_S[-1] or target_s == 0:
            yield from chain([first], frames)
            return


def whole_frames(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """All frames and their times. Raises ClipFailure (TRIM_FAILED) at the first that is damaged.

    Also where nobody will see it: the pictures that follow are made from it.
    """
    first: int | None = None
    last_s: Fraction | None = None
    for packet in container.demux(stream):
        if first is None:
            if not packet.is_keyframe:
                continue  # a seek in MPEG-TS leads anywhere
            first = packet.pts
        elif packet.pts is not None and packet.pts < first:
            # Shown before the keyframe and made from pictures before it too, which are not there.
            continue
        for frame in packet.decode():
            if frame.is_corrupt:
                raise damaged("a picture does not decode")
            if frame.pts is None:
                continue
            time_s = frame_time(frame.pts, frame.time_base)
            if last_s is not None and time_s <= last_s:
                raise damaged("its times go back")
            last_s = time_s
            yield time_s, frame


ROUNDING_S = Fraction(1, 500)
"""Containers round times, WebM to whole milliseconds."""


FINE_TIME_BASE = Fraction(1, 90_000)
"""In which the usual frame rates are whole numbers."""


def on_grid(
    frames: Iterator[tuple[Fraction, av.VideoFrame]], rate: Fraction
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """``frames`` at the times that a constant ``rate`` gives them, where rounding alone is between."""
    for time_s, frame in frames:
        exact_s = round(time_s * rate) / rate
        yield (exact_s if abs(exact_s - time_s) < ROUNDING_S / 2 else time_s), frame


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
        self._reach_s = frame_s / 2 + ROUNDING_S
        self.late = False
        self.ended = False

    def shots(self) -> Iterator[Shot]:
        """The pictures in order. None where the source ends before the clip starts."""
        held: tuple[Fraction, av.VideoFrame] | None = None
        end_s: Fraction | None = None
        for time_s, frame in self._frames:
            if time_s < self._start_s - self._reach_s:
                held = time_s, frame
                continue
            if end_s is None:
                # The clip's time starts with its first picture, so that all keep their distances.
                on_time = time_s <= self._start_s + self._reach_s
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


TURNS = {
    -90: ("transpose=clock",),
    90: ("transpose=cclock",),
    180: ("hflip", "vflip"),
    -180: ("hflip", "vflip"),
}
"""Filters that do what a stream's display matrix asks for; its degrees are counterclockwise."""


def even_size(width_px: int, height_px: int, short_side_px: int | None) -> tuple[int, int]:
    """The clip's size: scaled down (never up) to ``short_side_px``, both sides even as yuv420p needs."""
    short = min(width_px, height_px)
    scale = short_side_px / short if short_side_px and short_side_px < short else 1.0
    return max(2, round(width_px * scale / 2) * 2), max(2, round(height_px * scale / 2) * 2)


class Shaper:
    """Shapes every picture like the ``first`` one. ``width_px`` and ``height_px`` are the clip's."""

    def __init__(self, first: av.VideoFrame, short_side_px: int | None) -> None:
        self._turn = TURNS.get(round(first.rotation / 90) * 90, ())
        self._graph: Graph | None = None
        sideways = any("transpose" in name for name in self._turn)
        width_px, height_px = (first.height, first.width) if sideways else (first.width, first.height)
        self.width_px, self.height_px = even_size(width_px, height_px, short_side_px)
        self.keeps_pixel_shape = not sideways

    def shape(self, frame: av.VideoFrame) -> av.VideoFrame:
        """``frame`` as the clip shows it; its times are left to the caller."""
        if self._turn:
            frame = self._turned(frame)
        return frame.reformat(width=self.width_px, height=self.height_px, format="yuv420p")

    def _turned(self, frame: av.VideoFrame) -> av.VideoFrame:
        if self._graph is None:
            self._graph = Graph()
            nodes = [
                self._graph.add_buffer(
                    width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
                )
            ]
            for spec in self._turn:
                name, _, args = spec.partition("=")
                nodes.append(self._graph.add(name, args or None))
            nodes.append(self._graph.add("buffersink"))
            self._graph.link_nodes(*nodes).configure()
        self._graph.vpush(frame)
        return self._graph.vpull()
