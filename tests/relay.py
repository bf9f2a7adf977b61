"""A wire between two programs of this machine that can be cut, stalled and healed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any, Self


class Relay:
    """Listens at a port of its own, and passes on all that comes there to another; a context manager."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay")
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._server: asyncio.Server
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._on_loop(self._open())
        return self

    def __exit__(self, *_error: object) -> None:
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """End all connections, and take none until it is healed."""
        self._is_cut = True
        self._on_loop(self._end_all())

    def stall(self) -> None:
        """Pass nothing on until it is healed; nobody is told."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def heal(self) -> None:
        """Be a good wire again."""
        self._is_cut = False
        self._loop.call_soon_threadsafe(self._flows.set)

    def _on_loop(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        await self._end_all()

    async def _end_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self._is_cut:
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._writers.add(far_writer)
            try:
                both = {
                    asyncio.ensure_future(self._pass_on(reader, far_writer)),
                    asyncio.ensure_future(self._pass_on(far_reader, writer)),
                }
                _, left = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if left:
                    await asyncio.wait(left, timeout=2.0)
            finally:
                for one in both:
                    one.cancel()
                self._writers.discard(far_writer)
                far_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
            with contextlib.suppress(RuntimeError):
                writer.write_eof()
