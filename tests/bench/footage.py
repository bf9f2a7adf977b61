"""The videos that the benches of media fetch and cut: made once and kept between runs."""

from __future__ import annotations

import csv
import getpass
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from kinetics_tui.demo.media import Kind, Source, SourceSpec, cached_source
from kinetics_tui.demo.videos import Video
from kinetics_tui.model.clip import VAL, Clip

SHORT_S, LONG_S, SIX_HOURS_S = 320, 1_800, 21_600
CLIP_S = 10
PERIOD_S = 40
"""Pictures and sound start anew so often, which takes no part in what fetching and cutting cost."""

PACKINGS: Mapping[str, Mapping[int, Kind]] = {
    "separate MP4": {134: Kind.DASH_VIDEO, 140: Kind.DASH_AUDIO},
    "progressive MP4": {18: Kind.PROGRESSIVE},
    "WebM": {243: Kind.WEBM_VIDEO, 251: Kind.WEBM_AUDIO},
}
"""How YouTube packs a video, with its numbers for the formats."""
USUAL = "separate MP4"


def footage(packing: str, length_s: int) -> dict[int, Source]:
    """A video of 640x360 at 30 pictures a second with a keyframe every 5 s, in one packing."""
    folder = Path(tempfile.gettempdir()) / f"kinetics-tui-bench-sources-{getpass.getuser()}"
    return {
        itag: cached_source(folder, SourceSpec(kind=kind, duration_s=length_s, period_s=PERIOD_S))
        for itag, kind in PACKINGS[packing].items()
    }


class Shown:
    """A catalogue in which every id has a video of the same ``length_s``."""

    def __init__(self, length_s: int) -> None:
        self._length_s = length_s
        self._sources = footage(USUAL, length_s)

    def __call__(self, video_id: str) -> Video:
        return Video(video_id, f"video {video_id}", self._length_s, self._sources)


def clips_of(name: str, count: int, length_s: int) -> list[Clip]:
    """So many clips, each of a video of its own, all over the videos' length; ``name`` has 5 letters.

    No clip starts on a keyframe: those of real annotations seldom do.
    """
    step_s = (length_s - CLIP_S - 2) / max(1, count)
    starts_s = [round(1.3 + number * step_s, 1) for number in range(count)]
    return [
        Clip(f"{name}{number:06d}", start_s, start_s + CLIP_S, VAL, "a label")
        for number, start_s in enumerate(starts_s)
    ]


def write_annotations(path: Path, clips: Sequence[Clip]) -> Path:
    """An annotation file of these clips, as the releases have them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("label", "youtube_id", "time_start", "time_end", "split"))
        writer.writerows(
            (clip.label, clip.youtube_id, clip.time_start, clip.time_end, clip.split) for clip in clips
        )
    return path
