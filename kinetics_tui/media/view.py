"""A media file as PyAV reads it: seekable, its bytes fetched beforehand or on demand."""

from __future__ import annotations

import io

from kinetics_tui.media.fetch import RangeReader
from kinetics_tui.media.mp4 import free_box
from kinetics_tui.media.ranges import Span

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
