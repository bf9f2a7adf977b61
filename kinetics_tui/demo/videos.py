"""What the loopback YouTube has to show: videos, and the ways in which they fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from kinetics_tui.demo.sources import Source


class Case(StrEnum):
    """One way for a video to fail; the value is its name in tests."""

    # The player answers that the video is not to be had.
    PRIVATE = "private"
    REMOVED_BY_UPLOADER = "removed by uploader"
    REMOVED_BY_USER = "removed by user"
    ACCOUNT_TERMINATED = "account terminated"
    ACCOUNT_CLOSED = "account closed"
    COPYRIGHT_CLAIM = "copyright claim"
    COPYRIGHT_BLOCKED = "copyright blocked"
    COPYRIGHT_COUNTRY = "copyright blocked in country"
    TERMS_GUIDELINES = "terms: community guidelines"
    TERMS_OF_SERVICE = "terms: terms of service"
    TERMS_NUDITY = "terms: nudity"
    TERMS_SPAM = "terms: spam"
    AGE = "age"
    GEO = "geo"
    GEO_COUNTRIES = "geo with countries"
    UNAVAILABLE = "unavailable"
    NOT_AVAILABLE_ANYMORE = "not available anymore"
    DUPLICATE = "duplicate"
    MEMBERS_ONLY = "members only"
    PREMIERE = "premiere"
    DRM = "drm"
    LIVE = "live"
    SOMETHING_WRONG = "something wrong"
    NO_FORMATS = "no formats"
    SABR_ONLY = "sabr only"
    N_CHALLENGE = "n challenge"

    # The player refuses the client's network.
    SESSION_LIMIT = "session limit"
    SESSION_LIMIT_CURLY = "session limit, curly apostrophe"
    BOT_CHECK = "bot check"
    CAPTCHA = "captcha"
    ADDRESS_BLOCKED = "address blocked"
    PLAYER_429 = "player 429"

    # The player does not answer as it should.
    PLAYER_403 = "player 403"
    PLAYER_404 = "player 404"
    PLAYER_503 = "player 503"
    PLAYER_RESET = "player reset"
    PLAYER_STALL = "player stall"
    PLAYER_HTML = "player html"

    # The player answers well, the media do not come.
    MEDIA_403 = "media 403"
    MEDIA_404 = "media 404"
    MEDIA_429 = "media 429"
    MEDIA_503 = "media 503"
    MEDIA_EXPIRED = "media address expired"
    MEDIA_STALL = "media stall"
    MEDIA_RESET = "media reset"
    MEDIA_EARLY_CLOSE = "media early close"
    MEDIA_RANGE_IGNORED = "media range ignored"
    MEDIA_CORRUPTED = "media corrupted"
    MEDIA_SCRAMBLED = "media scrambled"
    MEDIA_SLOW = "media slow"
    MEDIA_NO_ANSWER = "media no answer"
    MEDIA_HANG_UP = "media hang-up"
    MEDIA_LENGTH_LONG = "media length too long"
    MEDIA_LENGTH_SHORT = "media length too short"
    MEDIA_OTHER_RANGE = "media other range"
    MEDIA_SHIFTED = "media shifted"
    MEDIA_DAMAGED = "media damaged"
    MEDIA_HTML = "media html"
    MEDIA_REDIRECT = "media redirect"


class Failure(msgspec.Struct, frozen=True):
    """How a video fails.

    ``times``: only so many requests that the case concerns (player requests, or media requests; of
    ``MEDIA_EXPIRED`` the media addresses of the first so many player answers), then all is well; None:
    always. ``spared``: so many of them are answered well before that, so that a fault can be planned for
    the n-th request. ``itag``: of media requests, only those for one format count and fail.
    ``manifest``: what is named for media happens to playlists instead.

    ``after_bytes``: what a faulty media answer sends before it stalls, resets or
    closes, by how much it is shifted, or how far its length is off; what a corrupted or scrambled source
    keeps intact at its start (corrupted ones keep all of their
    container, and lose the pictures and sound in it). ``damage``: where a damaged source
    has another byte, and what it is combined with by exclusive or. ``bytes_per_s`` is the speed of
    ``MEDIA_SLOW``; ``retry_after_s`` goes with status 429 and 503; ``countries`` with ``GEO_COUNTRIES``.
    ``redirect_to`` is the site (``http://`` host and port) that ``MEDIA_REDIRECT`` leads to; where it is
    empty, it leads to the same address again.
    """

    case: Case
    times: int | None = None
    spared: int = 0
    itag: int | None = None
    manifest: bool = False
    retry_after_s: int | None = None
    after_bytes: int = 4096
    damage: Mapping[int, int] = {}
    bytes_per_s: float = 20_000
    countries: tuple[str, ...] = ("DE", "FR")
    redirect_to: str = ""


class Video(msgspec.Struct, frozen=True):
    """One video: ``sources`` by itag (134: 360p H.264, 140: AAC, 18: both in one ...).

    With ``hls`` its fragmented sources are offered in pieces, through playlists, and nothing else is.
    """

    id: str
    title: str
    length_s: float
    sources: Mapping[int, Source]
    failure: Failure | None = None
    hls: bool = False


Catalogue = Mapping[str, Video] | Callable[[str], Video | None]
"""Videos by id. An id without a video is answered as unavailable."""
