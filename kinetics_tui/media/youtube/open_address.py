"""Opens web addresses by a route, through the network stack that the clips come by: for the annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError, RequestError

from kinetics_tui.annotations.fetch import CONNECT_TIMEOUT_S, Opener
from kinetics_tui.media.failures import clean_message, trouble_of
from kinetics_tui.media.youtube.session import Session
from kinetics_tui.media.youtube.yt_dlp_options import parse_args
from kinetics_tui.model.network import Route

NETWORK_PARAMS = ("compat_opts", "legacyserverconnect", "nocheckcertificate", "proxy", "source_address")
"""The options of yt-dlp that such a request takes over: cookies and headers are YouTube's alone."""


class _Body:
    """The body of an answer; the session that fetched it closes with it."""

    def __init__(self, response: Any, session: Session) -> None:
        self._response = response
        self._session = session

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes. Raises OSError where the connection breaks off."""
        try:
            data: bytes = self._response.read(size)
        except RequestError as error:
            raise OSError(_reason(error)) from None
        return data

    def close(self) -> None:
        self._response.close()
        self._session.close()


def network_opener(
    yt_dlp_args: Sequence[str], route: Route | None, *, timeout_s: float = CONNECT_TIMEOUT_S
) -> Opener:
    """A function that opens addresses by ``route`` (None: by yt-dlp's options), one connection an address.

    It returns the body and its length in bytes, if known, and raises OSError with a few words that hold
    no credentials. Raises SettingsError where ``yt_dlp_args`` cannot be used.
    """
    params = parse_args(yt_dlp_args)
    params = {name: params[name] for name in NETWORK_PARAMS if name in params}

    def open_by_route(url: str) -> tuple[_Body, int | None]:
        if not url.startswith(("https://", "http://")):
            raise OSError("not a web address")
        session = Session({**params, "socket_timeout": timeout_s})
        try:
            session.switch_network(route)
            # As it is on the server: compressed on the way, it would be longer than was announced.
            response = session.urlopen(Request(url, headers={"Accept-Encoding": "identity"}))
        except (RequestError, ValueError) as error:
            if isinstance(error, HTTPError):
                error.close()
            session.close()
            raise OSError(_reason(error)) from None
        length = response.get_header("Content-Length") or ""
        return _Body(response, session), int(length) if length.isdecimal() else None

    return open_by_route


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.status}"
    trouble = trouble_of(error)
    return (trouble.message if trouble else clean_message(str(error))).rstrip(".")
