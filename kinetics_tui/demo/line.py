"""A line with a speed and a distance, for all connections of the loopback YouTube together."""

from __future__ import annotations

import threading
import time


class Line:
    """Shapes what the server sends.

    ``bytes_per_s`` is shared by all connections (None: as fast as the machine can); ``latency_s`` is
    what every request waits before it is answered. Both may be changed while requests are served.
    """

    def __init__(self, bytes_per_s: float | None = None, latency_s: float = 0.0) -> None:
        self.bytes_per_s = bytes_per_s
        self.latency_s = latency_s
        self._lock = threading.Lock()
        self._free_at = 0.0

    def delay_s(self, size_bytes: int) -> float:
        """Book ``size_bytes`` on the line; how long the caller has to wait before sending them."""
        if self.bytes_per_s is None:
            return 0.0
        with self._lock:
            now = time.monotonic()
            start = max(now, self._free_at)
            self._free_at = start + size_bytes / self.bytes_per_s
            return start - now
