"""All networks of a run as plain text, and for scripts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from kinetics_tui.console.printed import plain
from kinetics_tui.model.durations import duration_text
from kinetics_tui.model.network import NetworkInfo, NetworkStatus
from kinetics_tui.model.options import DAY_S
from kinetics_tui.model.state import RunState

COLUMNS = 80
"""A name that would make the table wider than this gets a line of its own."""

HEAD = ("network", "state", "cools for", "clips", "throttled", "learned")
RIGHT = (False, False, False, True, False, True)
GAP = "  "
IN_USE, AWAY = "*", "-"
NO_NETWORK = "No network is known yet: the first run makes one known."


def networks_json(state: RunState) -> list[dict[str, Any]]:
    """Every network for scripts, with the names that ``status --json`` has for the one in use."""
    entries = []
    for network in state.networks.values():
        entry: dict[str, Any] = msgspec.to_builtins(network)
        entry["state"] = entry.pop("status")
        entries.append(entry)
    return entries


def networks_text(state: RunState, now: float) -> str:
    """Every network in a table: what it is good for, and what it did; the last line explains the marks."""
    networks = list(state.networks.values())
    if not networks:
        return NO_NETWORK
    rows = [HEAD, *(_row(network, now) for network in networks)]
    widths = [max(len(row[column]) for row in rows) for column in range(1, len(HEAD))]
    room = COLUMNS - len(IN_USE) - 1 - sum(len(GAP) + width for width in widths)
    names = [row[0] for row in rows]
    name_width = max(len(name) for name in names if len(name) <= max(room, len(HEAD[0])))
    marks = [" ", *(_mark(network) for network in networks)]
    lines = [
        line
        for mark, row in zip(marks, rows, strict=True)
        for line in _lines(mark, row, [name_width, *widths])
    ]
    legend = [f"{IN_USE} in use"] * (IN_USE in marks) + [f"{AWAY} not here now"] * (AWAY in marks)
    return "\n".join([*lines, *([GAP.join(legend)] if legend else [])])


def moment_text(at: float, now: float) -> str:
    """A time of day, with the day where it is another one: ``16:40``, ``Tue 16:40``, ``28 Aug``."""
    try:
        then, today = time.localtime(at), time.localtime(now)
    except (OverflowError, ValueError, OSError):
        return "unknown"
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if abs(at - now) < 6 * DAY_S:
        return time.strftime("%a %H:%M", then)
    return f"{then.tm_mday} {time.strftime('%b', then)}"


def _mark(network: NetworkInfo) -> str:
    if network.in_use:
        return IN_USE
    return " " if network.present else AWAY


def _row(network: NetworkInfo, now: float) -> tuple[str, ...]:
    cooling = network.status is NetworkStatus.COOLING and network.until is not None
    throttled, learned = network.last_throttle_at, network.learned_per_hour
    return (
        plain(network.label),
        network.status.value,
        duration_text((network.until or now) - now) if cooling else "",
        f"{network.clips:,}",
        "never" if throttled is None else moment_text(throttled, now),
        "" if learned is None else f"{learned:,.0f}/h",
    )


def _lines(mark: str, row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    name, *rest = row
    if len(name) > widths[0]:
        yield f"{mark} {name}"
        mark, name = " ", ""
    cells = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip([name, *rest], widths, RIGHT, strict=True)
    ]
    yield f"{mark} {GAP.join(cells)}".rstrip()
