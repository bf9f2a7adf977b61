"""Networks: the ways out to the internet as people name them, as requests take them, and as views see them.

And hosts: the other machines that lend their networks, and workers, to a run.

A *way* is how requests are sent out (the default route, an interface, a source address, a proxy); a
*network* is what YouTube throttles: the address, or the proxy, that a way leads to right now. A *route* is
what yt-dlp is told of the network that a clip is to come by.

An address of this machine sends from there. The two unspecified addresses leave the choice of the address
to the system and fix the family: ``0.0.0.0`` is the default route over IPv4 alone, ``::`` over IPv6
alone. yt-dlp and urllib3 bind the socket to it before they connect, and pass over every address of the
server that is of the other family (yt-dlp's own ``create_connection`` sorts them out; in urllib3 the bind
fails); so do they with the addresses of a proxy. Where none is left, the request fails and nothing is
sent.

What follows a route: the player's and every other request of the extractor, manifests, keys, ranges,
fragments, redirects. All go through ``Session.urlopen``, whichever of yt-dlp's handlers serves them.
What does not:

- Names are looked up by the system's resolver, on whatever network it uses, except for ``http``,
  ``socks5``, ``socks5h`` and ``socks4a`` proxies, which are given the name.
- Binding an address does not choose an interface: that is for the system's routing table, which may need
  a rule for each source address.
- yt-dlp's JavaScript runtime has no network in its sandbox. It would fetch its packages from npm past
  every source address (``--remote-components ejs:npm``), so that is refused.
- ffmpeg, which yt-dlp falls back on for some playlists, knows neither source addresses nor SOCKS: no
  session finds one.
- Plugins of yt-dlp's that the user installed may send what they like.
- curl_cffi, where the user installed it and asks to ``--impersonate``, reads the environment's proxies
  by itself where a route says that there is none.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.safe_text import mask_credentials
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Resolve

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
    HOST = "host"
    """Of a way: one of another machine's, which knows where it leads."""


class Family(StrEnum):
    """The address family of a way out; YouTube throttles the two apart."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    UNKNOWN = ""
    """Of a way: IPv4 where there is a choice. Of a network: a proxy chooses for itself, out of sight."""


class NetworkStatus(StrEnum):
    """The standing of a network right now."""

    OPEN = "open"
    COOLING = "cooling"
    PROBING = "probing"
    RAMPING = "ramping"
    OFFLINE = "offline"
    HELD = "held"
    """YouTube refuses every video, and not as it refuses a network: probably it has changed something."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way to send requests out. ``target`` is an interface, an address or a proxy's URL, else empty.

    Of a host's it is the host's name and what that calls it: ``lab2/default``.

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


class SameAs(NamedTuple):
    """An added way leads out by one address with that of another name, though this machine cannot see it.

    ``network`` is what the ledger knows their network by: it stays, whatever addresses they get later.
    """

    name: str
    network: str


class PastThrottle(msgspec.Struct, frozen=True, kw_only=True):
    """One throttle of a network, from the first refusal until the network answered again.

    ``clips`` were done by the network since the throttle before; ``steps`` cooldowns followed one upon
    the other; ``took_s`` is how long it really took, None while it lasts; ``asked`` is the way by which most
    of the clips came, None where that is not known.
    """

    at: float
    signal: Category
    clips: int = 0
    steps: int = 1
    took_s: float | None = None
    asked: Resolve | None = None


class NetworkState(msgspec.Struct, frozen=True, kw_only=True):
    """A network as views know it, whole.

    ``name`` is what the ledger knows it by, ``label`` what people read ("wlan0 192.168.1.23"), ``given_as``
    what the user calls it (empty: nothing), ``also`` the labels of other ways that the user said to be the
    same network. ``present``: this machine can use it now.

    ``until`` is the end of a cooldown; ``step`` counts from 1 while cooling or probing and is 0 while open;
    ``steps_s`` are the waits of the cooldown, one upon another, else of the next one. ``workers_allowed``
    is the number of workers that may hold a clip while the network ramps up (None: all).
    ``allowed_per_hour`` is the pace in force in clips, the lower of the user's and of ``learned_per_hour``
    (None: unlimited, nothing learned), both at ``requests_per_clip``, what its last clips cost in page and
    player requests (0: not known yet). ``budget_per_hour`` is the pace in force where it is counted in
    requests. ``throttles`` are the last ones, oldest first.
    """

    name: str = ""
    label: str = ""
    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    family: Family = Family.UNKNOWN
    given_as: str = ""
    also: tuple[str, ...] = ()
    status: NetworkStatus = NetworkStatus.OPEN
    signal: Category | None = None
    until: float | None = None
    step: int = 0
    steps_s: tuple[float, ...] = ()
    in_use: bool = False
    present: bool = True
    workers_allowed: int | None = None
    allowed_per_hour: float | None = None
    learned_per_hour: float | None = None
    budget_per_hour: float | None = None
    requests_per_clip: float = 0.0
    sessions: int = 0
    clips: int = 0
    clips_since_throttle: int = 0
    last_throttle_at: float | None = None
    throttles: tuple[PastThrottle, ...] = ()

    @property
    def able(self) -> bool:
        """True if clips go out by it."""
        return self.in_use and self.status in (NetworkStatus.OPEN, NetworkStatus.RAMPING)

    @property
    def waits_until(self) -> float | None:
        """The time before which nothing is sent by it; None where there is none."""
        return self.until if self.status in (NetworkStatus.COOLING, NetworkStatus.HELD) else None


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
    """The user's name of a network, without blanks around it. Raises SettingsError where that cannot be."""
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
    parts = urlsplit(mask_credentials(proxy if "://" in proxy else f"http://{proxy}"))
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


def is_proxy(url: str) -> bool:
    """True if a URL is one that requests can be sent through."""
    try:
        parts = urlsplit(url)
        return parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _checked_proxy(text: str) -> str:
    if not is_proxy(text) or any(character.isspace() or not character.isprintable() for character in text):
        raise SettingsError(
            f"That is no proxy's URL; it begins with {', '.join(f'{name}://' for name in PROXY_SCHEMES)} "
            "and names a host and a port."
        )
    return text


class Route(msgspec.Struct, frozen=True):
    """The source address and proxy of requests.

    ``source_address`` None: as the system chooses. ``proxy`` is a URL; None: the one that the environment
    names, if any; empty: none at all. The URL may carry a password: a route goes to workers and into
    the ledger, never into events or logs, and does not show the proxy when printed. ``way`` is that of a
    host, which knows the route itself.
    """

    source_address: str | None = None
    proxy: str | None = None
    way: str = ""

    def __repr__(self) -> str:
        proxy = "***" if self.proxy else self.proxy
        way = f", way={self.way!r}" if self.way else ""
        return f"Route(source_address={self.source_address!r}, proxy={proxy!r}{way})"


def host_way(host: str, key: str) -> Way:
    """The way of a host that it calls ``key``."""
    return Way(kind=NetworkKind.HOST, target=f"{host}/{key}")


class Counted(StrEnum):
    """The things that a network was found to count."""

    OPEN = ""
    """Not known: clips never cost another number of requests while they went out at a learned pace."""
    CLIPS = "clips"
    REQUESTS = "requests"


class Lessons(msgspec.Struct, kw_only=True):
    """The lessons of a network's throttles, kept with it in the ledger; ``Pace`` and ``Waits`` write them.

    Rates are in clips asked for an hour, waits in seconds; None: not known. A clip is asked for by one or
    more page and player requests: ``requests_per_clip`` is the mean of the last clips, ``learned_at`` what
    it was when the pace was learned, ``counted`` what the network was found to count. Where that is
    requests, the rates and counts are of clips that cost ``learned_at`` each.

    Of its pace, where a request is one for a clip (``stretch_sent`` are page and player requests): the
    network is held to ``safe_per_hour``, and ``ceiling_per_hour`` is what it refused at last. A stretch
    of work, begun by a throttle or a rest, has ``stretch_requests`` in ``stretch_s`` so far, the last one
    at ``last_request_at``. ``clean_requests`` went out since the learned pace was changed, and
    ``clean_weeks`` were worked at its ceiling. ``compared_requests`` and ``compared_per_hour`` are the
    stretch that the next one is compared with; ``counts_requests``: the network counts requests, whatever
    their pace; ``doubts`` are the throttles in a row that spoke against what is believed of it.
    ``throttled_before``: it was ever throttled.

    Of its blocks: ``refused_after_s`` is the longest wait that was too short, seen at ``refused_at``,
    ``passed_after_s`` the shortest that was long enough. Of the cooldown in hand: ``blocked_since``; the
    length of its first wait; ``answered_after_s``, where a probe was answered and it is not known yet
    whether the block is over; ``outlasted``, where it lasts longer than the ones before.

    ``held_since``: YouTube has refused every video since then (None: it has not).
    """

    safe_per_hour: float | None = None
    ceiling_per_hour: float | None = None
    stretch_requests: float = 0.0
    stretch_sent: float = 0.0
    stretch_s: float = 0.0
    last_request_at: float | None = None
    clean_requests: float = 0.0
    clean_weeks: int = 0
    compared_requests: float | None = None
    compared_per_hour: float | None = None
    counts_requests: bool = False
    doubts: int = 0
    throttled_before: bool = False
    requests_per_clip: float | None = None
    learned_at: float | None = None
    counted: Counted = Counted.OPEN

    refused_after_s: float | None = None
    refused_at: float | None = None
    passed_after_s: float | None = None
    blocked_since: float | None = None
    first_wait_s: float | None = None
    answered_after_s: float | None = None
    outlasted: bool = False

    held_since: float | None = None

    def move_times(self, by_s: float) -> None:
        """The clock was set by ``by_s`` seconds: what was learned when stays as long ago as it was."""
        self.last_request_at = moved_if_any(self.last_request_at, by_s)
        self.refused_at = moved_if_any(self.refused_at, by_s)
        self.blocked_since = moved_if_any(self.blocked_since, by_s)
        self.held_since = moved_if_any(self.held_since, by_s)


def moved_if_any(at: float | None, by_s: float) -> float | None:
    """A time, if there is one, on a clock that was set by ``by_s`` seconds."""
    return None if at is None else at + by_s


class Stamp(NamedTuple):
    """By which network a clip was handed out, in which epoch of its throttle, and for how many requests.

    ``requests`` is what its pace took it to cost.
    """

    network: str
    epoch: int
    requests: float = 1.0


NO_STAMP = Stamp("", -1)


# -- hosts -------------------------------------------------------------------------------------------

HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}")
"""Names of hosts: they stand in front of workers and networks, in commands and in file names."""
HERE = ""
"""In the place of a host's name: the machine of the engine."""


class HostStatus(StrEnum):
    """The standing of a host right now."""

    HERE = "here"
    """It is connected, and its workers get clips."""
    AWAY = "away"
    """Nothing is heard of it: its clips go back after a while, and it may come back."""
    REFUSED = "refused"
    """It asked to take part and may not; its last word says why."""
    LEFT = "left"
    """It said good-bye."""
    REMOVED = "removed"
    """The user removed it, and none of its name is let in."""

    @property
    def shut_out(self) -> bool:
        """True of one that could be let in again."""
        return self in (HostStatus.REFUSED, HostStatus.REMOVED)


class HostState(msgspec.Struct, frozen=True, kw_only=True):
    """A host as views know it, whole.

    ``address`` is where it connects from, ``version`` and ``yt_dlp`` those of its programs. It means to run
    ``workers`` workers; ``ready`` of them are up. ``networks`` are the names of its networks, as
    ``RunState.networks`` has them. ``clips`` were done by it since the engine began. ``in_place``: it sees
    the dataset folder, and no clip goes over the line. ``last_word`` is one plain sentence, said at
    ``said_at``.
    """

    name: str
    status: HostStatus = HostStatus.HERE
    address: str = ""
    version: str = ""
    yt_dlp: str = ""
    workers: int = 0
    ready: int = 0
    networks: tuple[str, ...] = ()
    clips: int = 0
    in_place: bool = False
    last_word: str = ""
    said_at: float = 0.0


def check_host_name(name: str) -> str:
    """A host's name as it is. Raises SettingsError where it cannot be one."""
    if not HOST_NAME.fullmatch(name):
        raise SettingsError(
            f"A host cannot be called {name[:40]!r}; give it a name of up to 31 letters, digits, dots, "
            "hyphens and underscores."
        )
    return name
