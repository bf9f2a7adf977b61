"""An engine's listener that echoes, and hosts that come to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.engine.wire.certificates import Authority, Credentials
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.line import Line
from kinetics_tui.engine.wire.listener import Listener, bound
from kinetics_tui.engine.wire.reach import connect


class Say(msgspec.Struct, frozen=True):
    """The one message of these tests."""

    number: int
    text: str = ""


READER = JsonReader[Say](Say)
PATIENCE_S = 60.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so; fails where it never is."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


class Piece(NamedTuple):
    """Some bytes that came of a file."""

    lease: int
    data: bytes
    size_bytes: int = 0
    at: int = 0


class Echo:
    """Answers every message with itself, and keeps what else came."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.authority = authority
        self.folder = folder
        self.listener: Listener[Say]
        self.lines: list[Line[Say]] = []
        self.ended: list[Exception] = []
        self.pieces: list[Piece] = []
        self.hosts: list[Line[Say]] = []

    async def open(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        context = context or self.authority.engine_context()
        self.listener = Listener(bound("127.0.0.1", port), context, self.serve, READER)
        self.address = f"127.0.0.1:{self.listener.port}"

    async def serve(self, line: Line[Say]) -> None:
        self.lines.append(line)
        line.take_piece = self._take_piece
        try:
            while True:
                line.send(await line.read())
        except Exception as error:
            self.ended.append(error)
            raise

    def _take_piece(self, lease: int, size_bytes: int, at: int, data: memoryview) -> None:
        self.pieces.append(Piece(lease, bytes(data), size_bytes, at))

    def file(self, credentials: Credentials | None = None, **changes: Any) -> ConnectFile:
        """A connect file for this engine."""
        return ConnectFile.make(
            **{
                "title": "Kinetics-700",
                "folder": str(self.folder),
                "addresses": (self.address,),
                "token": "t",
                "credentials": credentials or self.authority.issue(),
                **changes,
            }
        )

    async def host(self) -> Line[Say]:
        """A host that was let in; its line is ended after the test."""
        self.hosts.append(await connect(self.file(), READER, PATIENCE_S))
        return self.hosts[-1]

    async def close(self) -> None:
        for line in self.hosts:
            line.abort()
        await self.listener.close()

    async def goes_on(self, line: Line[Say], number: int = 1) -> None:
        """Fails where the line does not answer."""
        line.send(Say(number))
        assert await line.read() == Say(number)
