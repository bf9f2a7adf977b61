"""A plain server that takes files in by TLS and writes them down: it tells how quick the machine is.

It stands beside an engine that takes clips from a crowd of hosts: asyncio's own streams, the same
certificates, files as large, as many lines, as many files a second.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.engine.wire.certificates import Authority, host_context
from tests.host_program import free_port

PIECE_BYTES = 256 << 10
HEAD_BYTES = 4
COMMAND = (sys.executable, "-m", "tests.bench.plain_server")


def cpu_ms_of_plain_server(files: int, size_bytes: int, lines: int, per_s: float) -> float:
    """What it takes for a file, of the processor of its own process alone."""
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as name:
        folder, port = Path(name), free_port()
        make_state_folder(folder)
        figures = [str(folder), str(port), str(files // lines), str(size_bytes), str(lines), str(per_s)]
        with subprocess.Popen([*COMMAND, "take", *figures], stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            server.stdout.readline()
            subprocess.run([*COMMAND, "send", *figures], check=True)
            return float(server.stdout.read()) / (files // lines * lines) * 1000


class _Server:
    """Takes files into a folder, each answered with its number, until all lines have ended."""

    def __init__(self, folder: Path, lines: int) -> None:
        self.over = asyncio.Event()
        self.cpu_s = 0.0
        self._folder = folder
        self._lines = lines
        self._files = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(HEAD_BYTES):
            left = int.from_bytes(head)
            self._files += 1
            number = self._files
            if number == 1:
                self.cpu_s = -time.process_time()
            with (self._folder / str(number)).open("wb") as file:
                while left:
                    data = await reader.read(min(left, PIECE_BYTES))
                    file.write(data)
                    left -= len(data)
            writer.write(number.to_bytes(HEAD_BYTES))
        writer.close()
        self._lines -= 1
        if not self._lines:
            self.cpu_s += time.process_time()
            self.over.set()


async def _take(folder: Path, port: int, lines: int) -> float:
    server = _Server(folder, lines)
    context = Authority.at(folder).engine_context()
    async with await asyncio.start_server(server.serve, "127.0.0.1", port, ssl=context, limit=PIECE_BYTES):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await server.over.wait()
    return server.cpu_s


async def _send(folder: Path, port: int, files: int, size_bytes: int, lines: int, per_s: float) -> None:
    """Send by so many lines as they come to their turn, and remove what has arrived."""
    context = host_context(Authority.at(folder).issue())
    whole = size_bytes.to_bytes(HEAD_BYTES) + bytes(size_bytes)

    async def by_one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="")
        for _ in range(files):
            await asyncio.sleep(lines / per_s * random.uniform(0.5, 1.5))
            writer.write(whole)
            (folder / str(int.from_bytes(await reader.readexactly(HEAD_BYTES)))).unlink()
        writer.close()

    await asyncio.gather(*(by_one() for _ in range(lines)))


def main() -> None:
    """Be the server, or those who send."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plain_server", description=__doc__)
    parser.add_argument("role", choices=("take", "send"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("files", type=int)
    parser.add_argument("size_bytes", type=int)
    parser.add_argument("lines", type=int)
    parser.add_argument("per_s", type=float)
    given = parser.parse_args()
    if given.role == "take":
        sys.stdout.write(f"{asyncio.run(_take(given.folder, given.port, given.lines))}\n")
    else:
        asyncio.run(_send(given.folder, given.port, given.files, given.size_bytes, given.lines, given.per_s))


if __name__ == "__main__":
    main()
