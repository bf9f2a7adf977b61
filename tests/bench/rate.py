"""Clips a minute on a shaped line: the program beside what a user would run instead."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.base.machine import available_cores
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread
from tests.bench.footage import LONG_S, SHORT_S, clips_of
from tests.bench.limits import Done, Limit, limit
from tests.bench.ours import run_ours
from tests.bench.rivals import Rival, classic, make_all, sections
from tests.bench.shaped import LINE_BYTES_PER_S, Shaped, shaped_youtube

RUNS = 2
EXACT, COPY, CLASSIC, SECTIONS = 64, 160, 28, 28
"""Clips of short videos in a run of each."""
LONG_EXACT, LONG_CLASSIC = 64, 8
"""Clips of long videos, in one run: eight whole videos of half an hour take two minutes of the line."""
OF_LIMIT = 0.85
MANY_CORES = 8


def rate(seed: int) -> Figures:
    """The program's exact and copied clips beside ``classic`` and ``sections``, on short and long videos."""
    with tempfile.TemporaryDirectory() as name:
        measure = _Measure(Path(name))
        with shaped_youtube(SHORT_S) as youtube:
            short = side_by_side(
                RUNS,
                {
                    "exact": lambda: measure.ours(youtube, "exact", EXACT, SHORT_S),
                    "classic": lambda: measure.rival(youtube, classic, CLASSIC, SHORT_S),
                    "sections": lambda: measure.rival(youtube, sections, SECTIONS, SHORT_S),
                    "copy": lambda: measure.ours(youtube, "copy", COPY, SHORT_S),
                },
            )
        with shaped_youtube(LONG_S) as youtube:
            long = {
                "exact": [measure.ours(youtube, "exact", LONG_EXACT, LONG_S)],
                "classic": [measure.rival(youtube, classic, LONG_CLASSIC, LONG_S)],
            }
    figures = (
        _beside("exact, 5-min videos", short["exact"], "classic", short["classic"], 3),
        _beside("exact, 5-min videos", short["exact"], "sections", short["sections"], 3),
        _beside("copy, 5-min videos", short["copy"], "classic", short["classic"], 10),
        _beside("exact, 30-min videos", long["exact"], "classic", long["classic"], 15),
        of_limit("exact, 5-min videos", short["exact"]),
        of_limit("copy, 5-min videos", short["copy"]),
    )
    tables = {"5-min": short, "30-min": long}
    return Figures(figures=figures, notes=(_how(), *_costs(tables), *_many_cores(short)))


class _Measure:
    """Runs of the program and of its rivals, each in a folder of its own with videos of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def ours(self, youtube: Shaped, trim: str, count: int, length_s: int) -> Done:
        return self._in_folder(
            lambda folder, name: run_ours(clips_of(name, count, length_s), folder, youtube, trim=trim)[0]
        )

    def rival(self, youtube: Shaped, rival: Rival, count: int, length_s: int) -> Done:
        return self._in_folder(
            lambda folder, name: make_all(rival, clips_of(name, count, length_s), folder, youtube)
        )

    def _in_folder(self, run: Callable[[Path, str], Done]) -> Done:
        name = f"run{next(self._numbers):02d}"
        folder = self._folder / name
        try:
            return run(folder, name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _beside(what: str, ours: list[Done], rival: str, theirs: list[Done], times: int) -> Figure:
    found = ratios([done.per_minute for done in ours], [done.per_minute for done in theirs])
    return Figure(
        what=f"clips/min, {what}",
        ours=spread(done.per_minute for done in ours),
        bar=f">= {times}x",
        met=found.median >= times,
        form=".1f",
        rival=rival,
        theirs=spread(done.per_minute for done in theirs),
        ratio=found,
    )


def of_limit(what: str, runs: list[Done]) -> Figure:
    """How much of the tighter limit, line or cores, was reached."""
    limits = [_limit(done) for done in runs]
    reached = spread(done.per_minute / most.per_minute for done, most in zip(runs, limits, strict=True))
    names = " and ".join(sorted({most.name for most in limits}))
    return Figure(
        what=f"share of the tighter limit ({names}), {what}",
        ours=reached,
        bar=f">= {OF_LIMIT}",
        met=reached.median >= OF_LIMIT,
    )


def _limit(done: Done) -> Limit:
    return limit(done, available_cores(), LINE_BYTES_PER_S)


def _how() -> str:
    return (
        f"16 at a time on a line of {LINE_BYTES_PER_S * 8 / 1e6:.0f} Mb/s in all and 40 ms a request, from a "
        "server in a process of its own on the same cores; clips by the whole command, its start included: "
        f"in each of {RUNS} runs {EXACT} exact, {COPY} copied, {CLASSIC} classic, {SECTIONS} sections, and "
        f"in one {LONG_EXACT} exact and {LONG_CLASSIC} classic of the 30-min videos."
    )


def _costs(tables: dict[str, dict[str, list[Done]]]) -> list[str]:
    return [
        f"{length} videos, {name}: {spread(done.cpu_per_clip_s for done in runs):.2f} CPU-s and "
        f"{spread(done.bytes_per_clip / 1e6 for done in runs):.2f} MB a clip, "
        f"{spread(done.wire_bytes * 8 / 1e6 / done.wall_s for done in runs):.0f} Mb/s of the line, "
        f"server {spread(done.server_cpu_s / done.wall_s for done in runs):.2f} of a core."
        for length, table in tables.items()
        for name, runs in table.items()
    ]


def _many_cores(short: dict[str, list[Done]]) -> list[str]:
    said = []
    for name in ("exact", "copy"):
        most = [limit(done, MANY_CORES, LINE_BYTES_PER_S, shares_cores=False) for done in short[name]]
        said.append(
            f"{MANY_CORES} cores would allow {spread(one.per_minute for one in most):.0f} {name} clips/min, "
            f"with the {most[0].name} as the limit."
        )
    return said
