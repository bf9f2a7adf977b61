"""From a host to its engine: the addresses of a connect file tried until one lets it in."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TypeVar

from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.base.errors import EngineError
from kinetics_tui.engine.wire.certificates import host_context, knock_of
from kinetics_tui.engine.wire.connect_file import ConnectFile, new_file, parse_listen
from kinetics_tui.engine.wire.line import Line, LineLost, fault_text

CONNECT_S = 10.0
"""One call of the engine takes so long at most."""
STAGGER_S = 0.3
"""The next address is tried when the one before has not answered for so long."""

_NOT_NOW = (9, 10)
"""OpenSSL's numbers for a certificate that is not valid yet, or no more."""

_M = TypeVar("_M")


class NotReached(EngineError):  # noqa: N818 - not an error: the engine may come back
    """No engine let this host in. ``refused``: one is there, and this connect file is not for it."""

    def __init__(self, text: str, *, refused: bool) -> None:
        super().__init__(text)
        self.refused = refused


class _Refused(Exception):  # noqa: N818 - see there
    """Somebody is there who does not let this host in; the text says why."""


async def connect(file: ConnectFile, reader: JsonReader[_M], timeout_s: float = CONNECT_S) -> Line[_M]:
    """The line to the engine, which has accepted this host. Raises NotReached."""
    loop = asyncio.get_running_loop()
    context = host_context(file.credentials)
    until = loop.time() + timeout_s
    waiting = list(dict.fromkeys(file.addresses))
    tries: dict[asyncio.Task[Line[_M]], str] = {}
    faults: dict[str, BaseException] = {}
    line: Line[_M] | None = None
    try:
        while line is None and (waiting or len(faults) < len(tries)) and loop.time() < until:
            if waiting:
                address = waiting.pop(0)
                tries[asyncio.create_task(_reach(address, context, reader))] = address
            left_s = until - loop.time()
            open_ones = [task for task in tries if tries[task] not in faults]
            done, _ = await asyncio.wait(
                open_ones,
                timeout=min(STAGGER_S, left_s) if waiting else left_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                if (fault := task.exception()) is not None:
                    faults[tries[task]] = fault
                elif line is None:
                    line = task.result()
    finally:
        await _let_go([task for task in tries if tries[task] not in faults], line)
    if line is None:
        raise _not_reached(file, faults)
    return line


async def _let_go(tries: list[asyncio.Task[Line[_M]]], kept: Line[_M] | None) -> None:
    """End all tries but the one that won."""
    for task in tries:
        task.cancel()
    for ended in await asyncio.gather(*tries, return_exceptions=True):
        if isinstance(ended, Line) and ended is not kept:
            ended.abort()


async def _reach(address: str, context: ssl.SSLContext, reader: JsonReader[_M]) -> Line[_M]:
    """The line to an engine at an address. Raises _Refused, and OSError where nobody answers."""
    loop = asyncio.get_running_loop()
    connection = await _opened(*parse_listen(address))
    try:
        await loop.sock_sendall(connection, knock_of(context))
        _, line = await loop.create_connection(
            lambda: Line(reader, address), sock=connection, ssl=context, server_hostname=""
        )
    except BaseException as error:
        connection.close()
        _judge(error)
        raise
    try:
        # With TLS 1.3 our side is done before the engine has judged our certificate.
        await line.read_welcome()
    except LineLost as error:
        _judge(error.__cause__)
        # asyncio sends no alert where a handshake fails: it hangs up
        raise OSError("it hung up on seeing this certificate, which may have expired") from error
    except BaseException:
        line.abort()
        raise
    return line


async def _opened(host: str, port: int) -> socket.socket:
    """A connection to the first address of a host that takes one."""
    loop = asyncio.get_running_loop()
    fault: OSError = ConnectionRefusedError()
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            fault = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise fault


def _judge(error: BaseException | None) -> None:
    """Raise _Refused where an error says that this host is not let in."""
    if not isinstance(error, ssl.SSLError):
        return
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _NOT_NOW:
        raise _Refused("its certificate is not valid at this machine's time: set the clock right") from error
    if "ALERT_CERTIFICATE_EXPIRED" in reason:
        raise _Refused("the certificate in the connect file has expired") from error
    if isinstance(error, ssl.SSLCertVerificationError) or "ALERT" in reason or "UNRECOGNIZED_NAME" in reason:
        raise _Refused("the engine there is another dataset's, or its connect file was renewed") from error


def _not_reached(file: ConnectFile, faults: dict[str, BaseException]) -> NotReached:
    for address, fault in faults.items():
        if isinstance(fault, _Refused):
            text = f"{address} does not let this host in ({fault}): {new_file(file.folder)}."
            return NotReached(text, refused=True)
    tried = "; ".join(
        f"{address} ({fault_text(faults.get(address, TimeoutError()))})" for address in file.addresses
    )
    return NotReached(
        f"No engine was reached at {tried}: see that the run goes on there with --listen, and that no "
        "firewall is between.",
        refused=False,
    )
