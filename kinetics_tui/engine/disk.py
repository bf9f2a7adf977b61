"""Whether clips can be written: room on the disk, and a folder that takes them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.model.events import AnyEvent, DiskMeasured

FLOOR_BYTES = 2 << 30
FLOOR_SHARE = 0.01
"""Clips are handed out while more than the smaller of the two is free."""
HOLD_S = 30.0
"""How long nothing is handed out after something could not be written."""
TELL_CHANGE = 0.01
"""The room left is told when it changed by this share."""


class DiskWatch:
    """``problem`` is one plain sentence while nothing should be written, else empty."""

    def __init__(
        self, dataset: Path, publish: Callable[[AnyEvent], None], clock: Callable[[], float]
    ) -> None:
        self.problem = ""
        self._dataset = dataset
        self._publish = publish
        self._clock = clock
        self._hold_until = 0.0
        self._told_bytes: int | None = None

    def hold(self, why: str) -> None:
        """Something could not be written: hand out nothing for a while."""
        self.problem = why
        self._hold_until = time.monotonic() + HOLD_S

    def look_again(self) -> None:
        """Do not wait for the end of a hold."""
        self._hold_until = 0.0
        self.measure()

    def measure(self) -> None:
        """Look how much room there is."""
        try:
            usage = shutil.disk_usage(self._dataset)
        except OSError as error:
            self.hold(f"The dataset folder cannot be reached ({error.strerror}): bring it back.")
            return
        floor_bytes = min(FLOOR_BYTES, int(usage.total * FLOOR_SHARE))
        if usage.free < floor_bytes:
            self.problem = f"Less than {floor_bytes / 1e6:,.0f} MB are free: make room on the disk."
        elif time.monotonic() >= self._hold_until:
            self.problem = ""
        told = self._told_bytes
        if told is None or abs(usage.free - told) > told * TELL_CHANGE:
            self._told_bytes = usage.free
            self._publish(DiskMeasured(at=self._clock(), free_bytes=usage.free))
