"""The parts of a run that are looked at by themselves: a worker's slot, the network in use."""

from __future__ import annotations

import msgspec

from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Family, NetworkKind, NetworkStatus


class WorkerState(msgspec.Struct):
    """One worker slot. ``since`` is when its clip was handed out, or when it fell idle."""

    slot: int
    pid: int = 0
    phase: Phase = Phase.STARTING
    clip: Clip | None = None
    fraction: float = 0.0
    wire_bytes: int = 0
    bytes_per_s: float = 0.0
    since: float = 0.0
    until: float | None = None


class NetworkState(msgspec.Struct):
    """The network in use; the fields are those of ``NetworkChanged``."""

    name: str = ""
    label: str = ""
    kind: NetworkKind = NetworkKind.DEFAULT_ROUTE
    status: NetworkStatus = NetworkStatus.OPEN
    family: Family = Family.UNKNOWN
    signal: Category | None = None
    until: float | None = None
    step: int = 0
    steps_s: tuple[float, ...] = ()
    clips_since_throttle: int = 0
    last_throttle_at: float | None = None
    workers_allowed: int | None = None
    allowed_per_hour: float | None = None
    learned_per_hour: float | None = None
