"""The disk under a run: is the dataset's own folder there, has it room, and can it be written?"""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

from kinetics_tui.base.whole_file import sync
from kinetics_tui.dataset.folder import identity, ledger_path, scratch_path, state_folder
from kinetics_tui.engine.context import RunContext
from kinetics_tui.model.events import DiskMeasured

FLOOR_BYTES = 2 << 30
FLOOR_SHARE = 0.01
"""Clips are handed out while more than the smaller of the two is free, ..."""
CLIP_BYTES = 8 << 20
"""... and while a clip in the making, its sources' bytes and the ledger's have room for every worker, ..."""
MOST_SHARE = 0.1
"""... but never is more of a disk left free than this share of it."""
ROOM_AGAIN = 1.25
ROOM_AGAIN_BYTES = 64 << 20
"""They are handed out again at so many times the floor, or so much more; else the end of a clip would do."""
HOLD_S = 5.0
LONGEST_HOLD_S = 600.0
"""The longest time that nothing is handed out after something could not be written; twice as long each time
in a row."""
TELL_CHANGE = 0.01
"""The room left is told when it changed by this share."""
TRY_EVERY_S = 5.0
TRY_BYTES = 1 << 20
TRY_NAME = "room"


class DiskWatch:
    """``problem`` is one plain sentence while nothing should be written, else empty.

    ``full`` says whether that is for want of room; ``workers`` tells how many clips may be in the making at
    once.
    """

    def __init__(self, context: RunContext) -> None:
        self.problem = ""
        self.full = False
        self._context = context
        self._dataset = dataset = context.dataset
        self.here = True
        """True if the dataset folder holds the ledger that this run is written to."""
        self._ledger_is = identity(ledger_path(dataset))
        # Of the folder, not of the ledger: to close another descriptor of its file would end SQLite's locks.
        self._folder_fd = _open(state_folder(dataset))
        self._low = False
        self._held = False
        self._hold_s = HOLD_S
        self._hold_until = 0.0
        self._told_bytes: int | None = None

    def hold(self, why: str, *, full: bool = False) -> None:
        """Something could not be written, ``full``: for want of room. Hand out nothing for a while."""
        if self._low or not self.here:
            return  # that is why
        now = time.monotonic()
        self.problem, self.full = why, full
        if self._held:
            return  # clips that were in hand say the same
        if now > self._hold_until + self._hold_s:
            self._hold_s = HOLD_S
        self._hold_until = now + self._hold_s
        self._hold_s = min(2 * self._hold_s, LONGEST_HOLD_S)
        self._held = True

    @property
    def deleted(self) -> bool:
        """True if the ledger's folder is gone for good, not only away: there is no run to go on with."""
        return not self.here and self._folder_fd is not None and os.fstat(self._folder_fd).st_nlink == 0

    def close(self) -> None:
        """Look no more."""
        if self._folder_fd is not None:
            os.close(self._folder_fd)
            self._folder_fd = None

    def look_again(self) -> None:
        """Do not wait for the end of a hold."""
        self._hold_until = 0.0
        self._hold_s = HOLD_S
        self.measure()

    @property
    def free_bytes(self) -> int:
        """The room that there is now; none where the dataset cannot be reached."""
        try:
            return shutil.disk_usage(self._dataset).free
        except OSError:
            return 0

    def measure(self) -> None:
        """Look whether the dataset is there, and how much room there is."""
        now = time.monotonic()
        try:
            usage = shutil.disk_usage(self._dataset)
        except OSError as error:
            self.here = False
            self._gone(f"The dataset folder {self._dataset} cannot be reached ({error.strerror})")
            return
        self.here = identity(ledger_path(self._dataset)) == self._ledger_is
        if not self.here:
            self._gone(f"The dataset is no longer at {self._dataset}")
            return
        floor_bytes = floor_of(usage.total, self._context.options.workers)
        again_bytes = min(floor_bytes * ROOM_AGAIN, floor_bytes + ROOM_AGAIN_BYTES)
        self._low = usage.free < (again_bytes if self._low else floor_bytes)
        if self._low:
            self.problem = f"Less than {again_bytes / 1e6:,.0f} MB are free: make room on the disk."
            self.full = True
            self._reason_is_known()
        elif now >= self._hold_until:
            if self.problem:
                self._try_to_write()
            self._held = False
            if self.problem:
                self._hold_until = now + TRY_EVERY_S
        self._tell(usage.free)

    def _gone(self, what: str) -> None:
        self.problem, self.full = f"{what}: bring it back, or stop the run.", False
        self._reason_is_known()

    def _reason_is_known(self) -> None:
        """Forget other reasons of what could not be written meanwhile: no hold outlasts this one."""
        self._hold_until = 0.0
        self._hold_s = HOLD_S

    def _try_to_write(self) -> None:
        """Write a little, since room alone does not say that it may be used; find what speaks against it."""
        path = scratch_path(self._dataset) / TRY_NAME
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                path.write_bytes(bytes(TRY_BYTES))
                sync(path)
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            self.problem = f"Nothing can be written to the dataset folder ({error.strerror}): mend it."
            self.full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        else:
            self.problem, self.full = "", False

    def _tell(self, free_bytes: int) -> None:
        told = self._told_bytes
        if told is None or abs(free_bytes - told) > told * TELL_CHANGE:
            self._told_bytes = free_bytes
            self._context.publish(DiskMeasured(at=self._context.clock(), free_bytes=free_bytes))


def floor_of(total_bytes: int, workers: int) -> int:
    """The bytes of a disk of ``total_bytes`` that a run with so many workers leaves free."""
    share_bytes = min(FLOOR_BYTES, int(total_bytes * FLOOR_SHARE))
    return min(max(share_bytes, workers * CLIP_BYTES), int(total_bytes * MOST_SHARE))


def _open(path: Path) -> int | None:
    """A descriptor of a folder, so that it is known still when its name is gone; None where there is none."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
