"""The clip: one annotated segment of a video."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

TRAIN = "train"
VAL = "val"
TEST = "test"
ALL = "all"
"""The split of a clip whose annotations name none (a bare ``id,start,end`` list)."""


class ClipKey(NamedTuple):
    """The identity of a clip. A video id alone does not: one video may carry several clips."""

    youtube_id: str
    time_start: float
    time_end: float


def time_text(time_s: float) -> str:
    """A segment time as file names carry it: six digits, and milliseconds where it is not whole."""
    whole, milliseconds = divmod(round(time_s * 1000), 1000)
    return f"{whole:06d}.{milliseconds:03d}" if milliseconds else f"{whole:06d}"


def seconds_text(time_s: float) -> str:
    """A segment time as annotation files carry it: whole seconds, and decimals where there are any."""
    return f"{time_s:.3f}".rstrip("0").rstrip(".")


_Time = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]  # as messages may have it; the ledger is stricter


class Clip(msgspec.Struct, frozen=True, gc=False):
    """One annotated segment.

    ``time_start`` and ``time_end`` are seconds from the start of the video, as in the annotations,
    exact to a millisecond. ``label`` is empty where the annotations give none.
    """

    youtube_id: str
    time_start: _Time
    time_end: _Time
    split: str = ALL
    label: str = ""

    @property
    def key(self) -> ClipKey:
        return ClipKey(self.youtube_id, self.time_start, self.time_end)

    @property
    def duration_s(self) -> float:
        return self.time_end - self.time_start

    @property
    def address(self) -> str:
        """Where YouTube shows it: its video, from the annotated second on."""
        return f"https://www.youtube.com/watch?v={self.youtube_id}&t={int(self.time_start)}s"

    @property
    def name(self) -> str:
        """``<id>_<start>_<end>``: the name of the clip in logs and, by default, of its file."""
        return f"{self.youtube_id}_{time_text(self.time_start)}_{time_text(self.time_end)}"
