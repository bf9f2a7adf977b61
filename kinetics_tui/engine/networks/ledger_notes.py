"""Notes on networks and sessions, kept until the ledger could take them.

A full disk must not lose the end of a cooldown, nor hold up the run that has to hear of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import SameAs, Way


class LedgerNotes:
    """Takes notes in order, and writes them as soon as the ledger takes them; ``pid`` is the engine's."""

    def __init__(self, ledger: Ledger, pid: int) -> None:
        self._ledger = ledger
        self._pid = pid
        self._in_session: set[str] = set()
        self._sessions: dict[str, int] = {}
        self._in_use: tuple[str, ...] = ()
        self._notes: deque[Callable[[], None]] = deque()
        self._unsaved: dict[str, NetworkRow] = {}

    def save(self, row: NetworkRow, *, at_once: bool = False) -> None:
        """Have a network's state written with the next writing, or ``at_once``."""
        self._unsaved[row.name] = row
        if at_once:
            self._try_to_write()

    def throttled(self, network: str, at: float, signal: Category, step: int, clips: int) -> None:
        """A network was refused after ``clips`` clips; its ``step``-th cooldown begins."""
        self._note(lambda: self._ledger.throttled(network, at, signal, step, clips))

    def answered(self, network: str, at: float) -> None:
        """A network that was refused is answered again."""
        self._note(lambda: self._ledger.throttle_ended(network, at))

    def ways(self, in_use: Sequence[Way], added: Mapping[str, Way], same: Mapping[str, SameAs]) -> None:
        """The ways in use, those that the user added, and those of them that are the same network."""
        ways, named, one = tuple(in_use), dict(added), dict(same)
        self._note(lambda: self._ledger.set_ways_in_use(ways))
        self._note(lambda: self._ledger.set_ways(named, one))

    def in_use(self, names: Sequence[str]) -> None:
        """The networks in use, where they are others than before."""
        if (found := tuple(names)) != self._in_use:
            self._in_use = found
            self._note(lambda: self._ledger.set_networks_in_use(found))

    def begin_session(self, network: str, now: float) -> bool:
        """A stretch of work on a network begins, unless one is under way. True where it does."""
        if network in self._in_session:
            return False
        self._in_session.add(network)

        def begin() -> None:
            self._sessions[network] = self._ledger.open_session(network, now, self._pid)

        self._note(begin)
        return True

    def end_session(self, network: str, now: float, why: str) -> None:
        """The stretch of work on a network ends, and why."""
        if network not in self._in_session:
            return
        self._in_session.discard(network)

        def end() -> None:
            self._ledger.close_session(self._sessions[network], now, why)
            del self._sessions[network]

        self._note(end)

    def end_sessions(self, now: float, why: str) -> None:
        """All work ends, and why."""
        for network in sorted(self._in_session):
            self.end_session(network, now, why)

    def write(self) -> None:
        """Write what is to be written. Raises ``DatasetError``; what was not written stays to be."""
        while self._notes:
            self._notes[0]()
            self._notes.popleft()
        if self._unsaved:
            self._ledger.save_networks(*self._unsaved.values())
            self._unsaved.clear()

    def _note(self, note: Callable[[], None]) -> None:
        self._notes.append(note)
        self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self.write()
        except DatasetError:
            return  # the engine writes again soon, and says so where that fails too
