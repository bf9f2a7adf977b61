"""A mirror of archives on the loopback behind a shaped line, in a process of its own."""

from __future__ import annotations

import http.server
import multiprocessing
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from kinetics_tui.demo.site import Line

_RANGE = re.compile(r"bytes=(\d+)-")
_CHUNK_BYTES = 128 * 1024


class Mirror:
    """A running mirror of a folder: the addresses of its archives and of a list of them, and their bytes."""

    def __init__(self, pipe: Connection, folder: Path) -> None:
        self._pipe = pipe
        port: int = pipe.recv()
        archives = sorted(path for path in folder.iterdir() if path.suffix != ".txt")
        self.size_bytes = sum(path.stat().st_size for path in archives)
        self.addresses = [f"http://127.0.0.1:{port}/{path.name}" for path in archives]
        self.list_address = f"http://127.0.0.1:{port}/list.txt"

    def sent_bytes(self) -> int:
        """The bytes of archives sent so far."""
        return self._asked()[0]

    def cpu_s(self) -> float:
        """What serving took of a processor so far."""
        return self._asked()[1]

    def _asked(self) -> tuple[int, float]:
        self._pipe.send(None)
        done: tuple[int, float] = self._pipe.recv()
        return done


@contextmanager
def mirror(folder: Path, bytes_per_s: float | None) -> Iterator[Mirror]:
    """Serve the files of a folder, with ranges and ETags, on a line of so many bytes a second in all."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder, bytes_per_s), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Mirror(ours, folder)
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection, folder: Path, bytes_per_s: float | None) -> None:
    sent = [0]
    lock = threading.Lock()
    line = Line(bytes_per_s)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = folder / self.path.lstrip("/")
            size = path.stat().st_size
            found = _RANGE.match(self.headers.get("Range", ""))
            at = int(found[1]) if found else 0
            self.send_response(206 if found else 200)
            self.send_header("ETag", f'"{path.name}-{size}"')
            self.send_header("Content-Length", str(size - at))
            if found:
                self.send_header("Content-Range", f"bytes {at}-{size - 1}/{size}")
            self.end_headers()
            if not body:
                return
            with path.open("rb") as file:
                file.seek(at)
                while chunk := file.read(_CHUNK_BYTES):
                    time.sleep(line.delay_s(len(chunk)))
                    self.wfile.write(chunk)
                    if path.suffix != ".txt":
                        with lock:
                            sent[0] += len(chunk)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a killed client's line breaks
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pipe.send(server.server_address[1])
        while True:
            try:
                pipe.recv()
            except EOFError:
                return
            pipe.send((sent[0], time.process_time()))
