"""Bring decoded pictures into the shape that the clip has: upright, scaled, even sides, yuv420p."""

from __future__ import annotations

import av
from av.filter import Graph

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
