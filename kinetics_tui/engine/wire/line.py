"""One line between the engine and a host: messages, and pieces of files between them, over mutual TLS.

A frame is 4 bytes length, 1 byte kind, and so many bytes: a message as JSON; or a piece of a file behind the
number of its lease, the size of the whole, and where the piece begins, 8 bytes each. Whatever is longer than
it may be, of another kind or no message ends the line. Nothing that comes down a line is ever run or
unpickled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from kinetics_tui.base.any_text import to_json

MAX_MESSAGE_BYTES = 256 << 10
MAX_PIECE_BYTES = 256 << 10
MIN_PIECE_BYTES = 64 << 10
"""Of this size they are where the line is slow: a message waits behind one. The last may be smaller."""
MOST_FILE_BYTES = 1 << 30
"""No clip is longer."""
LOST_BYTES = 8 << 20
"""The line is given up when so much waits for a side that does not read."""
LOST_AFTER_S = 30
"""So long a line lives whose other side acknowledges nothing."""
WELCOME = b"\x01"
"""The first byte inside TLS: the host's certificate was accepted."""
CLOSE_WITHIN_S = 2.0
"""So long a line that is closed waits for the rest to get out."""

_QUICK_S = 0.05
"""A line is quick that takes ``MAX_PIECE_BYTES`` in so long."""
_HIGH_WATER_BYTES = 32 << 10
_UNSENT_BYTES = 64 << 10
_HEAD_BYTES = 5
_PIECE_HEAD = struct.Struct(">QQQ")
_MESSAGE = b"J"
_PIECE = b"P"
_BUFFER_BYTES = 384 << 10
"""Holds the longest frame, and some more."""
_LITTLE_BYTES = 64 << 10
_BOUNDS = {_MESSAGE: MAX_MESSAGE_BYTES, _PIECE: _PIECE_HEAD.size + MAX_PIECE_BYTES}

_M = TypeVar("_M")
_Read = TypeVar("_Read", covariant=True)


class LineLost(Exception):  # noqa: N818 - not an error: lines end, and are made again
    """The line has ended, from whichever side."""


class BadLine(LineLost):
    """Something came that no host and no engine sends; the line was ended for it."""


class Reader(Protocol[_Read]):
    """Makes messages of bytes."""

    def decode(self, data: bytes, /) -> _Read:
        """The message. Raises ValueError and RecursionError where it is none."""


TakePiece = Callable[[int, int, int, memoryview], None]
"""Takes a piece of the file of a lease: its size, where the piece begins, and the piece.

That lies where the line's next bytes go, and is others once this has returned.
"""


class Line(asyncio.BufferedProtocol, Generic[_M]):
    """One side of a line; reads messages of the type of ``reader``. Messages overtake the files sent.

    ``Listener`` and ``connect`` make it. What comes is decrypted into a buffer of its own. Pieces of files
    go to ``take_piece`` as they come, while somebody waits for a message; without it they end the line.
    """

    def __init__(self, reader: Reader[_M], peer: str) -> None:
        self.peer = peer
        """The address of the other side, with its port."""
        self.take_piece: TakePiece | None = None
        self._reader = reader
        self._transport: asyncio.Transport
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._start = self._end = 0
        self._wanted_bytes = 0
        self._reads = False
        """Somebody waits for a message; what the buffer begins with is the head of a frame then."""
        self._failed: Exception | None = None
        self._full = False
        self._came = asyncio.Event()
        self._flows = asyncio.Event()
        self._flows.set()
        self._lost = asyncio.Event()
        self._why = ""
        self._fault: BaseException | None = None
        self._turn = asyncio.Lock()
        self._piece_bytes = MIN_PIECE_BYTES

    @property
    def waiting_bytes(self) -> int:
        """So much was sent and has not left yet; the system holds a little more."""
        return self._transport.get_write_buffer_size()

    async def read(self) -> _M:
        """The next message. Raises LineLost at the end, BadLine where something else came.

        It may be cancelled: nothing is lost then.
        """
        self._reads = True
        try:
            while (length := self._next_message()) is None:
                await self._more()
        finally:
            self._reads = False
        self._take(_HEAD_BYTES)
        try:
            return self._reader.decode(bytes(self._take(length)))
        except (ValueError, RecursionError) as error:
            raise self._bad(f"that is no message: {error}") from None

    def check(self) -> None:
        """Raise LineLost where the line has ended, whether there are messages left or not."""
        if self._why:
            raise self._end_of_line()

    async def read_welcome(self) -> None:
        """Wait until this host was let in. For a host's first reading alone; raises LineLost."""
        await self._has(len(WELCOME))
        if self._take(len(WELCOME)) != WELCOME:
            raise self._bad("that is no welcome")

    def welcome(self) -> None:
        """Say that the host was let in. For the engine's first saying alone."""
        self._transport.write(WELCOME)

    def send(self, message: Any) -> None:
        """Send a message, ahead of what is left of files; it never waits.

        Nothing happens on a line that has ended: ``read`` says so. Raises ValueError where it is too long.
        """
        self.send_body(body_of(message))

    def send_body(self, body: bytes) -> None:
        """Send a message that is bytes already, as ``body_of`` makes them."""
        self._write(_MESSAGE, body)
        if self.waiting_bytes > LOST_BYTES:
            self.abort("the other side does not read")

    async def send_file(self, lease: int, path: Path) -> None:
        """Send a file in pieces, as fast as the other side takes them; an empty one has none.

        What is sent once this has returned arrives behind it. Several files take turns. Raises LineLost, and
        OSError where the file cannot be read.
        """
        with path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            begin = 0
            while block := await asyncio.to_thread(file.read, MAX_PIECE_BYTES):
                began = time.monotonic()
                size = self._piece_bytes
                for at in range(0, len(block), size):
                    async with self._turn:
                        await self._flows.wait()
                        if self._transport.is_closing():
                            raise self._end_of_line()
                        head = _PIECE_HEAD.pack(lease, size_bytes, begin + at)
                        self._write(_PIECE, head + block[at : at + size])
                begin += len(block)
                quick = time.monotonic() - began < _QUICK_S
                self._piece_bytes = MAX_PIECE_BYTES if quick else MIN_PIECE_BYTES

    async def close(self) -> None:
        """End the line when what waits has left, or at once where the other side does not take it."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    if not self._transport.is_closing():  # asyncio's by TLS is of no use when closed twice
                        self._transport.close()
                    await self._lost.wait()
        finally:
            self.abort()

    def abort(self, why: str = "it was ended here") -> None:
        """End the line at once."""
        if not self._lost.is_set():
            self._why = self._why or why
        self._transport.abort()

    # -- for asyncio alone -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(_HIGH_WATER_BYTES)
        _tune(transport.get_extra_info("socket"))

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        if self._start and len(self._buffer) - self._end < _LITTLE_BYTES:
            left = self._end - self._start
            self._buffer[:left] = self._buffer[self._start : self._end]
            self._start, self._end = 0, left
        return self._buffer[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        self._end += nbytes
        # Whoever waits is woken for a message, not for pieces, nor for less than a frame.
        if self._end - self._start >= self._wanted_bytes and (not self._reads or self._is_due()):
            self._came.set()
        if self._end - self._start == len(self._buffer):  # it holds a whole frame then
            self._full = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._ended("the other side hung up")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fault = exc
        self._lost.set()
        self._flows.set()
        self._ended("the other side hung up" if exc is None else fault_text(exc))

    def pause_writing(self) -> None:
        self._flows.clear()

    def resume_writing(self) -> None:
        self._flows.set()

    # -- inside ----------------------------------------------------------------------------------------

    async def _has(self, count: int) -> None:
        """Wait until so many bytes have come. Raises LineLost."""
        while self._end - self._start < count:
            self._wanted_bytes = count
            await self._more()

    async def _more(self) -> None:
        """Wait until more has come. Raises LineLost."""
        if self._why:
            self.abort()
            raise self._end_of_line()
        self._came.clear()
        await self._came.wait()

    def _is_due(self) -> bool:
        """True if there is something to wake for who waits for a message; pieces are passed on."""
        try:
            return self._next_message() is not None
        except Exception as error:  # noqa: BLE001 - it is raised where the message is waited for
            self._failed = error
            return True

    def _next_message(self) -> int | None:
        """The bytes of the next message, behind its head; None where it is not all there. Passes pieces on.

        Raises BadLine.
        """
        if self._failed is not None:
            raise self._failed
        while True:
            there = self._end - self._start
            self._wanted_bytes = _HEAD_BYTES
            if there < _HEAD_BYTES:
                return None
            head = bytes(self._buffer[self._start : self._start + _HEAD_BYTES])
            length, kind = int.from_bytes(head[:4]), head[4:]
            least = _PIECE_HEAD.size + 1 if kind == _PIECE else 0
            if not least <= length <= _BOUNDS.get(kind, -1) or (kind == _PIECE and self.take_piece is None):
                raise self._bad("that is none of our frames")
            self._wanted_bytes += length
            if there < self._wanted_bytes:
                return None
            if kind != _PIECE or self.take_piece is None:
                return length
            self._take(_HEAD_BYTES)
            lease, size_bytes, at = _PIECE_HEAD.unpack(self._take(_PIECE_HEAD.size))
            piece = self._take(length - _PIECE_HEAD.size)
            if len(piece) < MIN_PIECE_BYTES and at + len(piece) < size_bytes:
                raise self._bad("that is a crumb of a file")  # they would take the time of all lines
            self.take_piece(lease, size_bytes, at, piece)

    def _take(self, count: int) -> memoryview:
        """So many bytes of those that have come, where they lie: they are others once more comes."""
        taken = self._buffer[self._start : self._start + count]
        self._start += count
        if self._start == self._end:
            self._start = self._end = 0
        if self._full:
            self._full = False
            self._transport.resume_reading()
        return taken

    def _write(self, kind: bytes, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"".join((len(body).to_bytes(4), kind, body)))

    def _ended(self, why: str) -> None:
        self._why = self._why or why
        self._came.set()

    def _end_of_line(self) -> LineLost:
        lost = LineLost(self._why or "it was ended here")
        lost.__cause__ = self._fault
        return lost

    def _bad(self, why: str) -> BadLine:
        self.abort(why)
        return BadLine(why)


def body_of(message: Any) -> bytes:
    """A message as it goes over a line. Raises ValueError where it is too long."""
    body = to_json(message)
    if len(body) > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is too long for a line")
    return body


def fault_text(error: BaseException) -> str:
    """An error of the network in a few words."""
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'it broke off').lower().replace('_', ' ')}"
    if isinstance(error, socket.gaierror):
        return "that name is not known here"
    if isinstance(error, ConnectionRefusedError):
        return "refused: nothing listens there"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ConnectionResetError | BrokenPipeError | EOFError | ConnectionAbortedError):
        return "it hung up"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _tune(connection: socket.socket) -> None:
    """No waiting for more to send, little kept in the system, and a dead line is noticed."""
    wanted = (
        ("TCP_NODELAY", 1),
        ("TCP_NOTSENT_LOWAT", _UNSENT_BYTES),
        ("TCP_KEEPIDLE", LOST_AFTER_S // 3),
        ("TCP_KEEPALIVE", LOST_AFTER_S // 3),  # macOS's name of the one before
        ("TCP_KEEPINTVL", LOST_AFTER_S // 6),
        ("TCP_KEEPCNT", 4),
        ("TCP_USER_TIMEOUT", LOST_AFTER_S * 1000),
    )
    with contextlib.suppress(OSError):  # it has ended already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in wanted:
        with contextlib.suppress(OSError, AttributeError):  # not every system has all of them
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
