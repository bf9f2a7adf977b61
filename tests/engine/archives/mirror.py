"""A server of one archive on the loopback, which does what a script says with each request."""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple


class Asked(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]


class Cut(NamedTuple):
    """Answer properly, but end the connection after so many bytes of the body."""

    after_bytes: int


class Hold(NamedTuple):
    """Answer properly, but let nothing more follow so many bytes until the client is gone."""

    after_bytes: int


class Say(NamedTuple):
    """Answer this; ``headers`` are all there are."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Swap(NamedTuple):
    """Have another content from now on, and answer properly."""

    content: bytes
    headers: Mapping[str, str]


class Mirror:
    """Serves ``content``; ``headers`` hold its ETag and the like. Steps of ``script`` are used up."""

    def __init__(self, content: bytes, headers: Mapping[str, str], tls: ssl.SSLContext | None = None) -> None:
        self.content = content
        self.headers = headers
        self.ranges = True
        self.script: list[Cut | Hold | Say | Swap] = []
        self.asked: list[Asked] = []
        self.sent_bytes = 0
        self.client_left = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                mirror.answer(self)

            def do_HEAD(self) -> None:
                mirror.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.port = self._server.server_port
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/a.tar.gz"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append(Asked(handler.command, handler.path, headers))
        step = self.script.pop(0) if self.script else Cut(1 << 60)
        if isinstance(step, Swap):
            self.content, self.headers, step = step.content, step.headers, Cut(1 << 60)
        said = step if isinstance(step, Say) else self._proper(headers)
        most = len(said.body) if isinstance(step, Say) else step.after_bytes
        handler.send_response_only(said.status)
        for name, value in said.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "HEAD":
            return
        body = memoryview(said.body)[:most]
        with contextlib.suppress(OSError):
            while body:
                count = handler.connection.send(body[:65536])
                self.sent_bytes += count
                body = body[count:]
            if isinstance(step, Hold):
                handler.connection.settimeout(60)
                handler.connection.recv(1)
        if isinstance(step, Hold):
            self.client_left.set()

    def _proper(self, asked: Mapping[str, str]) -> Say:
        size = len(self.content)
        etag, date = self.headers.get("ETag", ""), self.headers.get("Last-Modified", "")
        if_match = asked.get("if-match")
        if if_match and (if_match != etag or etag.startswith("W/")):
            return Say(412, {"Content-Length": "0"})
        if asked.get("if-unmodified-since", date) != date:
            return Say(412, {"Content-Length": "0"})
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.get("range", ""))
        if not span or not self.ranges:
            return Say(200, {"Content-Length": str(size), **self.headers}, self.content)
        begin, end = int(span[1]), min(size - 1, int(span[2] or size))
        if begin >= size:
            return Say(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
        length, part = str(end - begin + 1), f"bytes {begin}-{end}/{size}"
        headers = {"Content-Length": length, "Content-Range": part, **self.headers}
        return Say(206, headers, self.content[begin : end + 1])

    def __enter__(self) -> Mirror:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
