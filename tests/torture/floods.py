"""Floods on the socket of a real engine: lines without end, lines without sense, views without number."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import socket
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil

from kinetics_tui.base.errors import EngineError
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import read_whereabouts, socket_paths
from kinetics_tui.model.commands import AnyCommand, SetWorkers, Stop
from tests.torture.hostile import message_maker

ANSWERED_WITHIN_S = 30.0
FIRST_WORD_WITHIN_S = 6.0
"""Those who are refused are told at once, as far as a busy machine goes."""
CHUNK_BYTES = 1 << 16

_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_command = message_maker(AnyCommand)


class Flood(NamedTuple):
    """How much of each: silent connections at once, bytes without a line end, lines that make no sense."""

    connections: int
    endless_bytes: int
    lines: int


class Held(NamedTuple):
    """What the engine held before and after, and how many commands it answered meanwhile."""

    before_bytes: int
    after_bytes: int
    answered: int
    refused: int


async def flood(dataset: Path, size: Flood, seed: int) -> Held:
    """Flood the engine of a dataset while another view looks on; that view must not notice."""
    engine = _engine(dataset)
    view = EngineClient(dataset)
    following = asyncio.create_task(view.follow())
    async with asyncio.timeout(ANSWERED_WITHIN_S):
        while not view.connected:
            await asyncio.sleep(0.05)
    before_bytes = engine.memory_info().rss
    path = socket_paths(dataset)[0]
    await _endless_line(path, size.endless_bytes)
    await _still_there(dataset, view)
    answered = await _lines(path, size.lines, random.Random(seed))
    await _still_there(dataset, view)
    refused = await _connections(path, size.connections)
    await _still_there(dataset, view)
    assert _engine(dataset).pid == engine.pid
    following.cancel()
    return Held(before_bytes, engine.memory_info().rss, answered, refused)


def _engine(dataset: Path) -> psutil.Process:
    whereabouts = read_whereabouts(dataset)
    assert whereabouts is not None
    return psutil.Process(whereabouts.pid)


async def _still_there(dataset: Path, view: EngineClient) -> None:
    """The engine obeys, and the view that was there all the time hears of it."""
    for workers in (2, 1):
        before = view.version
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            while True:  # a place may have to become free first
                with contextlib.suppress(EngineError):
                    await asyncio.to_thread(ask, dataset, SetWorkers(workers=workers))
                    break
                await asyncio.sleep(0.1)
            while view.version == before:
                await asyncio.sleep(0.02)
        assert view.connected


async def _endless_line(path: Path, size_bytes: int) -> None:
    _, writer = await asyncio.open_unix_connection(path)
    with contextlib.suppress(OSError):
        for _ in range(size_bytes // CHUNK_BYTES):
            writer.write(b"x" * CHUNK_BYTES)
            await writer.drain()
    writer.close()


async def _lines(path: Path, count: int, dice: random.Random) -> int:
    """Lines that are commands, or nearly so; how many of them were answered."""
    answered = 0
    for _ in range(count):
        reader, writer = await asyncio.open_unix_connection(path, limit=1 << 23)
        line = _command(dice)
        if _is_meant(line):
            line = b"{}"
        writer.write(line + dice.choice((b"\n", b"\n", b"", b"\n\n", b"\n" + line + b"\n")))
        writer.write_eof()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                while told := await reader.readline():
                    answered += b'"reply"' in told
        writer.close()
    return answered


def _is_meant(line: bytes) -> bool:
    """Whether a line is a command that the engine should carry out, and this machine not."""
    try:
        command = _decoder.decode(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(command, Stop) or (isinstance(command, SetWorkers) and 2 < command.workers <= 64)


async def _connections(path: Path, count: int) -> int:
    """Lines that are opened, and on which nothing is said; how many of them were refused at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened = []
    try:
        for _ in range(count):
            opened.append(await _queued(path))
        told = [_first_word(reader) for reader, _ in opened]
        return sum(await asyncio.gather(*told))
    finally:
        for _, writer in opened:
            writer.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _queued(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A line that waits for its place in the queue of those that the engine has not let in yet.

    asyncio's own way takes a full queue for a connection, and finds out by the first word it reads.
    """
    line = socket.socket(socket.AF_UNIX)
    await asyncio.to_thread(line.connect, str(path))
    return await asyncio.open_unix_connection(sock=line)


async def _first_word(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(OSError):  # a TimeoutError is one
        async with asyncio.timeout(FIRST_WORD_WITHIN_S):
            return b"close some of them" in await reader.readline()
    return False
