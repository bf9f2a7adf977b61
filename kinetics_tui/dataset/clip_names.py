"""The clip that the path of a file tells of, in any layout that people keep clips in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import msgspec

from kinetics_tui.annotations.row_rules import SPLIT_WORDS
from kinetics_tui.base.safe_text import storable
from kinetics_tui.dataset.layout import SUFFIX, Naming, clip_path
from kinetics_tui.model.clip import ALL, Clip
from kinetics_tui.model.options import LayoutName

_SECONDS = r"(\d{1,7}(?:\.\d{1,3})?)"
# Marks are what our own layout gives to ids that differ in capitals alone.
_NAME = re.compile(rf"([A-Za-z0-9_-]{{11}})(?:_{_SECONDS}_{_SECONDS}((?:~[0-9a-f]{{12}}){{0,2}}))?")
# ``videos_train`` is mmaction2's, ``train_256`` what people call a folder of scaled clips.
_SPLIT = re.compile(r"(?:videos_)?([a-z_]+?)(?:_\d+)?")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A clip as far as a path tells of it; times in milliseconds, None where the name carries none.

    ``second_ms`` is the second number in the name: for most the clip's end, for some its length.
    ``split`` and ``label`` are empty where no folder tells them; a label is as the folder has it.
    """

    youtube_id: str
    start_ms: int | None = None
    second_ms: int | None = None
    split: str = ""
    label: str = ""

    @property
    def timed(self) -> bool:
        return self.start_ms is not None

    def is_segment(self, clip: Clip, *, lengths: bool = True) -> bool:
        """True if a name with times tells this segment, by its end or, if ``lengths``, by its length."""
        start_ms, end_ms = times_ms(clip)
        ends = (end_ms, end_ms - start_ms) if lengths else (end_ms,)
        return self.start_ms == start_ms and self.second_ms in ends


def times_ms(clip: Clip) -> tuple[int, int]:
    """The start and the end of a clip in milliseconds."""
    return round(clip.time_start * 1000), round(clip.time_end * 1000)


OTHER_SUFFIXES = (".mkv", ".webm")
"""The ends of names of files whose content may be copied into an MP4 file."""


def is_clip_file(path: str) -> bool:
    """True if a file may be a clip by the end of its name."""
    return path.casefold().endswith((SUFFIX, *OTHER_SUFFIXES))


def is_to_be_copied(path: str) -> bool:
    """True if a file is no MP4 by the end of its name: what is in it has to be copied into one."""
    return path.casefold().endswith(OTHER_SUFFIXES)


def named(path: str, top: str = "") -> Named | None:
    """The clip that the path of a file tells of, relative to a folder of the name ``top``; None
    where it is none's."""
    *folders, name = PurePosixPath(path).parts
    found = _NAME.fullmatch(name[: name.rfind(".")])
    if found is None:
        return None
    youtube_id, start, second, mark = found.groups()
    if mark:
        youtube_id = _marked_id(youtube_id, float(start), float(second), name)
    if not youtube_id:
        return None
    return Named(
        youtube_id=youtube_id,
        start_ms=_milliseconds(start),
        second_ms=_milliseconds(second),
        split=next((split for folder in (*reversed(folders), top) if (split := _split(folder))), ""),
        label=_label(folders),
    )


def is_same_label(folder: str, label: str) -> bool:
    """True if a folder is named after this label, however its layout writes blanks and brackets."""
    return _letters(folder) == _letters(label)


def _marked_id(youtube_id: str, start_s: float, end_s: float, name: str) -> str:
    """The id in a marked name, which writes a leading ``-`` as ``_``; empty where the mark is another's."""
    for one in (youtube_id, "-" + youtube_id[1:]):
        clip = Clip(one, start_s, end_s)
        if clip_path(LayoutName.ACTIVITYNET, clip, Naming.MARKED).stem == name[: name.rfind(".")]:
            return one
    return ""


def _split(folder: str) -> str:
    found = _SPLIT.fullmatch(folder.casefold())
    split = SPLIT_WORDS.get(found[1], "") if found else ""
    return "" if split == ALL else split


def _label(folders: Sequence[str]) -> str:
    return storable(folders[-1]) if folders and not _split(folders[-1]) else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _milliseconds(seconds: str | None) -> int | None:
    return None if seconds is None else round(float(seconds) * 1000)
