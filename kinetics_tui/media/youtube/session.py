"""yt-dlp's YoutubeDL as one worker uses it: silent, reused, and honest about what failed.

Every byte of a clip, index, media and manifest, goes through one session, so that all leave by the same
network. A session holds sockets: make it in the process that uses it, never before a fork.

Whether YouTube's answer about a video refuses the network that asked, known before yt-dlp says so.
"""

from __future__ import annotations

import contextlib
import io
import logging
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from http.client import RemoteDisconnected
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from yt_dlp import YoutubeDL
from yt_dlp.networking import Request
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import HTTPError, ProxyError, RequestError, TransportError
from yt_dlp.utils.networking import select_proxy

from kinetics_tui.media.failures import (
    ClipFailure,
    NetworkTrouble,
    chain_of,
    is_player_request,
    signal_of,
    trouble_of,
)
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.javascript import SCRIPT_PREFIX, keep_script, kept_script
from kinetics_tui.media.youtube.yt_dlp_options import logged_in_until
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Route

COUNTED_PATHS = ("/watch", "/embed/", "/iframe_api", "/youtubei/")
"""The paths of pages and players begin so: the requests that YouTube is said to count."""

_TEXTS = {"reason", "messages", "simpleText", "text"}


class _Question(msgspec.Struct):
    video_id: str = msgspec.field(name="videoId", default="")


class _Answer(msgspec.Struct):
    playability: dict[str, Any] = msgspec.field(name="playabilityStatus", default_factory=dict)
    video: _Question = msgspec.field(name="videoDetails", default_factory=_Question)


class _Offer(msgspec.Struct, frozen=True, rename="camel"):
    width: int = 0
    height: int = 0
    url: str = ""
    signature_cipher: str = ""


class _Streaming(msgspec.Struct, frozen=True, rename="camel"):
    formats: tuple[_Offer, ...] = ()
    adaptive_formats: tuple[_Offer, ...] = ()


class _Context(msgspec.Struct, frozen=True, rename="camel"):
    visitor_data: str = ""


class _Extras(msgspec.Struct, frozen=True, rename="camel"):
    streaming_data: _Streaming = _Streaming()
    response_context: _Context = _Context()


class _MainApp(msgspec.Struct):
    logged_out: bool = msgspec.field(name="loggedOut", default=False)


class _LoginContext(msgspec.Struct):
    main_app: _MainApp = msgspec.field(name="mainAppWebResponseContext", default_factory=_MainApp)


class _Login(msgspec.Struct):
    context: _LoginContext = msgspec.field(name="responseContext", default_factory=_LoginContext)


_logins = msgspec.json.Decoder(_Login)
_questions = msgspec.json.Decoder(_Question)
_answers = msgspec.json.Decoder(_Answer)
_extras = msgspec.json.Decoder(_Extras)


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


def is_logged_out(answered: bytes) -> bool:
    """True if the body of an answer says that nobody is logged in."""
    try:
        return _logins.decode(answered).context.main_app.logged_out
    except msgspec.DecodeError:
        return False


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


SHORT_ANSWER_BYTES = 64 * 1024
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
    its clients, or with the same fragment. After a refusing answer, which ``refusal`` tells, it is no further
    player request, after status 429 no further request at all that is sent. No request outlasts the ``guard``
    of the clip in hand, nor is one sent when that says to give up. With an account's cookies no clip is asked
    for as a guest: ClipFailure (LOGGED_OUT) is raised where their login has ended.

    ``player_trouble`` is the last failure of a request for a player's answer, which yt-dlp drops where the
    watch page came through; ``out_of_reach_px`` the best tier that an answer named without an address;
    ``visitor_data`` what the last answer calls this visitor.
    """

    def __init__(self, params: dict[str, Any], logger: Logger | None = None) -> None:
        self.last_trouble: NetworkTrouble | None = None
        self.requests = 0
        """Requests for pages and players that were sent so far; media and player scripts do not count."""
        self.guard: Guard | None = None
        self.player_trouble: NetworkTrouble | None = None
        self.refusal: Category | None = None
        self.out_of_reach_px = 0
        self.visitor_data = ""
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
        self._own_extractor_args: dict[str, Any] = self.params.get("extractor_args") or {}
        self._has_account = logged_in_until(self.cookiejar) is not None
        self._own_route = self._route = Route(params.get("source_address"), params.get("proxy"))

    def begin(self) -> None:
        """Begin something new: what failed before says nothing about it."""
        self.last_trouble = self.player_trouble = self.refusal = None
        self.out_of_reach_px = 0
        self._throttled = False
        if self._has_account and (logged_in_until(self.cookiejar) or 0.0) <= time.time():
            raise _logged_out()

    @property
    def youtube_args(self) -> dict[str, Any]:
        """The user's own arguments of the YouTube extractor."""
        args: dict[str, Any] = self._own_extractor_args.get("youtube") or {}
        return args

    def set_youtube_args(self, args: Mapping[str, list[str]]) -> None:
        """Have the YouTube extractor take these beside the user's own, from its next video on."""
        self.params["extractor_args"] = {**self._own_extractor_args, "youtube": {**self.youtube_args, **args}}

    def urlopen(self, req: Any) -> Any:
        """Send one request. What it raises is noted in ``last_trouble`` on its way up."""
        if isinstance(req, str):
            req = Request(req)
        is_player = is_player_request(req.url)
        if self._throttled or (self.refusal and is_player):
            raise HTTPError(Response(io.BytesIO(), req.url, {}, HTTPStatus.TOO_MANY_REQUESTS))
        script = urlsplit(req.url).path
        if not script.startswith(SCRIPT_PREFIX):
            script = ""
        elif (kept := kept_script(script)) is not None:
            return Response(io.BytesIO(kept), req.url, {})
        self._limit(req)
        self.requests += urlsplit(req.url).path.startswith(COUNTED_PATHS)
        try:
            response = super().urlopen(req)
            if self.guard:
                self.guard.watch(response)
            if script and response.status == HTTPStatus.OK:
                return self._kept(script, response)
            return self._read_answer(req, response) if is_player else response
        except RequestError as error:
            if self.guard:
                self.guard.check()
            blamed = self._blamed(req, error)
            if isinstance(blamed, HTTPError):
                _let_go(blamed)
            trouble = trouble_of(blamed)
            self.last_trouble = trouble or self.last_trouble
            if is_player:
                self.player_trouble = trouble or self.player_trouble
            self._throttled = trouble is not None and trouble.category.kind is Kind.THROTTLE
            if blamed is error:
                raise
        raise blamed  # here, where the error before it is no part of it

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
        """Note what only warnings tell: why there was no answer, and that a login has ended."""
        if "cookies are no longer valid" in str(message).lower():
            raise _logged_out()
        if "failed to parse json" in str(message).lower() and self.last_trouble is None:
            self.last_trouble = self.player_trouble = NetworkTrouble(
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
        self.visitor_data = ""
        if not (self.params.get("cookiefile") or self.params.get("cookiesfrombrowser")):
            self.cookiejar.clear()

    def _read_answer(self, req: Any, response: Any) -> Response:
        """The same answer, after a look at whether it refuses the network, and at what it leaves out."""
        body = _body(response)
        if "Authorization" in req.headers and is_logged_out(body):
            raise _logged_out()
        self.refusal = refusal_in(req.data, body) or self.refusal
        with contextlib.suppress(msgspec.DecodeError):
            extras = _extras.decode(body)
            streaming = extras.streaming_data
            self.visitor_data = extras.response_context.visitor_data or self.visitor_data
            for offer in (*streaming.formats, *streaming.adaptive_formats):
                if not (offer.url or offer.signature_cipher):
                    self.out_of_reach_px = max(self.out_of_reach_px, min(offer.width, offer.height))
        return _again(response, body)

    def _kept(self, path: str, response: Any) -> Response:
        """The same answer, whose player script is kept for every process of this machine."""
        body = _body(response)
        keep_script(path, body)
        return _again(response, body)

    def _blamed(self, req: Any, error: RequestError) -> RequestError:
        """``error``, or another in its place where it was the proxy that failed, or just the server."""
        proxy = select_proxy(req.url, req.proxies or self.proxies)
        if not proxy:
            return error
        if isinstance(error, ProxyError):
            # urllib3 has forgotten that it came through the proxy where the server hung up behind it.
            hang_ups = [link for link in chain_of(error) if isinstance(link, RemoteDisconnected)]
            behind = urlsplit(req.url).scheme == "https" and not _steps(error) & PROXY_STEPS
            return TransportError(cause=hang_ups[0]) if hang_ups and behind else error
        if isinstance(error, HTTPError):
            carried = urlsplit(req.url).scheme == urlsplit(proxy).scheme == "http"
            if not (carried and error.status in GATEWAY_STATUSES):
                return error
            error.close()
            return ProxyError(f"it answers with status {error.status}", cause=error)
        return ProxyError("it does not answer as one", cause=error) if _steps(error) & PROXY_STEPS else error


def _let_go(error: HTTPError) -> None:
    """Read a short answer at once: yt-dlp leaves those that refuse something open."""
    response = error.response
    length = response.get_header("Content-Length") or ""
    if length.isdecimal() and int(length) <= SHORT_ANSWER_BYTES:
        with contextlib.suppress(RequestError):
            error.response = _again(response, _body(response))


def _steps(error: BaseException) -> set[str]:
    """The functions in which an error, and whatever caused it, came up."""
    links = chain_of(error)
    return {frame.f_code.co_name for link in links for frame, _ in traceback.walk_tb(link.__traceback__)}


def _body(response: Any) -> bytes:
    with response:
        body: bytes = response.read()
    return body


def _again(response: Any, body: bytes) -> Response:
    """An answer to be read once more, whose body was read already."""
    return Response(io.BytesIO(body), response.url, response.headers, response.status, response.reason)


def _logged_out() -> ClipFailure:
    return ClipFailure(Category.LOGGED_OUT, "The login in the account's cookies has ended.")
