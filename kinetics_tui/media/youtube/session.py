"""yt-dlp's YoutubeDL as one worker uses it: silent, reused, and honest about what failed.

Every byte of a clip, index, media and manifest, goes through one session, so that all leave by the same
network. A session holds sockets: make it in the process that uses it, never before a fork.

Whether YouTube's answer about a video refuses the network that asked, known before yt-dlp says so.
"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from yt_dlp import YoutubeDL
from yt_dlp.networking import Request
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import HTTPError, ProxyError, RequestError
from yt_dlp.utils.networking import select_proxy

from kinetics_tui.media.failures import NetworkTrouble, chain_of, signal_of, trouble_of
from kinetics_tui.media.guard import Guard
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Route

PLAYER_PATH = "/youtubei/v1/player"

_TEXTS = {"reason", "messages", "simpleText", "text"}


class _Question(msgspec.Struct):
    video_id: str = msgspec.field(name="videoId", default="")


class _Answer(msgspec.Struct):
    playability: dict[str, Any] = msgspec.field(name="playabilityStatus", default_factory=dict)
    video: _Question = msgspec.field(name="videoDetails", default_factory=_Question)


_questions = msgspec.json.Decoder(_Question)
_answers = msgspec.json.Decoder(_Answer)


def is_player_request(url: str) -> bool:
    """True if ``url`` is where YouTube is asked for a video."""
    return urlsplit(url).path == PLAYER_PATH


def refusal_in(asked: bytes, answered: bytes) -> Category | None:
    """The throttle that the bodies of a player request and of its answer tell of, or None."""
    try:
        question, answer = _questions.decode(asked), _answers.decode(answered)
    except msgspec.DecodeError:
        return None
    if answer.video.video_id not in ("", question.video_id):
        # YouTube plays another video to addresses that it blocks.
        return Category.ADDRESS_BLOCKED
    if answer.playability.get("status") == "OK":
        return None
    if "playerCaptchaViewModel" in (answer.playability.get("errorScreen") or ()):
        return Category.CAPTCHA
    return signal_of(" ".join(_texts(answer.playability)))


def _texts(node: Any, name: str = "") -> Iterator[str]:
    """Every text for people below ``node``, which stands under ``name``."""
    if isinstance(node, str):
        if name in _TEXTS:
            yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, name)


GATEWAY_STATUSES = {502, 503, 504}
"""With these a proxy that carries plain HTTP says that it does not reach the server."""
PROXY_STEPS = {"_tunnel", "_make_proxy"}
"""Functions of http.client and yt-dlp that speak with a proxy before anything reaches the server."""


class Logger(Protocol):
    """The methods that yt-dlp calls on its ``logger``."""

    def debug(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...


class QuietLogger:
    """Everything yt-dlp would print, as debug lines of ``kinetics_tui.media``."""

    def __init__(self) -> None:
        self._log = logging.getLogger("kinetics_tui.media")

    def debug(self, message: str) -> None:
        self._log.debug("%s", message)

    def warning(self, message: str) -> None:
        self._log.debug("%s", message)

    def error(self, message: str) -> None:
        self._log.debug("%s", message)


class Session(YoutubeDL):  # type: ignore[misc]  # yt-dlp ships no type information
    """One YoutubeDL that notes the last request that failed (``last_trouble``): yt-dlp itself drops it.

    A network that is refused is not asked again until ``begin``: yt-dlp would go on with the next of
    its clients, or with the same fragment. After a refusing answer it is no further player request,
    after status 429 no further request at all that is sent. No request outlasts the ``guard`` of the clip
    in hand, nor is one sent when that says to give up.
    """

    def __init__(self, params: dict[str, Any], logger: Logger | None = None) -> None:
        self.last_trouble: NetworkTrouble | None = None
        self.guard: Guard | None = None
        self._refused = False
        self._throttled = False
        quiet = {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "color": "never",
            "logger": logger or QuietLogger(),
            "noplaylist": True,
            "ignoreerrors": False,
            "skip_download": True,
            "skip_unavailable_fragments": False,
        }
        super().__init__({**params, **quiet})
        self._own_route = self._route = Route(params.get("source_address"), params.get("proxy"))

    def begin(self) -> None:
        """Begin something new: what failed before says nothing about it."""
        self.last_trouble = None
        self._refused = self._throttled = False

    def urlopen(self, req: Any) -> Any:
        """Send one request. What it raises is noted in ``last_trouble`` on its way up."""
        if isinstance(req, str):
            req = Request(req)
        is_player = is_player_request(req.url)
        if self._throttled or (self._refused and is_player):
            raise HTTPError(Response(io.BytesIO(), req.url, {}, HTTPStatus.TOO_MANY_REQUESTS))
        self._limit(req)
        try:
            response = super().urlopen(req)
            if self.guard:
                self.guard.watch(response)
            return self._read_answer(req, response) if is_player else response
        except RequestError as error:
            if self.guard:
                self.guard.check()
            blamed = self._blamed(req, error)
            trouble = trouble_of(blamed)
            self.last_trouble = trouble or self.last_trouble
            self._throttled = trouble is not None and trouble.category.kind is Kind.THROTTLE
            if blamed is error:
                raise
            raise blamed from error

    def _limit(self, req: Any) -> None:
        """Have a request end by the deadline of the clip in hand. Raises what says that it is over."""
        if self.guard is None:
            return
        self.guard.check()
        if (left_s := self.guard.seconds_left()) is not None:
            timeout_s = req.extensions.get("timeout") or self.params.get("socket_timeout") or 20.0
            req.extensions["timeout"] = min(float(timeout_s), left_s)

    def build_request_director(self, handlers: Iterable[Any], preferences: Any = None) -> Any:
        """yt-dlp's own, without urllib where there is a proxy: urllib goes past it as ``no_proxy`` says."""
        if self.params.get("proxy"):
            handlers = [handler for handler in handlers if handler.RH_KEY != "Urllib"]
        return super().build_request_director(handlers, preferences)

    def report_warning(self, message: object, *args: Any, **more: Any) -> None:
        """Note the one warning that tells why there was no answer; the exception does not."""
        if "failed to parse json" in str(message).lower() and self.last_trouble is None:
            self.last_trouble = NetworkTrouble(
                Category.OFFLINE, "A page came back where YouTube's answer was due."
            )
        super().report_warning(message, *args, **more)

    def run_all_pps(self, _key: object, info: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Nothing: there is nothing to process, and yt-dlp would lay out a table of all formats for it."""
        return info

    def save_cookies(self) -> None:
        """Nothing: many workers would write the user's one cookie file at the same time."""

    def switch_network(self, route: Route | None) -> None:
        """Send all further requests by ``route`` (None: as the options say); open connections close.

        Nothing happens where that is the route in force. Cookies that YouTube gave a guest stay behind: they
        would tell it that both networks are the same visitor.
        """
        route = route or self._own_route
        if route == self._route:
            return
        self.params.update(source_address=route.source_address, proxy=route.proxy)
        # Both are made once from the parameters; a yt-dlp that keeps them elsewhere fails here, rather
        # than go on by the network before. Its own close() would end what outlives a switch as well.
        self._request_director.close()
        del self._request_director, self.proxies
        self._route = route
        if not (self.params.get("cookiefile") or self.params.get("cookiesfrombrowser")):
            self.cookiejar.clear()

    def _read_answer(self, req: Any, response: Any) -> Response:
        """The same answer, after a look at whether it refuses the network."""
        with response:
            body = response.read()
        if refusal_in(req.data, body) is not None:
            self._refused = True
        return Response(io.BytesIO(body), response.url, response.headers, response.status, response.reason)

    def _blamed(self, req: Any, error: RequestError) -> RequestError:
        """``error``, or another in its place where it was the proxy that failed, not the server."""
        proxy = select_proxy(req.url, req.proxies or self.proxies)
        if not proxy or isinstance(error, ProxyError):
            return error
        if isinstance(error, HTTPError):
            carried = urlsplit(req.url).scheme == urlsplit(proxy).scheme == "http"
            if not (carried and error.status in GATEWAY_STATUSES):
                return error
            error.close()
            return ProxyError(f"it answers with status {error.status}", cause=error)
        steps = {
            frame.f_code.co_name
            for link in chain_of(error)
            for frame, _ in traceback.walk_tb(link.__traceback__)
        }
        return ProxyError("it does not answer as one", cause=error) if steps & PROXY_STEPS else error
