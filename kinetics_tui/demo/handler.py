"""Answers one connection's requests: the player endpoint and the media behind it."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from kinetics_tui.demo.player import (
    MANIFEST_PATH,
    MEDIA_PATH,
    Answer,
    master_playlist,
    media_playlist,
    player_answer,
)
from kinetics_tui.demo.site import RequestSeen, Site, Stage, is_player_fault
from kinetics_tui.demo.videos import Case, Failure, Video

PLAYER_PATH = "/youtubei/v1/player"
HLS_TYPE = "application/vnd.apple.mpegurl"

_CHUNK_BYTES = 16 * 1024
_FOREVER_S = 3600.0
_LOGIN_PAGE = b"<!DOCTYPE html><title>Cafe Wifi</title><p>Please log in."
_DAMAGE = bytes(byte ^ 0xA5 for byte in range(256))
_STATUS = {case: HTTPStatus(int(case[-3:])) for case in Case if case[-3:].isdigit()}
"""The status of an answer, by the case: most are named by theirs."""
_STATUS[Case.MEDIA_EXPIRED] = HTTPStatus.FORBIDDEN
_MOVED = {Case.MEDIA_OTHER_RANGE, Case.MEDIA_SHIFTED}
_WRONG_LENGTH = {Case.MEDIA_LENGTH_LONG: 1, Case.MEDIA_LENGTH_SHORT: -1}


class Handler(BaseHTTPRequestHandler):
    """Serves a connection for the :class:`Site` that its server carries."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            # The client went away, or the server stops: nobody is left to answer.
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the base class
        """Say nothing: requests are in the site's log."""

    def _begin(
        self,
        kind: Stage,
        video_id: str,
        itag: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> tuple[RequestSeen, Video]:
        """Note a request and let it wait as the line does; the note, and the video that it is for."""
        seen = RequestSeen(time.time(), self.client_address[0], kind, video_id, itag, start, end)
        self.site.note(seen)
        self.site.pause(self.site.line.latency_s)
        return seen, self.site.find(video_id)

    # -- the player endpoint ------------------------------------------------------------------------

    def do_POST(self) -> None:
        """Answer a player request."""
        length_bytes = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length_bytes)
        if len(body) < length_bytes:
            raise ConnectionError  # the client was ended while it asked
        if urlsplit(self.path).path != PLAYER_PATH:
            self._send(HTTPStatus.NOT_FOUND)
            return
        video_id = str(msgspec.json.decode(body)["videoId"])
        seen, video = self._begin("player", video_id)
        failure = self.site.policy.signal(self.client_address[0]) or self.site.failure_now(video, "player")
        if failure is not None and is_player_fault(failure.case):
            self._fail(failure, seen)
            return
        number = self.site.next_address_number(video_id)
        answer: Answer = player_answer(video, failure, self.site.media_url, number)
        self._send(HTTPStatus.OK, msgspec.json.encode(answer), "application/json; charset=UTF-8", seen=seen)

    # -- media --------------------------------------------------------------------------------------

    def do_GET(self) -> None:
        """Answer a media request."""
        address = urlsplit(self.path)
        if address.path.startswith(MANIFEST_PATH):
            self._send_manifest(address.path)
            return
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if address.path != MEDIA_PATH or not query.get("itag", "").isdigit():
            self._send(HTTPStatus.NOT_FOUND)
            return
        start, end = _asked_range(self.headers.get("Range"))
        itag = int(query["itag"])
        seen, video = self._begin("media", query.get("id", ""), itag, start, end)
        source = video.sources.get(itag)
        if source is None:
            self._send(HTTPStatus.NOT_FOUND, seen=seen)
            return
        failure = self.site.failure_now(video, "media", itag)
        if failure is not None and failure.case is Case.MEDIA_EXPIRED:
            expired = failure.times is None or int(query.get("lsig", 0)) <= failure.times
            failure = failure if expired else None
        if failure is not None and self._fail(failure, seen):
            return
        self._send_media(source.path, source.size_bytes, failure, seen)

    def _fail(self, failure: Failure, seen: RequestSeen) -> bool:
        """Answer with something else than what was asked for; whether ``failure`` is of that sort."""
        match failure.case:
            case Case.MEDIA_HANG_UP | Case.PLAYER_RESET:
                self._reset()
            case Case.MEDIA_NO_ANSWER | Case.PLAYER_STALL:
                self.site.pause(_FOREVER_S)
            case Case.MEDIA_HTML | Case.PLAYER_HTML:
                self._send(HTTPStatus.OK, _LOGIN_PAGE, "text/html", seen=seen)
            case Case.MEDIA_REDIRECT:
                address = (failure.redirect_to or self.site.media_url) + self.path
                self._send(HTTPStatus.FOUND, headers={"Location": address}, seen=seen)
            case case if case in _STATUS:
                self._send(_STATUS[case], retry_after_s=failure.retry_after_s, seen=seen)
            case _:
                return False
        return True

    def _send_manifest(self, path: str) -> None:
        # .../hls_variant/id/ID/file/index.m3u8 or .../hls_playlist/id/ID/itag/N/playlist/index.m3u8
        words = path.removeprefix(MANIFEST_PATH).split("/")
        said = dict(zip(words[1::2], words[2::2], strict=False))
        itag = int(said["itag"]) if said.get("itag", "").isdigit() else None
        seen, video = self._begin("manifest", said.get("id", ""), itag)
        failure = self.site.failure_now(video, "manifest", itag)
        if failure is not None and self._fail(failure, seen):
            return
        if not video.has_playlists or (itag is not None and itag not in video.sources):
            self._send(HTTPStatus.NOT_FOUND, seen=seen)
            return
        if itag is None:
            text = master_playlist(self.site.media_url, video)
        else:
            text = media_playlist(self.site.media_url + MEDIA_PATH, video, itag)
        self._send(HTTPStatus.OK, text.encode(), HLS_TYPE, seen=seen)

    def _send_media(self, path: Path, size_bytes: int, failure: Failure | None, seen: RequestSeen) -> None:
        case = failure.case if failure else None
        start, end = seen.start, seen.end
        if start is None and end is not None:
            start, end = max(0, size_bytes - end), None
        whole = start is None or case is Case.MEDIA_RANGE_IGNORED
        first = 0 if start is None or whole else start
        last = size_bytes - 1 if end is None or whole else min(end, size_bytes - 1)
        if first > last:
            headers = {"Content-Range": f"bytes */{size_bytes}"}
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers, seen=seen)
            return
        said_first, said_last, length = first, last, last - first + 1
        if failure is not None and case in _MOVED:
            # Never behind the end of the file, and as long as what was asked for.
            first = max(0, min(first + failure.after_bytes, size_bytes - length))
            last = first + length - 1
        if case is Case.MEDIA_OTHER_RANGE:
            said_first, said_last = first, last
        if failure is not None and case in _WRONG_LENGTH:
            length = max(1, length + _WRONG_LENGTH[case] * failure.after_bytes)
        seen.status = HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT
        self.send_response(seen.status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "none" if case is Case.MEDIA_RANGE_IGNORED else "bytes")
        if not whole:
            self.send_header("Content-Range", f"bytes {said_first}-{said_last}/{size_bytes}")
        self.end_headers()
        for at, chunk in _chunks(path, first, last):
            if failure is not None:
                chunk = self._faulty(path, chunk, at, failure, seen)
            self.site.pause(self.site.line.delay_s(len(chunk)))
            # Counted first, so that whoever has the bytes finds them in the log.
            seen.sent_bytes += len(chunk)
            self.wfile.write(chunk)
            if self.close_connection and case is Case.MEDIA_EARLY_CLOSE:
                return
        if case is Case.MEDIA_LENGTH_LONG:
            self.close_connection = True

    def _faulty(self, path: Path, chunk: bytes, at: int, failure: Failure, seen: RequestSeen) -> bytes:
        """The bytes to send for a chunk that lies at byte ``at`` of the source ``path``."""
        left = failure.after_bytes - seen.sent_bytes
        match failure.case:
            case Case.MEDIA_SLOW:
                self._trickle(chunk, failure.bytes_per_s, seen)
                return b""
            case Case.MEDIA_DAMAGED:
                damaged = bytearray(chunk)
                for place, other in failure.damage.items():
                    if at <= place < at + len(chunk):
                        damaged[place - at] ^= other
                return bytes(damaged)
            case Case.MEDIA_SCRAMBLED:
                return _damaged(chunk, max(0, failure.after_bytes - at), len(chunk))
            case Case.MEDIA_CORRUPTED:
                for first, last in payloads(path):
                    first = max(first, failure.after_bytes)
                    if first < at + len(chunk) and last > at:
                        chunk = _damaged(chunk, max(0, first - at), last - at)
            case Case.MEDIA_STALL | Case.MEDIA_RESET | Case.MEDIA_EARLY_CLOSE if left < len(chunk):
                seen.sent_bytes += left
                self.wfile.write(chunk[:left])
                if failure.case is Case.MEDIA_STALL:
                    self.site.pause(_FOREVER_S)
                if failure.case is Case.MEDIA_RESET:
                    self._reset()
                self.close_connection = True
                return b""
        return chunk

    def _trickle(self, chunk: bytes, bytes_per_s: float, seen: RequestSeen) -> None:
        """Send a chunk little by little, so that a slow connection is never a silent one."""
        step = max(1, round(bytes_per_s / 10))
        for start in range(0, len(chunk), step):
            piece = chunk[start : start + step]
            self.site.pause(len(piece) / bytes_per_s)
            seen.sent_bytes += len(piece)
            self.wfile.write(piece)

    # -- sending ------------------------------------------------------------------------------------

    def _send(
        self,
        status: HTTPStatus,
        body: bytes = b"",
        content_type: str = "text/plain",
        *,
        headers: dict[str, str] | None = None,
        retry_after_s: int | None = None,
        seen: RequestSeen | None = None,
    ) -> None:
        if seen is not None:
            seen.status = status
            seen.sent_bytes = len(body)
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection so that the client sees it reset, not closed."""
        # Lingering for no time turns the close into a reset; the server closes it without a farewell.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionAbortedError


def is_reset(connection: socket.socket) -> bool:
    """True if :class:`Handler` wants the connection reset."""
    lingering = connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.calcsize("ii"))
    return bool(struct.unpack("ii", lingering)[0])


def _asked_range(header: str | None) -> tuple[int | None, int | None]:
    """First and last byte asked for; (None, n) stands for the last n bytes, as in the header."""
    if not header or not header.startswith("bytes="):
        return None, None
    first, _, last = header.removeprefix("bytes=").partition("-")
    return int(first) if first else None, int(last) if last else None


def _damaged(chunk: bytes, first: int, last: int) -> bytes:
    """``chunk`` with other bytes from ``first`` to before ``last``."""
    return chunk[:first] + chunk[first:last].translate(_DAMAGE) + chunk[last:]


@lru_cache(maxsize=32)
def payloads(path: Path) -> tuple[tuple[int, int], ...]:
    """Where in an MP4 pictures and sound lie, as (first, behind the last) byte; empty for WebM."""
    found = []
    with path.open("rb") as file:
        at = 0
        while len(header := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", header)
            if size < len(header):
                break
            if kind == b"mdat":
                found.append((at + len(header), at + size))
            at += size
            file.seek(at)
    return tuple(found)


def _chunks(path: Path, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Bytes ``first`` to ``last`` of a file in pieces, each with its place."""
    with path.open("rb") as file:
        file.seek(first)
        while first <= last:
            chunk = file.read(min(_CHUNK_BYTES, last - first + 1))
            if not chunk:
                return
            yield first, chunk
            first += len(chunk)
