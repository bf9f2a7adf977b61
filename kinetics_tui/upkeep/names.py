"""Clips told by the paths of their files alone, and layouts by what lies where."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from kinetics_tui.annotations.rows import UnusableRowError, checked_clip
from kinetics_tui.dataset.layout import SUFFIX, Naming, clip_path
from kinetics_tui.model.clip import ALL, TEST, TRAIN, VAL, Clip
from kinetics_tui.model.options import LayoutName

SAMPLE = 5000
"""So many files are enough to tell a layout by."""
_SPLITS = {TRAIN: TRAIN, VAL: VAL, TEST: TEST, ALL: ALL, "valid": VAL}
_MARK = "~"
_TIME = r"(\d{6}(?:\.\d{3})?)"
_TIMED = re.compile(rf"([A-Za-z0-9_-]{{11}})_{_TIME}_{_TIME}(~[0-9a-f]{{12}})?\.mp4")
_ID_ALONE = re.compile(r"[A-Za-z0-9_-]{11}\.mp4")


def clips_of_paths(paths: Iterable[str], layout: LayoutName, *, marked: bool) -> Iterator[Clip]:
    """The clips whose files lie at these paths, where the path says all of it.

    ``marked``: those whose file has a mark in its name, or else those without one.
    """
    some = (path for path in paths if (_MARK in PurePosixPath(path).name) is marked)
    return (clip for path in some if (clip := clip_of_path(path, layout)) is not None)


def clip_of_path(path: str, layout: LayoutName) -> Clip | None:
    """The clip whose file a layout puts at this path, None where the path does not tell.

    A layout that changes a label on its way into a path leaves that changed: it is all there is.
    """
    parts = PurePosixPath(path).parts
    named = _TIMED.fullmatch(parts[-1])
    if named is None or len(parts) not in (2, 3) or parts[0] not in _SPLITS:
        return None
    label = parts[1] if len(parts) == 3 else ""
    youtube_id, start, end, mark = named.groups()
    try:
        clip = checked_clip(youtube_id, float(start), float(end), _SPLITS[parts[0]], label)
    except UnusableRowError:
        return None
    naming = Naming.MARKED if mark else Naming.TIMED
    return clip if str(clip_path(layout, clip, naming)) == path else None


def layout_of_names(paths: Iterable[str]) -> LayoutName | None:
    """The layout that names alone tell of; None where they carry no times, so that they name no clip."""
    sample = [PurePosixPath(path) for path in itertools.islice(paths, SAMPLE) if path.endswith(SUFFIX)]
    timed = [path for path in sample if _TIMED.fullmatch(path.name)]
    if not timed:
        return None if any(_ID_ALONE.fullmatch(path.name) for path in sample) else LayoutName.ACTIVITYNET
    labels = {path.parts[1] for path in timed if len(path.parts) == 3}
    underscored = any("_" in label for label in labels) and not any(" " in label for label in labels)
    return LayoutName.TORCHVISION if underscored else LayoutName.ACTIVITYNET


def layout_of_clips(paths: Iterable[str], clips: Iterable[Clip], usual: LayoutName) -> LayoutName:
    """The layout by which most of these files are where one of the clips belongs; ``usual`` where none is."""
    sample = set(itertools.islice((path for path in paths if path.endswith(SUFFIX)), SAMPLE))
    ids = {PurePosixPath(path).name[:11] for path in sample}
    hits = dict.fromkeys(sorted(LayoutName, key=lambda layout: layout is not usual), 0)
    for clip in clips:
        if clip.youtube_id in ids:
            for layout in hits:
                hits[layout] += str(clip_path(layout, clip)) in sample
    return max(hits, key=lambda layout: hits[layout])
