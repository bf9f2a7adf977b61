"""How much of the screen each panel gets."""

from __future__ import annotations

from typing import NamedTuple

WIDE_COLUMNS = 100
WIDE_ROWS = 24
BARS = 2
"""Header and key bar."""
_LOG_LEAST = 3
_DETAILS = 11
"""Lines about one network and six of its throttles."""


class Demand(NamedTuple):
    """What has to be seen: how many splits and workers, and whether a countdown runs.

    ``held``: the run stands still, and why and what to do about it take a few lines. ``switching``: the
    clips in hand finish by the old network, which takes a sentence.
    """

    splits: int
    workers: int
    cooling: bool = False
    held: bool = False
    switching: bool = False


class Arrangement(NamedTuple):
    """Rows of each panel; 0 leaves it out. ``wide``: two columns of boxes, else one of ruled titles.

    In a wide arrangement splits and throttle stand side by side and are equally high, and so are
    workers and failures. ``left_percent`` is the share of the left column.
    """

    wide: bool
    splits: int
    throttle: int
    workers: int
    failures: int
    log: int
    left_percent: int = 100

    def rows(self, name: str) -> int:
        """Rows of the panel called ``name``."""
        return int(getattr(self, name))


def arrange(width: int, height: int, demand: Demand) -> Arrangement:
    """Share out a terminal of ``width`` by ``height`` cells."""
    rows = max(0, height - BARS)
    if width >= WIDE_COLUMNS and height >= WIDE_ROWS:
        return _wide(rows, demand)
    return _stacked(rows, demand)


def _wide(rows: int, demand: Demand) -> Arrangement:
    top = max(9, demand.splits + 6, min(16, rows * 3 // 10))
    if demand.cooling and rows >= 34:
        top = max(top, 13)
    top = min(top, rows - 6)
    rest = rows - top
    middle = min(rest, max(12, demand.workers + 2))
    log = rest - middle
    log_wanted = max(_LOG_LEAST, min(8, rest // 4))
    if log < log_wanted and rest - log_wanted >= 6:
        log, middle = log_wanted, rest - log_wanted
    elif log < _LOG_LEAST:
        log, middle = 0, rest
    # Many workers are shown in columns of their own, which need the width.
    many = demand.workers > middle - 2
    return Arrangement(True, top, top, middle, middle, log, left_percent=62 if many else 58)


def _stacked(rows: int, demand: Demand) -> Arrangement:
    stands = demand.cooling or demand.held
    told = 7 if stands else 5 if demand.switching else 3
    # While nothing is fetched, workers have little to say: the end gets a line of its own.
    splits = demand.splits + (4 if stands else 3)
    # Each step raises panels to a height, the most needed first, until the rows are used up.
    steps = (
        ("throttle", 3),
        ("splits", min(3, splits)),
        ("workers", 3),
        ("failures", 3),
        ("throttle", min(5, told)),
        ("splits", splits),
        ("throttle", told),
        ("failures", 5),
        ("workers", demand.workers + 1),
        ("log", 4),
        ("throttle", 9),
        ("failures", 9),
        ("log", rows),
    )
    heights = {"splits": 0, "throttle": 0, "workers": 0, "failures": 0, "log": 0}
    for name, wanted in steps:
        heights[name] += max(0, min(wanted - heights[name], rows - sum(heights.values())))
    if heights["log"] < _LOG_LEAST:
        heights["workers"] += heights["log"]
        heights["log"] = 0
    return Arrangement(False, **heights)


class NetworkRooms(NamedTuple):
    """Rows of each part of the network screen; 0 leaves it out. ``boxed``: frames, else ruled titles."""

    boxed: bool
    networks: int
    said: int
    details: int


def arrange_networks(width: int, height: int, networks: int, said: int) -> NetworkRooms:
    """Share out a terminal between the list, ``said`` lines about a check, and the details of one network."""
    rows = max(0, height - BARS)
    boxed = width >= WIDE_COLUMNS and height >= WIDE_ROWS
    frame = 2 if boxed else 1
    listed = frame + max(1, networks)
    # As in ``_stacked``: the most needed first, until the rows are used up.
    steps = (
        ("networks", min(listed, frame + 3)),
        ("said", said),
        ("details", frame + 4),
        ("networks", min(listed, rows // 2)),
        ("details", frame + _DETAILS),
        ("networks", listed),
        ("details", rows),
    )
    heights = {"networks": 0, "said": 0, "details": 0}
    for name, wanted in steps:
        heights[name] += max(0, min(wanted - heights[name], rows - sum(heights.values())))
    if heights["details"] <= 1:
        # A title alone tells nothing.
        heights["networks"] += heights["details"]
        heights["details"] = 0
    return NetworkRooms(boxed, **heights)


class FailureRooms(NamedTuple):
    """Rows of each part of the failures screen; 0 leaves it out. ``boxed``: frames, else ruled titles."""

    boxed: bool
    said: int
    failed: int
    details: int


def arrange_failures(width: int, height: int, *, opened: bool) -> FailureRooms:
    """Share out a terminal between the filters, the list and one clip, which has all of it when open."""
    rows = max(0, height - BARS)
    boxed = width >= WIDE_COLUMNS and height >= WIDE_ROWS
    if opened:
        return FailureRooms(boxed, said=0, failed=0, details=rows)
    frame = 2 if boxed else 1
    # As in ``_stacked``: the most needed first, until the rows are used up.
    steps = (
        ("failed", frame + 2),
        ("said", 1),
        ("failed", rows // 2),
        ("details", frame + 5),
        ("failed", rows),
    )
    heights = {"said": 0, "failed": 0, "details": 0}
    for name, wanted in steps:
        heights[name] += max(0, min(wanted - heights[name], rows - sum(heights.values())))
    if heights["details"] <= frame:
        # A title alone tells nothing.
        heights["failed"] += heights["details"]
        heights["details"] = 0
    return FailureRooms(boxed, **heights)
