"""A clock that rings for one clip after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Alarm:
    """Calls somebody when a time is up, from a thread of its own, unless it is called off before.

    One thread for all clips: where a machine has no more threads to give, that shows when a worker starts,
    and not in the middle of clip after clip. Raises RuntimeError where there is no thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: float | None = None
        self._ring: Callable[[], None] = _nobody
        self._closed = False
        threading.Thread(target=self._wait, name="alarm", daemon=True).start()

    def set(self, after_s: float, ring: Callable[[], None]) -> None:
        """Call ``ring`` after so many seconds, instead of what was set before."""
        with self._changed:
            self._due, self._ring = time.monotonic() + after_s, ring
            self._changed.notify()

    def call_off(self) -> None:
        """Ring no more, until it is set again."""
        with self._changed:
            self._due, self._ring = None, _nobody

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _wait(self) -> None:
        with self._changed:
            while not self._closed:
                left_s = None if self._due is None else self._due - time.monotonic()
                if left_s is None or left_s > 0.0:
                    self._changed.wait(None if left_s is None else min(left_s, threading.TIMEOUT_MAX))
                else:
                    ring, self._due = self._ring, None
                    ring()


def _nobody() -> None:
    pass
