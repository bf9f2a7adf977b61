"""What the line and the cores allow, and what of it was reached."""

from __future__ import annotations

import msgspec

MINUTE_S = 60.0


class Done(msgspec.Struct, frozen=True):
    """What so many clips took: wall time, CPU of the client, bytes on the wire and CPU of the server."""

    clips: int
    wall_s: float
    cpu_s: float
    wire_bytes: int
    server_cpu_s: float

    @property
    def per_minute(self) -> float:
        return MINUTE_S * self.clips / self.wall_s

    @property
    def cpu_per_clip_s(self) -> float:
        return self.cpu_s / self.clips

    @property
    def bytes_per_clip(self) -> float:
        return self.wire_bytes / self.clips


class Limit(msgspec.Struct, frozen=True):
    """The tighter of two limits: ``name`` is ``line`` or ``cores``."""

    name: str
    per_minute: float


def limit(done: Done, cores: int, line_bytes_per_s: float, *, shares_cores: bool = True) -> Limit:
    """How many clips a minute ``cores`` and the line allow at what a clip was measured to take.

    ``shares_cores``: the server runs on the same cores, and what it takes of them is taken off.
    """
    cpu_s = done.cpu_s + done.server_cpu_s * shares_cores
    by_cores = MINUTE_S * cores * done.clips / cpu_s
    by_line = MINUTE_S * line_bytes_per_s / done.bytes_per_clip
    return Limit("cores", by_cores) if by_cores < by_line else Limit("line", by_line)
