"""Frames and sound: the kinds that are wanted of a dataset's clips, and the clips that still lack some."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Taken
from kinetics_tui.model.events import ClipExtracted, ClipReturned
from kinetics_tui.model.options import FRAMES_FOLDER, Extras, frames_path, sound_path


def keep_extras(dataset: Path, extras: Extras) -> None:
    """Have these made of a dataset's clips from the next run on.

    Raises EngineError while an engine runs, DatasetError as ``next_extras`` does; nothing is changed then.
    """
    # Looked at first without the lock: a folder that is no dataset is left as it is.
    Ledger.open(dataset, read_only=True).close()
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        options = ledger.options
        extras = next_extras(dataset, options.extras, extras)
        ledger.set_options(msgspec.structs.replace(options, extras=extras))


def next_extras(dataset: Path, before: Extras, wanted: Extras, *, making: bool = False) -> Extras:
    """The frames and sound to be kept of those that are wanted now, with the frames that were wanted last.

    Raises DatasetError where frames of another kind are there already, or being made (``making``).
    """
    last = before.frames or before.frames_before
    frames = dataset / FRAMES_FOLDER
    if wanted.frames not in (None, last) and (making or frames.is_dir()):
        raise DatasetError(f"{frames} holds other frames: move it away, then ask for these.")
    return msgspec.structs.replace(wanted, frames_before=wanted.frames or last)


PAGE = 256
LOOK_S = 0.02
"""So long at a time the disk is searched for clips that lack something: the engine has more to do."""
DEATHS_A_CLIP = 2
"""A clip that takes down so many workers is left as it is."""


class Extraction:
    """Hands out clips that are done and lack frames or sound, each to one hand at a time.

    What is on the disk says what is made: it has its name when it is whole. The ledger knows nothing of
    it, and nothing is lost with an engine that dies.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._fresh: deque[ClipRow] = deque()
        self._page: deque[ClipRow] = deque()
        self._after_id: int | None = 0 if context.options.extras.any else None
        self._passed_id = 0
        self._looked_at = 0
        self._taken: set[int] = set()
        self._outdated: set[int] = set()
        self._deaths: dict[int, int] = {}

    @property
    def _extras(self) -> Extras:
        return self._context.options.extras

    def next_extras(self, wanted: Extras) -> Extras:
        """The frames and sound to be kept of them; DatasetError where what is there does not go with them."""
        return next_extras(self._context.dataset, self._extras, wanted, making=bool(self._taken))

    def restart(self) -> None:
        """Look at every clip again: other frames or sound are wanted from now on."""
        extras = self._extras
        self._page.clear()
        self._after_id = 0 if extras.any else None
        self._passed_id = self._looked_at = 0
        self._deaths.clear()
        self._outdated = set(self._taken)  # what is made of these now may not be all
        if not extras.any:
            self._fresh.clear()

    @property
    def in_hand(self) -> int:
        return len(self._taken)

    @property
    def fresh(self) -> bool:
        """True if there is a clip that has just come, or was put back."""
        return bool(self._fresh)

    @property
    def exhausted(self) -> bool:
        """Nothing is left but what is in hand."""
        return not (self._fresh or self._page) and self._after_id is None

    @property
    def through(self) -> int:
        """The number of clips that have all that is wanted of them, as far as was looked."""
        return max(0, self._looked_at - len(self._taken) - len(self._fresh))

    def add(self, row: ClipRow) -> None:
        """A clip has just come."""
        if self._extras.any:
            self._fresh.append(row)
            # One that the search is still to come to is counted then.
            self._looked_at += self._after_id is None or row.id <= self._passed_id

    def take(self) -> ClipRow | None:
        """The next clip, now in hand; None where none was found in the time there is for looking."""
        until = time.monotonic() + LOOK_S
        while time.monotonic() < until:
            row = self._next()
            if row is None:
                return None
            if row.id not in self._taken and self._lacks(row):
                self._taken.add(row.id)
                return row
        return None

    def made(self, slot: Hand, row: ClipRow, message: Taken) -> None:
        """All that was wanted of the clip is there."""
        self._settle(row)
        self._context.publish(
            ClipExtracted(
                at=self._context.clock(),
                slot=slot.number,
                clip=row.clip,
                frames=message.frames,
                sound=message.sound,
                through=self.through,
            )
        )

    def failed(self, slot: Hand, row: ClipRow, why: str) -> None:
        """It cannot be made; the next run tries again."""
        self._settle(row)
        at, through = self._context.clock(), self.through
        self._context.publish(ClipExtracted(at=at, slot=slot.number, clip=row.clip, why=why, through=through))

    def dropped(self, slot: Hand, row: ClipRow, death: str = "") -> None:
        """The clip is out of its hand unfinished; ``death`` is how the worker died, if it did."""
        if death:
            self._deaths[row.id] = self._deaths.get(row.id, 0) + 1
            if self._deaths[row.id] >= DEATHS_A_CLIP:
                self.failed(slot, row, f"Its worker died ({death}).")
                return
        self._taken.discard(row.id)
        self._outdated.discard(row.id)
        if self._extras.any:
            self._fresh.append(row)
        reason = f"worker died ({death})" if death else "unfinished"
        self._context.publish(
            ClipReturned(at=self._context.clock(), slot=slot.number, clip=row.clip, reason=reason)
        )

    def _settle(self, row: ClipRow) -> None:
        self._taken.discard(row.id)
        self._deaths.pop(row.id, None)
        if row.id in self._outdated:
            self._outdated.discard(row.id)
            if self._extras.any:
                self._fresh.append(row)

    def _next(self) -> ClipRow | None:
        if self._fresh:
            return self._fresh.popleft()
        if not self._page and self._after_id is not None:
            self._page.extend(self._context.ledger.done_clips(self._after_id, PAGE))
            self._after_id = self._page[-1].id if self._page else None
        if not self._page:
            return None
        row = self._page.popleft()
        self._passed_id = row.id
        self._looked_at += 1
        return row

    def _lacks(self, row: ClipRow) -> bool:
        extras = self._extras
        if extras.frames_fps is not None and not (self._context.dataset / frames_path(row.path)).is_dir():
            return True
        return (
            extras.sound is not None
            and not (self._context.dataset / sound_path(row.path, extras.sound)).exists()
        )
