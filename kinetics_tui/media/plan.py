"""Which bytes of a media file cover a clip.

First the file's index (a few kilobytes where sound and pictures come separately), then one closed range.
Where a file has no index that is understood here, PyAV finds its own way, block by block.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from typing import Protocol

import av
import msgspec

from kinetics_tui.media import mp4, webm
from kinetics_tui.media.fetch import RangeReader
from kinetics_tui.media.ranges import Span
from kinetics_tui.media.view import View

HEAD_BYTES = 8 * 1024
HEAD_BYTES_PER_S = 3
LONGEST_HEAD_BYTES = 32 * 1024
"""The first request: enough for the index of a fragmented file, whose entries take 12 bytes for 5 s."""
TAIL_BYTES = 2 * 1024 * 1024
"""An index at the end of a file is fetched at once with what follows it, up to this size."""

OPEN_OPTIONS = {"probesize": "65536", "analyzeduration": "0"}


class Section(msgspec.Struct, frozen=True):
    """The bytes that cover a clip. ``whole``: there is nothing of the file before or behind it."""

    start: int
    end: int
    from_start: bool
    to_end: bool


class Index(Protocol):
    """What a file says about where its moments lie; times are as the file writes them."""

    @property
    def start_s(self) -> Fraction:
        """The file's first moment."""

    @property
    def end_s(self) -> Fraction | None:
        """The file's end, where the index says it."""

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """The bytes to decode from ``start_s`` to ``end_s``; None: not known."""

    def view(self, reader: RangeReader, section: Section | None) -> tuple[View, bool]:
        """The file for PyAV, and whether to seek in it (else it starts where ``section`` does)."""


class PointIndex:
    """Moments and the bytes from which they can be decoded: fragments of MP4, cues of WebM.

    ``hidden_from`` is where an MP4's initialisation ends: its reader is shown nothing else but the
    section's fragments, so that it has no reason to look elsewhere.
    """

    def __init__(
        self,
        points: list[tuple[Fraction, int]],
        end_s: Fraction | None,
        end_offset: int,
        hidden_from: int | None = None,
    ) -> None:
        self._times = [time_s for time_s, _ in points]
        self._offsets = [offset for _, offset in points]
        self._end_offset = end_offset
        self._hidden_from = hidden_from
        self.start_s = self._times[0]
        self.end_s = end_s

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """From the last point at or before ``start_s`` to the first one at or behind ``end_s``."""
        first = max(0, bisect_right(self._times, start_s) - 1)
        last = max(first + 1, bisect_left(self._times, end_s))
        to_end = last >= len(self._offsets)
        end = self._end_offset if to_end else self._offsets[last]
        return Section(self._offsets[first], end, first == 0, to_end)

    def view(self, reader: RangeReader, section: Section | None) -> tuple[View, bool]:
        """Of an MP4 only the section; of a WebM the whole file, whose cues lead to the section."""
        if self._hidden_from is None or section is None:
            return View(reader), True
        return View(reader, hidden=(self._hidden_from, section.start), end=section.end), False


class SampleIndex:
    """An MP4's table of all its samples, as PyAV reads it. Raises av.FFmpegError where it cannot."""

    def __init__(self, reader: RangeReader) -> None:
        with open_view(View(reader)) as container:
            streams = (*container.streams.video[:1], *container.streams.audio[:1])
            self._tables = [
                (stream.type, stream.time_base or Fraction(1), list(stream.index_entries))
                for stream in streams
                if len(stream.index_entries)
            ]
            starts = [(stream.start_time or 0) * (stream.time_base or 1) for stream in streams]
        self.start_s = Fraction(min(starts, default=0))
        self.end_s: Fraction | None = None

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """From the keyframe before ``start_s``, and from the sound at its time, up to ``end_s``."""
        spans: list[Span] = []
        from_start = to_end = True
        for kind, time_base, entries in self._tables:
            stamps = [entry.timestamp for entry in entries]
            # Pictures are listed by the time they are decoded, which runs ahead of the one shown.
            ahead = min(0, stamps[0])
            first = max(0, bisect_right(stamps, start_s / time_base + ahead) - 1)
            if kind == "video":
                while first and not entries[first].is_keyframe:
                    first -= 1
                # A reader gives out the sound from there on as well.
                start_s = min(start_s, (stamps[first] - ahead) * time_base)
            last = min(len(entries), bisect_left(stamps, end_s / time_base) + 1)
            needed = entries[first:last]
            spans.append((min(e.pos for e in needed), max(e.pos + e.size for e in needed)))
            from_start = from_start and first == 0
            to_end = to_end and last == len(entries)
        if not spans:
            return None
        return Section(min(s for s, _ in spans), max(e for _, e in spans), from_start, to_end)

    def view(self, reader: RangeReader, section: Section | None) -> tuple[View, bool]:
        """The whole file: its table leads to the section."""
        return View(reader), True


class NoIndex:
    """Nothing is known: bytes are fetched as PyAV asks for them."""

    start_s = Fraction(0)
    end_s: Fraction | None = None

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """Not known."""
        return None

    def view(self, reader: RangeReader, section: Section | None) -> tuple[View, bool]:
        """The whole file."""
        return View(reader), True


def open_view(view: View) -> av.container.InputContainer:
    """Open ``view`` with PyAV without fetching anything for it that is not known yet."""
    view.sealed = True
    try:
        return av.open(view, "r", options=OPEN_OPTIONS)
    finally:
        view.sealed = False


def read_index(reader: RangeReader, duration_s: float | None) -> Index:
    """Fetch the index of the file behind ``reader``, which lasts about ``duration_s``."""
    head_bytes = HEAD_BYTES + round(HEAD_BYTES_PER_S * (duration_s or LONGEST_HEAD_BYTES))
    head = reader.read(0, min(head_bytes, LONGEST_HEAD_BYTES))
    if head[4:8] == b"ftyp":
        return _mp4_index(reader)
    if head[:4] == webm.EBML.to_bytes(4):
        return _webm_index(reader, head)
    return NoIndex()


def _webm_index(reader: RangeReader, head: bytes) -> Index:
    end = webm.cues_end(head)
    if end is None:
        return NoIndex()
    cues = webm.read_cues(reader.read(0, end))
    if cues is None:
        return NoIndex()
    assert reader.size_bytes is not None
    points = [(cue.time_s, cue.offset) for cue in cues.cues]
    return PointIndex(points, None, cues.end_offset or reader.size_bytes)


def _mp4_index(reader: RangeReader) -> Index:
    assert reader.size_bytes is not None
    moov: mp4.Box | None = None
    moov_bytes = b""
    offset = 0
    while offset < reader.size_bytes:
        header = reader.read_known(offset, 16)
        if len(header) < min(16, reader.size_bytes - offset):
            rest = reader.size_bytes - offset
            reader.ensure(offset, offset + (rest if rest <= TAIL_BYTES else LONGEST_HEAD_BYTES))
            header = reader.read_known(offset, 16)
        box = mp4.read_header(header, offset)
        if box is None:
            return NoIndex()
        if box.kind == b"moov":
            moov, moov_bytes = box, reader.read(box.start, box.end - box.start)
            if b"mvex" not in moov_bytes:
                return SampleIndex(reader)
        elif box.kind == b"sidx" and moov:
            sidx = reader.read(box.start, box.end - box.start)
            found = mp4.read_sidx(sidx, box.end, mp4.edit_shift(moov_bytes))
            if found is None:
                return NoIndex()
            points = [(segment.time_s, segment.offset) for segment in found.segments]
            return PointIndex(points, found.end_s, found.end_offset, hidden_from=moov.end)
        elif box.kind == b"moof":
            return NoIndex()
        offset = box.end
    return NoIndex()
