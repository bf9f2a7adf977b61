"""The plan which bytes of a media file cover a clip, and the file as PyAV reads it.

First the file's index (a few kilobytes where sound and pictures come separately), then one closed range.
Where a file has no index that is understood here, PyAV finds its own way, block by block. The file that it
reads is seekable, its bytes fetched beforehand or on demand.
"""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

import av
import msgspec
from av.stream import Stream

from kinetics_tui.media.containers import (
    EBML,
    Box,
    Point,
    cues_end,
    edit_shift,
    empty_edit,
    free_box,
    read_cues,
    read_header,
    read_sidx,
    track_timescale,
)
from kinetics_tui.media.cut.sound import LEAD_S as SOUND_LEAD_S
from kinetics_tui.media.fetch.ranges_fetch import RangeReader, Span
from kinetics_tui.media.structure import check_clusters, check_fragments, check_tables, damaged

BLOCK_BYTES = 64 * 1024
"""Fetched at a time where something is read that no plan foresaw."""


class View:
    """A file-like object over a :class:`RangeReader`, for one ``av.open``.

    ``hidden`` is a span that the reader of an MP4 skips, and ``end`` where the file seems to end: an
    index and some fragments in the middle thus look like a whole small file. While ``sealed``, what is
    not known reads as the end of the file, so that nothing is fetched just to guess at formats.
    """

    name = "source"

    def __init__(self, reader: RangeReader, *, hidden: Span | None = None, end: int | None = None) -> None:
        if reader.size_bytes is None:
            reader.ensure(0, BLOCK_BYTES)
        assert reader.size_bytes is not None
        self._reader = reader
        self._hidden = hidden
        self._end = reader.size_bytes if end is None else end
        self._position = 0
        self.sealed = False
        self.starved_at: set[int] = set()
        """Where something unknown was read while sealed."""

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes: never more than what is known without asking, unless that is nothing."""
        start = self._position
        end = min(start + size, self._end)
        if self._hidden:
            first, last = self._hidden
            if start < first:
                end = min(end, first)
            elif start < last:
                # All of it is there to be read: libav reads over a short span rather than seek behind it.
                size = min(end, last) - start
                data = free_box(last - first)[start - first :][:size].ljust(size, b"\0")
                self._position += len(data)
                return data
        if start >= end:
            return b""
        data = self._reader.read_known(start, end - start)
        if not data and self.sealed:
            self.starved_at.add(start)
        elif not data:
            self._reader.ensure(start, min(start + max(BLOCK_BYTES, size), self._end))
            data = self._reader.read_known(start, end - start)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to ``offset`` from the start, from here, or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position


HEAD_BYTES = 8 * 1024
HEAD_BYTES_PER_S = 3
LONGEST_HEAD_BYTES = 96 * 1024
"""The first request: enough for the index of a fragmented file, whose entries take 12 bytes for 5 s."""
UNKNOWN_HEAD_BYTES = 32 * 1024
"""The same where the length is not known, or nothing is known of where the index goes on."""
TAIL_BYTES = 2 * 1024 * 1024
"""An index at the end of a file is fetched at once with what follows it, up to this size."""
CLUSTER_HEAD_BYTES = 1024

REORDERED_SAMPLES = 4
"""Behind the end, so many may be decoded after others and shown before them."""
NEAR_BYTES = 64 * 1024
"""libav reads on, rather than seeking, to what is no further ahead than this."""
OPEN_OPTIONS = {"probesize": "65536", "analyzeduration": "0"}


class Section(msgspec.Struct, frozen=True):
    """The bytes that cover a clip; ``from_start`` and ``to_end``: no media stand before or behind them."""

    start: int
    end: int
    from_start: bool
    to_end: bool


class Index(Protocol):
    """The index of a file, from times to bytes; times are as the file writes them."""

    @property
    def start_s(self) -> Fraction:
        """The file's first moment."""

    @property
    def end_s(self) -> Fraction | None:
        """The file's end, where the index says it."""

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """The bytes to decode from ``start_s`` to ``end_s``; None: not known."""

    def check(self, section: Section, data: bytes) -> None:
        """Raise ClipFailure where ``data``, the bytes of ``section``, are not what the index says."""

    @property
    def hidden_from(self) -> int | None:
        """Where to hide the rest of the file from its reader, up to the section; None: nothing is hidden."""

    @property
    def ends_anywhere(self) -> bool:
        """True if the file may seem to end with the section: its reader then looks no further."""


class PointIndex:
    """Moments and the bytes from which they can be decoded: fragments of MP4, cues of WebM.

    ``hidden_from`` is where an MP4's initialisation ends: its reader is shown nothing else but the
    section's fragments, so that it has no reason to look elsewhere. ``units`` are those that the media
    write their times in: the timescale of an MP4's track, the nanoseconds of a WebM's unit. ``late_s`` is
    how much later an MP4's edit list has its media shown than they are written.
    """

    def __init__(
        self,
        points: Sequence[Point],
        end_s: Fraction | None,
        end_offset: int,
        units: int,
        hidden_from: int | None = None,
        late_s: Fraction = Fraction(0),
    ) -> None:
        self._units = units
        self._late_s = late_s
        self._points = points
        self._times = [point.time_s for point in points]
        self._offsets = [point.offset for point in points]
        self._end_offset = end_offset
        self.hidden_from = hidden_from
        self.ends_anywhere = True
        self.start_s = self._times[0]
        self.end_s = end_s

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """From the last point at or before ``start_s`` to the first one at or behind ``end_s``."""
        first = max(0, bisect_right(self._times, start_s) - 1)
        last = max(first + 1, bisect_left(self._times, end_s))
        to_end = last >= len(self._offsets)
        end = self._end_offset if to_end else self._offsets[last]
        return Section(self._offsets[first], end, first == 0, to_end)

    def check(self, section: Section, data: bytes) -> None:
        first, last = (bisect_left(self._offsets, at) for at in (section.start, section.end))
        points = self._points[first:last]
        if self.hidden_from is None:
            check_clusters(data, section.start, points, self._units)
        else:
            check_fragments(data, section.start, points, self._units, self._late_s)


class _Samples(msgspec.Struct, frozen=True):
    """One stream's samples in the order they are decoded: time, first byte, end, keyframe or not."""

    kind: str
    time_base: Fraction
    stamps: list[int]
    spans: list[Span]
    keyframes: list[bool]


class SampleIndex:
    """An MP4's table of all its samples, as PyAV reads it. Raises av.FFmpegError where it cannot."""

    def __init__(self, reader: RangeReader) -> None:
        view = View(reader)
        with open_view(view) as container:
            streams = (*container.streams.video[:1], *container.streams.audio[:1])
            # Entries are only good while the container is open.
            self._tables = [_samples(stream) for stream in streams if len(stream.index_entries)]
            starts = [(stream.start_time or 0) * (stream.time_base or 1) for stream in streams]
        self._starved_at = view.starved_at
        self.start_s = Fraction(min(starts, default=0))
        self.end_s: Fraction | None = None
        self.hidden_from: int | None = None
        self.ends_anywhere = False

    def cover(self, start_s: Fraction, end_s: Fraction) -> Section | None:
        """From the keyframe before ``start_s``, and the sound a little before it, up to ``end_s``."""
        spans: list[Span] = []
        from_start = to_end = True
        for table in self._tables:
            is_video = table.kind == "video"
            # Pictures are listed by the time they are decoded, which runs ahead of the one shown.
            ahead = min(0, table.stamps[0]) if is_video else 0
            start = (start_s if is_video else start_s - SOUND_LEAD_S) / table.time_base + ahead
            first = max(0, bisect_right(table.stamps, start) - 1)
            while is_video and first and not table.keyframes[first]:
                first -= 1
            last = min(
                len(table.stamps), bisect_left(table.stamps, end_s / table.time_base) + REORDERED_SAMPLES
            )
            needed = table.spans[first:last]
            if needed:
                spans.append((min(begin for begin, _ in needed), max(end for _, end in needed)))
            from_start = from_start and first == 0
            to_end = to_end and last == len(table.stamps)
        if not spans:
            return None
        begin = min(begin for begin, _ in spans)
        # libav does not get over an end of file that it met while opening, where it reads on near by.
        begin = min([at for at in self._starved_at if at <= begin <= at + NEAR_BYTES], default=begin)
        return Section(begin, max(end for _, end in spans), from_start, to_end)

    def check(self, section: Section, data: bytes) -> None:
        if len(data) < section.end - section.start:
            raise damaged("its index points behind its end")


def _samples(stream: Stream) -> _Samples:
    entries = [(e.timestamp, e.pos, e.size, e.is_keyframe) for e in stream.index_entries]
    return _Samples(
        kind=stream.type,
        time_base=stream.time_base or Fraction(1),
        stamps=[stamp for stamp, *_ in entries],
        spans=[(position, position + size) for _, position, size, _ in entries],
        keyframes=[is_keyframe for *_, is_keyframe in entries],
    )


def open_view(view: View, *, sealed: bool = True) -> av.container.InputContainer:
    """Open ``view`` with PyAV; ``sealed``: without fetching anything for it that is not known yet."""
    view.sealed = sealed
    try:
        return av.open(view, "r", options=OPEN_OPTIONS)
    finally:
        view.sealed = False


def read_index(reader: RangeReader, duration_s: float | None) -> Index | None:
    """Fetch the index of the file behind ``reader``, which lasts about ``duration_s``.

    None: the file has none that is understood here.
    """
    head_bytes = UNKNOWN_HEAD_BYTES
    if duration_s:
        head_bytes = min(HEAD_BYTES + round(HEAD_BYTES_PER_S * duration_s), LONGEST_HEAD_BYTES)
    head = reader.read(0, head_bytes)
    if head[4:8] == b"ftyp":
        return _mp4_index(reader)
    if head[:4] == EBML.to_bytes(4):
        return _webm_index(reader, head)
    return None


def _webm_index(reader: RangeReader, head: bytes) -> Index | None:
    end = cues_end(head)
    if end is None:
        return None
    # With the beginning of what follows: libav does not get over an end of file met while opening.
    cues = read_cues(reader.read(0, end + CLUSTER_HEAD_BYTES))
    if cues is None:
        return None
    assert reader.size_bytes is not None
    return PointIndex(cues.cues, None, cues.end_offset or reader.size_bytes, cues.scale_ns)


def _mp4_index(reader: RangeReader) -> Index | None:
    assert reader.size_bytes is not None
    moov: Box | None = None
    moov_bytes = b""
    offset = 0
    while offset < reader.size_bytes:
        header = reader.read_known(offset, 16)
        if len(header) < min(16, reader.size_bytes - offset):
            rest = reader.size_bytes - offset
            reader.ensure(offset, offset + (rest if rest <= TAIL_BYTES else UNKNOWN_HEAD_BYTES))
            header = reader.read_known(offset, 16)
        box = read_header(header, offset)
        if box is None:
            return None
        if box.kind == b"moov":
            moov, moov_bytes = box, reader.read(box.start, box.end - box.start)
            if b"mvex" not in moov_bytes:
                check_tables(moov_bytes, reader.size_bytes)
                if reader.missing_bytes(0, box.start) <= NEAR_BYTES:
                    reader.ensure(0, box.start)
                return SampleIndex(reader)
        elif box.kind == b"sidx" and moov:
            sidx = reader.read(box.start, box.end - box.start)
            found = read_sidx(sidx, box.end, edit_shift(moov_bytes))
            if found is None:
                return None
            timescale = track_timescale(moov_bytes)
            if not timescale:
                return None
            return PointIndex(
                found.segments,
                found.end_s,
                found.end_offset,
                timescale,
                hidden_from=moov.end,
                late_s=empty_edit(moov_bytes),
            )
        elif box.kind == b"moof":
            return None
        offset = box.end
    return None
