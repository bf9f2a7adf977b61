"""How many clips a second the engine can hand out, write down and tell of: the bench ``engine``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.engine.client.ask import is_running
from kinetics_tui.model.options import Options
from tests.bench.engine_alone import Took
from tests.bench.figures import Figure, Figures, spread
from tests.bench.ledgers import make_ledger
from tests.bench.rows import KINETICS_700

# By -c: multiprocessing would have each worker import a main module that has a name, as it does not that of
# the program's own engine.
ENGINE_ALONE = (sys.executable, "-c", "from tests.bench.engine_alone import main; main()")
RUNS = 3
SHORT = 50_000
WORKERS = 16
LEAST_PER_S = 2000
MOST_MB = 250
MB = 1e6
REAL = (
    "Engine, ledger on disk, pool, worker processes with their socket pairs and one view "
    "(attach --headless --json) are real; the workers answer each clip at once, 1 in 40 as gone."
)


class EngineRun(msgspec.Struct, frozen=True):
    """What a run of the engine took, and the size of the ledger that it left."""

    took: Took
    ledger_bytes: int

    @property
    def clips_per_s(self) -> float:
        return self.took.clips / self.took.wall_s

    @property
    def cpu_ms(self) -> float:
        """Of the engine's process, for one clip."""
        return self.took.cpu_s / self.took.clips * 1000


def run_engine(clips: int, workers: int, seed: int) -> EngineRun:
    """Take so many clips through an engine in a process of its own, with a view at it."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_ledger(Path(folder) / "set", clips, seed, Options(workers=workers, pace_per_hour=None))
        with subprocess.Popen([*ENGINE_ALONE, str(dataset)], stdout=subprocess.PIPE) as engine:
            while engine.poll() is None and not is_running(dataset):
                time.sleep(0.01)
            look = [sys.executable, "-m", "kinetics_tui", "attach", str(dataset), "--headless", "--json"]
            with subprocess.Popen(look, stdout=subprocess.DEVNULL) as view:
                said, _ = engine.communicate()
                view.wait()
        if engine.returncode:
            raise AssertionError(f"the engine ended with {engine.returncode}")
        took = msgspec.json.decode(said, type=Took)
        return EngineRun(took, ledger_path(dataset).stat().st_size)


def engine(seed: int) -> Figures:
    """Several short runs for the rate, and one as long as Kinetics-700."""
    short = [run_engine(SHORT, WORKERS, seed) for _ in range(RUNS)]
    full = run_engine(KINETICS_700, WORKERS, seed)
    return summed_up(short, full)


def summed_up(short: list[EngineRun], full: EngineRun) -> Figures:
    """The figures of these runs."""
    rate = spread(run.clips_per_s for run in short)
    memory_mb, ledger_mb = full.took.peak_bytes / MB, full.ledger_bytes / MB
    clips = f"{full.took.clips:,} clips"
    return Figures(
        figures=(
            Figure(
                what=f"clips/s, {WORKERS} workers, {short[0].took.clips:,} clips",
                ours=rate,
                bar=f">= {LEAST_PER_S:,}",
                met=rate.median >= LEAST_PER_S,
                form=",.0f",
            ),
            Figure(
                what=f"clips/s, {WORKERS} workers, {clips}",
                ours=spread([full.clips_per_s]),
                bar=f">= {LEAST_PER_S:,}",
                met=full.clips_per_s >= LEAST_PER_S,
                form=",.0f",
            ),
            Figure(
                what=f"CPU of the engine, ms a clip, {clips}",
                ours=spread([full.cpu_ms]),
                bar=f"<= {1000 / LEAST_PER_S:g}",
                met=full.cpu_ms <= 1000 / LEAST_PER_S,
                form=".3f",
            ),
            Figure(
                what=f"peak memory of the engine, MB, {clips}",
                ours=spread([memory_mb]),
                bar=f"<= {MOST_MB}",
                met=memory_mb <= MOST_MB,
                form=".0f",
            ),
            Figure(
                what=f"ledger on disk, MB, {clips}",
                ours=spread([ledger_mb]),
                bar=f"<= {MOST_MB}",
                met=ledger_mb <= MOST_MB,
                form=".0f",
            ),
        ),
        notes=(REAL,),
    )
