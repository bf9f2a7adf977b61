"""A web server on the loopback that notes who asks it for what."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple


class Visit(NamedTuple):
    """One request: the address it came from, its path, and its headers, named in lower case."""

    client_address: str
    path: str
    headers: Mapping[str, str]


class Website:
    """Serves ``pages``: a path's status, body, and the length to announce (None: none)."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, bytes, int | None]] = {}
        self.visits: list[Visit] = []
        website = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                website.visits.append(Visit(self.client_address[0], self.path, headers))
                status, body, length = website.pages.get(self.path, (404, b"", 0))
                self.send_response(status)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def put(self, path: str, body: bytes, *, status: int = 200, length: int | None = -1) -> None:
        """Have ``body`` at ``path``; its own length is announced unless another is given."""
        self.pages[path] = (status, body, len(body) if length == -1 else length)

    @property
    def visitors(self) -> set[str]:
        """The addresses that requests came from."""
        return {visit.client_address for visit in self.visits}

    def __enter__(self) -> Website:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
