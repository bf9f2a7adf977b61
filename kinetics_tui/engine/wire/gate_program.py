"""``python -m kinetics_tui.engine.wire.gate_program``: the gate of a run, where its hosts come in.

It alone meets strangers, deciphers what hosts say and writes their files down, so that the engine has time
for nothing but the run. It knows nothing of runs: it passes on what hosts say, takes the files that the
engine allows, and ends with the engine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import errno
import logging
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kinetics_tui.base.any_text import to_json
from kinetics_tui.engine.wire.certificates import Authority
from kinetics_tui.engine.wire.gate_frames import HERE_EVERY_S, Came, Ended, Frames, Kind
from kinetics_tui.engine.wire.line import MIN_PIECE_BYTES, MOST_FILE_BYTES, BadLine, Line, LineLost
from kinetics_tui.engine.wire.listener import Allowance, Listener

MESSAGES = (256, 100.0)
"""So many messages of a host are passed on at once, and so many a second then; it is made to wait alone."""
HEARD_EVERY_S = 1.0
"""The engine hears so often that something of a file has come."""

_PR_SET_PDEATHSIG = 1
"""Of Linux's prctl.h."""

log = logging.getLogger(__name__)


@dataclass
class _Incoming:
    """A file on its way in. It is open while a piece is written alone: hosts may begin very many."""

    path: Path
    size_bytes: int
    got_bytes: int = 0


class _Host:
    """The line to one host. Its files come into ``folder``, by names that begin with ``prefix``."""

    def __init__(self, line: Line[bytes], number: int, folder: Path, prefix: str, engine: Frames) -> None:
        self.line = line
        self._number = number
        self._folder = folder
        self._prefix = prefix
        self._engine = engine
        self._allowed: set[int] = set()
        self._files: dict[int, _Incoming] = {}
        self._strays = Allowance(*MESSAGES)
        self._told_at = 0.0

    def allow(self, lease: int) -> None:
        self._allowed.add(lease)

    def deny(self, lease: int) -> None:
        """Take no more of the file of a lease, and remove what there is of it."""
        self._allowed.discard(lease)
        coming = self._files.pop(lease, None)
        if coming is not None:
            with contextlib.suppress(OSError):
                coming.path.unlink(missing_ok=True)

    def end(self) -> None:
        """Take no more of any."""
        for lease in list(self._files):
            self.deny(lease)
        self._allowed.clear()

    def take_piece(self, lease: int, size_bytes: int, at: int, data: memoryview) -> None:
        """Write a piece of a file down; one that the engine does not wait for is dropped."""
        if lease not in self._allowed or not 0 < size_bytes <= MOST_FILE_BYTES:
            if len(data) < MIN_PIECE_BYTES and self._strays.turn_s():
                self.line.abort("it sends bits of files that nobody waits for")
            return
        try:
            self._write(lease, size_bytes, at, data)
        except OSError as error:
            self.deny(lease)
            self._tell(Came(lease, errno=error.errno or errno.EIO))

    def _write(self, lease: int, size_bytes: int, at: int, data: memoryview) -> None:
        coming = self._files.get(lease)
        if coming is None and at == 0:
            path = self._folder / f"{self._prefix}{lease}.part"
            coming = self._files[lease] = _Incoming(path, size_bytes)
        if coming is None or (coming.got_bytes, coming.size_bytes) != (at, size_bytes):
            self._spoiled(lease, "its pieces do not follow on each other")
            return
        coming.got_bytes += len(data)
        if coming.got_bytes > size_bytes:
            self._spoiled(lease, "it sent more than it told of")
            return
        with coming.path.open("ab") as file:
            file.write(data)
        if coming.got_bytes == size_bytes:
            del self._files[lease]
            self._allowed.discard(lease)
            self._tell(Came(lease, name=coming.path.name, size_bytes=size_bytes))
        elif time.monotonic() - self._told_at >= HEARD_EVERY_S:
            self._tell(Came(lease))

    def _spoiled(self, lease: int, why: str) -> None:
        self.deny(lease)
        self._tell(Came(lease, spoiled=why))

    def _tell(self, came: Came) -> None:
        self._told_at = time.monotonic()
        self._engine.send(Kind.CAME, self._number, to_json(came))


class _Gate:
    """Lets hosts in, and passes on what they and the engine say to each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hosts: dict[int, _Host] = {}
        self._numbers = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()
        self.engine = Frames(self._hear, self.over.set)

    async def serve(self, line: Line[bytes]) -> None:
        """Pass on what a host says until its line ends."""
        self._numbers += 1
        number, allowance = self._numbers, Allowance(*MESSAGES)
        host = _Host(line, number, self._folder, f"{os.getpid()}-{number}-", self.engine)
        self._hosts[number] = host
        line.take_piece = host.take_piece
        self.engine.send(Kind.OPENED, number, line.peer.encode())
        ended = Ended("it ended by a fault of this program")
        try:
            while True:
                body = await line.read()
                if await allowance.take():  # one that says too much waits, and nobody else
                    line.check()  # of one that is gone the rest would keep it here for minutes
                self.engine.send(Kind.SAID, number, body)
                await self.engine.flows()
        except LineLost as error:
            ended = Ended(str(error), bad=isinstance(error, BadLine))
            raise
        finally:
            del self._hosts[number]
            host.end()
            self.engine.send(Kind.ENDED, number, to_json(ended))

    def _hear(self, kind: Kind, number: int, body: memoryview) -> None:
        host = self._hosts.get(number)
        if host is None:  # it has ended; the engine hears of that
            return
        match kind:
            case Kind.SAY:
                host.line.send_body(bytes(body))
            case Kind.ALLOW:
                host.allow(int.from_bytes(body))
            case Kind.DENY:
                host.deny(int.from_bytes(body))
            case Kind.CLOSE:
                task = asyncio.create_task(host.line.close())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case Kind.ABORT:
                host.line.abort(str(body, "utf-8"))


class _AsItCame:
    """Reads messages as the bytes that they are: only the engine looks into them."""

    def decode(self, data: bytes) -> bytes:
        return data


class _ToEngine(logging.Handler):
    """Has lines of the log go to the engine's."""

    def __init__(self, engine: Frames) -> None:
        super().__init__()
        self._engine = engine

    def emit(self, record: logging.LogRecord) -> None:
        self._engine.send(Kind.LOG, record.levelno, self.format(record).encode("utf-8", "replace"))


async def _run(dataset: Path, folder: Path, to_engine: socket.socket, listening: list[socket.socket]) -> None:
    gate = _Gate(folder)
    loop = asyncio.get_running_loop()
    await loop.create_unix_connection(lambda: gate.engine, sock=to_engine)
    logging.basicConfig(level=logging.INFO, handlers=[_ToEngine(gate.engine)])
    context = Authority.at(dataset).engine_context()
    Listener(listening, context, gate.serve, _AsItCame())
    while not gate.over.is_set():
        gate.engine.send(Kind.HERE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gate.over.wait(), HERE_EVERY_S)
    # Its lines end with this process: the engine that comes after wants the port at once.
    os._exit(0)


def _end_with_engine() -> None:
    """Have the system end this process with the engine, even while it stands still: it has the port."""
    if sys.platform == "linux":  # elsewhere the socket to the engine tells, to one that goes on
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Let hosts in until the engine is gone."""
    _end_with_engine()
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.engine.wire.gate_program")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("folder", type=Path, help="where files of hosts are written")
    parser.add_argument("engine", type=int, help="the number of the socket to the engine")
    parser.add_argument("listening", type=int, nargs="+", help="the numbers of those that listen")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGHUP):  # the terminal's keys are the engine's business
        signal.signal(number, signal.SIG_IGN)
    to_engine = socket.socket(fileno=given.engine)
    listening = [socket.socket(fileno=number) for number in given.listening]
    for each in (to_engine, *listening):
        each.setblocking(False)
    asyncio.run(_run(given.dataset, given.folder, to_engine, listening))


if __name__ == "__main__":
    main()
