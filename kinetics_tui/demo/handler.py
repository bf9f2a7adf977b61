"""Answers one connection's requests: pages, the player endpoint, and the media behind it.

A connection may begin with CONNECT, as one to an HTTP proxy does: from then on it is one by TLS to whichever
of YouTube's hosts was named.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from kinetics_tui.demo import pages
from kinetics_tui.demo.media import chunks, harmed, payloads
from kinetics_tui.demo.player import (
    MANIFEST_PATH,
    MEDIA_PATH,
    PIECES_PATH,
    Answer,
    master_playlist,
    media_playlist,
    player_answer,
)
from kinetics_tui.demo.site import RequestKind, RequestSeen, Site, is_player_fault
from kinetics_tui.demo.videos import Case, Failure, Video
from kinetics_tui.media.youtube.javascript import SCRIPT_PREFIX

PLAYER_PATH = "/youtubei/v1/player"
NOTHING_PATH = "/generate_204"
HLS_TYPE = "application/vnd.apple.mpegurl"

_FOREVER_S = 3600.0
_RELAY_TIMEOUT_S = 30.0
_LOGIN_PAGE = b"<!DOCTYPE html><title>Cafe Wifi</title><p>Please log in."
_STATUS = {case: HTTPStatus(int(case[-3:])) for case in Case if case[-3:].isdigit()}
"""The status of an answer, by the case: most are named by theirs."""
_STATUS[Case.MEDIA_EXPIRED] = HTTPStatus.FORBIDDEN
_MOVED = {Case.MEDIA_OTHER_RANGE, Case.MEDIA_SHIFTED}
_WRONG_LENGTH = {Case.MEDIA_LENGTH_LONG: 1, Case.MEDIA_LENGTH_SHORT: -1}


MEDIA_HOST = "https://rr1---sn-loopback.googlevideo.com"
"""Where media are said to be to those who come through the proxy."""


class Handler(BaseHTTPRequestHandler):
    """Serves a connection for the :class:`Site` that its server carries."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site
    tls: ssl.SSLContext
    leads_out_by = ""
    """The address that a proxy sends from; empty: that of whoever asks it."""
    through_proxy = False

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

    # -- the proxy -----------------------------------------------------------------------------------

    def do_CONNECT(self) -> None:
        """Be the proxy, and every host behind it."""
        self.send_response(HTTPStatus.OK, "Connection established")
        self.end_headers()
        plain = self.request
        self.request = self.tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        self.swapped(plain, self.request)
        self.through_proxy = True
        self.setup()
        self.close_connection = False

    def swapped(self, gone: socket.socket, begun: socket.socket | None) -> None:
        """Called as a connection goes on by TLS, and at its end; the server has to be able to end it."""

    def finish(self) -> None:
        """End the connection; one that was taken over is not closed by the server."""
        super().finish()
        if self.through_proxy:
            self.swapped(self.request, None)
            self.request.close()

    def _relay(self, host: str, path: str) -> None:
        """Be the proxy to another host, by plain HTTP."""
        with closing(HTTPConnection(host, timeout=_RELAY_TIMEOUT_S)) as connection:
            connection.request("GET", path, headers=dict(self.headers))
            answer = connection.getresponse()
            body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def _address(self) -> str:
        """Where a request comes from, as YouTube sees it."""
        return self.leads_out_by or str(self.client_address[0])

    @property
    def _media_site(self) -> str:
        return MEDIA_HOST if self.through_proxy else self.site.media_url

    def _begin(
        self,
        kind: RequestKind,
        video_id: str,
        client: str = "",
        itag: int | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> tuple[RequestSeen, Video]:
        """Note a request and let it wait as the line does; the note, and the video that it is for."""
        visitor_data = self.headers.get("X-Goog-Visitor-Id", "")
        seen = RequestSeen(
            time.time(), self._address, kind, video_id, itag, start, end, 0, 0, client, visitor_data
        )
        self.site.note(seen)
        self.site.pause(self.site.line.latency_s)
        return seen, self.site.find(video_id)

    # -- pages and the player endpoint ---------------------------------------------------------------

    def do_POST(self) -> None:
        """Answer a player request, or one for what stands round a video."""
        length_bytes = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length_bytes)
        if len(body) < length_bytes:
            raise ConnectionError  # the client was ended while it asked
        path = urlsplit(self.path).path
        if path not in (PLAYER_PATH, pages.NEXT_PATH):
            self._send(HTTPStatus.NOT_FOUND)
            return
        asked = msgspec.json.decode(body)
        client = str(asked["context"]["client"]["clientName"])
        kind: RequestKind = "player" if path == PLAYER_PATH else "next"
        seen, video = self._begin(kind, str(asked["videoId"]), client)
        failure = self._player_failure(video, client)
        if failure is not None and is_player_fault(failure.case):
            self._fail(failure, seen)
        elif kind == "next":
            self._send_json(pages.next_answer(), seen)
        else:
            self._send_json(self._player_answer(video, failure, client), seen)

    def _player_failure(self, video: Video, client: str) -> Failure | None:
        refusal = self.site.policy.signal(self._address)
        return refusal or self.site.failure_now(video, "player", client=client)

    def _player_answer(self, video: Video, failure: Failure | None, client: str) -> Answer:
        number = self.site.next_address_number(video.id)
        return player_answer(video, failure, self._media_site, number, client, self._address)

    def _send_json(self, answer: Answer, seen: RequestSeen) -> None:
        self._send(HTTPStatus.OK, msgspec.json.encode(answer), "application/json; charset=UTF-8", seen=seen)

    def _send_page(self, path: str, query: dict[str, str]) -> bool:
        """Answer with a page or a script of YouTube's own host; False where ``path`` is none."""
        if path == pages.WATCH_PATH or path.startswith(pages.EMBED_PREFIX):
            video_id = query.get("v", "") or path.removeprefix(pages.EMBED_PREFIX)
            seen, video = self._begin("page", video_id, "WEB")
            failure = self._player_failure(video, "WEB")
            if failure is not None and is_player_fault(failure.case):
                self._fail(failure, seen)
                return True
            answer = self._player_answer(video, failure, "WEB")
            version = pages.player_id(self.site.script_bytes)
            body = pages.watch_page(answer, version, made_for_kids=video.made_for_kids)
            self._send(HTTPStatus.OK, body, "text/html; charset=utf-8", seen=seen)
            return True
        if path == pages.IFRAME_API_PATH:
            body = pages.iframe_api(pages.player_id(self.site.script_bytes))
        elif path.startswith(SCRIPT_PREFIX):
            body = pages.player_script(self.site.script_bytes)
        else:
            return False
        seen, _ = self._begin("script", "")
        self._send(HTTPStatus.OK, body, "text/javascript; charset=utf-8", seen=seen)
        return True

    # -- media --------------------------------------------------------------------------------------

    def do_GET(self) -> None:
        """Answer a request for media, a playlist or a page."""
        address = urlsplit(self.path)
        if address.netloc:
            self._relay(address.netloc, address._replace(scheme="", netloc="").geturl())
            return
        if address.path.startswith(MANIFEST_PATH):
            self._send_manifest(address.path)
            return
        if address.path.startswith(PIECES_PATH):
            self._send_piece(address.path)
            return
        if address.path == NOTHING_PATH:
            self._send(HTTPStatus.NO_CONTENT)
            return
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if self._send_page(address.path, query):
            return
        if address.path != MEDIA_PATH or not query.get("itag", "").isdigit():
            self._send(HTTPStatus.NOT_FOUND)
            return
        start, end = _asked_range(self.headers.get("Range"))
        itag = int(query["itag"])
        client = query.get("c", "")
        seen, video = self._begin("media", query.get("id", ""), client, itag, start, end)
        seen.given_to = query.get("ip", "")
        source = video.sources.get(itag)
        if source is None:
            self._send(HTTPStatus.NOT_FOUND, seen=seen)
            return
        if not _is_solved(query, client):
            self._send(HTTPStatus.FORBIDDEN, seen=seen)
            return
        self._send_unless_failing(video, source.path, int(query.get("lsig", 0)), seen)

    def _send_unless_failing(self, video: Video, path: Path, address_number: int, seen: RequestSeen) -> None:
        failure = self.site.failure_now(video, "media", seen.itag, client=seen.client)
        if failure is not None and failure.case is Case.MEDIA_EXPIRED:
            expired = failure.times is None or address_number <= failure.times
            failure = failure if expired else None
        if failure is not None and self._fail(failure, seen):
            return
        self._send_media(path, path.stat().st_size, failure, seen)

    def _send_piece(self, path: str) -> None:
        # /pieces/ID/NUMBER/ and the name of a file in the video's folder
        video_id, number, name = path.removeprefix(PIECES_PATH).split("/", 2)
        start, end = _asked_range(self.headers.get("Range"))
        is_manifest = name.endswith((".m3u8", ".mpd"))
        kind: RequestKind = "manifest" if is_manifest else "media"
        seen, video = self._begin(kind, video_id, start=start, end=end)
        file = video.folder / name if video.folder else None
        if file is None or not file.is_file():
            self._send(HTTPStatus.NOT_FOUND, seen=seen)
        elif is_manifest:
            self._send(HTTPStatus.OK, file.read_bytes(), HLS_TYPE, seen=seen)
        else:
            self._send_unless_failing(video, file, int(number), seen)

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
                address = (failure.redirect_to or self._media_site) + self.path
                self._send(HTTPStatus.FOUND, headers={"Location": address}, seen=seen)
            case case if case in _STATUS:
                self._send(_STATUS[case], retry_after_s=failure.retry_after_s, seen=seen)
            case _:
                return False
        return True

    def _send_manifest(self, path: str) -> None:
        # .../hls_variant/id/ID/lsig/N/file/index.m3u8
        # .../hls_playlist/id/ID/itag/N/lsig/N/playlist/index.m3u8
        words = path.removeprefix(MANIFEST_PATH).split("/")
        said = dict(zip(words[1::2], words[2::2], strict=False))
        itag = int(said["itag"]) if said.get("itag", "").isdigit() else None
        seen, video = self._begin("manifest", said.get("id", ""), itag=itag)
        failure = self.site.failure_now(video, "manifest", itag)
        if failure is not None and self._fail(failure, seen):
            return
        if not video.has_playlists or (itag is not None and itag not in video.sources):
            self._send(HTTPStatus.NOT_FOUND, seen=seen)
            return
        if itag is None:
            text = master_playlist(self._media_site, video, int(said["lsig"]), self._address)
        else:
            media_url = self._media_site + MEDIA_PATH
            text = media_playlist(media_url, video, itag, int(said["lsig"]), self._address)
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
        for at, chunk in chunks(path, first, last):
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
                return harmed(chunk, max(0, failure.after_bytes - at), len(chunk))
            case Case.MEDIA_CORRUPTED:
                for first, last in payloads(path):
                    first = max(first, failure.after_bytes)
                    if first < at + len(chunk) and last > at:
                        chunk = harmed(chunk, max(0, first - at), last - at)
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


def _is_solved(query: dict[str, str], client: str) -> bool:
    """True if an address has its challenges solved, where its client needs that."""
    if not client or client in pages.PLAIN_CLIENTS:
        return True
    video_id, number = query.get("id", ""), int(query.get("lsig", 0))
    right = {"n": pages.solved(pages.challenge(video_id, number))}
    if "sig" in query:
        right["sig"] = pages.unscrambled(pages.signature(video_id, number))
    return all(query.get(name) == value for name, value in right.items())


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
