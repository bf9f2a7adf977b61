"""Values of yt-dlp's options that its parser takes, but no request would get through with."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from yt_dlp.utils import expand_path

from kinetics_tui.model.errors import SettingsError

PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


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


def _check_source_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise SettingsError(
            f"--yt-dlp --source-address: {address!r} is no IP address; give one of this machine's."
        ) from None


def _check_proxy(option: str, proxy: str) -> None:
    """It may carry a password: no sentence repeats it."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        usable = parts.scheme in PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"--yt-dlp {option}: no proxy can have this address; "
            "write it like http://host:3128 or socks5h://127.0.0.1:1080."
        )
