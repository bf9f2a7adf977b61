"""From a YouTube id to the addresses of its media, through yt-dlp's own extractor."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
from yt_dlp.extractor.youtube._base import INNERTUBE_CLIENTS
from yt_dlp.utils import YoutubeDLError

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.media.failures import ClipCancelled, ClipFailure, classify
from kinetics_tui.media.youtube import format_choice as formats
from kinetics_tui.media.youtube.javascript import bound_solver
from kinetics_tui.media.youtube.session import Logger, Session
from kinetics_tui.media.youtube.yt_dlp_options import parse_args
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Route
from kinetics_tui.model.options import Resolve

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_CLIENT_ADDRESS = re.compile(r"[?&/]ip[=/]([0-9A-Fa-f.:%]{2,64})(?:[&/]|$)")
_Args = dict[str, list[str]]
"""Arguments of yt-dlp's extractor."""
_NOT_PLAYABLE_YET = frozenset({"is_live", "is_upcoming", "post_live"})


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One media file of a video: where it is and what is in it.

    ``fragmented``: it comes in pieces by a manifest (HLS, DASH), not as one file with byte ranges;
    ``info`` is then what yt-dlp's downloader needs. A codec is None where there is no such stream, and
    empty where its name is not told. ``available_at`` is the time (seconds since the
    epoch) before which YouTube does not serve it.
    """

    url: str
    headers: dict[str, str]
    itag: str
    ext: str
    vcodec: str | None
    acodec: str | None
    size_bytes: int | None
    width_px: int | None
    height_px: int | None
    fps: float | None
    sound_hz: int | None
    protocol: str
    fragmented: bool
    available_at: float | None = None
    info: dict[str, Any] = {}

    @property
    def tier_px(self) -> int:
        """YouTube's tier of the pictures, which is their shorter side; 0 where it is not known."""
        return min(self.width_px or 0, self.height_px or 0)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The media of one video. ``audio`` is None where ``video`` carries the sound or none is wanted.

    ``asked`` is the way by which YouTube gave them; None where there was no choice.
    """

    youtube_id: str
    asked: Resolve | None
    video: Stream
    audio: Stream | None
    duration_s: float | None

    @property
    def itags(self) -> list[str]:
        """The formats: of the pictures, and of the sound where it is apart."""
        return [stream.itag for stream in (self.video, self.audio) if stream]


class Resolver:
    """Resolves videos, one after the other, with one reused yt-dlp instance.

    YouTube is asked *lean*, by one of yt-dlp's own default clients that needs neither page nor JavaScript nor
    token, which costs one request, or in *full*, as yt-dlp does by itself. Where the user chose clients or
    left out pages himself, every video is asked for as he said.

    Make it in the process that uses it. Raises SettingsError where ``yt_dlp_args`` cannot be used.
    """

    def __init__(
        self,
        yt_dlp_args: Sequence[str] = (),
        *,
        height_px: int = 360,
        audio: bool = True,
        resolve: Resolve = Resolve.AUTO,
        logger: Logger | None = None,
    ) -> None:
        params = parse_args(yt_dlp_args)
        self._chooser = formats.Chooser(height_px, audio=audio, params=params)
        if params.get("format") is None:
            params["format"] = self._chooser
        self._audio = audio
        self._height_px = height_px
        self._way = resolve
        self.seen_as = ""
        """The address that YouTube saw the last video asked for from, empty where it did not tell."""
        try:
            self.session = Session(params, logger)
            self._extractor = self.session.get_info_extractor("Youtube")
            self._extractor.initialize()
        except (YoutubeDLError, SyntaxError, ValueError, OSError) as error:
            raise SettingsError(f"--yt-dlp: yt-dlp cannot start with these options: {error}.") from error
        bound_solver(self._extractor, self._wait)

    def _wait(self, seconds: float) -> None:
        if self.session.guard is None:
            time.sleep(seconds)
        else:
            self.session.guard.sleep(seconds)

    def resolve(
        self, youtube_id: str, first: Resolve = Resolve.LEAN, avoided: frozenset[str] = frozenset()
    ) -> Source:
        """The media of ``youtube_id``. Raises ClipFailure with the category of whatever went wrong.

        ``first`` is the way that is tried first where both may be, ``avoided`` are itags that are passed
        over while there are others.
        """
        if not _YOUTUBE_ID.fullmatch(youtube_id):
            raise ClipFailure(Category.VIDEO_NOT_AVAILABLE, f"{youtube_id!r} is not a YouTube id.")
        self._chooser.avoided = avoided
        way, *others = self._ways(first)
        try:
            source = self._ask(youtube_id, *way)
            best_px = min(self.session.out_of_reach_px, self._height_px)
            if not others or source.asked is Resolve.FULL or source.video.tier_px >= best_px:
                return source
        except ClipFailure as failure:
            if not others or not _other_way_may_help(failure):
                raise
            return self._ask_again(youtube_id, others[0], failure.message)
        try:
            return self._ask(youtube_id, *others[0])  # which may be given a better tier
        except ClipFailure:
            return source

    def _ask_again(self, youtube_id: str, way: tuple[Resolve | None, _Args], told: str) -> Source:
        """Ask by another way, after the first one had ``told`` why it has nothing to give."""
        try:
            return self._ask(youtube_id, *way)
        except ClipFailure as failure:
            if failure.category.kind is not Kind.THROTTLE:
                raise
            # The network has answered the other way: it is this way that is refused.
            text = f"{told.rstrip('.')}; asked the other way, YouTube refused: {failure.category.value}."
            raise ClipFailure(Category.NO_FORMATS, text) from failure

    @property
    def has_both_ways(self) -> bool:
        """True if a video may be asked for lean and in full."""
        return len(self._ways(Resolve.LEAN)) > 1

    def _ways(self, first: Resolve) -> list[tuple[Resolve | None, _Args]]:
        """The ways to ask, in their order, with what the extractor is told for each."""
        full: _Args = {}
        if self._way is Resolve.FULL:
            return [(Resolve.FULL, full)]
        client = lean_client(self._extractor)
        if client is None or self.session.youtube_args.keys() & {"player_client", "player_skip"}:
            return [(None, full)]
        lean = {"player_client": [client], "player_skip": ["webpage", "initial_data"]}
        if self._way is Resolve.LEAN:
            return [(Resolve.LEAN, lean)]
        both: list[tuple[Resolve | None, _Args]] = [(Resolve.LEAN, lean), (Resolve.FULL, full)]
        return both if first is Resolve.LEAN else both[::-1]

    def _ask(self, youtube_id: str, way: Resolve | None, args: _Args) -> Source:
        session = self.session
        session.begin()
        if way is Resolve.LEAN and session.visitor_data and not session.youtube_args.get("visitor_data"):
            args = {**args, "visitor_data": [session.visitor_data]}  # as yt-dlp goes on with that of a page
        session.set_youtube_args(args)
        try:
            info = session.extract_info(
                f"https://www.youtube.com/watch?v={youtube_id}", download=False, ie_key="Youtube"
            )
        except (ClipFailure, ClipCancelled):
            raise
        except Exception as error:  # A raw TypeError can escape from the extractor.
            raise self._cause(error) from error
        return self._source(youtube_id, way, info)

    def _cause(self, error: Exception) -> ClipFailure:
        """The failure behind an error of yt-dlp's, which drops failed requests where a page came through."""
        session = self.session
        failure = classify(error, session.last_trouble)
        if failure.category is Category.HTTP_404:  # an endpoint is not there, which says nothing of the video
            return ClipFailure(Category.MISCELLANEOUS, failure.message)
        if failure.category.kind in (Kind.THROTTLE, Kind.PERMANENT):
            return failure
        if session.refusal is not None:
            return ClipFailure(session.refusal, f"YouTube refuses this network: {session.refusal.value}.")
        trouble = session.player_trouble
        if trouble is not None and failure.category in (Category.NO_FORMATS, Category.MISCELLANEOUS):
            permanent = trouble.category.kind is Kind.PERMANENT  # the endpoint is not there, not the video
            category = Category.MISCELLANEOUS if permanent else trouble.category
            return ClipFailure(category, trouble.message, trouble.retry_after_s)
        return failure

    def switch_network(self, route: Route | None) -> None:
        """Send every further request by ``route`` (None: as the options say)."""
        self.session.switch_network(route)

    def close(self) -> None:
        """Close the sockets."""
        self.session.close()

    def _source(self, youtube_id: str, asked: Resolve | None, info: dict[str, Any] | None) -> Source:
        if info is None or info.get("id") != youtube_id:
            # Paid videos are answered with their trailer.
            raise ClipFailure(Category.MEMBERS_ONLY, "YouTube offers another video in its place.")
        if info.get("live_status") in _NOT_PLAYABLE_YET:
            raise ClipFailure(Category.LIVE_OR_PREMIERE, "The video is live or not yet shown.")
        chosen = info.get("requested_formats") or [info]
        video = next((fmt for fmt in chosen if formats.has_video(fmt)), None)
        if video is None:
            raise ClipFailure(Category.NO_FORMATS, "None of the video's formats holds pictures.")
        self.seen_as = _address_in(str(video["url"]))
        audio = next((fmt for fmt in chosen if formats.has_audio(fmt) and fmt is not video), None)
        if not self._audio or formats.has_audio(video):
            audio = None
        return Source(
            youtube_id=youtube_id,
            asked=asked,
            video=_stream(video),
            audio=_stream(audio) if audio else None,
            duration_s=info.get("duration"),
        )


def lean_client(extractor: Any) -> str | None:
    """The first of yt-dlp's own default clients that needs nothing but its one request, or None.

    Read from yt-dlp's tables, which change with every release: neither its page nor a player script nor a
    token may be needed, and with cookies of an account it has to take them.
    """
    try:
        logged_in = extractor.is_authenticated
        names = extractor._DEFAULT_AUTHED_CLIENTS if logged_in else extractor._DEFAULT_CLIENTS
        for name in names if logged_in else (*names, *extractor._DEFAULT_JSLESS_CLIENTS):
            client = INNERTUBE_CLIENTS[name]
            needs_token = client["PLAYER_PO_TOKEN_POLICY"].required or any(
                policy.required for policy in client["GVS_PO_TOKEN_POLICY"].values()
            )
            takes_cookies = client["SUPPORTS_COOKIES"] or not logged_in
            if not (client["REQUIRE_JS_PLAYER"] or client["REQUIRE_AUTH"] or needs_token) and takes_cookies:
                return str(name)
    except (AttributeError, KeyError):
        pass  # a yt-dlp with other tables: it is asked as it asks by itself
    return None


_OF_THE_CLIENT = frozenset(
    {Category.NO_FORMATS, Category.MISCELLANEOUS, Category.FORBIDDEN, Category.PLAYER_REFUSED}
)
_WORDS_OF_THE_CLIENT = re.compile(r"made for kids", re.I)
"""An answer that is about the client that asked, not about the video, by its category and by its words."""


def _other_way_may_help(failure: ClipFailure) -> bool:
    """True if other clients may be given what this way was not, and YouTube refused nothing."""
    return failure.category in _OF_THE_CLIENT or bool(_WORDS_OF_THE_CLIENT.search(failure.message))


def _address_in(media_url: str) -> str:
    """The address of the client that YouTube writes into its media's, as ``ip=`` or in a path ``/ip/``."""
    found = _CLIENT_ADDRESS.search(media_url)
    try:
        return str(ipaddress.ip_address(unquote(found[1]))) if found else ""
    except ValueError:
        return ""


def _stream(fmt: dict[str, Any]) -> Stream:
    headers = {name: value for name, value in (fmt.get("http_headers") or {}).items() if value}
    return Stream(
        url=fmt["url"],
        headers=headers,
        itag=str(fmt.get("format_id", "")),
        ext=str(fmt.get("ext", "")),
        vcodec=(fmt.get("vcodec") or "") if formats.has_video(fmt) else None,
        acodec=(fmt.get("acodec") or "") if formats.has_audio(fmt) else None,
        size_bytes=fmt.get("filesize"),
        width_px=fmt.get("width"),
        height_px=fmt.get("height"),
        fps=fmt.get("fps"),
        sound_hz=fmt.get("asr"),
        protocol=str(fmt.get("protocol", "")),
        fragmented=not formats.has_ranges(fmt),
        available_at=fmt.get("available_at"),
        info={} if formats.has_ranges(fmt) else dict(fmt),
    )
