"""A mirror of archives on the loopback, as good or as hostile as it is told to be, and archives for it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import socket
import tarfile
import threading
import time
import urllib.parse
import zipfile
from collections import Counter
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

CHUNK_BYTES = 16 * 1024


class ArchiveMirror:
    """Serves ``files`` by their names, each with an ETag of its content, and ``list.txt`` of them.

    Each answer with the file ``cut_once[name]`` breaks off after so many bytes, once. ``swap_after[name]``:
    after the first answer it has another content. ``slow_s`` is waited for after each ``CHUNK_BYTES``;
    archives of ``hangs`` give nothing after their headers. ``sent_of`` counts what was sent of each.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_once: dict[str, int] = {}
        self.swap_after: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        self.hangs: set[str] = set()
        self.slow_s = 0.0
        self.sent_of: Counter[str] = Counter()
        self.asked: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                mirror._answer(self)

            def do_HEAD(self) -> None:
                mirror._answer(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> tuple[socket.socket, Any]:
                found = super().get_request()
                # Little is on its way, and counts as sent, when the other end is gone.
                found[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK_BYTES)
                return found

            def handle_error(self, *args: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.list_url = f"{self.url}/list.txt"

    @property
    def sent_bytes(self) -> int:
        """The bytes of archives that were sent."""
        return sum(size for name, size in self.sent_of.items() if name != "list.txt")

    def names_got(self) -> list[str]:
        """The archives of which something was got, in the order of asking."""
        return [name for method, name, _ in self.asked if method == "GET" and name != "list.txt"]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        name = urllib.parse.unquote(handler.path).lstrip("/")
        asked_range = handler.headers.get("Range", "")
        with self._lock:
            self.asked.append((handler.command, name, asked_range))
            content = self.files.get(name)
            if name == "list.txt":
                content = "\n".join(map(urllib.parse.quote, self.files)).encode()
            most = self.cut_once.pop(name, None) if handler.command == "GET" else None
        with contextlib.suppress(OSError):
            status = 404 if content is None else self.statuses.get(name, 0)
            if content is None or status:
                self._say(handler, status, {})
                return
            etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if handler.headers.get("If-Match", etag) != etag:
                self._say(handler, 412, {})
                return
            size, begin = len(content), 0
            headers = {"ETag": etag}
            if found := re.fullmatch(r"bytes=(\d+)-", asked_range):
                begin = int(found[1])
                if begin >= size:
                    self._say(handler, 416, {"Content-Range": f"bytes */{size}", **headers})
                    return
                headers["Content-Range"] = f"bytes {begin}-{size - 1}/{size}"
            self._say(handler, 206 if begin else 200, headers, size - begin)
            if handler.command == "GET":
                self._send(handler, name, content[begin : None if most is None else begin + most])

    def _say(
        self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], length: int = 0
    ) -> None:
        handler.send_response_only(status)
        for key, value in {**headers, "Content-Length": str(length)}.items():
            handler.send_header(key, value)
        handler.end_headers()

    def _send(self, handler: BaseHTTPRequestHandler, name: str, body: bytes) -> None:
        if name in self.hangs:
            self._over.wait(600)
            return
        for at in range(0, len(body), CHUNK_BYTES):
            handler.wfile.write(body[at : at + CHUNK_BYTES])
            with self._lock:
                self.sent_of[name] += len(body[at : at + CHUNK_BYTES])
            if self.slow_s:
                time.sleep(self.slow_s)
        with self._lock:
            if (changed := self.swap_after.pop(name, None)) is not None:
                self.files[name] = changed

    def __enter__(self) -> ArchiveMirror:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def tar_of(
    members: Iterable[tuple[str, bytes]], mode: str = "w:gz", odd: Iterable[tarfile.TarInfo] = ()
) -> bytes:
    """A tar of these files; members of ``odd`` come first, without content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]  # any of its modes
        for one in odd:
            archive.addfile(one)
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zip_of(members: Iterable[tuple[str, bytes]], packing: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def odd_member(name: str, kind: bytes, leads_to: str = "/etc/passwd") -> tarfile.TarInfo:
    """A link or a device in a tar."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, leads_to
    return member
