"""The rows and columns that each panel of the run screen gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kinetics_tui.tui.parts.canvas import BARS, is_wide, share_out

_LOG_LEAST = 3
_NETWORKS_MOST = 5
"""So many networks in use have a line before workers have more than their least."""
_Steps = Sequence[tuple[str, int]]


class Demand(NamedTuple):
    """The things that have to be seen: how many splits and workers, and whether a countdown runs.

    ``held``: the run stands still, and why and what to do about it take a few lines. ``switching``: the
    clips in hand finish by the old network, which takes a sentence. ``networks`` in use have a line each.
    While it is the archives' turn ``workers`` are the lines that they have in the place of workers.
    """

    splits: int
    workers: int
    cooling: bool = False
    held: bool = False
    switching: bool = False
    networks: int = 1


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
    if is_wide(width, height):
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
    steps = _standing_steps(rows, demand) if stands else _working_steps(rows, demand)
    return Arrangement(False, **share_out(rows, steps, last="log", least=_LOG_LEAST, heir="workers"))


def _working_steps(rows: int, demand: Demand) -> _Steps:
    told = 5 if demand.switching else 3 if demand.networks < 2 else 2 + min(_NETWORKS_MOST, demand.networks)
    splits = demand.splits + 3
    return (
        ("throttle", 3),
        ("splits", min(3, splits)),
        ("workers", 3),
        ("failures", 3),
        ("throttle", told),
        ("splits", splits),
        ("failures", 5),
        ("workers", demand.workers + 1),
        ("log", 4),
        ("throttle", 9),
        ("failures", 9),
        ("log", rows),
    )


def _standing_steps(rows: int, demand: Demand) -> _Steps:
    """While nothing is fetched, workers have little to say, and the log tells what came before."""
    return (
        ("throttle", 3),
        ("splits", min(3, demand.splits + 3)),
        ("workers", 2),
        ("failures", 3),
        ("throttle", 5),
        ("splits", demand.splits + 3),
        ("log", _LOG_LEAST),
        ("throttle", 7),
        ("failures", 5),
        ("log", 6),
        ("throttle", 9),
        ("splits", demand.splits + 4),
        ("workers", demand.workers + 1),
        ("failures", 9),
        ("log", rows),
    )
