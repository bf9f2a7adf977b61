"""The hand of a worker, wherever it works: the clip in it, and by which network that comes."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from pathlib import Path

from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.archives.reading import Copy
from kinetics_tui.engine.workers.messages import Assign
from kinetics_tui.model.made import MadeFile
from kinetics_tui.model.network import HERE, NO_STAMP, Route, Stamp
from kinetics_tui.model.options import Extras, Resolve

LET_GO_S = 0.5
"""Seconds that a worker may take to let go of its clip before it is killed."""


class Hand(ABC):
    """One numbered worker of a run, and the clip in its hand; ``host`` is the machine that it is on."""

    let_go_s = LET_GO_S

    def __init__(self, number: int, host: str = HERE) -> None:
        self.number = number
        self.host = host
        self.place = 0
        """Among those of a host, counted from 1."""
        self.row: ClipRow | None = None
        self.extracting = False
        """The clip in hand is done already: frames and sound are made of it, off the network."""
        self.copy: Copy | None = None
        """The clip in hand is made of this file, off the network."""
        self.stamp = NO_STAMP
        self.made_at = time.monotonic()
        self.assigned_at = 0.0
        self.pid = 0
        self.ready = False
        self.leaving = False
        self.dying = False
        self.clips = 0
        self.let_go_by: float | None = None

    @property
    def idle(self) -> bool:
        """Ready for a clip."""
        return self.ready and self.row is None and not (self.leaving or self.dying)

    def assign(self, row: ClipRow, stamp: Stamp, route: Route, first: Resolve) -> None:
        """Put a clip into the worker's hand, to be fetched by ``route``, asked for by the way ``first``.

        ``stamp`` tells by which network that is, and in which state of it.
        """
        todo = Assign(clip_id=row.id, clip=row.clip, path=row.path, route=route, first=first)
        self._take_on(row, stamp, todo)

    def assign_extract(self, row: ClipRow, extras: Extras) -> None:
        """Put a clip that is done into the worker's hand, for frames and sound to be made of it."""
        self._take_on(row, NO_STAMP, Assign(clip_id=row.id, clip=row.clip, path=row.path, extract=extras))

    def assign_copy(self, row: ClipRow, copy: Copy) -> None:
        """Put a clip into the worker's hand that is to be made of a copy out of an archive."""
        name = copy.archive.name
        todo = Assign(clip_id=row.id, clip=row.clip, path=row.path, copy=str(copy.path), archive=name)
        self._take_on(row, NO_STAMP, todo)
        self.copy = copy

    def assign_arrival(self, row: ClipRow, path: Path, sha256: str, made: MadeFile) -> None:
        """Put a clip into the worker's hand that a host made, to be verified and put in its place."""
        todo = Assign(
            clip_id=row.id, clip=row.clip, path=row.path, arrived=str(path), sha256=sha256, made=made
        )
        self._take_on(row, NO_STAMP, todo)

    def _take_on(self, row: ClipRow, stamp: Stamp, work: Assign) -> None:
        self.row = row
        self.extracting = work.extract is not None
        self.copy = None
        self.stamp = stamp
        self.assigned_at = time.monotonic()
        self.clips += 1
        self._begin(work)

    def cancel(self, *, network_only: bool = False, forced: bool = True) -> None:
        """Ask the worker to let go of its clip; ``forced``: by ``let_go_by`` (monotonic) at the latest.

        ``network_only``: it may go on where all the clip's bytes are here already.
        """
        if forced and self.let_go_by is None:
            self.let_go_by = time.monotonic() + self.let_go_s
        self._cancel(network_only=network_only)

    def release(self) -> None:
        """The clip is out of the worker's hand."""
        self.row = None
        self.let_go_by = None
        if self.leaving:
            self.kill()

    def retire(self) -> None:
        """Let the worker go, at once if it is idle, else when its clip is out of its hand."""
        self.leaving = True
        if self.row is None:
            self.kill()

    @abstractmethod
    def kill(self) -> None:
        """End the worker at once; its clip goes back."""

    @abstractmethod
    def _begin(self, work: Assign) -> None:
        """Have the worker begin."""

    @abstractmethod
    def _cancel(self, *, network_only: bool) -> None:
        """Have the worker asked to let go."""
