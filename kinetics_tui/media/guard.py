"""When to give up a clip, and how to end what it waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kinetics_tui.media.failures import ClipCancelled, ClipFailure
from kinetics_tui.model.failure import Category

LEAST_WAIT_S = 0.05


class Guard:
    """Says when to give up a clip: asked to (``cancelled``), told to (``abort``), or out of time.

    ``deadline`` is on the clock of ``time.monotonic``.
    """

    def __init__(self, cancelled: Callable[[], bool] = lambda: False, deadline: float | None = None) -> None:
        self._cancelled = cancelled
        self._deadline = deadline
        self._aborted = False
        self._response: Any = None

    def check(self) -> None:
        """Raise ClipCancelled or ClipFailure where it is time to give up."""
        if self._aborted or self._cancelled():
            raise ClipCancelled
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise ClipFailure(Category.TIMEOUT, "The clip took longer than its deadline allows.")

    def seconds_left(self) -> float | None:
        """Until the deadline; None without one."""
        return None if self._deadline is None else max(LEAST_WAIT_S, self._deadline - time.monotonic())

    def sleep(self, seconds: float) -> None:
        """Wait, but give up in time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.1))
        self.check()

    def abort(self) -> None:
        """Cancel from another thread, at once even where a server stands still."""
        self._aborted = True
        self.shut()

    def shut(self) -> None:
        """End the answer that is being read: whoever reads it goes on to ``check``."""
        shut = getattr(getattr(self._response, "fp", None), "shutdown", None)
        if shut is not None:
            try:
                shut()
            except (OSError, ValueError, RuntimeError):
                # The answer ended in the meantime: there is nothing left to shut.
                return

    def watch(self, response: Any) -> None:
        """Note the answer that is being read (None: none), for ``shut``."""
        self._response = response
