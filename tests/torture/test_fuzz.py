"""Hostile input: files, labels, messages, floods. Nothing breaks, nothing strays, nothing is obeyed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.engine.process.server import MOST_LINES
from kinetics_tui.model.options import Options, Selection
from tests.program import Program
from tests.torture.floods import Flood, Held, flood
from tests.torture.fuzz import FULL, SHORT, TARGETS, fuzz
from tests.torture.lies import lie_to_the_app
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

MIB = 1 << 20


def test_a_short_round_of_hostile_input_breaks_nothing(tmp_path: Path) -> None:
    report = fuzz(SHORT, 1, tmp_path)
    assert report.broken == [], str(report)
    assert set(report.tried) == set(TARGETS)


@pytest.mark.torture
def test_all_hostile_input_breaks_nothing(tmp_path: Path) -> None:
    seed = int(time.time())
    report = fuzz(FULL, seed, tmp_path)
    print(f"seed {seed}\n{report}")  # noqa: T201 -- what a report is made of
    assert report.broken == [], str(report)
    assert sum(tried.inputs for tried in report.tried.values()) >= FULL


def flooded(program: Program, serve: Serve, size: Flood) -> Held:
    demo, youtube = serve(4)
    options = Options(workers=1, yt_dlp=youtube.yt_dlp_args())
    create(program.dataset, Selection(), options, demo.clips)
    log = program.folder / "engine.err"
    command = [sys.executable, "-m", "kinetics_tui.engine", str(program.dataset)]
    with log.open("wb") as file, subprocess.Popen(command, stderr=file) as engine:
        try:
            until(program.is_running)
            held = asyncio.run(flood(program.dataset, size, 1))
            print(size, held)  # noqa: T201 -- what a report is made of
        finally:
            engine.terminate()  # where it has not ended by itself, with every clip settled and nobody looking
    assert engine.returncode == 0
    assert "Traceback" not in log.read_text()
    return held


def test_a_flood_does_not_harm_an_engine_nor_who_looks_at_it(program: Program, serve: Serve) -> None:
    held = flooded(program, serve, Flood(connections=MOST_LINES + 30, endless_bytes=8 * MIB, lines=100))
    assert held.answered > 50
    assert held.refused >= 10
    assert held.after_bytes - held.before_bytes < 64 * MIB


@pytest.mark.torture
def test_floods_for_minutes_do_not_harm_an_engine_nor_who_looks_at_it(program: Program, serve: Serve) -> None:
    held = flooded(program, serve, Flood(connections=5000, endless_bytes=100 * MIB, lines=3000))
    assert held.refused > 2500  # who has said nothing for long has made room for others meanwhile
    assert held.after_bytes - held.before_bytes < 64 * MIB


async def test_a_lying_engine_does_not_break_the_app(tmp_path: Path) -> None:
    assert await lie_to_the_app(tmp_path, lies=400, seed=1) > 100


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(5))
async def test_an_engine_that_lies_for_minutes_does_not_break_the_app(tmp_path: Path, seed: int) -> None:
    assert await lie_to_the_app(tmp_path, lies=4000, seed=seed) > 1000
