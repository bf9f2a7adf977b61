"""Texts and errors to categories, and messages fit for people."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import HTTPError, NoSupportingHandlers, ProxyError, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

from kinetics_tui.media.failures import (
    MESSAGE_LENGTH,
    ClipFailure,
    NetworkTrouble,
    category_of,
    classify,
    clean_message,
    retry_after,
    trouble_of,
)
from kinetics_tui.model.failure import Category, Kind

TEXTS = [
    ("Private video. Sign in if you've been granted access to this video", Category.PRIVATE),
    ("This video is private", Category.PRIVATE),
    ("Video unavailable. This video has been removed by the uploader", Category.REMOVED_BY_USER),
    ("This video has been removed by the user.", Category.REMOVED_BY_USER),
    (
        "Video unavailable. This video is no longer available because the YouTube account associated with"
        " this video has been terminated.",
        Category.ACCOUNT_TERMINATED,
    ),
    (
        "This video is no longer available because the uploader has closed their YouTube account.",
        Category.ACCOUNT_TERMINATED,
    ),
    ("This video is no longer available due to a copyright claim by X", Category.COPYRIGHT),
    ("This video contains content from X, who has blocked it on copyright grounds", Category.COPYRIGHT),
    ("… who has blocked it in your country on copyright grounds", Category.COPYRIGHT),
    ("This video has been removed for violating YouTube's Community Guidelines", Category.VIOLATING_TERMS),
    ("This video has been removed for violating YouTube’s Terms of Service", Category.VIOLATING_TERMS),
    ("… for violating YouTube's policy on nudity or sexual content", Category.VIOLATING_TERMS),
    ("Sign in to confirm your age. This video may be inappropriate", Category.CONTENT_WARNING),
    ("Content Warning", Category.CONTENT_WARNING),
    ("This video is not available in your country", Category.GEO_BLOCKED),
    ("The uploader has not made this video available in your country", Category.GEO_BLOCKED),
    ("Video unavailable. This video is unavailable", Category.VIDEO_NOT_AVAILABLE),
    ("This video isn't available anymore", Category.VIDEO_NOT_AVAILABLE),
    ("This video isn’t available any more", Category.VIDEO_NOT_AVAILABLE),
    ("This video is not available.", Category.VIDEO_NOT_AVAILABLE),
    ("Video unavailable", Category.VIDEO_NOT_AVAILABLE),
    ("This video is a duplicate of another", Category.DUPLICATE),
    ("Join this channel to get access to members-only content", Category.MEMBERS_ONLY),
    ("Premieres in 3 hours", Category.LIVE_OR_PREMIERE),
    ("This live event will begin in 2 days.", Category.LIVE_OR_PREMIERE),
    ("This video is DRM protected", Category.NO_FORMATS),
    ("No video formats found!", Category.NO_FORMATS),
    ("Requested format is not available. Use --list-formats", Category.NO_FORMATS),
    ("HTTP Error 404: Not Found", Category.HTTP_404),
    ("HTTP Error 503: Service Unavailable", Category.HTTP_503),
    ("HTTP Error 403: Forbidden", Category.FORBIDDEN),
    ("Unable to download webpage", Category.MISCELLANEOUS),
    ("'NoneType' object has no attribute 'get'", Category.MISCELLANEOUS),
    ("<urlopen error [Errno -2] Name or service not known>", Category.OFFLINE),
    ("Failed to parse JSON", Category.OFFLINE),
    ("unable to write data: [Errno 28] No space left on device", Category.DISK_FULL),
    ("The moon is in the wrong quarter", Category.MISCELLANEOUS),
    (
        "Video unavailable. This content isn't available, try again later. The current session has been"
        " rate-limited by YouTube for up to an hour.",
        Category.SESSION_LIMIT,
    ),
    ("Video unavailable. This content isn’t available, try again later", Category.SESSION_LIMIT),
    ("Sign in to confirm you’re not a bot. This helps protect our community", Category.BOT_CHECK),
    ("Sign in to confirm you're not a bot", Category.BOT_CHECK),
    ("Video unavailable. YouTube is requiring a captcha challenge before playback", Category.CAPTCHA),
    (
        "All player responses are invalid. Your IP is likely being blocked by Youtube",
        Category.ADDRESS_BLOCKED,
    ),
    ("HTTP Error 429: Too Many Requests", Category.TOO_MANY_REQUESTS),
    ("You've hit the request limit.. Your limits will reset soon", Category.SESSION_LIMIT),
    ("You’ve hit the request limit", Category.SESSION_LIMIT),
    ("Video unavailable. This content isn't available.", Category.CONTENT_UNAVAILABLE),
    ("Video unavailable. This content isn’t available", Category.CONTENT_UNAVAILABLE),
    ("The page needs to be reloaded.", Category.NO_FORMATS),
    ("This video is not available on this app", Category.NO_FORMATS),
    ("This video is not available on this app. Watch on the latest version of YouTube", Category.NO_FORMATS),
]


@pytest.mark.parametrize(("text", "category"), TEXTS)
def test_text_has_its_category_with_and_without_what_yt_dlp_puts_around_it(
    text: str, category: Category
) -> None:
    assert category_of(text) is category
    wrapped = f"ERROR: [youtube] abc-_123XYZ: {text}. Use --cookies-from-browser or --cookies for it"
    assert category_of(wrapped) is category
    error = DownloadError(wrapped, (ExtractorError, ExtractorError(text, expected=True), None))
    assert classify(error).category is category


def wrapped(text: str, inner: Exception) -> DownloadError:
    return DownloadError(f"ERROR: [youtube] abc-_123XYZ: {text}", (type(inner), inner, None))


def no_answer() -> DownloadError:
    return wrapped("Failed to extract any player response", ExtractorError("Failed", expected=True))


def http_error(status: int, url: str = "http://x", **headers: str) -> HTTPError:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPError(Response(fp=BytesIO(), url=url, headers=names, status=status))


def transport_error(cause: Exception) -> TransportError:
    return TransportError(cause=cause)


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (http_error(429, Retry_After="120"), Category.TOO_MANY_REQUESTS),
        (http_error(403), Category.FORBIDDEN),
        (
            http_error(403, "https://www.youtube.com/youtubei/v1/player?prettyPrint=false"),
            Category.PLAYER_REFUSED,
        ),
        (http_error(404), Category.HTTP_404),
        (http_error(503), Category.HTTP_503),
        (http_error(407), Category.OFFLINE),
        (http_error(500), Category.MISCELLANEOUS),
        (transport_error(socket.gaierror(-2, "Name or service not known")), Category.OFFLINE),
        (transport_error(ConnectionRefusedError(errno.ECONNREFUSED, "refused")), Category.OFFLINE),
        (transport_error(OSError(errno.ENETUNREACH, "Network is unreachable")), Category.OFFLINE),
        (transport_error(OSError(errno.EHOSTUNREACH, "No route to host")), Category.OFFLINE),
        (ProxyError("Cannot connect to proxy"), Category.OFFLINE),
        (transport_error(TimeoutError("timed out")), Category.TIMEOUT),
        (transport_error(ConnectionResetError(errno.ECONNRESET, "reset")), Category.TIMEOUT),
    ],
)
def test_failed_request_gives_its_category_directly_and_noted(error: Exception, category: Category) -> None:
    assert classify(error).category is category
    noted = trouble_of(error)
    assert noted is not None
    if category.kind is not Kind.PERMANENT:
        assert classify(no_answer(), noted).category is category
    assert classify(wrapped("Unable to download JSON metadata", error)).category is category


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ProxyError(
                cause=OSError("('Unable to connect', OSError('Tunnel connection failed: 407 Asks first'))")
            ),
            "No connection by the proxy: 407 Asks first",
        ),
        (
            ProxyError(cause=ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")),
            "No connection by the proxy: Connection refused",
        ),
        (ProxyError("it sleeps"), "No connection by the proxy: it sleeps"),
        (
            transport_error(OSError('No remote IPv6 addresses available for connect. Can\'t use "::"')),
            "No connection: the other end has no address of the family that is sent from.",
        ),
        (
            transport_error(socket.gaierror(-9, "Address family for hostname not supported")),
            "No connection: the other end has no address of the family that is sent from.",
        ),
        (
            transport_error(socket.gaierror(-2, "Name or service not known")),
            "No connection: Name or service not known",
        ),
    ],
)
def test_no_connection_says_whose_fault_it_is(error: Exception, message: str) -> None:
    noted = trouble_of(error)
    assert noted == NetworkTrouble(Category.OFFLINE, message)


def test_what_a_network_library_did_not_expect_is_a_cause_too() -> None:
    error = NoSupportingHandlers([], [ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")])
    assert classify(error).category is Category.OFFLINE


def test_throttle_carries_what_the_server_asks_to_wait() -> None:
    error = http_error(429, Retry_After="120")
    assert classify(error).retry_after_s == 120
    assert classify(no_answer(), trouble_of(error)).retry_after_s == 120
    bot_check = wrapped("Sign in to confirm you’re not a bot", ExtractorError("x"))
    assert classify(bot_check, trouble_of(error)).category is Category.BOT_CHECK
    assert classify(bot_check, trouble_of(error)).retry_after_s == 120


def test_noted_throttle_wins_over_what_the_answer_says_of_the_clip() -> None:
    noted = NetworkTrouble(Category.TOO_MANY_REQUESTS, "HTTP Error 429", 429, 60.0)
    assert classify(wrapped("Video unavailable", ExtractorError("x")), noted).category is noted.category


def test_noted_trouble_that_was_overcome_does_not_hide_the_answer() -> None:
    noted = NetworkTrouble(Category.TIMEOUT, "timed out")
    assert classify(wrapped("Private video", ExtractorError("x")), noted).category is Category.PRIVATE


def test_missing_endpoint_is_not_held_against_the_video() -> None:
    assert classify(no_answer(), trouble_of(http_error(404))).category is Category.MISCELLANEOUS


def test_geo_restriction_is_known_by_its_type_whatever_its_text() -> None:
    error = GeoRestrictedError("Not for you", countries=["DE"])
    assert classify(wrapped("Not for you", error)).category is Category.GEO_BLOCKED


def test_stray_exception_is_miscellaneous_and_a_failure_stays_itself() -> None:
    assert classify(TypeError("unhashable type")).category is Category.MISCELLANEOUS
    assert classify(TypeError()).message == "TypeError"
    failure = ClipFailure(Category.TRIM_FAILED, "x")
    assert classify(failure) is failure


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("ERROR: [youtube] abc-_123XYZ: Private video", "Private video"),
        ("\x1b[0;31mERROR:\x1b[0m [youtube] abc-_123XYZ: Private video", "Private video"),
        ("Private video. Use --cookies-from-browser or --cookies for the authentication", "Private video."),
        ("Gone; please report this issue on  https://github.com/x , filling out", "Gone"),
        ("two\nlines\tand\x00more\x07", "two lines and more"),
        ("\x1b]0;title\x07text", "text"),
        ("proxy http://me:secret@host:3128/ refused", "proxy http://***@host:3128/ refused"),
        ("socks5h://me:s3cret@host", "socks5h://***@host"),
        ("no way to http://me:s3@cret@host:1 (caused by X)", "no way to http://***@host:1"),
    ],
)
def test_message_is_one_clean_line(raw: str, clean: str) -> None:
    assert clean_message(raw) == clean


@given(st.text())
def test_message_is_always_short_and_printable(text: str) -> None:
    message = clean_message(text)
    assert len(message) <= MESSAGE_LENGTH
    assert message.isprintable()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:20:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("inf", None),
        ("\u0663", None),
        ("99999999999999999999", 2_592_000.0),
        ("9" * 6000, 2_592_000.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 2_592_000.0),
        ("Wed, 21 Oct 2015 07:28:00", 60.0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2020 00:00:00 +99999999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2015, 10, 21, 7, 27, tzinfo=UTC)) == seconds


@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ (Jan|Dec) \d+ \d+:\d+:\d+ ([+-]\d+|GMT)", fullmatch=True)
)
def test_retry_after_is_never_poison(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is None or 0 <= seconds <= 30 * 86_400


def test_importing_failures_loads_neither_yt_dlp_nor_av() -> None:
    code = "import sys, kinetics_tui.media.failures; assert not {'av', 'yt_dlp'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
