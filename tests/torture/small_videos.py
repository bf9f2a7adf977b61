"""Videos that take little work to cut, for runs of many clips; their pictures are numbered."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kinetics_tui.demo.dataset import SOURCE_S, Demo
from kinetics_tui.demo.media import Kind, SourceSpec, cached_source

FPS = 12


def shrink(demo: Demo, sources: Path) -> None:
    """Put a small video in the place of each of the demo's; ``sources`` is where they are kept."""
    picture = SourceSpec(kind=Kind.DASH_VIDEO, duration_s=SOURCE_S, fps=FPS, width_px=320, height_px=180)
    sound = SourceSpec(kind=Kind.DASH_AUDIO, duration_s=SOURCE_S)
    small = {134: cached_source(sources, picture), 140: cached_source(sources, sound)}
    for name, video in list(demo.videos.items()):
        demo.videos[name] = msgspec.structs.replace(video, sources=small)
