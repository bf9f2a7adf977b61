"""What a clip costs the engine, and a run the screen, as the work grows: the bench ``growth``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from tests.bench.engine import MB, REAL, WORKERS, EngineRun, run_engine
from tests.bench.figures import Figure, Figures, Point, Series, Spread, side_by_side, spread
from tests.bench.screen import EVENTS_PER_S, WATCHED_S, Case, cost

CLIPS = (1_000, 10_000, 100_000, 650_000)
WIDTHS = (1, 4, 16, 64)
CLIPS_A_WIDTH = 20_000
SHORT = 10_000
SHORT_RUNS = 5
"""Runs up to that many clips are over in a second or two, and taken so often."""
SCREEN_RUNS = 3
MOST_TIMES = 1.25
"""What is flat stays within this factor from one end to the other."""

RATE, CPU, MEMORY = "clips/s", "CPU of the engine, ms a clip", "peak memory of the engine, MB"
SCREEN = "screen, % of a core"
MOST_MORE = {MEMORY: 50.0, SCREEN: 1.0}
"""So much more is flat too, for what is small at the beginning."""
_OF_A_RUN: Mapping[str, Callable[[EngineRun], float]] = {
    RATE: lambda run: run.clips_per_s,
    CPU: lambda run: run.cpu_ms,
    MEMORY: lambda run: run.took.peak_bytes / MB,
}
_FORMS = {RATE: ",.0f", CPU: ".3f", MEMORY: ".0f", SCREEN: ".1f"}

Curve = Mapping[int, Spread]
"""A measure by the size of the work."""


def growth(seed: int) -> Figures:
    """Runs of more and more clips, and with more and more workers; then the screen of such runs."""
    by_clips = {
        clips: [run_engine(clips, WORKERS, seed) for _ in range(SHORT_RUNS if clips <= SHORT else 1)]
        for clips in CLIPS
    }
    by_workers = {workers: [run_engine(CLIPS_A_WIDTH, workers, seed)] for workers in WIDTHS}
    screens = {
        "clips": {clips: Case(clips=clips) for clips in CLIPS},
        "workers": {workers: Case(workers=workers) for workers in WIDTHS},
    }
    return summed_up(
        {
            axis: {
                **curves(runs),
                SCREEN: screen_curve(screens[axis]),
            }
            for axis, runs in (("clips", by_clips), ("workers", by_workers))
        }
    )


def screen_curve(cases: Mapping[int, Case]) -> Curve:
    """What the screen of each case takes of a core, all cases in turn."""
    costs = side_by_side(SCREEN_RUNS, {str(size): partial(cost, case) for size, case in cases.items()})
    return {size: spread(each.core_percent for each in costs[str(size)]) for size in cases}


def curves(runs: Mapping[int, Sequence[EngineRun]]) -> dict[str, Curve]:
    """The measures of an engine's runs, by their size."""
    return {
        what: {size: spread(map(measure, found)) for size, found in runs.items()}
        for what, measure in _OF_A_RUN.items()
    }


def summed_up(found: Mapping[str, Mapping[str, Curve]]) -> Figures:
    """The figures of these measures, by axis (``clips``, ``workers``) and what was measured."""
    return Figures(
        figures=tuple(
            _first_to_last(what, axis, curve)
            for axis, measures in found.items()
            for what, curve in measures.items()
        ),
        notes=(
            REAL,
            f"The screen: of a run with so many clips or workers that tells of {EVENTS_PER_S:,} events/s, "
            f"watched for {WATCHED_S:.0f} s.",
        ),
        series=tuple(
            _series(what, axis, curve) for axis, measures in found.items() for what, curve in measures.items()
        ),
    )


def _first_to_last(what: str, axis: str, curve: Curve) -> Figure:
    """The measure at the largest size beside that at the smallest."""
    (least, first), *_, (most, last) = curve.items()
    times = last.median / first.median if what != RATE else first.median / last.median
    if (more := MOST_MORE.get(what)) is not None:
        bar, met = f"<= {more:g} more", last.median <= first.median + more
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


def _series(what: str, axis: str, curve: Curve) -> Series:
    points = tuple(Point(size, found) for size, found in curve.items())
    return Series(what=what, axis=axis, points=points, form=_FORMS[what])
