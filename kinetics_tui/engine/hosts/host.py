"""A host as the engine knows it: its line, its workers with their leases, and its networks."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from kinetics_tui.base.safe_text import for_ledger
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.wire.gate import HostLine
from kinetics_tui.engine.wire.messages import SILENT_S, HostNetwork, LetGo, ToHost, Work
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Assign
from kinetics_tui.engine.workers.pool import Death
from kinetics_tui.model.network import HostState, HostStatus, NetworkKind, Route, host_way

NO_LEASE = 0


class HostHand(Hand):
    """One worker of a host: the ``place``-th there. ``lease`` is that of the clip in its hand."""

    let_go_s = 3.0
    """A line may be slow; the host gives its own workers less."""

    def __init__(
        self, number: int, place: int, host: Host, begin: Callable[[HostHand, Assign], None]
    ) -> None:
        super().__init__(number, host.name)
        self.place = place
        self.lease = NO_LEASE
        self.gone = False
        """The worker has ended; what it made last is still on its way."""
        self._rests_until = 0.0
        self._of = host
        self._lease_out = begin

    @property
    def idle(self) -> bool:
        """Ready for a clip, with nothing of the last one still on its way."""
        at_hand = self.lease == NO_LEASE and self._of.here  # of most it is the first that says no
        return at_hand and super().idle and time.monotonic() >= self._rests_until

    def rest(self, seconds: float) -> None:
        """Give it nothing for a while."""
        self._rests_until = time.monotonic() + seconds

    def release(self) -> None:
        """The clip is out of the worker's hand; a host lets workers go by itself where it has too many."""
        self.row = None
        self.let_go_by = None

    def end_lease(self) -> None:
        """Its lease holds no more."""
        self._of.deny(self.lease)
        self.lease = NO_LEASE

    def kill(self) -> None:
        """End the worker: what it has in hand is taken from it now, whatever it does with it."""
        self._of.let_go(self.place, self.lease, kill=True)
        self._of.taken_from(self)

    def _begin(self, work: Assign) -> None:
        self._lease_out(self, work)

    def _cancel(self, *, network_only: bool) -> None:
        self._of.let_go(self.place, self.lease, network_only=network_only)


NUMBERS_A_HOST = 100
"""The workers of the first host are numbered from 101 on, those of the second from 201 on."""


class Host:
    """One host that has taken part since the engine began; ``index`` counts them from 1.

    ``gone`` is told that a worker is gone, with its clip still in its hand.
    """

    def __init__(self, name: str, index: int, gone: Callable[[HostHand, Death | None], None]) -> None:
        self.name = name
        self.instance = ""
        self.line: HostLine | None = None
        self.hands: dict[int, HostHand] = {}
        self.networks: dict[str, Network] = {}
        """By the ways that lead to them."""
        self.workers = 0
        self.clips = 0
        self.spoiled = 0
        """Clips in a row that did not verify as they arrived."""
        self.notes: list[float] = []
        """The times of those that were published."""
        self.in_place = False
        self.left = False
        """It said good-bye, or was removed."""
        self.last_word = ""
        self.said_at = 0.0
        self.heard_at = time.monotonic()
        self.progress_due = 0.0
        self.networks_said: Sequence[HostNetwork] | None = None
        """What it has told of its networks that the run does not know yet."""
        self.networks_due = 0.0
        self.address = self._version = self._yt_dlp = ""
        self.index = index
        self._gone = gone

    @property
    def here(self) -> bool:
        """True while there is a line to it."""
        return self.line is not None

    @property
    def status(self) -> HostStatus:
        """Its standing right now."""
        if self.here:
            return HostStatus.HERE
        return HostStatus.LEFT if self.left else HostStatus.AWAY

    @property
    def silent(self) -> bool:
        """True if nothing was heard of it for so long that its clips go back."""
        return time.monotonic() - self.heard_at > SILENT_S

    @property
    def networks_away(self) -> dict[str, Network]:
        """Its networks, none of which can be used now."""
        return {way: replace(network, present=False) for way, network in self.networks.items()}

    def number(self, place: int) -> int:
        """The number of a worker of the host among all those of the run."""
        return NUMBERS_A_HOST * self.index + place

    def about(self, address: str, version: str, yt_dlp: str) -> None:
        """Keep what it says of itself."""
        self.address, self._version, self._yt_dlp = address, version, yt_dlp

    def state(self) -> HostState:
        """The host as views see it."""
        return HostState(
            name=self.name,
            status=self.status,
            address=self.address,
            version=self._version,
            yt_dlp=self._yt_dlp,
            workers=self.workers,
            ready=sum(hand.ready for hand in self.hands.values()) if self.here else 0,
            networks=tuple(dict.fromkeys(network.name for network in self.networks.values())),
            clips=self.clips,
            in_place=self.in_place,
            last_word=self.last_word,
            said_at=self.said_at,
        )

    def tell(self, message: ToHost) -> None:
        """Send it a message, if there is a line to it."""
        if self.line is not None:
            self.line.send(message)

    def give(self, work: Work) -> None:
        """Send it a clip, and allow it the file that comes of that."""
        if self.line is not None:
            self.line.allow(work.lease)
            self.line.send(work)

    def deny(self, lease: int) -> None:
        """Take no file under this lease any more."""
        if self.line is not None:
            self.line.deny(lease)

    def let_go(self, place: int, lease: int, *, network_only: bool = False, kill: bool = False) -> None:
        """Have a worker let go of the clip of a lease."""
        self.tell(LetGo(place=place, lease=lease, network_only=network_only, kill=kill))

    def taken_from(self, hand: HostHand, death: Death | None = None) -> None:
        """Take a worker off the list; its clip goes back."""
        if self.hands.get(hand.place) is hand:
            del self.hands[hand.place]
        if hand.let_go_by is None and not hand.leaving and hand.row is not None:
            death = death or Death("hung", from_outside=False)
        self._gone(hand, death)


def network_of_host(host: str, peer: str, found: HostNetwork, *, behind: str = "") -> Network:
    """A network of a host as the run knows it. ``peer`` is the address that the host connects from.

    ``behind`` is the network that it is by the user's word. Without that, addresses of the whole internet
    are what YouTube sees; one of a private network is only if the host has come through no translation of
    addresses (NAT), which ``peer`` may tell; else it is the host's own, until YouTube tells what it sees.
    """
    way = host_way(host, found.key)
    return Network(
        name=behind or _name(host, peer, found),
        label=f"{host} {for_ledger(found.label)}",
        kind=found.kind,
        family=found.family,
        route=Route(way=way.target),
        present=found.present,
    )


def _name(host: str, peer: str, found: HostNetwork) -> str:
    own = f"{host} {found.name}"
    if found.kind is NetworkKind.PROXY:
        try:
            far = urlsplit(found.name).hostname or ""
        except ValueError:
            return own
        return own if far == "localhost" or _is_private(far) else found.name
    if not _is_private(found.name.partition("/")[0], unknown=True):
        return found.name
    return peer if found.kind is NetworkKind.DEFAULT_ROUTE and not _is_private(peer, unknown=True) else own


def _is_private(address: str, *, unknown: bool = False) -> bool:
    """True if an address means something else on each network; ``unknown`` for what is no address."""
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        return unknown
