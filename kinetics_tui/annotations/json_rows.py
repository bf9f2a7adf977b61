"""Reads the rows of a JSON annotation file: one object, keyed by video id."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from kinetics_tui.annotations.row_rules import (
    Heap,
    UnusableRowError,
    checked_clip,
    checked_label,
    checked_split,
    shown,
)
from kinetics_tui.base.errors import AnnotationError

EXPECTED = '{"<id>": {"annotations": {"label": ..., "segment": [start, end]}, "subset": ...}, ...}'
PROGRESS_EVERY_ROWS = 20_000
MAX_COLONS = 10_000_000
"""Each entry of a release has eight, and Kinetics-700's 650,000. Memory grows with the keys."""
# Each entry has one. Entries whose key comes again are dropped by the decoder without a word.
_SEGMENT = b'"segment"'


class _Annotation(msgspec.Struct, gc=False):
    segment: tuple[float, float]
    label: str | None = None


class _Entry(msgspec.Struct, gc=False):
    annotations: _Annotation
    subset: str | None = None


def read_json(
    data: bytes, file: str, default_split: str, heap: Heap, on_progress: Callable[[int], None] | None = None
) -> None:
    """Put the entries of a file's bytes on the heap; entries without a subset get ``default_split``.

    Raises AnnotationError where the bytes are not JSON of that shape at all.
    """
    if data.count(b":") > MAX_COLONS:
        raise AnnotationError(
            f"{file}: more than {MAX_COLONS:,} keys, which no release has; "
            "give the annotations as CSV, or in smaller files."
        )
    body = memoryview(data)[3:] if data.startswith(b"\xef\xbb\xbf") else data
    try:
        # Entries are left raw, so that one of a wrong shape does not spoil the others, and so that
        # the objects for them never exist all at once.
        entries = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AnnotationError(
            f"{file}{_place(error, data)}: not JSON of the shape {EXPECTED} ({error}); "
            "give the CSV file of the release instead, or mend this one."
        ) from None
    decode = msgspec.json.Decoder(_Entry).decode
    labels: dict[str, str] = {}
    splits: dict[str, str] = {}
    lost_rows = data.count(_SEGMENT)
    for number, (youtube_id, raw) in enumerate(entries.items(), 1):
        lost_rows -= bytes(raw).count(_SEGMENT)
        try:
            entry = decode(raw)
            subset, label = entry.subset or "", entry.annotations.label or ""
            if subset not in splits:
                splits[subset] = checked_split(subset) if subset.strip() else default_split
            if label not in labels:
                labels[label] = checked_label(label)
            clip = checked_clip(youtube_id, *entry.annotations.segment, splits[subset], labels[label])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, UnusableRowError) as error:
            heap.refuse(file, 0, f"key {shown(youtube_id)}: {error}")
        else:
            heap.keep(clip, file, 0)
        if on_progress is not None and number % PROGRESS_EVERY_ROWS == 0:
            on_progress(len(heap.clips))
    if lost_rows > 0:
        why = f"{lost_rows:,} entries have the key of a later one, which is the one that counts"
        heap.refuse(file, 0, why)


def _place(error: Exception, data: bytes) -> str:
    """The line of the byte that a decoding error names, as it stands in a message."""
    found = re.search(r"\(byte (\d+)\)", str(error))
    if found is None:
        return ""
    line = data.count(b"\n", 0, int(found[1])) + 1
    return f" line {line}"
