"""yt-dlp's own command-line options, as the user gives them to us: parsed, checked, redacted.

They go through yt-dlp's own option parser. What has no effect here (file names, post-processing,
playlists) is refused rather than ignored, so that nobody waits for what never happens. So are values that
its parser takes, but that no request would get through with.
"""

from __future__ import annotations

import contextlib
import functools
import io
import ipaddress
import math
import optparse
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from http.cookiejar import Cookie
from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.cookies import CookieLoadError, load_cookies
from yt_dlp.utils import expand_path

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.safe_text import HIDDEN, mask_credentials
from kinetics_tui.model.network import is_proxy


def check_params(params: Mapping[str, Any]) -> None:
    """Refuse what is set in ``params``, named as yt-dlp's API does, and cannot be used: a SettingsError."""
    if params.get("cookiefile"):
        _check_cookies(params["cookiefile"])
    if params.get("source_address"):
        _check_source_address(params["source_address"])
    for name in ("proxy", "geo_verification_proxy"):
        if params.get(name):
            _check_proxy("--" + name.replace("_", "-"), params[name])


def _check_cookies(name: str) -> None:
    # yt-dlp starts with no cookies where the file is missing, and writes one at the end.
    path = Path(expand_path(name))
    if not path.exists():
        raise SettingsError(f"--yt-dlp --cookies: there is no file {path}; mend its name or remove it.")
    if path.is_dir() or not os.access(path, os.R_OK):
        raise SettingsError(f"--yt-dlp --cookies: {path} cannot be read; give a file that you may read.")


LOGIN_COOKIE = "LOGIN_INFO"
SESSION_COOKIES = frozenset({"SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID"})
"""yt-dlp counts as logged in with the former and any of the latter."""


def logged_in_until(cookies: Iterable[Cookie]) -> float | None:
    """The time (seconds since the epoch) until which cookies hold an account's login; None: they hold none.

    It is 0 where a part of the login is missing, and infinite where nothing says how long they hold.
    """
    ends = {
        cookie.name: math.inf if cookie.expires is None else _since_epoch_s(float(cookie.expires))
        for cookie in cookies
        if cookie.domain.removeprefix("www").removeprefix(".") == "youtube.com"
        and cookie.name in {LOGIN_COOKIE, *SESSION_COOKIES}
    }
    if not ends:
        return None
    login = ends.pop(LOGIN_COOKIE, 0.0)
    return min(login, max(ends.values(), default=0.0))


CHROME_TIMES_FROM = 1e14
"""From here on a time counts microseconds: yt-dlp hands on those of Chrome and its kin as they are."""
CHROME_EPOCH_S = 11_644_473_600
"""Chrome's times begin with the year 1601, so long before 1970."""


def _since_epoch_s(expires: float) -> float:
    return expires / 1e6 - CHROME_EPOCH_S if expires >= CHROME_TIMES_FROM else expires


def login_of(params: Mapping[str, Any]) -> float | None:
    """``logged_in_until`` of the cookies of a file or a browser that ``params`` name.

    Raises OSError or ValueError where they cannot be read; only an OSError's text holds no line of them.
    """
    file, browser = params.get("cookiefile"), params.get("cookiesfrombrowser")
    if file:
        with Path(expand_path(file)).open("rb"):  # yt-dlp would begin an empty one where there is none
            pass
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # yt-dlp prints lines that are no cookies
            return logged_in_until(load_cookies(file, browser, None))
    except CookieLoadError as error:
        why = error.__context__
        if isinstance(why, OSError):
            raise why from None
        raise ValueError(str(why)) from None


def _check_source_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise SettingsError(
            f"--yt-dlp --source-address: {address!r} is no IP address; give one of this machine's."
        ) from None


def _check_proxy(option: str, proxy: str) -> None:
    """It may carry a password: no sentence repeats it."""
    if not is_proxy(proxy if "://" in proxy else f"http://{proxy}"):
        raise SettingsError(
            f"--yt-dlp {option}: no proxy can have this address; "
            "write it like http://host:3128 or socks5h://127.0.0.1:1080."
        )


OUR_DEFAULTS = (
    "--socket-timeout=5",
    "--extractor-retries=1",
    "--retries=2",
    "--fragment-retries=2",
    "--no-cache-dir",
)
"""Stand before the user's options, so that his win.

A hung server costs seconds, not minutes; what fails is asked twice, not four times; workers write no
cache beside each other.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REQUEST_PARAMS = _words("""
    proxy geo_verification_proxy source_address socket_timeout enable_file_urls cachedir
    cookiefile cookiesfrombrowser http_headers impersonate
    username password twofactor videopassword ap_mso ap_username ap_password usenetrc netrc_cmd netrc_location
    client_certificate client_certificate_key client_certificate_password
    nocheckcertificate legacyserverconnect prefer_insecure
    age_limit geo_bypass geo_bypass_country geo_bypass_ip_block
""")
EXTRACTION_PARAMS = _words("""
    format format_sort format_sort_force prefer_free_formats check_formats allow_unplayable_formats
    dynamic_mpd extractor_args extractor_retries js_runtimes remote_components compat_opts
    mark_watched sleep_interval_requests
""")
DOWNLOAD_PARAMS = _words("""
    retries fragment_retries file_access_retries retry_sleep_functions
    buffersize http_chunk_size ratelimit concurrent_fragment_downloads hls_prefer_native
""")
HARMLESS_PARAMS = _words("""
    quiet verbose no_warnings warn_when_outdated noprogress progress_delta progress_with_newline
    color consoletitle encoding noplaylist allow_playlist_files allowed_extractors
    continuedl nopart overwrites sleep_interval max_sleep_interval sleep_interval_subtitles
""")
"""Accepted and without effect: they only say what we do anyway, or what the pace sees to."""

OUTSIDE_COMPONENT = "ejs:npm"
"""The component that the JavaScript runtime fetches itself: from no source address, past most proxies."""

USED_PARAMS = REQUEST_PARAMS | EXTRACTION_PARAMS | DOWNLOAD_PARAMS

_SECRET_OPTIONS = _words("""
    --password -p --video-password --ap-password --client-certificate-password --twofactor -2 --netrc-cmd
""")
_ADDRESS_OPTIONS = frozenset({"--proxy", "--geo-verification-proxy"})
_HEADER_OPTIONS = frozenset({"--add-headers", "--add-header"})
_SECRET_HEADERS = re.compile(r"(?i)^\s*(cookie|authorization|proxy-authorization|x-goog-\S+)\s*:")
_SECRET_EXTRACTOR_ARGS = re.compile(r"(?i)((?:po_token|data_sync_id|visitor_data|password|token)=)[^;]*")


def parse_args(args: Sequence[str]) -> dict[str, Any]:
    """The names in yt-dlp's API of the options ``args``: those that reach a request, ours for the rest.

    Raises SettingsError with one sentence for what yt-dlp refuses and for what has no use here.
    """
    parsed = _yt_dlp_parse((*OUR_DEFAULTS, *args))
    if parsed.urls:
        found = mask_credentials(parsed.urls[0])
        raise SettingsError(f"--yt-dlp takes options only, and {found!r} is none; remove it.")
    params: dict[str, Any] = parsed.ydl_opts
    if _useless(params):
        raise SettingsError(
            f"--yt-dlp {_culprit(parsed.parser, args)} has no use in this program; remove it."
        )
    if OUTSIDE_COMPONENT in (params.get("remote_components") or ()):
        raise SettingsError(
            f"--yt-dlp --remote-components {OUTSIDE_COMPONENT} would be fetched by another network than the "
            "one in use; remove it: yt-dlp's own package yt-dlp-ejs holds the same."
        )
    return {name: value for name, value in params.items() if name in USED_PARAMS}


def check_args(args: Sequence[str]) -> None:
    """Refuse ``args`` with a SettingsError where :func:`parse_args` would, and what cannot work here."""
    check_params(parse_args(args))


def redact(args: Sequence[str]) -> tuple[str, ...]:
    """``args`` for people's eyes: passwords, tokens and cookies are replaced by ``***``."""
    shown: list[str] = []
    option = ""
    for arg in args:
        if option:
            shown.append(_hide(option, arg))
            option = ""
            continue
        name, equals, value = arg.partition("=")
        if equals and _is_secret(name):
            shown.append(f"{name}={_hide(name, value)}")
        elif name[:2] in _SECRET_OPTIONS and len(name) > 2:
            shown.append(name[:2] + HIDDEN)
        else:
            shown.append(arg)
            option = arg if _is_secret(arg) else ""
    return tuple(shown)


def _is_secret(option: str) -> bool:
    known = _SECRET_OPTIONS | _ADDRESS_OPTIONS | _HEADER_OPTIONS | {"--extractor-args"}
    # yt-dlp accepts every beginning of an option that is not ambiguous.
    return option in known or (len(option) > 4 and any(name.startswith(option) for name in known))


def _hide(option: str, value: str) -> str:
    def means(names: frozenset[str]) -> bool:
        return option in names or any(name.startswith(option) for name in names if len(option) > 4)

    if means(_ADDRESS_OPTIONS):
        return mask_credentials(value) if "://" in value else mask_credentials(f"://{value}")[3:]
    if means(_HEADER_OPTIONS):
        return re.sub(r":.*", f": {HIDDEN}", value) if _SECRET_HEADERS.match(value) else value
    if option.startswith("--ex"):
        return _SECRET_EXTRACTOR_ARGS.sub(rf"\g<1>{HIDDEN}", value)
    return HIDDEN


@functools.cache
def _default_params() -> Mapping[str, Any]:
    params: dict[str, Any] = _yt_dlp_parse(OUR_DEFAULTS).ydl_opts
    return params


def _yt_dlp_parse(args: Sequence[str]) -> Any:
    """``yt_dlp.parse_options``, kept from printing, reading standard input and exiting."""
    printed = io.StringIO()
    standard_input, sys.stdin = sys.stdin, io.StringIO()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(printed):
            return yt_dlp.parse_options(list(args))
    except SystemExit as exit_:
        lines = [line for line in printed.getvalue().splitlines() if ": error: " in line]
        reason = lines[-1].partition(": error: ")[2].strip() if lines else "they only print something"
        raise SettingsError(f"--yt-dlp: yt-dlp cannot use these options: {reason.rstrip('.')}.") from exit_
    except (optparse.OptParseError, ValueError, OSError) as error:
        # yt-dlp's text may have its usage in front.
        reason = str(error).rpartition("error: ")[2].strip().rstrip(".")
        raise SettingsError(f"--yt-dlp: yt-dlp cannot use these options: {reason}.") from error
    finally:
        sys.stdin = standard_input


def _useless(params: Mapping[str, Any]) -> list[str]:
    """The parameters that are set and never used."""
    defaults = _default_params()
    return [
        name
        for name, value in params.items()
        if not name.startswith("_")
        and name not in USED_PARAMS | HARMLESS_PARAMS
        and value != defaults.get(name)
    ]


def _culprit(parser: Any, args: Sequence[str]) -> str:
    """The option among ``args`` that sets what is never used, as the user wrote it."""
    for at, arg in enumerate(args):
        with contextlib.suppress(optparse.OptParseError, SettingsError):
            name = arg.partition("=")[0]
            option = parser.get_option(parser._match_long_opt(name) if name.startswith("--") else name[:2])
            if option and _useless(
                _yt_dlp_parse((*OUR_DEFAULTS, *args[at : at + 1 + _values(option, arg)])).ydl_opts
            ):
                return name
    return "option"


def _values(option: Any, arg: str) -> int:
    """The number of arguments behind ``arg`` that belong to its ``option``."""
    given = "=" in arg if arg.startswith("--") else len(arg) > 2
    return option.nargs if option.takes_value() and not given else 0
