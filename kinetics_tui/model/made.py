"""The figures of a try at a clip: the time and traffic that it took, and the file that it made.

Both are handed on whole, from the worker to the ledger and the views. Their bounds hold wherever they are
decoded: a worker that went mad may say anything, and figures that no ledger holds are no message.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kinetics_tui.model.options import Resolve

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a try, also of one that failed: seconds in each phase and in all, bytes of media received.

    ``wire_bytes`` is 0 where the file was found in its place; ``asked`` is the way by which YouTube gave the
    video, None where it gave none or there was no choice. ``requests`` are those for pages and players, which
    YouTube is said to count; None: not known, as of clips of before they were counted.
    """

    resolve_s: Seconds = 0.0
    download_s: Seconds = 0.0
    trim_s: Seconds = 0.0
    total_s: Seconds = 0.0
    wire_bytes: Count = 0
    asked: Resolve | None = None
    requests: Count | None = None


NOTHING_SPENT = Spent()


class MadeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A clip's file as it was made.

    ``short``: the source ended inside the segment. ``exact``: it starts on the frame of the segment's start,
    not on the keyframe before. ``source_itags``, ``source_height_px`` and ``source_fps`` are of the formats
    that it was made from, as yt-dlp told of them, ``made_with`` names the programs that made it; empty and 0
    where that is not known. ``archive`` names the archive that it comes from and the folder of that;
    it is empty where it comes from YouTube.
    """

    output_bytes: Count
    duration_s: Seconds
    width_px: Count
    height_px: Count
    fps: float
    sound: bool
    short: bool
    exact: bool
    source_itags: str = ""
    source_height_px: Count = 0
    source_fps: float = 0.0
    made_with: str = ""
    archive: str = ""
