"""The engine's side of the unix socket: commands in, replies and events out, one JSON object a line.

Whatever comes down the line, the run goes on: what is no command is hung up on, as is who says nothing,
sends without reading, or comes when too many are there already.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.base.errors import EngineError, UserError
from kinetics_tui.dataset.folder import identity
from kinetics_tui.engine.process.address import make_private
from kinetics_tui.model.commands import AnyCommand, Ping, Reply, Subscribe
from kinetics_tui.model.events import AnyEvent, ClipProgress

MAX_LINE_BYTES = 65536
SLOW_BYTES = 1 << 20
"""A view that is this far behind is spared the progress of clips; it misses nothing that counts."""
LOST_BYTES = 4 << 20
"""A view that is this far behind is let go; it may come back and is brought up to date."""
MOST_LINES = 128
"""Views and commands at one time. Each may keep ``LOST_BYTES`` waiting, and takes a descriptor."""
SPEAK_WITHIN_S = 10.0
"""Who opens a line has something to say; a line on which nothing is said takes the place of others."""
HANG_UP_S = 0.5
"""Seconds that a view that does not read keeps an engine that ends."""
TOO_LATE = "The engine came to it too late, when it had been given up: nothing was changed. Try it again."

log = logging.getLogger(__name__)

_decoder = JsonReader[AnyCommand](AnyCommand)


class Server:
    """Serves any number of views. ``obey`` answers commands, ``replay`` gives the run as it stands."""

    def __init__(self, obey: Callable[[AnyCommand], Reply], replay: Callable[[], list[AnyEvent]]) -> None:
        self._obey = obey
        self._replay = replay
        self._views: set[asyncio.StreamWriter] = set()
        self._left = 0
        self._lines: list[tuple[bytes, bool]] = []
        """Events to be sent to views, and whether a view that is behind can do without each."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._paths: Sequence[Path] = ()
        self._path: Path | None = None
        self._socket_is: tuple[int, int] | None = None

    @property
    def views(self) -> int:
        """The number of views that follow the run."""
        return len(self._views)

    def looked(self) -> int:
        """The number of views that follow the run, with those that have left since this was asked last."""
        looked, self._left = self.views + self._left, 0
        return looked

    async def open(self, paths: Sequence[Path]) -> Path:
        """Listen at the first of these paths that takes a socket; returns it.

        A socket that an engine that died left behind is replaced. Raises ``EngineError`` where none can.
        """
        self._paths = paths
        error: OSError | None = None
        for path in paths:
            try:
                make_private(path.parent)
                path.unlink(missing_ok=True)
                self._server = await asyncio.start_unix_server(self._serve, path, limit=MAX_LINE_BYTES)
            except OSError as failed:
                error = failed
                continue
            path.chmod(0o600)
            self._path = path
            self._socket_is = identity(path)
            return path
        raise EngineError(f"No socket can be made at {paths[-1]}: {error}.") from error

    async def restore(self) -> None:
        """Listen again where somebody (a cleaner of temporary files) removed the socket."""
        if self._path is not None and not self._path.exists():
            old = self._server
            await self.open(self._paths)
            if old is not None:
                old.close()

    async def close(self) -> None:
        """Say what is still to be said, then hang up; returns when nobody is served any more."""
        await self._hang_up()
        if self._server is not None:
            self._server.close()
        await self._hang_up()  # on those that came meanwhile
        if self._path is not None and identity(self._path) == self._socket_is:
            self._path.unlink(missing_ok=True)  # not that of an engine which came after this one

    async def _hang_up(self) -> None:
        self._send_lines()
        await asyncio.sleep(0.005)  # one that is just coming in is on the list then
        for writer in list(self._writers):
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.drain(), 1.0)
            writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_S):
                while self._writers:
                    await asyncio.sleep(0.005)
        for writer in self._writers:
            writer.transport.abort()  # it reads nothing

    def broadcast(self, event: AnyEvent) -> None:
        """Send an event to every view, with those that come in the same moment."""
        if not self._views:
            return
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._send_lines)
        self._lines.append((to_json(event) + b"\n", isinstance(event, ClipProgress)))

    def _send_lines(self) -> None:
        """Have the events sent that were broadcast; nothing else goes to a view before them."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        for writer in list(self._views):
            waiting_bytes = writer.transport.get_write_buffer_size()
            if waiting_bytes > LOST_BYTES:
                self._forget(writer)
                writer.transport.abort()
            elif waiting_bytes < SLOW_BYTES:
                writer.write(b"".join(line for line, _ in lines))
            elif needed := [line for line, is_progress in lines if not is_progress]:
                writer.write(b"".join(needed))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= MOST_LINES:
            self._refuse(writer, f"{MOST_LINES} views look at this run already; close some of them.")
            writer.close()
            return
        self._writers.add(writer)
        try:
            line = await asyncio.wait_for(reader.readline(), SPEAK_WITHIN_S)
            while line:
                if not self._answer(line, writer):
                    break
                await writer.drain()
                line = await reader.readline()
        except (OSError, ValueError, TimeoutError):
            pass  # the view hung up, said nothing, or sent a line without end: either way it is gone
        finally:
            self._forget(writer)
            self._writers.discard(writer)
            writer.close()

    def _forget(self, writer: asyncio.StreamWriter) -> None:
        if writer in self._views:
            self._views.discard(writer)
            self._left += 1

    def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one line. False where the line is not a command: the view is hung up on."""
        self._send_lines()
        try:
            command = _decoder.decode(line)
        except (ValueError, RecursionError):  # the msgspec.DecodeError among them
            self._refuse(writer, "That is not a command this engine knows.")
            return False
        if isinstance(command, Subscribe) and not _too_late(command):
            for event in self._replay():
                writer.write(to_json(event) + b"\n")
            if command.live:
                self._views.add(writer)
        reply = self._reply(command)
        self._send_lines()  # what the command brought about is told first
        writer.write(to_json(reply) + b"\n")
        return True

    def _reply(self, command: AnyCommand) -> Reply:
        if _too_late(command):
            return Reply(id=command.id, ok=False, message=TOO_LATE)
        if isinstance(command, Ping):
            return Reply(id=command.id, ok=True)
        try:
            return self._obey(command)
        except UserError as error:
            return Reply(id=command.id, ok=False, message=str(error))
        except Exception:
            # A view that asks for something odd is no reason for a run of weeks to end.
            log.exception("%s could not be carried out", type(command).__name__)
            return Reply(id=command.id, ok=False, message="The engine failed at that; see engine.log.")

    def _refuse(self, writer: asyncio.StreamWriter, why: str) -> None:
        writer.write(to_json(Reply(id=0, ok=False, message=why)) + b"\n")


def _too_late(command: AnyCommand) -> bool:
    return command.deadline is not None and time.monotonic() > command.deadline
