"""The line to one archive's server: an address asked for, an answer read, and cut by another thread.

``urllib`` does the work, with the proxies of the environment, and with handlers for HTTP alone: there is
nothing else that a redirection could lead to.
"""

from __future__ import annotations

import base64
import contextlib
import email.utils
import http.client
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from kinetics_tui.base.safe_text import for_ledger
from kinetics_tui.base.words import HOUR_S

STILL_S = 30.0
"""A line on which nothing comes for so long is broken."""
LONGEST_RETRY_AFTER_S = HOUR_S
BROKE_OFF = "the line broke off"

_HEAD_REFUSED = (403, 405, 501)
_DATE = "Last-Modified: "
_CONTENT_RANGE = re.compile(r"bytes\s+(?:(\d{1,18})-\d+|\*)/(\d{1,18}|\*)", re.IGNORECASE | re.ASCII)
_SIZE = re.compile(r"\d{1,18}", re.ASCII)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT = "/%~:@!$&'*+,;="


class DownloadError(Exception):
    """An archive could not be fetched; ``str(error)`` says why in a few words.

    ``of_disk`` where it is the disk that failed and not the server, ``full`` where it has no room.
    """

    def __init__(self, why: str, *, of_disk: bool = False, full: bool = False) -> None:
        super().__init__(why)
        self.of_disk = of_disk
        self.full = full


class Broken(Exception):  # noqa: N818
    """Not to be had now, but perhaps later."""

    def __init__(self, why: str, retry_after_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Head(msgspec.Struct, frozen=True):
    """The size and the version of an archive, as a server gives them.

    ``validator`` is the ETag as sent, or ``Last-Modified: ...``; empty where there is neither.
    """

    size_bytes: int | None
    validator: str


class Site(NamedTuple):
    """An address fit to be sent, and the user and password that were in it."""

    address: str
    authorization: str


def head(address: str, timeout_s: float = STILL_S) -> Head:
    """Ask for an archive's size and version. Raises DownloadError."""
    line = Line(site_of(address), timeout_s)
    try:
        with line.ask("HEAD", {}) as answer:
            status, found = answer.status, Head(length_of(answer), validator_of(answer))
        if status in _HEAD_REFUSED:
            with line.ask("GET", {"Range": "bytes=0-0"}) as answer:
                status, found = answer.status, Head(length_of(answer), validator_of(answer))
                if status == 206:
                    found = Head(content_range_of(answer)[1], found.validator)
    except Broken as broken:
        raise DownloadError(str(broken)) from None
    if status not in (200, 206):
        raise DownloadError(f"HTTP {status}")
    return found


class Line:
    """The way to one address, one connection at a time, which another thread may cut."""

    def __init__(self, site: Site, timeout_s: float) -> None:
        self._site = site
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            _Http(self),
            _Https(self),
            _Answers(),
            _Redirects(),
            urllib.request.HTTPDefaultErrorHandler(),
        ):
            self._opener.add_handler(handler)

    @contextlib.contextmanager
    def ask(self, method: str, headers: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
        """An answer of any status, closed at the end. Raises Broken and DownloadError, in the block too."""
        request = urllib.request.Request(self._site.address, method=method)  # noqa: S310 - see ``site_of``
        # Of its own accord http.client asks for no encoding but "identity".
        for name, value in headers.items():
            request.add_header(name, value)
        if self._site.authorization:
            request.add_unredirected_header("Authorization", self._site.authorization)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                yield answer
        except urllib.error.HTTPError as error:  # a redirection that leads nowhere
            error.close()
            raise DownloadError(f"HTTP {error.code}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _broken(error) from None
        finally:
            self._release()

    def connect(self, place: tuple[str, int], timeout: float | None, _source: object = None) -> socket.socket:
        """Like ``socket.create_connection``, but to be cut at every moment."""
        last: OSError = OSError("no address")
        for family, kind, protocol, _name, address in self._resolve(place):
            sock = socket.socket(family, kind, protocol)
            try:
                self._guard(sock)
                sock.settimeout(timeout)
                sock.connect(address)
            except OSError as error:
                sock.close()
                last = error
            else:
                return sock
        raise last

    def cut(self) -> None:
        """End the connection there is and allow no other."""
        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _resolve(self, place: tuple[str, int]) -> list[Any]:
        """The addresses of a host. A resolver cannot be cut: where it hangs, it is left alone with it."""
        found: list[Any] = []

        def resolve() -> None:
            try:
                found.extend(socket.getaddrinfo(*place, type=socket.SOCK_STREAM))
            except (OSError, ValueError) as error:
                found.append(error)

        thread = threading.Thread(target=resolve, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
            if self._is_cut:
                raise ConnectionAbortedError
        if isinstance(found[0], Exception):
            raise found[0]
        return found

    def _guard(self, sock: socket.socket) -> None:
        # A double of it, as TLS takes the descriptor out of the first.
        self._release()
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError
            self._socket = sock.dup()

    def _release(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


class _Http(urllib.request.HTTPHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **arguments: Any) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(host, **arguments)
        connection._create_connection = self._line.connect  # type: ignore[attr-defined]
        return connection


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._tls: ssl.SSLContext | None = None

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)

    def _connection(self, host: str, **arguments: Any) -> http.client.HTTPSConnection:
        self._tls = self._tls or ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, context=self._tls, **arguments)
        connection._create_connection = self._line.connect  # type: ignore[attr-defined]
        return connection


class _Answers(urllib.request.HTTPErrorProcessor):
    """Every answer but a redirection is handed over as it is."""

    def http_response(self, request: urllib.request.Request, response: http.client.HTTPResponse) -> Any:
        return super().http_response(request, response) if 300 <= response.status < 400 else response

    https_response = http_response


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Keeps a HEAD one, and tells a password to the same host alone."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is None:
            return None
        request.method = req.get_method()
        password = req.unredirected_hdrs.get("Authorization")
        if password and request.host == req.host and request.type in ("https", req.type):
            request.add_unredirected_header("Authorization", password)
        return request


def site_of(address: str) -> Site:
    """An address with its blanks and brackets quoted, and apart from it what is secret."""
    try:
        parts = urlsplit(address.strip())
        user, _, place = parts.netloc.rpartition("@")
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        place.encode("idna")
    except ValueError:
        is_web = False
    if not is_web or re.search(r"\s", place):
        raise DownloadError("not a web address")
    path, query = (_BARE_PERCENT.sub("%25", text) for text in (parts.path or "/", parts.query))
    quoted = urlunsplit((parts.scheme, place, quote(path, safe=_KEPT), quote(query, safe=_KEPT + "?()"), ""))
    secret = base64.b64encode(unquote(user).encode()).decode()
    return Site(quoted, f"Basic {secret}" if user else "")


def validator_of(answer: http.client.HTTPResponse) -> str:
    etag, date = (" ".join((answer.headers[name] or "").split()) for name in ("ETag", "Last-Modified"))
    return etag or (_DATE + date if date else "")


def conditions_of(validator: str) -> dict[str, str]:
    """Have the server refuse where it holds another version; only in its answer weak ETags are compared."""
    if validator.startswith(_DATE):
        return {"If-Unmodified-Since": validator.removeprefix(_DATE)}
    return {"If-Match": validator} if validator.startswith('"') else {}


def length_of(answer: http.client.HTTPResponse) -> int | None:
    length = (answer.headers["Content-Length"] or "").strip()
    return int(length) if _SIZE.fullmatch(length) and not answer.headers["Transfer-Encoding"] else None


def content_range_of(answer: http.client.HTTPResponse) -> tuple[int | None, int | None]:
    """Where a part begins, and the size of the whole."""
    found = _CONTENT_RANGE.fullmatch((answer.headers["Content-Range"] or "").strip())
    begins_at, total = found.groups() if found else (None, None)
    return int(begins_at) if begins_at else None, int(total) if total and total != "*" else None


def retry_after_of(answer: http.client.HTTPResponse) -> float:
    said = (answer.headers["Retry-After"] or "").strip()
    try:
        wait_s = (
            float(said)
            if _SIZE.fullmatch(said)
            else email.utils.parsedate_to_datetime(said).timestamp() - time.time()
        )
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, wait_s), LONGEST_RETRY_AFTER_S)


def _broken(error: Exception) -> Broken | DownloadError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DownloadError("its certificate is not valid")
    if isinstance(reason, (ValueError, http.client.InvalidURL)) and not isinstance(reason, OSError):
        return DownloadError("not a web address")
    if isinstance(reason, TimeoutError):
        return Broken("no answer in time")
    if isinstance(reason, socket.gaierror):
        return Broken("its host is not found")
    if isinstance(reason, http.client.IncompleteRead):
        return Broken(BROKE_OFF)
    if isinstance(reason, http.client.HTTPException) and not isinstance(reason, OSError):
        return Broken("no proper answer")
    return Broken(
        for_ledger(str(getattr(reason, "strerror", None) or reason or type(reason).__name__)).lower()
    )
