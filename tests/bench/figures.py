"""What the benches of speed and memory find: figures beside their bars, all of them in one table."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from kinetics_tui.base.machine import available_cores
from tests.bench.report import Column, Report

T = TypeVar("T")


class Spread(msgspec.Struct, frozen=True):
    """Several measurements of one thing: the middle one, the smallest and the largest."""

    median: float
    low: float
    high: float
    runs: int

    def __format__(self, form: str) -> str:
        if self.runs == 1:
            return format(self.median, form)
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"


def spread(values: Iterable[float]) -> Spread:
    """The spread of these measurements; at least one."""
    found = sorted(values)
    return Spread(statistics.median(found), found[0], found[-1], len(found))


def ratios(over: Sequence[float], under: Sequence[float]) -> Spread:
    """The spread of the ratios of measurements that were taken side by side, pair by pair."""
    return spread(a / b for a, b in zip(over, under, strict=True))


def side_by_side(runs: int, subjects: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Measure each subject ``runs`` times, one after the other in turn, that all meet the same machine."""
    found: dict[str, list[T]] = {name: [] for name in subjects}
    for _ in range(runs):
        for name, measure in subjects.items():
            found[name].append(measure())
    return found


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table.

    ``what`` names what is measured and its unit, ``ours`` is what this program takes. Where a rival did the
    same, ``rival`` names it, ``theirs`` is what it takes and ``ratio`` how many times better ours is (or
    worse: the bar says which way it counts). ``bar`` is what is to be held, ``met`` whether it is.
    ``form`` is how the numbers are written.
    """

    what: str
    ours: Spread
    bar: str
    met: bool
    form: str = ".2f"
    rival: str = ""
    theirs: Spread | None = None
    ratio: Spread | None = None


class Point(msgspec.Struct, frozen=True):
    """A measurement at one size of the work."""

    size: int
    found: Spread


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement as the work grows: ``what`` over the number of ``axis``, for a chart."""

    what: str
    axis: str
    points: tuple[Point, ...]
    form: str = ".2f"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one bench found, and ``notes`` that say how: one sentence each; ``series`` are for charts."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()


def table(found: Mapping[str, Figures]) -> Report:
    """One table of all figures, each under the name of its bench."""
    rows = tuple(
        (
            name,
            figure.what,
            format(figure.ours, figure.form),
            "" if figure.theirs is None else f"{figure.rival}: {figure.theirs:{figure.form}}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.bar,
            "" if not figure.bar else "yes" if figure.met else "NO",
        )
        for name, figures in found.items()
        for figure in figures.figures
    )
    headings = ("bench", "what", "ours", "rival", "ratio", "bar", "met")
    notes = [f"{name}: {note}" for name, figures in found.items() for note in figures.notes]
    return Report(
        columns=tuple(Column(heading, heading) for heading in headings),
        rows=rows,
        notes=(*notes, f"Median (smallest to largest). {machine()}."),
    )


def machine() -> str:
    """The machine that the figures were measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines(Path("/proc/cpuinfo"))
            if line.startswith("model name")
        ),
        platform.processor() or platform.machine(),
    )
    return f"{model}, {available_cores()} cores, {platform.system()}, Python {platform.python_version()}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
