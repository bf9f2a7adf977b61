"""One small picture of each class of a dataset, for its report: to see at a glance what is in it.

Time and size are bounded: 700 classes take some ten seconds of a processor and about 3 MB of the page.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import av

from kinetics_tui.base.words import counted
from kinetics_tui.dataset.ledger.clip_lists import read_samples
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.stills import read_jpeg
from kinetics_tui.report.figures import Sheet, Still

WIDTH_PX = 160
QUALITY = 8
"""libav's scale for JPEG, from 2 (best) to 31."""
WITHIN_S = 90.0
MOST_BYTES = 5_000_000
"""The most that all pictures may take in the page."""


def contact_sheet(
    dataset: Path,
    tell: Callable[[tuple[int, int]], None] = lambda _so_far: None,
    clock: Callable[[], float] = time.monotonic,
) -> Sheet:
    """The contact sheet of a dataset; ``tell`` is told how many of how many classes are through.

    ``clock`` gives monotonic seconds. Raises DatasetError.
    """
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        samples = read_samples(database)
    begun_at, size_bytes = clock(), 0
    stills: list[Still] = []
    unread = 0
    left_out = 0
    for number, (label, paths) in enumerate(samples):
        tell((number, len(samples)))
        if clock() - begun_at > WITHIN_S or size_bytes > MOST_BYTES:
            left_out = len(samples) - number
            break
        jpeg = next(filter(None, (_jpeg(dataset / path) for path in paths)), "")
        if jpeg:
            stills.append(Still(label, jpeg))
            size_bytes += len(jpeg)
        else:
            unread += 1
    notes = []
    if unread:
        many = counted(unread, "class")
        notes.append(f"Of {many} no clip could be read; kinetics-tui check finds what is missing or damaged.")
    if left_out:
        notes.append(f"{counted(left_out, 'class')} more are left out to keep this page small.")
    return Sheet(tuple(stills), tuple(notes))


def _jpeg(path: Path) -> str:
    """A picture of the clip, empty where there is none to be had."""
    try:
        return base64.b64encode(read_jpeg(path, WIDTH_PX, QUALITY)).decode()
    except (OSError, ValueError, ClipFailure, av.FFmpegError):
        return ""
