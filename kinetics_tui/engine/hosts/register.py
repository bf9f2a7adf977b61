"""The hosts of a run by name: who may take part, and what views and the log are told of each."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Collection, Iterator

from kinetics_tui import __version__
from kinetics_tui.base.machine import version_on_disk
from kinetics_tui.base.safe_text import for_ledger
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.host import Host, HostHand
from kinetics_tui.engine.wire.messages import Hello, Refused
from kinetics_tui.engine.workers.pool import Death
from kinetics_tui.model.events import HostChanged
from kinetics_tui.model.network import HOST_NAME, HostState, HostStatus

MOST_HOSTS = 256
NOTES_A_MINUTE = 20

log = logging.getLogger(__name__)


class Register:
    """Every host that takes part, or has since the engine began.

    ``removed`` gives the names of those that the user has removed; they are no longer here.
    """

    def __init__(self, context: RunContext, removed: Callable[[], Collection[str]]) -> None:
        self._context = context
        self._removed = removed
        self._hosts: dict[str, Host] = {}

    def __iter__(self) -> Iterator[Host]:
        """All hosts; they may come and go meanwhile."""
        return iter(list(self._hosts.values()))

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def get(self, name: str) -> Host | None:
        """The host of a name, if there is one."""
        return self._hosts.get(name)

    @property
    def hands(self) -> list[HostHand]:
        """The workers on all hosts."""
        return [hand for host in self._hosts.values() for hand in host.hands.values()]

    # -- who takes part ---------------------------------------------------------------------------

    def refusal(self, hello: Hello) -> Refused | None:
        """The reason why one may not take part, None where it may."""
        yt_dlp = version_on_disk("yt_dlp")
        name, known = hello.name, self._hosts.get(hello.name)
        if hello.version != __version__:
            why = f"The engine is Kinetics TUI {__version__}, this host {hello.version}"
            return Refused(why=f"{why}: pip install kinetics-tui=={__version__}")
        if hello.yt_dlp != yt_dlp:
            why = f"The engine has yt-dlp {yt_dlp}, this host {hello.yt_dlp}"
            return Refused(why=f"{why}: pip install 'yt-dlp[default]=={yt_dlp}'")
        if not HOST_NAME.fullmatch(name):
            return Refused(why="A host's name has up to 31 letters, digits, dots, hyphens and underscores.")
        if name in self._removed():
            why = f"The host {name} was removed: another --name, or kinetics-tui hosts DATASET --admit {name}"
            return Refused(why=why)
        if known is not None and known.here and known.instance != hello.instance:
            why = f"A host {name} takes part already: give this one another --name."
            return Refused(why=why, for_good=False)
        if known is None and not self._has_room():
            return Refused(why=f"{MOST_HOSTS} hosts take part already.", for_good=False)
        return None

    def _has_room(self) -> bool:
        """True if one more host may take part; of those that are gone the first is forgotten for it."""
        if len(self._hosts) < MOST_HOSTS:
            return True
        gone = next((host.name for host in self._hosts.values() if not (host.here or host.hands)), None)
        if gone is not None:
            self.publish(self._hosts.pop(gone).state(), removed=True)
        return gone is not None

    def enter(self, name: str, gone: Callable[[HostHand, Death | None], None]) -> Host:
        """The host of this name, new if there was none; ``gone`` is told which of its workers are."""
        host = self._hosts.get(name)
        if host is None:
            taken = {other.index for other in self._hosts.values()}
            index = next(number for number in itertools.count(1) if number not in taken)
            host = self._hosts[name] = Host(name, index, gone)
        return host

    def strike(self, name: str) -> None:
        """Have no host of this name any more."""
        del self._hosts[name]

    # -- what is told -----------------------------------------------------------------------------

    def tell(self, host: Host, news: str = "") -> None:
        """Tell views how a host stands; ``news`` goes to the log, and is its last word."""
        if news:
            host.last_word, host.said_at = news, self._context.clock()
        self.publish(host.state(), news)

    def note(self, host: Host, text: str) -> None:
        """Tell the log something about a host; of many notes a minute the rest is dropped."""
        now = time.monotonic()
        host.notes = [at for at in host.notes if now - at < 60.0]
        if len(host.notes) < NOTES_A_MINUTE:
            host.notes.append(now)
            self.tell(host, text)

    def tell_refused(self, hello: Hello, peer: str, why: str) -> None:
        """Tell views and the log that one who called from ``peer`` may not take part."""
        log.warning("host %s is refused: %s", for_ledger(hello.name)[:40], why)
        listed = self._context.state.hosts
        room = hello.name in listed or len(listed) < MOST_HOSTS
        if room and HOST_NAME.fullmatch(hello.name) and hello.name not in self._hosts:
            now = self._context.clock()
            self.publish(
                HostState(
                    name=hello.name,
                    status=HostStatus.REFUSED,
                    address=peer,
                    version=hello.version,
                    yt_dlp=hello.yt_dlp,
                    last_word=why,
                    said_at=now,
                ),
                f"is refused: {why}",
            )

    def publish(self, state: HostState, news: str = "", *, removed: bool = False) -> None:
        """Publish how a host stands, where that is news; ``removed``: it is on no list any more."""
        if news or removed or self._context.state.hosts.get(state.name) != state:
            self._context.publish(
                HostChanged(at=self._context.clock(), host=state, news=news, removed=removed)
            )
