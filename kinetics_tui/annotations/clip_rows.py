"""Clips as rows of an annotation file, as ``read_annotations`` takes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from kinetics_tui.model.clip import Clip, seconds_text

CLIP_COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")


def clip_row(clip: Clip) -> tuple[str, ...]:
    """A clip in the order of ``CLIP_COLUMNS``."""
    return clip.label, clip.youtube_id, seconds_text(clip.time_start), seconds_text(clip.time_end), clip.split


def write_row(text: TextIO, row: Sequence[object]) -> None:
    """One row of CSV."""
    csv.writer(text, lineterminator="\n").writerow(row)
