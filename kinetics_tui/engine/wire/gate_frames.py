"""What an engine and its gate say to each other: frames by a pair of sockets, most about one line to a host.

Both are this program, of one version and on one machine: nothing that a host says has any part in a frame
but as bytes that are passed on.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from enum import IntEnum

import msgspec


class Kind(IntEnum):
    """Of which kind a frame is."""

    HERE = 1
    """From the gate, every ``HERE_EVERY_S``: hosts are let in."""
    OPENED = 2
    """From the gate: a host was let in; the body is its address."""
    SAID = 3
    """From the gate: a message of the host."""
    CAME = 4
    """From the gate: a ``Came``."""
    ENDED = 5
    """From the gate: an ``Ended``; the line is no more."""
    LOG = 6
    """From the gate: a line for the engine's log; in place of the line's number, its level."""
    SAY = 7
    """From the engine: a message to the host."""
    ALLOW = 8
    """From the engine: the host may send the file of this lease."""
    DENY = 9
    """From the engine: it may not any more; what has come of it is removed."""
    CLOSE = 10
    """From the engine: end the line when what was said has left."""
    ABORT = 11
    """From the engine: end it at once."""


class Came(msgspec.Struct, frozen=True):
    """Some of the file of a lease has come; all of it where there is a ``name``: its own in the folder.

    What the gate writes ends in ``.part``, what the engine has taken over from it in ``.mp4``.

    It comes no further where there is a word on why it is ``spoiled``, or an ``errno`` of its writing.
    """

    lease: int
    name: str = ""
    size_bytes: int = 0
    spoiled: str = ""
    errno: int = 0


class Ended(msgspec.Struct, frozen=True):
    """Why a line has ended; ``bad``: since something came by it that no host says."""

    why: str
    bad: bool = False


Hear = Callable[[Kind, int, memoryview], None]
"""Is given the kind of a frame, the number of its line, and its body, which is others' once it returns."""

HERE_EVERY_S = 2.0
GATHER_S = 0.02
"""What is sent within so long leaves together: the other side is woken once for all of it."""

_HEAD = struct.Struct(">BII")
_MOST_WAITING_BYTES = 1 << 20


class Frames(asyncio.Protocol):
    """One side: ``hear`` is called for each frame that comes, ``lost`` when the other side is gone."""

    def __init__(self, hear: Hear, lost: Callable[[], None]) -> None:
        self._hear = hear
        self._lost = lost
        self._rest = b""
        self._out: list[bytes] = []
        self._flows = asyncio.Event()
        self._flows.set()
        self._transport: asyncio.Transport | None = None

    def send(self, kind: Kind, line: int = 0, body: bytes = b"") -> None:
        """Send a frame; one to a side that is gone is dropped."""
        if not self._out:
            asyncio.get_running_loop().call_later(GATHER_S, self._flush)
        self._out += (_HEAD.pack(kind, line, len(body)), body)

    async def flows(self) -> None:
        """Wait while the other side does not take what there is."""
        await self._flows.wait()

    def close(self) -> None:
        """Send what waits, and end."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    # -- for asyncio alone -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(_MOST_WAITING_BYTES)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        view, at = memoryview(data), 0
        while len(data) - at >= _HEAD.size:
            kind, line, length = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + length
            if end > len(data):
                break
            self._hear(Kind(kind), line, view[at + _HEAD.size : end])
            at = end
        self._rest = data[at:]

    def pause_writing(self) -> None:
        self._flows.clear()

    def resume_writing(self) -> None:
        self._flows.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._flows.set()
        self._lost()
