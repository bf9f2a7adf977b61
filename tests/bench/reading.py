"""Annotations and a ledger as large as Kinetics-700's: the bench ``reading``."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from kinetics_tui.demo.videos import Case, Failure, Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.model.options import Options
from tests.bench.annotations import write_csv, write_json
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread
from tests.bench.ledgers import make_ledger, settle
from tests.bench.reading_alone import Took
from tests.bench.rows import CLIP_S, KINETICS_700

RUNS = 3
MB = 1e6
DISPATCH_BAR_S = 1.5
SCREEN_BAR_S = 1.0


class Bars(NamedTuple):
    """What a kind of file may take; no ``memory_mb``: as much as it likes."""

    seconds: float
    memory_mb: float | None = None


BARS = {"csv": Bars(1.5), "json": Bars(4.0, 600.0)}


def read_alone(how: str, path: Path) -> Took:
    """Read a file in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.reading_alone", how, str(path)]
    took = msgspec.json.decode(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout, type=Took)
    if took.rows != KINETICS_700:
        raise AssertionError(f"{how} read {took.rows:,} rows of {path.name}")
    return took


def first_clip_s(dataset: Path) -> float:
    """From starting ``run`` on a dataset until it hands out its first clip, in seconds."""
    command = [sys.executable, "-m", "kinetics_tui", "run", str(dataset), "--headless", "--json"]
    began = time.time()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        at = next(
            event["at"]
            for line in run.stdout
            if (event := msgspec.json.decode(line))["event"] == "clip-started"
        )
        run.terminate()
        run.stdout.read()
    return float(at) - began


def _busy(video_id: str) -> Video:
    """Refused in passing: clips that are gone, one after the other, would have the network cool down."""
    return Video(video_id, "", CLIP_S, {}, failure=Failure(Case.PLAYER_503))


def reading(seed: int) -> Figures:
    """Files in both shapes, the set-up screen after them, and ``run`` on a ledger of that size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            "csv": write_csv(folder / "annotations.csv", KINETICS_700, seed),
            "json": write_json(folder / "annotations.json", KINETICS_700, seed),
        }
        figures: list[Figure] = []
        for kind, path in files.items():
            figures += _figures_of(kind, path)
        with LoopbackYouTube(_busy) as youtube:
            proxied = tuple(shlex.split(youtube.yt_dlp_options()))
            dataset = make_ledger(
                folder / "set", KINETICS_700, seed, Options(pace_per_hour=None, yt_dlp=proxied)
            )
            settle(dataset, KINETICS_700 // 2)
            first_s = spread(first_clip_s(dataset) for _ in range(RUNS))
    figures.append(
        Figure(
            what=f"run on a ledger of {KINETICS_700:,} clips, half of them done: first clip handed out, s",
            ours=first_s,
            bar=f"<= {DISPATCH_BAR_S}",
            met=first_s.median <= DISPATCH_BAR_S,
        )
    )
    return Figures(
        figures=tuple(figures), notes=("Each reading is a process of its own; rivals keep plain rows.",)
    )


def _figures_of(kind: str, path: Path) -> list[Figure]:
    measured = side_by_side(RUNS, {how: partial(read_alone, how, path) for how in ("ours", kind, "screen")})
    return read_figures(kind, path.stat().st_size / MB, measured["ours"], measured[kind], measured["screen"])


def read_figures(
    kind: str, size_mb: float, ours: Sequence[Took], theirs: Sequence[Took], screen: Sequence[Took]
) -> list[Figure]:
    """The figures of one file that was read by us, by the standard library, and on the set-up screen."""
    bars, rival = BARS[kind], f"Python's {kind}"
    rows = f"{ours[0].rows:,} rows of {kind.upper()} ({size_mb:.0f} MB)"
    wall_s, after_s = spread(took.wall_s for took in ours), spread(took.after_s for took in screen)
    memory_mb = spread(took.peak_bytes / MB for took in ours)
    return [
        Figure(
            what=f"{rows}: read, s",
            ours=wall_s,
            bar=f"<= {bars.seconds}",
            met=wall_s.median <= bars.seconds,
            rival=rival,
            theirs=spread(took.wall_s for took in theirs),
            ratio=ratios([took.wall_s for took in theirs], [took.wall_s for took in ours]),
        ),
        Figure(
            what=f"{rows}: peak memory, MB",
            ours=memory_mb,
            bar="" if bars.memory_mb is None else f"<= {bars.memory_mb:.0f}",
            met=bars.memory_mb is None or memory_mb.high <= bars.memory_mb,
            form=".0f",
            rival=rival,
            theirs=spread(took.peak_bytes / MB for took in theirs),
            ratio=ratios([took.peak_bytes for took in theirs], [took.peak_bytes for took in ours]),
        ),
        Figure(
            what=f"{rows}: set-up screen usable after reading, s",
            ours=after_s,
            bar=f"<= {SCREEN_BAR_S}",
            met=after_s.median <= SCREEN_BAR_S,
        ),
    ]
