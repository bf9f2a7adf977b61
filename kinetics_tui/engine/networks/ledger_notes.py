"""Notes on networks and sessions, kept until the ledger could take them.

A full disk must not lose the end of a cooldown, nor hold up the run that has to hear of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import NetworkRow
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Way


class LedgerNotes:
    """Takes notes in order, and writes them as soon as the ledger takes them; ``pid`` is the engine's."""

    def __init__(self, ledger: Ledger, pid: int) -> None:
        self._ledger = ledger
        self._pid = pid
        self._in_session = False
        self._session: int | None = None
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

    def way(self, way: Way, added: dict[str, Way]) -> None:
        """The way in use, and those that the user added."""
        self._note(lambda: self._ledger.set_way(way))
        self._note(lambda: self._ledger.set_ways(added))

    def begin_session(self, network: str, now: float) -> None:
        """A stretch of work on a network begins, unless one is under way."""
        if self._in_session:
            return
        self._in_session = True

        def begin() -> None:
            self._session = self._ledger.open_session(network, now, self._pid)

        self._note(begin)

    def end_session(self, now: float, why: str) -> None:
        """The stretch of work ends, and why."""
        if not self._in_session:
            return
        self._in_session = False

        def end() -> None:
            if self._session is not None:
                self._ledger.close_session(self._session, now, why)

        self._note(end)

    def write(self) -> None:
        """Write what is to be written. Raises ``DatasetError``; what was not written stays to be."""
        while self._notes:
            self._notes[0]()
            self._notes.popleft()
        for name, row in list(self._unsaved.items()):
            self._ledger.save_network(row)
            del self._unsaved[name]

    def _note(self, note: Callable[[], None]) -> None:
        self._notes.append(note)
        self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self.write()
        except DatasetError:
            return  # the engine writes again soon, and says so where that fails too
