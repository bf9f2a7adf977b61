"""The far end of a network: proxies on the loopback that connect out from an address of their own.

The server behind sees that address, so a test can tell by which proxy a request came.
"""

from __future__ import annotations

import base64
import contextlib
import select
import shutil
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import urlsplit

PATIENCE_S = 10.0
CHUNK_BYTES = 64 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "proxy-authorization", "proxy-connection", "te", "upgrade"}

Auth = tuple[str, str]


class Proxy(ThreadingTCPServer):
    """What both kinds share: a threaded server that counts, and ends its connections when it stops.

    ``source_address`` is where it connects out from, ``auth`` the user and password that it asks for.
    ``connections`` counts all that were ever made to it, ``targets`` holds where they led, as host and
    port; ``hung``: it takes connections and never answers.
    """

    allow_reuse_address = True
    daemon_threads = False  # joined when the server closes, so that none outlives it
    request_queue_size = 128
    scheme = ""
    handler: ClassVar[type[StreamRequestHandler]]

    def __init__(
        self,
        source_address: str | None = None,
        *,
        auth: Auth | None = None,
        host: str = "127.0.0.1",
        hung: bool = False,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), self.handler)
        self.source_address = source_address
        self.auth = auth
        self.hung = hung
        self.connections = 0
        self.targets: list[tuple[str, int]] = []
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Its address as yt-dlp is told it, with user and password where it asks for them."""
        credentials = f"{self.auth[0]}:{self.auth[1]}@" if self.auth else ""
        return f"{self.scheme}://{credentials}{self.host}"

    @property
    def host(self) -> str:
        host, port = self.server_address[:2]
        assert isinstance(host, str)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        with self._lock:
            return len(self._open)

    def wait_until_left(self) -> bool:
        """Whether every client leaves, given a little time: the proxy notices it a moment later."""
        until = time.monotonic() + PATIENCE_S
        while self.open_connections and time.monotonic() < until:
            time.sleep(0.01)
        return not self.open_connections

    def connect_out(self, host: str, port: int) -> socket.socket:
        """A connection to a target, from the proxy's own address. Raises OSError."""
        self.targets.append((host, port))
        source = (self.source_address, 0) if self.source_address else None
        connection = socket.create_connection((host, port), PATIENCE_S, source)
        connection.settimeout(None)
        return connection

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        assert isinstance(connection, socket.socket)
        with self._lock:
            self.connections += 1
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        super().shutdown_request(request)
        with self._lock:
            self._open.discard(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.shutdown()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):  # gone already
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()


class _HttpHandler(BaseHTTPRequestHandler):
    """One client of an HTTP proxy."""

    protocol_version = "HTTP/1.1"
    server: HttpProxy

    def handle(self) -> None:
        if self.server.hung:
            self.server.stopping.wait()
            return
        with contextlib.suppress(OSError):  # the client went away
            super().handle()

    def do_CONNECT(self) -> None:
        if self._is_refused():
            return
        host, _, port = self.path.rpartition(":")
        try:
            far = self.server.connect_out(host.strip("[]"), int(port))
        except OSError:
            self._answer(502)
            return
        with far:
            self.send_response(200)
            self.end_headers()
            relay(self.connection, far)
        self.close_connection = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self._is_refused():
            return
        address = urlsplit(self.path)
        assert address.hostname
        try:
            far = self.server.connect_out(address.hostname, address.port or 80)
        except OSError:
            self._answer(502)
            return
        with far:
            target = address._replace(scheme="", netloc="").geturl() or "/"
            lines = [f"{self.command} {target} HTTP/1.1"]
            lines += [
                f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP
            ]
            # The end of the answer is the end of both connections: no need to know its length.
            far.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
            answer = far.makefile("rb")
            self.wfile.write(answer.readline() + b"Connection: close\r\n")
            shutil.copyfileobj(answer, self.wfile)
        self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base class
        """Say nothing."""

    def _is_refused(self) -> bool:
        auth = self.server.auth
        given = self.headers.get("Proxy-Authorization")
        if self.server.status is not None:
            self._answer(self.server.status)
        elif auth and given != "Basic " + base64.b64encode(":".join(auth).encode()).decode():
            self._answer(407)
        else:
            return False
        return True

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()


class HttpProxy(Proxy):
    """An HTTP proxy: CONNECT, and GET and POST with a whole address.

    ``status``: answer every request with it and connect nowhere.
    """

    scheme = "http"
    handler = _HttpHandler

    def __init__(
        self,
        source_address: str | None = None,
        *,
        auth: Auth | None = None,
        host: str = "127.0.0.1",
        hung: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(source_address, auth=auth, host=host, hung=hung)
        self.status = status


class _SocksHandler(StreamRequestHandler):
    """One client of a SOCKS5 proxy (RFC 1928, RFC 1929)."""

    server: SocksProxy

    def handle(self) -> None:
        if self.server.hung:
            self.server.stopping.wait()
            return
        with contextlib.suppress(OSError, EOFError):  # the client went away
            if self._greet():
                self._connect()

    def _greet(self) -> bool:
        version, count = self._read(2)
        methods = self._read(count)
        wanted = 2 if self.server.auth else 0
        if version != 5 or wanted not in methods:
            self.wfile.write(bytes([5, 0xFF]))
            return False
        self.wfile.write(bytes([5, wanted]))
        if not self.server.auth:
            return True
        self._read(1)
        given = tuple(self._read(self._read(1)[0]).decode() for _ in range(2))
        self.wfile.write(bytes([1, int(given != self.server.auth)]))
        return given == self.server.auth

    def _connect(self) -> None:
        _, command, _, kind = self._read(4)
        match kind:
            case 1:
                host = socket.inet_ntop(socket.AF_INET, self._read(4))
            case 3:
                host = self._read(self._read(1)[0]).decode()
            case _:
                host = socket.inet_ntop(socket.AF_INET6, self._read(16))
        (port,) = struct.unpack("!H", self._read(2))
        self.server.kinds.append(kind)
        if self.server.reply or command != 1:
            self._reply(self.server.reply or 7)
            return
        try:
            far = self.server.connect_out(host, port)
        except OSError:
            self._reply(5)
            return
        with far:
            self._reply(0)
            relay(self.connection, far)

    def _reply(self, code: int) -> None:
        self.wfile.write(bytes([5, code, 0, 1]) + bytes(6))

    def _read(self, count: int) -> bytes:
        data = self.rfile.read(count)
        if len(data) < count:
            raise EOFError
        return data


class SocksProxy(Proxy):
    """A SOCKS5 proxy. ``reply``: refuse every target with this code of RFC 1928 (0: refuse none).

    ``kinds`` notes the address types that were asked for: 1 IPv4, 3 a name, 4 IPv6.
    """

    scheme = "socks5"
    handler = _SocksHandler

    def __init__(
        self,
        source_address: str | None = None,
        *,
        auth: Auth | None = None,
        host: str = "127.0.0.1",
        hung: bool = False,
        reply: int = 0,
    ) -> None:
        super().__init__(source_address, auth=auth, host=host, hung=hung)
        self.reply = reply
        self.kinds: list[int] = []


def relay(near: socket.socket, far: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    while True:
        ready, _, _ = select.select([near, far], [], [])
        for side in ready:
            data = side.recv(CHUNK_BYTES)
            if not data:
                return
            (far if side is near else near).sendall(data)
