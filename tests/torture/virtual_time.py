"""An event loop whose time passes as fast as the processor can follow."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Any


class _Warp(selectors.DefaultSelector):
    """Waits for nothing: where nothing is to be read, time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.real = False

    def select(self, timeout: float | None = None) -> list[Any]:
        if self.real and timeout is not None and timeout > 0:
            began = time.monotonic()
            found = super().select(timeout)
            self.now += time.monotonic() - began
            return found
        found = super().select(None if timeout is None else 0)
        if not found and timeout is not None:
            self.now += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which nobody sleeps, but where it is to keep real time."""

    def __init__(self) -> None:
        self._warp = _Warp()
        super().__init__(self._warp)

    def time(self) -> float:
        return self._warp.now

    def keep_real_time(self, real: bool) -> None:
        """Let time pass as fast as it does, where another process is waited for, or as fast as it may."""
        self._warp.real = real
