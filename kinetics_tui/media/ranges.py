"""What is known of a file's bytes: pieces here and there, joined as they touch."""

from __future__ import annotations

from bisect import bisect_right

Span = tuple[int, int]
"""A range of bytes, its end not included."""


class SparseBytes:
    """Bytes of a file by position. Pieces that touch or overlap become one."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._pieces: list[bytearray] = []

    def add(self, start: int, data: bytes) -> None:
        """Take in ``data``, which stands at ``start``. What is known already stays as it is."""
        for gap_start, gap_end in self.missing(start, start + len(data)):
            self._insert(gap_start, data[gap_start - start : gap_end - start])

    def _insert(self, start: int, data: bytes) -> None:
        index = bisect_right(self._starts, start)
        if index and self._end(index - 1) == start:
            index -= 1
            self._pieces[index] += data
        else:
            self._starts.insert(index, start)
            self._pieces.insert(index, bytearray(data))
        if index + 1 < len(self._starts) and self._starts[index + 1] == self._end(index):
            self._pieces[index] += self._pieces.pop(index + 1)
            del self._starts[index + 1]

    def _end(self, index: int) -> int:
        return self._starts[index] + len(self._pieces[index])

    def missing(self, start: int, end: int) -> list[Span]:
        """The gaps between ``start`` and ``end``."""
        gaps: list[Span] = []
        position = start
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._starts)):
            if self._starts[index] >= end:
                break
            if self._starts[index] > position:
                gaps.append((position, self._starts[index]))
            position = max(position, self._end(index))
        if position < end:
            gaps.append((position, end))
        return gaps

    def read(self, start: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``start``: as many as are known there without a gap."""
        index = bisect_right(self._starts, start) - 1
        if index < 0 or start >= self._end(index):
            return b""
        offset = start - self._starts[index]
        return bytes(self._pieces[index][offset : offset + size])
