"""The stock of the loopback YouTube: videos, and the ways in which they fail.

There are also catalogues in which any id has a video, to serve real annotation files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import msgspec

from kinetics_tui.demo.media import Kind, Source, SourceSpec, cached_source
from kinetics_tui.model.clip import Clip


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
    CONTENT_NOT_AVAILABLE = "content not available"
    NOT_ON_THIS_APP = "not available on this app"
    RELOAD = "page needs to be reloaded"
    NO_FORMATS = "no formats"
    ONLY_IMAGES = "only images"
    SABR_ONLY = "sabr only"
    N_CHALLENGE = "n challenge"

    # The player refuses the client's network.
    SESSION_LIMIT = "session limit"
    SESSION_LIMIT_CURLY = "session limit, curly apostrophe"
    REQUEST_LIMIT = "request limit"
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
    """The way in which a video fails.

    ``times``: only so many requests that the case concerns (player requests, or media requests; of
    ``MEDIA_EXPIRED`` the media addresses of the first so many player answers), then all is well; None:
    always. ``spared``: so many of them are answered well before that, so that a fault can be planned for
    the n-th request. ``itag``: of media requests, only those for one format count and fail. ``clients``:
    only those of yt-dlp's clients fail, by the names that they tell YouTube; none: all.
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
    clients: tuple[str, ...] = ()
    manifest: bool = False
    retry_after_s: int | None = None
    after_bytes: int = 4096
    damage: Mapping[int, int] = {}
    bytes_per_s: float = 20_000
    countries: tuple[str, ...] = ("DE", "FR")
    redirect_to: str = ""


class Track(msgspec.Struct, frozen=True):
    """One of several sound tracks, as YouTube names it: "German", ``de.3``; "English original", ``en.4``."""

    name: str
    id: str
    is_default: bool = False


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What YouTube says of a source, beyond what is in it.

    ``itag`` is the one that it is given where another source has it too (its own number still stands in its
    address). A ``damaged`` one is said to be much shorter than the video. With ``only_in_hls`` it is named
    beside the others without an address, and to be had by playlists.
    """

    itag: int | None = None
    damaged: bool = False
    upscaled: bool = False
    track: Track | None = None
    only_in_hls: bool = False


class Video(msgspec.Struct, frozen=True):
    """One video: ``sources`` by itag (134: 360p H.264, 140: AAC, 18: both in one ...), and their ``offers``.

    With ``hls`` its fragmented sources are offered in pieces, through playlists, and nothing else is. What a
    ``folder`` holds is offered beside the sources: a ``master.m3u8`` or ``manifest.mpd``, and what is behind.
    ``made_for_kids``: some clients are not given it, and its page says why.
    """

    id: str
    title: str
    length_s: float
    sources: Mapping[int, Source]
    failure: Failure | None = None
    hls: bool = False
    folder: Path | None = None
    made_for_kids: bool = False
    offers: Mapping[int, Offer] = {}

    def offer(self, itag: int) -> Offer:
        """What is said of the source of ``itag``."""
        return self.offers.get(itag, Offer())

    @property
    def has_playlists(self) -> bool:
        """True if its fragmented sources are (also) offered in pieces."""
        return self.hls or any(offer.only_in_hls for offer in self.offers.values())


Catalogue = Mapping[str, Video] | Callable[[str], Video | None]
"""Videos by id. An id without a video is answered as unavailable."""


Sources = Mapping[int, Source]

FAILING_SHARE = 0.0238
"""The share of clips that failed in the 2019 write-up."""

WRITE_UP_CASES: dict[Case, int] = {
    Case.UNAVAILABLE: 5303,
    Case.NOT_AVAILABLE_ANYMORE: 5303,
    Case.AGE: 2451,
    Case.MEDIA_404: 943,
    Case.COPYRIGHT_BLOCKED: 672,
    Case.REMOVED_BY_USER: 337,
    Case.SOMETHING_WRONG: 144,
    Case.TERMS_OF_SERVICE: 134,
    Case.DUPLICATE: 2,
    Case.PLAYER_503: 1,
}
"""The failures of the write-up, and how often each came."""

LENGTHS_S = (320, 3_200, 24_000)
"""Lengths of the long sources: the latest clip of all releases ends at 23,780 s."""

PERIOD_S = 40
LONG_FPS = 8


class SyntheticCatalogue:
    """A catalogue in which every id has a video, made of one of ``source_sets``, chosen by the id.

    ``needed_s`` says, by id, how far a video has to reach: it is then made of one of the shortest
    sources that do. A share of ``failing`` of all ids (0 to 1) fails, always the same ones, in the ways
    of the 2019 write-up.
    """

    def __init__(
        self,
        source_sets: Sequence[Sources],
        needed_s: Mapping[str, float] | None = None,
        failing: float = 0.0,
    ) -> None:
        self._by_length: dict[float, list[Sources]] = {}
        for sources in sorted(source_sets, key=_length_s):
            self._by_length.setdefault(_length_s(sources), []).append(sources)
        self._needed_s = needed_s or {}
        self._failing = failing

    def __call__(self, video_id: str) -> Video:
        digest = hashlib.sha256(video_id.encode()).digest()
        needed_s = self._needed_s.get(video_id, 0.0)
        length_s = next((length for length in self._by_length if length >= needed_s), max(self._by_length))
        fitting = self._by_length[length_s]
        sources = fitting[int.from_bytes(digest[:4]) % len(fitting)]
        return Video(video_id, f"video {video_id}", length_s, sources, self._failure(digest))

    def _failure(self, digest: bytes) -> Failure | None:
        if int.from_bytes(digest[4:8]) >= self._failing * 2**32:
            return None
        at = int.from_bytes(digest[8:12]) % sum(WRITE_UP_CASES.values())
        for case, weight in WRITE_UP_CASES.items():
            if at < weight:
                return Failure(case)
            at -= weight
        raise AssertionError("the weights sum up to more than the remainder of a division by their sum")


def long_sources(folder: Path, length_s: int) -> dict[int, Source]:
    """A long video in small pictures, kept in ``folder``: 6.6 hours take a second to make and 170 MB.

    Its pictures, frame numbers and tune start again every ``PERIOD_S`` seconds.
    """
    pictures = SourceSpec(
        kind=Kind.DASH_VIDEO,
        duration_s=length_s,
        period_s=PERIOD_S,
        fps=LONG_FPS,
        width_px=256,
        height_px=144,
        crf=34,
    )
    sound = SourceSpec(
        kind=Kind.DASH_AUDIO,
        duration_s=length_s,
        period_s=PERIOD_S,
        sample_rate_hz=16_000,
        channels=1,
        audio_bits_per_s=20_000,
    )
    return {160: cached_source(folder, pictures), 140: cached_source(folder, sound)}


def catalogue_for(clips: Iterable[Clip], folder: Path, failing: float = FAILING_SHARE) -> SyntheticCatalogue:
    """A catalogue with a video, long enough, for each of ``clips``; sources are kept in ``folder``."""
    needed_s: dict[str, float] = {}
    for clip in clips:
        needed_s[clip.youtube_id] = max(clip.time_end, needed_s.get(clip.youtube_id, 0.0))
    longest_s = max(needed_s.values(), default=0.0)
    lengths = [LENGTHS_S[0], *(longer for shorter, longer in pairwise(LENGTHS_S) if longest_s > shorter)]
    return SyntheticCatalogue([long_sources(folder, length) for length in lengths], needed_s, failing)


def _length_s(sources: Sources) -> float:
    return max(source.spec.duration_s for source in sources.values())
