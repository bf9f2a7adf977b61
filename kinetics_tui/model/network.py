"""Networks as people name them and as views see them: the ways out to the internet.

A *way* is how requests are sent out (the default route, an interface, a source address, a proxy); a
*network* is what YouTube throttles: the address, or the proxy, that a way leads to right now.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from kinetics_tui.model.errors import SettingsError
from kinetics_tui.model.failure import Category

PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
DEFAULT = "default"
DEFAULT_IPV6 = "default-ipv6"
LONGEST_NAME = 40
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9._:-]{0,31}")


class NetworkKind(StrEnum):
    """By what a way out is chosen."""

    DEFAULT_ROUTE = "default route"
    INTERFACE = "interface"
    SOURCE_ADDRESS = "source address"
    PROXY = "proxy"


class Family(StrEnum):
    """The address family of a way out; YouTube throttles the two apart."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    UNKNOWN = ""
    """Of a way: IPv4 where there is a choice. Of a network: a proxy chooses for itself, out of sight."""


class NetworkStatus(StrEnum):
    """What a network is good for right now."""

    OPEN = "open"
    COOLING = "cooling"
    PROBING = "probing"
    RAMPING = "ramping"
    OFFLINE = "offline"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How requests are sent out. ``target`` is an interface, an address or a proxy's URL, else empty.

    A proxy's URL may carry a password: a way goes into commands and the ledger, never into events.
    """

    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    target: str = ""
    family: Family = Family.UNKNOWN

    @property
    def public(self) -> str:
        """The way for people's eyes, without a proxy's user and password."""
        match self.kind:
            case NetworkKind.PROXY:
                return public_proxy(self.target)
            case NetworkKind.DEFAULT_ROUTE:
                return DEFAULT_IPV6 if self.family is Family.IPV6 else DEFAULT
            case _:
                return self.target


class PastThrottle(msgspec.Struct, frozen=True, kw_only=True):
    """One throttle of a network, from the first refusal until the network answered again.

    ``clips`` were done by the network since the throttle before; ``steps`` cooldowns followed one upon
    the other; ``took_s`` is how long it really took, None while it lasts.
    """

    at: float
    signal: Category
    clips: int = 0
    steps: int = 1
    took_s: float | None = None


class NetworkInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A network as views list it.

    ``name`` is what the ledger knows it by, ``label`` what people read, ``given_as`` what the user calls
    it (empty: nothing). ``present``: this machine can use it now. ``throttles`` are the last ones, oldest
    first.
    """

    name: str
    label: str
    kind: NetworkKind
    family: Family = Family.UNKNOWN
    given_as: str = ""
    status: NetworkStatus = NetworkStatus.OPEN
    signal: Category | None = None
    until: float | None = None
    step: int = 0
    in_use: bool = False
    present: bool = True
    sessions: int = 0
    clips: int = 0
    clips_since_throttle: int = 0
    last_throttle_at: float | None = None
    learned_per_hour: float | None = None
    throttles: tuple[PastThrottle, ...] = ()


def parse_way(text: str) -> Way:
    """A way as people write it: ``default``, ``default-ipv6``, an address, a proxy's URL, an interface.

    Raises SettingsError, which never repeats a proxy's password.
    """
    text = text.strip()
    if text.lower() == DEFAULT:
        return Way()
    if text.lower() == DEFAULT_IPV6:
        return Way(family=Family.IPV6)
    if "://" in text:
        return Way(kind=NetworkKind.PROXY, target=_checked_proxy(text))
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        pass
    else:
        if address.is_unspecified or address.is_multicast:
            raise SettingsError(f"{text} is no address that requests can be sent from.")
        return Way(kind=NetworkKind.SOURCE_ADDRESS, target=str(address), family=family_of(text))
    if not _INTERFACE.fullmatch(text):
        what = "That" if "@" in text else repr(text)  # a proxy's password may be in it
        raise SettingsError(
            f"{what} is no network; give an interface (wlan0), an address of this machine, or the URL of a "
            "proxy (socks5://host:port)."
        )
    return Way(kind=NetworkKind.INTERFACE, target=text)


def check_name(name: str) -> str:
    """What the user calls a network, without blanks around it. Raises SettingsError where that cannot be."""
    name = name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable() or name.lower() in (DEFAULT, DEFAULT_IPV6):
        raise SettingsError(
            f"A network cannot be called {name[:LONGEST_NAME]!r}; give it a name of up to {LONGEST_NAME} "
            f"printable characters other than {DEFAULT}."
        )
    return name


def family_of(address: str) -> Family:
    """The family of an IP address."""
    return Family.IPV4 if ipaddress.ip_address(address).version == 4 else Family.IPV6


def public_proxy(proxy: str) -> str:
    """A proxy's address without the user and password in it."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


def _checked_proxy(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme.lower() in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() or not character.isprintable() for character in text):
        raise SettingsError(
            f"That is no proxy's URL; it begins with {', '.join(f'{name}://' for name in PROXY_SCHEMES)} "
            "and names a host and a port."
        )
    return text
