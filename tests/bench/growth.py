"""What a clip costs the engine as the work grows: the bench ``growth``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.bench.engine import MB, REAL, WORKERS, EngineRun, run_engine
from tests.bench.figures import Figure, Figures, Point, Series, Spread, spread

CLIPS = (1_000, 10_000, 100_000, 650_000)
WIDTHS = (1, 4, 16, 64)
CLIPS_A_WIDTH = 20_000
SHORT = 10_000
SHORT_RUNS = 5
"""Runs up to that many clips are over in a second or two, and taken so often."""
MOST_TIMES = 1.25
"""What is flat stays within this factor from one end to the other."""
MOST_MORE_MB = 50.0

RATE, CPU, MEMORY = "clips/s", "CPU of the engine, ms a clip", "peak memory of the engine, MB"
_MEASURES: dict[str, Callable[[EngineRun], float]] = {
    RATE: lambda run: run.clips_per_s,
    CPU: lambda run: run.cpu_ms,
    MEMORY: lambda run: run.took.peak_bytes / MB,
}
_FORMS = {RATE: ",.0f", CPU: ".3f", MEMORY: ".0f"}

Runs = dict[int, list[EngineRun]]


def growth(seed: int) -> Figures:
    """Runs of more and more clips, and with more and more workers."""
    by_clips = {
        clips: [run_engine(clips, WORKERS, seed) for _ in range(SHORT_RUNS if clips <= SHORT else 1)]
        for clips in CLIPS
    }
    by_workers = {workers: [run_engine(CLIPS_A_WIDTH, workers, seed)] for workers in WIDTHS}
    return summed_up(by_clips, by_workers)


def summed_up(by_clips: Runs, by_workers: Runs) -> Figures:
    """The figures of these runs, by the number of clips and by that of workers."""
    figures = []
    for axis, runs in (("clips", by_clips), ("workers", by_workers)):
        for what in (CPU, RATE, MEMORY):
            figures.append(_first_to_last(what, axis, runs))
    series = tuple(
        _series(what, axis, runs)
        for axis, runs in (("clips", by_clips), ("workers", by_workers))
        for what in _MEASURES
    )
    return Figures(figures=tuple(figures), notes=(REAL,), series=series)


def _first_to_last(what: str, axis: str, runs: Runs) -> Figure:
    """The measure at the largest size beside that at the smallest."""
    (least, *_, most) = runs
    first, last = (_spread_of(what, runs[size]) for size in (least, most))
    times = last.median / first.median if what != RATE else first.median / last.median
    if what == MEMORY:
        bar, met = f"<= {MOST_MORE_MB:.0f} MB more", last.median <= first.median + MOST_MORE_MB
    else:
        bar, met = f"<= {MOST_TIMES}x worse", times <= MOST_TIMES
    return Figure(
        what=f"{what}, {most:,} {axis}",
        ours=last,
        bar=bar,
        met=met,
        form=_FORMS[what],
        rival=f"{least:,} {axis if least > 1 else axis.removesuffix('s')}",
        theirs=first,
        ratio=spread([times]),
    )


def _series(what: str, axis: str, runs: Runs) -> Series:
    points = tuple(Point(size, _spread_of(what, found)) for size, found in runs.items())
    return Series(what=what, axis=axis, points=points, form=_FORMS[what])


def _spread_of(what: str, runs: Sequence[EngineRun]) -> Spread:
    return spread(map(_MEASURES[what], runs))
