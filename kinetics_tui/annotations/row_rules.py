"""The rules for one row of annotations, and the heap that good, bad and second rows are put on.

Clips can be written as rows of such a file too, as ``read_annotations`` takes them.
"""

from __future__ import annotations

import csv
import math
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import TextIO

import msgspec

from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import ALL, TEST, TRAIN, VAL, Clip, ClipKey, seconds_text

SPLIT_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VAL,
    "valid": VAL,
    "validate": VAL,
    "validation": VAL,
    "test": TEST,
    "holdout_test": TEST,
    "all": ALL,
}
"""The splits as annotation files and readers of the dataset write them, in lower case."""

MAX_CLIP_S = 600.0
LONGEST_CLIP_S = MAX_CLIP_S + 0.0005
"""The bound that lengths are compared with: the half millisecond is for sums that binary fractions miss."""
TIME_LIMIT_S = 1_000_000.0
"""Times stay below it: six digits are the room that file names have, and 11 days into a video."""
MAX_LABEL_LENGTH = 200
MAX_ROWS = 4_000_000
"""All releases joined have half as many. Memory grows with the rows, so there has to be an end."""
MAX_BAD_ROWS = 500_000

# Control characters, halves of surrogate pairs, and the separators that break lines.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
is_youtube_id = re.compile(r"[A-Za-z0-9_-]{11}").fullmatch
_is_link = re.compile(
    r"(?:https?://)?(?:[a-z0-9-]+\.)?"
    r"(?:youtu\.be/|youtube(?:-nocookie)?\.com/(?:watch\?(?:\S*?&)??v=|(?:embed|shorts|live|v)/))"
    r"([A-Za-z0-9_-]{11})(?:[?&#/]\S*)?",
    re.ASCII | re.IGNORECASE,
).fullmatch


class BadRow(msgspec.Struct, frozen=True):
    """A row that was not taken: the file, its physical line there, and why in a few words.

    JSON has no lines worth naming: ``line`` is 0 there and ``why`` begins with the key.
    """

    file: str
    line: int
    why: str


class Annotations(msgspec.Struct):
    """All that some annotation files say, in their order.

    ``duplicate_rows`` are rows whose clip another row had already named; the first one counts.
    ``readings`` are sentences: how the columns of files were read that have other names for them.
    """

    clips: list[Clip]
    bad_rows: list[BadRow]
    duplicate_rows: list[BadRow]
    files: tuple[str, ...]
    readings: list[str] = []


class UnusableRowError(ValueError):
    """Raised where a row cannot be a clip; ``str(error)`` says why in a few words."""


def shown(text: str, length: int = 40) -> str:
    """Text from a file as it may stand in a message: quoted, escaped, and not too long."""
    return repr(text if len(text) <= length else text[: length - 1] + "~")


def youtube_id_in(text: str) -> str:
    """The YouTube id that a cell is, or that an address in it names; empty where it holds neither."""
    if is_youtube_id(text):
        return text
    link = _is_link(text)
    return link[1] if link else ""


def checked_label(text: str) -> str:
    """A label as clips carry it. ``/`` and ``..`` may pass: the layout makes them safe."""
    label = text.strip()
    if len(label) > MAX_LABEL_LENGTH:
        raise UnusableRowError(f"the label has {len(label):,} characters, more than {MAX_LABEL_LENGTH}")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in label):
        raise UnusableRowError(f"the label {shown(label)} carries control characters")
    return sys.intern(label)


def checked_split(text: str) -> str:
    """The split that a word in an annotation file stands for."""
    try:
        return SPLIT_WORDS[text.strip().casefold()]
    except KeyError:
        raise UnusableRowError(f"the split {shown(text)} is none of train, val, test") from None


def split_of_stem(stem: str) -> str:
    """The split of a file's rows that name none: what the file is called, else ``all``."""
    return SPLIT_WORDS.get(stem.casefold(), ALL)


def checked_clip(youtube_id: str, time_start: float, time_end: float, split: str, label: str) -> Clip:
    """The clip of a row whose split and label were checked already; times are in seconds."""
    if not is_youtube_id(youtube_id):
        raise UnusableRowError(f"{shown(youtube_id)} is not a YouTube id (11 of A-Z a-z 0-9 _ -)")
    if not (math.isfinite(time_start) and math.isfinite(time_end)):
        raise UnusableRowError("a time is not a finite number")
    # Milliseconds are what tells two clips of a video apart in names; 0.0 takes the sign off -0.0.
    start_s = round(time_start, 3) + 0.0
    end_s = round(time_end, 3)
    if start_s < 0:
        raise UnusableRowError(f"time_start {start_s:g} is before the start of the video")
    if end_s <= start_s:
        raise UnusableRowError(f"time_end {end_s:g} is not after time_start {start_s:g}")
    if end_s >= TIME_LIMIT_S:
        raise UnusableRowError(f"time_end {end_s:g} is later than any video lasts")
    if end_s > start_s + LONGEST_CLIP_S:
        raise UnusableRowError(f"the segment is longer than {MAX_CLIP_S:g} s")
    return Clip(youtube_id, start_s, end_s, split, label)


def _place(file: str, line: int) -> str:
    return f"{file} line {line}" if line else file


class Heap:
    """Collects the rows of several files: clips once each, the rest by file and line."""

    def __init__(self) -> None:
        self.clips: list[Clip] = []
        self.bad_rows: list[BadRow] = []
        self.duplicate_rows: list[BadRow] = []
        self.readings: list[str] = []
        # Nearly every video has one clip only: keys are made from where the first video comes again.
        self._known: set[str | ClipKey] = set()
        self._by_video = True

    @property
    def rows_used(self) -> int:
        """The number of rows that named a clip so far, known ones included."""
        return len(self.clips) + len(self.duplicate_rows)

    def keep_all(self, clips: Sequence[Clip], file: str, first_line: int) -> None:
        """Take the clips of lines that follow each other, as ``keep`` takes them one by one."""
        if self._by_video and self.rows_used + len(clips) <= MAX_ROWS:
            self._known.update([clip.youtube_id for clip in clips])
            if len(self._known) == len(self.clips) + len(clips):
                self.clips += clips
                return
            self._compare_keys()
        for line, clip in enumerate(clips, first_line):
            self.keep(clip, file, line)

    def keep(self, clip: Clip, file: str, line: int) -> None:
        """Take a clip, unless its key is known already. Raises AnnotationError for one too many."""
        if self.rows_used >= MAX_ROWS:
            raise AnnotationError(
                f"{_place(file, line)}: more than {MAX_ROWS:,} rows; give the annotations in smaller files."
            )
        if self._by_video and clip.youtube_id in self._known:
            self._compare_keys()
        key = clip.youtube_id if self._by_video else clip.key
        if key in self._known:
            why = f"{clip.name} stands in an earlier row too, which is the one that counts"
            self.duplicate_rows.append(BadRow(file, line, why))
            return
        self._known.add(key)
        self.clips.append(clip)

    def _compare_keys(self) -> None:
        self._known = {clip.key for clip in self.clips}
        self._by_video = False

    def refuse(self, file: str, line: int, why: str) -> None:
        """Note a row that is no clip. Raises AnnotationError where there are far too many of them."""
        self.bad_rows.append(BadRow(file, line, why))
        if len(self.bad_rows) > MAX_BAD_ROWS:
            raise AnnotationError(
                f"{_place(file, line)}: {why}, like {MAX_BAD_ROWS:,} rows before; give an annotation file."
            )

    def annotations(self, files: tuple[str, ...]) -> Annotations:
        """All that was collected."""
        return Annotations(self.clips, self.bad_rows, self.duplicate_rows, files, self.readings)


CLIP_COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")


def clip_row(clip: Clip) -> tuple[str, ...]:
    """A clip in the order of ``CLIP_COLUMNS``."""
    return clip.label, clip.youtube_id, seconds_text(clip.time_start), seconds_text(clip.time_end), clip.split


def write_row(text: TextIO, row: Sequence[object]) -> None:
    """One row of CSV."""
    csv.writer(text, lineterminator="\n").writerow(row)
