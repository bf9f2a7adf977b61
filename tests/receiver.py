"""A service that takes notices, at an address of this machine."""

from __future__ import annotations

import http.server
import json
import threading
from types import TracebackType
from typing import Any, Self


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what Apprise's ``json://`` sends; ``status`` is its answer, ``gate`` holds it back.

    A context manager that serves while it is open.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.gate = threading.Event()
        self.gate.set()
        self.asked = threading.Semaphore(0)
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"json://me:secret@127.0.0.1:{self.server_address[1]}/topic"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.asked.release()
        self.server.gate.wait(30)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass
