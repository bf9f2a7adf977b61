"""Parts of a media file, by bounded range requests through yt-dlp's own network stack.

What is known of a file's bytes: pieces here and there, joined as they touch.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError, RequestError, TransportError

from kinetics_tui.media.failures import ClipFailure, classify, trouble_of
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.resolve import Stream
from kinetics_tui.media.youtube.session import Session
from kinetics_tui.model.failure import Category

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


CHUNK_BYTES = 16 * 1024
"""At most so much is read at a time."""
LONGEST_REQUEST_BYTES = 10 * 1024 * 1024
"""YouTube slows answers longer than this down to the speed of play."""
WHOLE_FILE_BYTES = 8 * 1024 * 1024
"""A server that ignores ranges may send a whole file up to this size."""
LONGEST_FILE_BYTES = 256 * 1024 * 1024
"""No more is taken of a file whose length is not told."""
FRUITLESS_TRIES = 3
TRIES = 10
"""So many requests for one range may fail, and so many in a row without bringing a byte."""
BUSY_WAIT_S = 0.5

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class RangeReader:
    """The bytes of one media file, fetched as they are asked for and kept.

    ``renew`` gives another address for the same file when YouTube refuses this one. ``any_length``: a server
    that ignores ranges may send the whole file, whatever its size, and need not tell that. ``size_bytes`` is
    the file's size (None before it is known); ``wire_bytes`` and ``requests`` count what it cost.
    """

    def __init__(
        self,
        session: Session,
        stream: Stream,
        guard: Guard,
        *,
        renew: Callable[[Stream], Stream] | None = None,
        on_bytes: Callable[[int], None] | None = None,
        any_length: bool = False,
    ) -> None:
        self._session = session
        self._stream = stream
        self._guard = guard
        self._renew = renew
        self._on_bytes = on_bytes
        self._known = SparseBytes()
        self._busy = 0
        self._looked_for_again = False
        self._unranged = False
        self._any_length = any_length
        self._longest = min(
            session.params.get("http_chunk_size") or LONGEST_REQUEST_BYTES, LONGEST_REQUEST_BYTES
        )
        self._rate_limit: float | None = session.params.get("ratelimit")
        self.size_bytes = stream.size_bytes
        self.wire_bytes = 0
        self.requests = 0

    def ensure(self, start: int, end: int) -> None:
        """Fetch what is not known yet between ``start`` and ``end``, each gap with one request."""
        if self.size_bytes is not None:
            end = min(end, self.size_bytes)
        for gap_start, gap_end in self._known.missing(start, end):
            self._fetch_gap(gap_start, gap_end)

    def read_known(self, start: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``start`` that are known already."""
        return self._known.read(start, size)

    def read(self, start: int, size: int) -> bytes:
        """``size`` bytes at ``start``, fetched where needed; fewer only at the end of the file."""
        self.ensure(start, start + size)
        return self._known.read(start, size)

    def read_whole(self) -> bytes:
        """All of the file: asked for without a range at first, as players do."""
        self._unranged = True
        self._fetch_gap(0, LONGEST_FILE_BYTES if self.size_bytes is None else self.size_bytes)
        return self._known.read(0, self.size_bytes or 0)

    def missing_bytes(self, start: int, end: int) -> int:
        """The number of bytes of a range that would have to be fetched."""
        return sum(gap_end - gap_start for gap_start, gap_end in self._known.missing(start, end))

    def _fetch_gap(self, start: int, end: int) -> None:
        position, fruitless = start, 0
        for _ in range(TRIES + (end - start) // self._longest):
            if self.size_bytes is not None:
                end = min(end, self.size_bytes)
            if position >= end or not self._known.missing(position, end):
                return
            before = position
            failure: ClipFailure | None = None
            try:
                self._request(position, min(end, position + self._longest))
            except HTTPError as error:
                self._answer_refusal(error)
            except RequestError as error:
                self._guard.check()
                failure = classify(error)
            gaps = self._known.missing(position, end)
            position = gaps[0][0] if gaps else end
            fruitless = 0 if position > before else fruitless + 1
            if failure and fruitless >= FRUITLESS_TRIES:
                raise failure
        if self._known.missing(start, end):
            raise ClipFailure(Category.TIMEOUT, "The server broke off again and again.")

    def _request(self, start: int, end: int) -> None:
        """Ask for one range and keep what comes, as it comes. Whatever breaks off is raised."""
        self._guard.check()
        headers = {**self._stream.headers, "Accept-Encoding": "identity"}
        if start or not self._unranged or self.size_bytes is not None:
            headers["Range"] = f"bytes={start}-{end - 1}"
        request = Request(self._stream.url, headers=headers)
        self.requests += 1
        response = self._session.urlopen(request)
        self._guard.watch(response)
        try:
            position = self._check_answer(response, start)
            # What ignores the range is a whole file; of anything else, no more is taken than asked for.
            last = end if response.status == 206 else self.size_bytes or LONGEST_FILE_BYTES
            while position <= last and (chunk := _read_some(response)):
                chunk = chunk[: last - position]
                if not chunk:
                    break
                self._known.add(position, chunk)
                position += len(chunk)
                self.wire_bytes += len(chunk)
                if self._on_bytes:
                    self._on_bytes(len(chunk))
                self._guard.check()
                if self._rate_limit:
                    self._guard.sleep(len(chunk) / self._rate_limit)
            if self.size_bytes is None and response.status == 200:
                self._note_size(position)
        except RequestError:
            # An abort looks like a broken connection from here.
            self._guard.check()
            raise
        finally:
            self._guard.watch(None)
            response.close()
        self._guard.check()

    def _check_answer(self, response: Any, start: int) -> int:
        """Where the answer's first byte stands in the file; raises where that is not certain."""
        if response.status == 206:
            match = _CONTENT_RANGE.fullmatch((response.get_header("Content-Range") or "").strip())
            if not match or int(match[1]) != start:
                raise ClipFailure(
                    Category.MISCELLANEOUS, "The server sent other bytes than it was asked for."
                )
            self._note_size(None if match[3] == "*" else int(match[3]))
            return start
        length = response.get_header("Content-Length") or ""
        size_bytes = int(length) if length.isdecimal() else None
        fits = self._any_length or (size_bytes is not None and size_bytes <= WHOLE_FILE_BYTES)
        if response.status == 200 and fits:
            self._note_size(size_bytes)
            return 0
        raise ClipFailure(Category.MISCELLANEOUS, "The server does not send parts of a file.")

    def _note_size(self, size_bytes: int | None) -> None:
        if size_bytes is None:
            return
        if self.size_bytes is not None and self.size_bytes != size_bytes:
            raise ClipFailure(Category.MISCELLANEOUS, "The file changed while it was fetched.")
        self.size_bytes = size_bytes

    def _answer_refusal(self, error: HTTPError) -> None:
        """Do what may help against a status that is no success; raise where nothing does."""
        error.close()
        self._guard.check()
        # A file that sent something is there: its address is wrong, or the server is.
        lost = error.status == 404 and self.wire_bytes > 0 and not self._looked_for_again
        if (error.status == 403 or lost) and self._renew is not None:
            self._looked_for_again = self._looked_for_again or lost
            self._stream = self._renew(self._stream)
        elif 500 <= error.status < 600 and self._busy < FRUITLESS_TRIES - 1:
            trouble = trouble_of(error)
            wait_s = BUSY_WAIT_S * 2**self._busy
            self._busy += 1
            if trouble and trouble.retry_after_s is not None:
                wait_s = min(trouble.retry_after_s, 4 * wait_s)
            self._guard.sleep(wait_s)
        else:
            raise classify(error) from error


def _read_some(response: Any) -> bytes:
    """The bytes that have come of an answer's body, at least one; none at its end. Raises TransportError.

    yt-dlp's own reading waits until a whole piece is there, and loses it where the line breaks meanwhile.
    """
    try:
        data: bytes = response.fp.read1(CHUNK_BYTES)
    except Exception as error:  # Each of yt-dlp's network libraries has errors of its own.
        raise TransportError(cause=error) from error
    return data
