"""Notices: the few turns of a run for which people want to be called."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kinetics_tui.model.failure import Category


class NoticeKind(StrEnum):
    """What people are called for."""

    THROTTLED = "throttled"
    PROBE_FAILED = "probe failed"
    COOLDOWN_ENDED = "cooldown ended"
    DISK_FULL = "disk full"
    HELD = "held"
    DONE = "done"


class Notice(msgspec.Struct, frozen=True):
    """One call: when (seconds since the epoch), what for, and one plain sentence."""

    at: float
    kind: NoticeKind
    text: str


def throttle_notice(at: float, label: str, signal: Category, *, probe: bool) -> Notice:
    """A network is throttled; ``probe``: the clip that was to find out whether it still is."""
    if probe:
        return Notice(at, NoticeKind.PROBE_FAILED, f"The probe by {label} was refused: {signal.heading}.")
    return Notice(at, NoticeKind.THROTTLED, f"YouTube throttles {label}: {signal.heading}.")
