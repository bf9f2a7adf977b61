"""The engine's side of the gate: a program of its own is started, and every host in it is a line here.

Where that program dies, it is started again: hosts call again by themselves, as after any cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import subprocess
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from kinetics_tui.base.any_text import JsonReader, from_json
from kinetics_tui.base.errors import EngineError
from kinetics_tui.base.programs import python_program
from kinetics_tui.engine.wire.gate_frames import Came, Ended, Frames, Kind
from kinetics_tui.engine.wire.line import CLOSE_WITHIN_S, BadLine, LineLost, body_of
from kinetics_tui.engine.wire.listener import bound
from kinetics_tui.engine.wire.messages import FromHost, ToHost

PROGRAM = "kinetics_tui.engine.wire.gate_program"
START_WITHIN_S = 60.0
AGAIN_S = 1.0
"""So long after a gate has died the next one is started; twice as long where that dies soon, and so on."""
LONGEST_AGAIN_S = 60.0
SILENT_S = 60.0
"""A gate of which nothing was heard for so long hangs, and is killed."""
END_WITHIN_S = 2.0

_LOOK_EVERY_S = 1.0

log = logging.getLogger(__name__)

_reader = JsonReader[FromHost](FromHost)
_came = JsonReader[Came](Came)


class HostLine:
    """The line to one host, by the gate. Whoever reads it waits for nothing else: it holds what has come."""

    def __init__(self, gate: Frames, number: int, peer: str) -> None:
        self.peer = peer
        """The address of the other side, with its port."""
        self._gate = gate
        self._number = number
        self._said: deque[bytes | Came] = deque()
        self._came = asyncio.Event()
        self.left = False
        self._ended: Ended | None = None
        self._over = asyncio.Event()

    @property
    def address(self) -> str:
        """The address of the other side alone."""
        return self.peer.rpartition(":")[0].strip("[]")

    async def read(self) -> FromHost | Came:
        """The next message of the host, or word of the gate on its files.

        Raises LineLost at the end, BadLine where something else came. It may be cancelled: nothing is lost
        then.
        """
        while not self._said:
            if self._ended is not None:
                raise (BadLine if self._ended.bad else LineLost)(self._ended.why)
            self._came.clear()
            await self._came.wait()
        said = self._said.popleft()
        if isinstance(said, Came):
            return said
        try:
            return _reader.decode(said)
        except (ValueError, RecursionError) as error:
            raise BadLine(f"that is no message: {error}") from None

    def send(self, message: ToHost) -> None:
        """Send a message; it never waits. Nothing happens on a line that has ended: ``read`` says so."""
        self._tell(Kind.SAY, body_of(message))

    def allow(self, lease: int) -> None:
        """Take the file of a lease in, once."""
        self._tell(Kind.ALLOW, lease.to_bytes(8))

    def deny(self, lease: int) -> None:
        """Take it in no more."""
        self._tell(Kind.DENY, lease.to_bytes(8))

    def hang_up(self) -> None:
        """End the line when what waits has left, or soon where the other side does not take it."""
        self._tell(Kind.CLOSE)

    async def close(self) -> None:
        """Hang up, and wait until the line has ended."""
        self.hang_up()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S + END_WITHIN_S):
                    await self._over.wait()
        finally:
            self.abort()

    def abort(self, why: str = "it was ended here") -> None:
        """End the line at once."""
        self._tell(Kind.ABORT, why.encode())

    def _tell(self, kind: Kind, body: bytes = b"") -> None:
        if self._ended is None:
            self._gate.send(kind, self._number, body)

    # -- for the gate alone ----------------------------------------------------------------------------

    def take(self, said: bytes | Came) -> None:
        """Something came by the line."""
        self._said.append(said)
        self._came.set()

    def leave(self) -> list[Came]:
        """Nobody reads it any more: what the gate has said of files that nobody has heard."""
        self.left = True
        return [said for said in self._said if isinstance(said, Came)]

    def end(self, ended: Ended) -> None:
        """The line is no more."""
        self._ended = ended
        self._over.set()
        self._came.set()


Serve = Callable[[HostLine], Awaitable[None]]


class Gate:
    """Has hosts let in, and ``serve`` called with the line to each; the line ends when that returns.

    Their files come into ``folder``, which is there before the first one is allowed.
    """

    def __init__(self, dataset: Path, folder: Path, serve: Serve, sockets: list[socket.socket]) -> None:
        self._dataset = dataset
        self._folder = folder
        self._serve = serve
        self._sockets = sockets
        self._ready = asyncio.Event()
        self._gone = asyncio.Event()
        self._frames: Frames
        self._heard_at = 0.0
        self._program: subprocess.Popen[bytes] | None = None
        self._lines: dict[int, HostLine] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, dataset: Path, folder: Path, serve: Serve, address: str, port: int) -> Gate:
        """Let hosts in at an address, or at all of the machine's. Raises EngineError where that cannot be."""
        loop = asyncio.get_running_loop()
        gate = cls(dataset, folder, serve, await loop.run_in_executor(None, bound, address, port))
        try:
            await gate._start()
        except BaseException:
            await gate.close()
            raise
        gate._keeper = asyncio.create_task(gate._keep())
        return gate

    @property
    def port(self) -> int:
        """The port that hosts come in by."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def pid(self) -> int:
        """Of the program that lets them in."""
        assert self._program is not None
        return self._program.pid

    async def close(self) -> None:
        """Let nobody in any more, and end all lines when what waits on them has left."""
        if self._keeper is not None:
            self._keeper.cancel()
        for each in self._sockets:
            each.close()
        await asyncio.gather(*(line.close() for line in list(self._lines.values())))
        await self._end()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _start(self) -> None:
        """Start the program. Raises EngineError."""
        self._ready, self._gone = asyncio.Event(), asyncio.Event()
        self._frames = frames = Frames(self._hear, self._lost)
        dataset, folder = self._dataset.absolute(), self._folder.absolute()
        with contextlib.ExitStack() as stack:
            try:
                ours, theirs = (stack.enter_context(each) for each in socket.socketpair())
                numbers = [each.fileno() for each in (theirs, *self._sockets)]
                command, environment = python_program(PROGRAM, *map(str, (dataset, folder, *numbers)))
                self._program = subprocess.Popen(
                    command,
                    env=environment,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=None,  # where the engine's own goes
                    pass_fds=numbers,
                )
            except OSError as error:
                why = error.strerror or error
                raise EngineError(
                    f"The gate for hosts cannot be started ({why}): end other programs, or raise ulimit -u."
                ) from error
            theirs.close()
            stack.pop_all()
        ours.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: frames, sock=ours)
        came = [asyncio.create_task(event.wait()) for event in (self._ready, self._gone)]
        await asyncio.wait(came, timeout=START_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for task in came:
            task.cancel()
        if not self._ready.is_set() or self._gone.is_set():
            await self._end()
            raise EngineError("The gate for hosts does not start; see engine.log.")

    async def _end(self) -> None:
        """Have the program end, which it does when nobody is at the other side."""
        program = self._program
        if program is None:
            return
        self._frames.close()
        try:
            await asyncio.to_thread(program.wait, END_WITHIN_S)
        except subprocess.TimeoutExpired:
            program.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # a disk that hangs holds it, and not us
                await asyncio.to_thread(program.wait, END_WITHIN_S)
        for left in self._folder.glob(f"{program.pid}-*.part"):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)

    async def _keep(self) -> None:
        again_s = AGAIN_S
        while True:
            began = time.monotonic()
            while not self._gone.is_set():
                looked = time.monotonic()
                await asyncio.sleep(_LOOK_EVERY_S)
                if time.monotonic() - looked > SILENT_S / 2:  # this engine stood still, or all of the machine
                    self._heard_at = time.monotonic()
                if time.monotonic() - self._heard_at > SILENT_S and self._program is not None:
                    log.error("the gate hangs, and is killed")
                    self._program.kill()
                    await self._gone.wait()
            await self._end()
            again_s = AGAIN_S if time.monotonic() - began > LONGEST_AGAIN_S else again_s
            log.error("the gate has ended: it is started again in %.0f s", again_s)
            await asyncio.sleep(again_s)
            again_s = min(2 * again_s, LONGEST_AGAIN_S)
            try:
                await self._start()
            except (EngineError, OSError, RuntimeError) as error:
                log.error("%s", error)  # noqa: TRY400 -- the sentence says all
                self._gone.set()

    # -- what the gate says ----------------------------------------------------------------------------

    def _hear(self, kind: Kind, number: int, body: memoryview) -> None:
        self._heard_at = time.monotonic()
        if kind is Kind.LOG:
            log.log(number, "%s", str(body, "utf-8"))
        elif kind is Kind.HERE:
            self._ready.set()
        elif kind is Kind.OPENED:
            line = self._lines[number] = HostLine(self._frames, number, str(body, "utf-8"))
            task = asyncio.create_task(self._visit(line))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        elif kind is Kind.ENDED:
            self._lines.pop(number).end(from_json(bytes(body), Ended))
        elif not (line := self._lines[number]).left:
            line.take(bytes(body) if kind is Kind.SAID else self._taken(_came.decode(bytes(body))))
        elif kind is Kind.CAME:
            self._remove(_came.decode(bytes(body)))

    def _lost(self) -> None:
        for line in self._lines.values():
            line.end(Ended("the gate has ended"))
        self._lines.clear()
        self._gone.set()

    async def _visit(self, line: HostLine) -> None:
        try:
            await self._serve(line)
        except LineLost:
            pass
        except Exception:
            log.exception("the line to %s ended by a fault of this program", line.peer)
        finally:
            line.abort()
            for came in line.leave():
                self._remove(came)

    def _taken(self, came: Came) -> Came:
        """Take over what has come: all that is a dead gate's is removed."""
        if not came.name:
            return came
        part = self._folder / came.name
        whole = part.with_suffix(".mp4")
        try:
            part.replace(whole)
        except OSError as error:
            return Came(came.lease, errno=error.errno or errno.EIO)
        return msgspec.structs.replace(came, name=whole.name)

    def _remove(self, came: Came) -> None:
        """Remove a file that came for nobody."""
        if came.name:
            with contextlib.suppress(OSError):
                (self._folder / came.name).unlink(missing_ok=True)
