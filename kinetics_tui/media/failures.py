"""Why a clip did not come through: from what yt-dlp, HTTP, sockets and disks raise to one category.

ClipFailure      the clip or the network failed; carries its category
ClipCancelled    somebody asked to put the clip back; nothing failed

This module knows yt-dlp's exceptions by their shape alone (``status``, ``cause``, ``exc_info``), so
that importing it costs nothing.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from kinetics_tui.base.safe_text import for_ledger
from kinetics_tui.model.failure import Category, Kind

MESSAGE_LENGTH = 300
LONGEST_RETRY_AFTER_S = 30 * 86_400.0


class ClipFailure(Exception):  # noqa: N818 - the name of the thing: a failure has a category, an error is ours
    """A clip did not come through.

    ``message`` is one line without secrets; ``retry_after_s`` is what the server asked us to wait.
    """

    def __init__(self, category: Category, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.category = category
        self.message = message
        self.retry_after_s = retry_after_s

    def __repr__(self) -> str:
        return f"ClipFailure({self.category.value!r}, {self.message!r})"


class ClipCancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The clip in hand was put back on request."""


class NetworkTrouble(msgspec.Struct, frozen=True):
    """One failed request, as far as it matters: yt-dlp drops all of this from what it raises."""

    category: Category
    message: str
    status: int | None = None
    retry_after_s: float | None = None


# Texts are matched in lower case with straight apostrophes; the first pattern that is found wins.
# Network signals stand first: they never say anything about the clip.
SIGNAL_TEXTS: tuple[tuple[str, Category], ...] = (
    (r"rate-limited by youtube", Category.SESSION_LIMIT),
    (r"content isn't available, try again later", Category.SESSION_LIMIT),
    (r"hit the request limit|your limits will reset", Category.SESSION_LIMIT),
    (r"confirm (that )?you're not a (ro)?bot", Category.BOT_CHECK),
    (r"captcha", Category.CAPTCHA),
    (r"\bip is likely being blocked", Category.ADDRESS_BLOCKED),
    (r"http error 429|too many requests", Category.TOO_MANY_REQUESTS),
)
CLIP_TEXTS: tuple[tuple[str, Category], ...] = (
    # Today's texts that the write-up's wider groups below would swallow.
    (r"not available on this app|page needs to be reloaded", Category.NO_FORMATS),
    (r"content isn't available", Category.CONTENT_UNAVAILABLE),
    (r"requested format is not available|no video formats found", Category.NO_FORMATS),
    (r"drm protected|only images are available", Category.NO_FORMATS),
    (r"account associated with this video has been terminated", Category.ACCOUNT_TERMINATED),
    (r"closed their (youtube )?account", Category.ACCOUNT_TERMINATED),
    (r"copyright", Category.COPYRIGHT),
    (r"(not|n't) (made this video )?available in your (country|location)", Category.GEO_BLOCKED),
    (r"available from your location|blocked it in your country", Category.GEO_BLOCKED),
    (r"members-only|join this channel|music premium members", Category.MEMBERS_ONLY),
    (r"requires payment to watch", Category.MEMBERS_ONLY),
    (r"private video|video is private", Category.PRIVATE),
    (
        r"premieres in|premiere will begin|live event|live stream|is not currently live",
        Category.LIVE_OR_PREMIERE,
    ),
    (r"confirm your age|age.restricted|inappropriate for some users", Category.CONTENT_WARNING),
    (r"suicide or self-harm", Category.CONTENT_WARNING),
    (r"removed by the uploader", Category.REMOVED_BY_USER),
    (r"violating youtube's|policy on (nudity|spam|violent|hate|harassment)", Category.VIOLATING_TERMS),
    (r"isn't available any ?more", Category.VIDEO_NOT_AVAILABLE),
    # The write-up's groups, in its order.
    (r"http error 404", Category.HTTP_404),
    (
        r"is unavailable|no longer available|is not available|this video available",
        Category.VIDEO_NOT_AVAILABLE,
    ),
    (r"http error 503", Category.HTTP_503),
    (r"content warning", Category.CONTENT_WARNING),
    (r"removed by the user", Category.REMOVED_BY_USER),
    (r"removed for violating", Category.VIOLATING_TERMS),
    (r"name or service not known", Category.OFFLINE),
    (r"http error 403", Category.FORBIDDEN),
    (r"no space left on device|disk quota exceeded", Category.DISK_FULL),
    (r"nable to download|object has no attribute", Category.MISCELLANEOUS),
    (r"duplicate", Category.DUPLICATE),
    # What is left of YouTube's own words.
    (r"has been removed", Category.REMOVED_BY_USER),
    (r"^video unavailable", Category.VIDEO_NOT_AVAILABLE),
    # A page of HTML where JSON was due: a captive portal or a proxy stands in the way.
    (r"failed to parse json", Category.OFFLINE),
)
NO_ANSWER = re.compile(r"failed to extract any player response|unable to download|failed to parse json", re.I)
"""The texts of yt-dlp for a request that failed: the reason is in the noted trouble, not in the text."""

UNREACHABLE = {
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EHOSTDOWN,
}
NO_CONNECTION = {"gaierror", "NameResolutionError", "NewConnectionError", "SSLError"}
"""Exceptions, by their names, that mean that nothing of YouTube was reached; of a failed TLS handshake,
that somebody else answered in its stead."""
TUNNEL_REFUSED = re.compile(r"tunnel connection failed: ([\w ]+)", re.I)
OTHER_FAMILY = re.compile(r"no remote ipv[46] addresses|address family for hostname not supported", re.I)
STATUS_CATEGORIES = {
    403: Category.FORBIDDEN,
    404: Category.HTTP_404,
    407: Category.OFFLINE,
    429: Category.TOO_MANY_REQUESTS,
    503: Category.HTTP_503,
}
PLAYER_PATH = "/youtubei/v1/player"
"""Where YouTube is asked for a video."""
_TABLES = tuple(
    tuple((re.compile(pattern), category) for pattern, category in table)
    for table in (SIGNAL_TEXTS, CLIP_TEXTS)
)


def classify(error: BaseException, noted: NetworkTrouble | None = None) -> ClipFailure:
    """The failure that ``error`` stands for, raised while a video was resolved or its media fetched.

    ``noted`` is the last failed request of the same attempt. Signs of a refused network win over
    everything, then the words of the answer, then the noted trouble.
    """
    if isinstance(error, ClipFailure):
        return error
    text = clean_message(str(error)) or type(error).__name__
    request_error = _request_error(error)
    direct = trouble_of(request_error) if request_error else None
    trouble = direct or noted
    if (signal := signal_of(text)) is not None:
        return ClipFailure(signal, text, trouble.retry_after_s if trouble else None)
    if trouble and (direct or trouble.category.kind is Kind.THROTTLE or NO_ANSWER.search(text)):
        # That YouTube's endpoint is not there says nothing about the video.
        gone = not direct and trouble.category.kind is Kind.PERMANENT
        category = Category.MISCELLANEOUS if gone else trouble.category
        return ClipFailure(category, trouble.message, trouble.retry_after_s)
    if _is_geo_restriction(error):
        return ClipFailure(Category.GEO_BLOCKED, text)
    return ClipFailure(_match(text, 1) or Category.MISCELLANEOUS, text)


def category_of(text: str) -> Category:
    """The category of a failure's text alone, as the write-up grouped its own."""
    return signal_of(text) or _match(clean_message(text), 1) or Category.MISCELLANEOUS


def signal_of(text: str) -> Category | None:
    """The throttle that a text tells of, or None."""
    return _match(text, 0)


def trouble_of(error: BaseException) -> NetworkTrouble | None:
    """The verdict of a failed request on the network, or None where ``error`` is not one."""
    text = clean_message(str(error)) or type(error).__name__
    status = getattr(error, "status", None)
    if isinstance(status, int):
        response = getattr(error, "response", None)
        headers: Mapping[str, str] = getattr(response, "headers", None) or {}
        category = STATUS_CATEGORIES.get(status, Category.MISCELLANEOUS)
        if category is Category.FORBIDDEN and is_player_request(getattr(response, "url", "")):
            category = Category.PLAYER_REFUSED
        return NetworkTrouble(category, text, status, retry_after(headers.get("Retry-After")))
    chain = list(chain_of(error))
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    reason = clean_message(
        next((link.strerror for link in reversed(chain) if isinstance(link, OSError) and link.strerror), text)
    )
    if said := TUNNEL_REFUSED.search(text):
        return NetworkTrouble(Category.OFFLINE, f"No connection by the proxy: {said[1]}")
    if "ProxyError" in names:
        return NetworkTrouble(Category.OFFLINE, f"No connection by the proxy: {reason}")
    if OTHER_FAMILY.search(text):
        return NetworkTrouble(
            Category.OFFLINE, "No connection: the other end has no address of the family that is sent from."
        )
    if names & NO_CONNECTION or any(
        isinstance(link, OSError) and link.errno in UNREACHABLE for link in chain
    ):
        return NetworkTrouble(Category.OFFLINE, f"No connection: {reason}")
    if names & {"TimeoutError", "Timeout"}:
        return NetworkTrouble(Category.TIMEOUT, "The server did not answer in time.")
    if "TransportError" in names:
        return NetworkTrouble(Category.TIMEOUT, f"The connection broke off: {reason}")
    return None


def is_player_request(url: str) -> bool:
    """True if ``url`` is where YouTube is asked for a video."""
    return urlsplit(url).path == PLAYER_PATH


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, at most 30 days; None where it makes no sense.

    The header has whole seconds or a date; one in the past asks for nothing.
    """
    value = (value or "").strip()
    if re.fullmatch("[0-9]+", value):
        # As a float: a number of more digits than int() reads is as long as any that is too long.
        return min(float(value), LONGEST_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(value)
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = (until - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_S)


_CUTS = re.compile(
    r"""\s*(?:
        Use\ --cookies | See\ +https://github\.com/yt-dlp | ;?\ *please\ report\ this\ issue
        | ;?\ *Confirm\ you\ are\ on\ the\ latest | \(caused\ by | You\ might\ want\ to\ use\ a\ VPN
        | It\ is\ recommended\ to\ use\ `?-t\ sleep | This\ helps\ protect\ our\ community
    ).*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PREFIX = re.compile(r"^(?:ERROR:\s*)?(?:\[[\w:+.-]+\]\s*)?(?:[\w-]{11}:\s+)?")


def clean_message(text: str) -> str:
    """``text`` as one line for people: no prefix, hints, terminal escapes or credentials in addresses."""
    text = _PREFIX.sub("", for_ledger(text), count=1)
    text = _CUTS.sub("", text).rstrip(" ;")
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 1] + "…"


def _match(text: str, table: int) -> Category | None:
    text = text.lower().replace("’", "'")
    return next((category for pattern, category in _TABLES[table] if pattern.search(text)), None)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """``error`` and whatever caused it, through every way in which libraries note a cause."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        link = todo.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        todo += [
            link.__cause__,
            link.__context__,
            getattr(link, "cause", None),
            getattr(link, "reason", None),
        ]
        todo += [*link.args, *getattr(link, "unexpected_errors", ())]


def _origin(error: BaseException) -> BaseException:
    """The error that yt-dlp wrapped into ``error``: a DownloadError carries it in ``exc_info``."""
    exc_info = getattr(error, "exc_info", None)
    inner = exc_info[1] if isinstance(exc_info, tuple) and len(exc_info) == 3 else None
    return inner if isinstance(inner, BaseException) else error


def _request_error(error: BaseException) -> BaseException | None:
    """The failed request that ``error`` is or was raised for."""
    origin = _origin(error)
    for candidate in (origin, getattr(origin, "cause", None)):
        if any(kind.__name__ == "RequestError" for kind in type(candidate).__mro__):
            return candidate
    return None


def _is_geo_restriction(error: BaseException) -> bool:
    return any(kind.__name__ == "GeoRestrictedError" for kind in type(_origin(error)).__mro__)


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_WRITABLE = frozenset(
    {
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.ESTALE,
        errno.ENXIO,
        errno.ENODEV,
        errno.EFBIG,  # a clip is small: what is too big for the limit of a process, every clip is
    }
)
_LIBAV_SAYS_OF_MEDIA = frozenset({errno.EPERM, errno.EIO})
"""libav's codes for "-1" and for a file that ends too early."""


def is_of_disk(error: OSError) -> bool:
    """True if ``error`` is of the disk written to, whichever clip is in hand."""
    import av  # not for those who only look a category up

    if isinstance(error, av.FFmpegError) and error.errno in _LIBAV_SAYS_OF_MEDIA:
        return False
    return error.errno in FULL | NOT_WRITABLE


def failure_of(error: OSError, final_path: Path, scratch_dir: Path) -> ClipFailure:
    """The meaning of an error of the system for a clip on its way to ``final_path`` by ``scratch_dir``.

    DISK_FULL and NOT_WRITABLE hold up the whole run, so that only what would meet every clip is one.
    """
    reason = clean_message(error.strerror or str(error)) or type(error).__name__
    if error.errno in FULL:
        return ClipFailure(Category.DISK_FULL, f"The disk is full: {reason}.")
    # What was made here and is not there any more went with its folder, which may be back by now.
    gone = error.errno == errno.ENOENT and (_is_below(scratch_dir, error) or not scratch_dir.exists())
    if gone or (is_of_disk(error) and _is_ours(error.filename, final_path, scratch_dir)):
        return ClipFailure(Category.NOT_WRITABLE, f"The clip cannot be written: {reason}.")
    return ClipFailure(Category.TRIM_FAILED, f"The clip cannot be made: {reason}.")


def _is_below(folder: Path, error: OSError) -> bool:
    name = error.filename
    return isinstance(name, str | bytes) and Path(os.fsdecode(name)).is_relative_to(folder)


def _is_ours(filename: object, final_path: Path, scratch_dir: Path) -> bool:
    """True if the file that an error names is one that a clip is written to; it may name none."""
    if not isinstance(filename, str | bytes):
        return True
    path = Path(os.fsdecode(filename))
    return path.is_relative_to(scratch_dir) or path in (final_path, *final_path.parents, *scratch_dir.parents)
