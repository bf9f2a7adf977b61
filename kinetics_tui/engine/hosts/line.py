"""One line between the engine and a host: messages, and pieces of files between them, over mutual TLS.

A frame is 4 bytes length, 1 byte kind, and so many bytes: a message as JSON, or 8 bytes number of a lease and
a piece of its file. Whatever is longer than it may be, of another kind or no message ends the line. Nothing
that comes down a line is ever run or unpickled.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from kinetics_tui.base.any_text import JsonReader, to_json

MAX_MESSAGE_BYTES = 256 << 10
MAX_PIECE_BYTES = 256 << 10
LOST_BYTES = 8 << 20
"""The line is given up when so much waits for a side that does not read."""
LOST_AFTER_S = 30
"""So long a line lives whose other side acknowledges nothing."""
CLOSE_WITHIN_S = 2.0
"""So long a line that is closed waits for the rest to get out."""

_PIECE_BYTES = 64 << 10
"""Pieces are sent in this size: a message waits behind few of them, however slow the line is."""
_HIGH_WATER_BYTES = 32 << 10
_UNSENT_BYTES = 64 << 10
_HEAD_BYTES = 5
_LEASE_BYTES = 8
_MESSAGE = b"J"
_PIECE = b"P"
_BOUNDS = {_MESSAGE: MAX_MESSAGE_BYTES, _PIECE: _LEASE_BYTES + MAX_PIECE_BYTES}

_M = TypeVar("_M")


class LineLost(Exception):  # noqa: N818 - not an error: lines end, and are made again
    """The line has ended, from whichever side."""


class BadLine(LineLost):
    """Something came that no host and no engine sends; the line was ended for it."""


class Piece(NamedTuple):
    """Some bytes of the file of a lease; they follow on those that came before."""

    lease: int
    data: bytes


class Line(Generic[_M]):
    """One side of a line; reads messages of the type of ``reader``. Messages overtake the files sent."""

    def __init__(
        self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter, reader: JsonReader[_M], peer: str
    ) -> None:
        self.peer = peer
        """The address of the other side, with its port."""
        self._stream = stream
        self._writer = writer
        self._reader = reader
        self._head = b""
        self._turn = asyncio.Lock()
        self._why = "the other side hung up"
        writer.transport.set_write_buffer_limits(_HIGH_WATER_BYTES)
        _tune(writer.get_extra_info("socket"))

    @property
    def address(self) -> str:
        """The address of the other side alone."""
        return self.peer.rpartition(":")[0].strip("[]")

    @property
    def waiting_bytes(self) -> int:
        """So much was sent and has not left yet; the system holds a little more."""
        return self._writer.transport.get_write_buffer_size()

    async def read(self) -> _M | Piece:
        """The next message or piece. Raises LineLost at the end, BadLine where something else came.

        It may be cancelled: nothing is lost then.
        """
        try:
            if not self._head:
                self._head = await self._stream.readexactly(_HEAD_BYTES)
            length, kind = int.from_bytes(self._head[:4]), self._head[4:]
            if not (_LEASE_BYTES if kind == _PIECE else 0) <= length <= _BOUNDS.get(kind, -1):
                raise self._bad("that is none of our frames")
            body = await self._stream.readexactly(length)
        except asyncio.IncompleteReadError:
            self.abort()
            raise LineLost(self._why) from None
        except OSError as error:
            self.abort()
            raise LineLost(fault_text(error)) from None
        self._head = b""
        if kind == _PIECE:
            return Piece(int.from_bytes(body[:_LEASE_BYTES]), body[_LEASE_BYTES:])
        try:
            return self._reader.decode(body)
        except (ValueError, RecursionError) as error:
            raise self._bad(f"that is no message: {error}") from None

    def send(self, message: Any) -> None:
        """Send a message, ahead of what is left of files; it never waits.

        Nothing happens on a line that has ended: ``read`` says so. Raises ValueError where it is too long.
        """
        body = to_json(message)
        if len(body) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message of {len(body)} bytes is too long for a line")
        self._write(_MESSAGE, body)
        if self.waiting_bytes > LOST_BYTES:
            self.abort("the other side does not read")

    async def send_file(self, lease: int, path: Path) -> None:
        """Send a file in pieces, as fast as the other side takes them; an empty one has none.

        What is sent once this has returned arrives behind it. Several files take turns. Raises LineLost, and
        OSError where the file cannot be read.
        """
        head = lease.to_bytes(_LEASE_BYTES)
        with path.open("rb") as file:
            while block := await asyncio.to_thread(file.read, MAX_PIECE_BYTES):
                for at in range(0, len(block), _PIECE_BYTES):
                    async with self._turn:
                        await self._drain()
                        self._write(_PIECE, head + block[at : at + _PIECE_BYTES])

    async def close(self) -> None:
        """End the line when what waits has left, or at once where the other side does not take it."""
        try:
            with contextlib.suppress(OSError):  # the TimeoutError among them
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    self._writer.close()
                    await self._writer.wait_closed()
        finally:
            self.abort()

    def abort(self, why: str = "it was ended here") -> None:
        """End the line at once."""
        if not self._writer.transport.is_closing():
            self._why = why
        self._writer.transport.abort()

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError as error:
            raise LineLost(fault_text(error)) from None
        if self._writer.transport.is_closing():
            raise LineLost(self._why)

    def _write(self, kind: bytes, body: bytes) -> None:
        if not self._writer.transport.is_closing():
            self._writer.write(b"".join((len(body).to_bytes(4), kind, body)))

    def _bad(self, why: str) -> BadLine:
        self.abort(why)
        return BadLine(why)


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
