"""An S3 that a test may look into, and a line to it that breaks where the test says."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

BUFFER_BYTES = 1 << 16
SECRET = "hunter2hunter2"
_numbers = itertools.count()


class Bucket:
    """A bucket of its own on a server, looked at without the program."""

    def __init__(self, name: str, endpoint: str) -> None:
        import fsspec

        self.name = name
        self.endpoint = endpoint
        self.address = f"s3://{name}/lab/k400"
        self.fs: Any = fsspec.filesystem("s3", endpoint_url=endpoint, skip_instance_cache=True)
        self.fs.mkdir(name)

    @property
    def _prefix(self) -> str:
        return f"{self.name}/lab/k400/"

    def objects(self) -> dict[str, bytes]:
        """All that is below the address, apart from what exports keep for themselves."""
        return {
            path: self.read(path)
            for path in sorted(self._found())
            if not path.startswith(".kinetics-tui-export")
        }

    def marks(self) -> dict[str, tuple[str, str]]:
        """Of each shard, what changes whenever it is put."""
        found = self._found().items()
        return {path: (one["ETag"], str(one["LastModified"])) for path, one in found if path.endswith(".tar")}

    def read(self, path: str) -> bytes:
        content: bytes = self.fs.cat_file(self._prefix + path)
        return content

    def write(self, path: str, content: bytes) -> None:
        self.fs.pipe_file(self._prefix + path, content)

    def remove(self, path: str) -> None:
        self.fs.rm_file(self._prefix + path)

    def open_uploads(self) -> list[str]:
        """The keys of uploads in parts that were neither finished nor ended."""
        found = self.fs.call_s3("list_multipart_uploads", Bucket=self.name)
        return [upload["Key"] for upload in found.get("Uploads", ())]

    def _found(self) -> dict[str, dict[str, Any]]:
        self.fs.invalidate_cache()
        found = self.fs.find(self._prefix, detail=True)
        return {path.removeprefix(self._prefix): one for path, one in found.items()}


class Line:
    """A way to a server by which nothing goes any more once a request with ``stops_at`` came along.

    That request is never handed on: it hangs, or where ``breaks`` is set the whole line is gone.
    """

    def __init__(self, endpoint: str) -> None:
        self.stops_at = b""
        self.breaks = False
        self.stopped = threading.Event()
        host, port = endpoint.removeprefix("http://").split(":")
        self._far_end = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._far_end)
                self._ends += near, far
                threading.Thread(target=self._hand_on, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._hand_on, args=(far, near, False), daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, forth: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(BUFFER_BYTES):
                if forth and self.stops_at and self.stops_at in data:
                    self.stopped.set()
                    if self.breaks:
                        self.close()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # it takes a while to load

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    finally:
        server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "one",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bucket(server: str, credentials: None, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    return Bucket(f"set-{next(_numbers)}", server)


@contextlib.contextmanager
def line_to(endpoint: str) -> Iterator[Line]:
    line = Line(endpoint)
    try:
        yield line
    finally:
        line.close()
