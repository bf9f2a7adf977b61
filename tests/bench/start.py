"""How long a user waits for an answer: the bench ``start``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kinetics_tui.model.options import Options
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread
from tests.bench.ledgers import make_ledger, settle
from tests.bench.rows import KINETICS_700
from tests.terminal_child import TerminalChild

RUNS = 7
STATUS_BAR_S = 0.3
PAINT_BAR_S = 0.7
COLUMNS, ROWS = 120, 40
PAINTED = b"set-up"
"""In the first line of the set-up screen."""
RIVAL = "yt-dlp --version"


def command_s(*command: str) -> float:
    """How long a command takes, from its start to its end, in seconds."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", *command], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def paint_s(dataset: Path) -> float:
    """From starting the app on a terminal until it has painted the set-up screen, in seconds."""
    began = time.perf_counter()
    app = TerminalChild("kinetics_tui", [str(dataset)], columns=COLUMNS, rows=ROWS)
    try:
        app.read_until(PAINTED)
        return time.perf_counter() - began
    finally:
        app.close()


def start(seed: int) -> Figures:
    """``status`` on a large ledger, the app on a real terminal, and a program that users know in turn."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_ledger(Path(folder) / "set", KINETICS_700, seed, Options())
        settle(dataset, KINETICS_700 // 2)
        measured = side_by_side(
            RUNS,
            {
                "status": lambda: command_s("kinetics_tui", "status", str(dataset)),
                "paint": lambda: paint_s(Path(folder) / "new"),
                RIVAL: lambda: command_s("yt_dlp", "--version"),
            },
        )
    return summed_up(measured["status"], measured["paint"], measured[RIVAL])


def summed_up(status_s: Sequence[float], paint_s: Sequence[float], rival_s: Sequence[float]) -> Figures:
    """The figures of these waits."""
    named = (
        (f"status of {KINETICS_700:,} clips, s", status_s, STATUS_BAR_S),
        (f"first paint of the app, {COLUMNS}x{ROWS}, s", paint_s, PAINT_BAR_S),
    )
    return Figures(
        figures=tuple(
            Figure(
                what=what,
                ours=spread(ours),
                bar=f"<= {bar_s}",
                met=spread(ours).median <= bar_s,
                rival=RIVAL,
                theirs=spread(rival_s),
                ratio=ratios(rival_s, ours),
            )
            for what, ours, bar_s in named
        ),
        notes=("From the start of the process; the app paints on a real pseudo-terminal.",),
    )
