"""Where hosts come in: whoever has no certificate of the dataset is turned away, at next to no cost.

A host says the knock first, which anybody without a connect file has to guess; only then TLS begins. Bounds
hold all of it: those that come, those that have not knocked, handshakes under way and lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hmac
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from kinetics_tui.base.errors import EngineError
from kinetics_tui.base.words import counted
from kinetics_tui.engine.wire.certificates import KNOCKS, knock_of
from kinetics_tui.engine.wire.connect_file import EVERYWHERE, address_text
from kinetics_tui.engine.wire.line import Line, LineLost, Reader, fault_text

MOST_LINES = 256
MOST_KNOCKING = 64
"""Connections that have said nothing yet; when there are more, the one that waits longest is hung up on."""
MOST_HANDSHAKES = 32
MOST_VISITORS = 192
"""Connections that are no lines yet, in whichever state; there is no place for more."""
HANDSHAKE_S = 5.0
VISITS = (128, 200.0)
"""So many connections are taken at once, and so many a second then; the others wait in the system."""
HANDSHAKES = (96, 20.0)
"""So many handshakes begin at once, and so many a second then: each takes about a millisecond."""
LOGGED_EVERY_S = 10.0
ANOTHER_DATASETS = bytes.fromhex("15 03 03 0002 02 70")
"""TLS's own words to a host with the knock of another dataset or an old one: unrecognized name."""

_AGAIN_S = 1.0
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_BACKLOG = 256

_M = TypeVar("_M")

log = logging.getLogger(__name__)


class Listener(Generic[_M]):
    """Lets hosts in, and has ``serve`` called with the line to each; the line ends when that returns.

    It begins as it is made, in a running loop; ``sockets`` listen already.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        context: ssl.SSLContext,
        serve: Callable[[Line[_M]], Awaitable[None]],
        reader: Reader[_M],
    ) -> None:
        self._context = context
        self._knock = knock_of(context)
        self._serve = serve
        self._reader = reader
        self._sockets = sockets
        self._knocking: dict[asyncio.Task[None], str] = {}
        self._visiting: set[asyncio.Task[None]] = set()
        self._lines: set[Line[_M]] = set()
        self._visits = Allowance(*VISITS)
        self._allowance = Allowance(*HANDSHAKES)
        self._handshakes = asyncio.Semaphore(MOST_HANDSHAKES)
        self._greeted = 0
        self._strangers = 0
        self._logged_at = float("-inf")
        self._accepting = [asyncio.create_task(self._accept(each)) for each in sockets]

    @property
    def port(self) -> int:
        """The port that it listens at."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Let nobody in any more, and end all lines when what waits on them has left."""
        await _cancelled(self._accepting)
        for each in self._sockets:
            each.close()
        await asyncio.gather(*(line.close() for line in self._lines))
        await _cancelled([*self._visiting])

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._visits.take()
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno in _FULL:
                    self._turn_away(fault_text(error))
                    await asyncio.sleep(_AGAIN_S)
                continue
            peer = _peer_text(address)
            if len(self._visiting) - len(self._lines) >= MOST_VISITORS:
                connection.close()
                self._turn_away(f"{peer}: too many come at once")
                continue
            if len(self._knocking) >= MOST_KNOCKING:
                longest, its_peer = next(iter(self._knocking.items()))
                del self._knocking[longest]
                longest.cancel()
                self._turn_away(f"{its_peer}: it said nothing")
            task = asyncio.create_task(self._visit(connection, peer))
            self._knocking[task] = peer
            self._visiting.add(task)
            task.add_done_callback(self._visiting.discard)
            await asyncio.sleep(0)  # a connection that waits already is accepted at once

    async def _visit(self, connection: socket.socket, peer: str) -> None:
        this = asyncio.current_task()
        assert this is not None
        try:
            try:
                async with asyncio.timeout(HANDSHAKE_S):
                    knocked = await self._knocks(connection)
            finally:
                self._knocking.pop(this, None)
            line = await self._let_in(connection, peer) if knocked else None
        except asyncio.CancelledError:
            connection.close()
            raise
        except OSError as error:
            connection.close()
            self._turn_away(f"{peer}: {fault_text(error)}")
            return
        if line is None:
            connection.close()
            why = "too many hosts are here" if knocked else "it has no connect file of this dataset"
            self._turn_away(f"{peer}: {why}")
            return
        try:
            await self._serve(line)
        except LineLost:
            pass
        except Exception:
            log.exception("the line to %s ended by a fault of this program", peer)
        finally:
            self._lines.discard(line)
            line.abort()

    async def _knocks(self, connection: socket.socket) -> bool:
        loop = asyncio.get_running_loop()
        said = b""
        while len(said) < len(self._knock):
            more = await loop.sock_recv(connection, len(self._knock) - len(said))
            if not more:
                return False
            said += more
        knows = hmac.compare_digest(said, self._knock)
        if not knows and said.startswith(KNOCKS):
            with contextlib.suppress(OSError):
                connection.send(ANOTHER_DATASETS)
        return knows

    async def _let_in(self, connection: socket.socket, peer: str) -> Line[_M] | None:
        """The line to one that knocked and has a certificate; None where there are too many."""
        loop = asyncio.get_running_loop()
        async with self._handshakes:
            await self._allowance.take()
            if len(self._lines) + self._greeted >= MOST_LINES:
                return None
            self._greeted += 1
            try:
                _, line = await loop.connect_accepted_socket(
                    lambda: Line(self._reader, peer),
                    connection,
                    ssl=self._context,
                    ssl_handshake_timeout=HANDSHAKE_S,
                )
            finally:
                self._greeted -= 1
            self._lines.add(line)
            line.welcome()
            return line

    def _turn_away(self, why: str) -> None:
        self._strangers += 1
        now = time.monotonic()
        if now >= self._logged_at + LOGGED_EVERY_S:
            log.warning("turned away %s, the last one %s", counted(self._strangers, "connection"), why)
            self._logged_at = now
            self._strangers = 0


class Allowance:
    """So many at once, and so many a second then; who comes too early waits its turn."""

    def __init__(self, at_once: int, per_s: float) -> None:
        self._every_s = 1 / per_s
        self._ahead_s = at_once / per_s
        self._due = float("-inf")

    def turn_s(self) -> float:
        """Take a turn; the seconds until it comes."""
        now = time.monotonic()
        self._due = max(self._due, now - self._ahead_s) + self._every_s
        return max(0.0, self._due - now)

    async def take(self) -> bool:
        """Take a turn, and wait for it; True where it had to be waited for."""
        if wait_s := self.turn_s():
            await asyncio.sleep(wait_s)
        return wait_s > 0


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _peer_text(address: tuple[str, int]) -> str:
    return address_text(address[0].removeprefix("::ffff:"), address[1])


def check_can_listen(address: str, port: int) -> None:
    """Raise EngineError where nothing can listen at an address now."""
    for each in bound(address, port):
        each.close()


def bound(address: str, port: int) -> list[socket.socket]:
    """Sockets that listen at an address, or at all of the machine's. Raises EngineError where none can."""
    both = address in ("", "::") and socket.has_dualstack_ipv6()
    sockets: list[socket.socket] = []
    try:
        if address in EVERYWHERE:
            found = [(socket.AF_INET6, "::") if both else (socket.AF_INET, "")]
        else:
            infos = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            found = [(info[0], str(info[4][0])) for info in infos]
        for family, host in dict.fromkeys(found):
            made = socket.create_server((host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
            made.setblocking(False)
            sockets.append(made)
            port = made.getsockname()[1]  # of several all have the same
    except OSError as error:
        for each in sockets:
            each.close()
        raise EngineError(f"Nothing can listen at {address_text(address, port)}: {_fault(error)}.") from error
    return sockets


def _fault(error: OSError) -> str:
    """One clause on why nothing can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return "another program does so already; choose another port (--listen ADDRESS:PORT)"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return "this machine has no such address; choose one of its own (--listen ADDRESS)"
    if isinstance(error, PermissionError):
        return "this user may not; choose a port above 1023 (--listen ADDRESS:PORT)"
    return f"{fault_text(error)}; choose another address (--listen ADDRESS)"
