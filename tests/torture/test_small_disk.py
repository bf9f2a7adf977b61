"""A disk that is full: before a clip, in the middle of one, and under the ledger's own commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.namespaces import require

HERE = Path(__file__).parents[2]


def on_a_small_disk(folder: Path, sources: Path, *more: str, clips: int, rounds: int, seed: int) -> None:
    """See ``tests.torture.small_disk``: the disk is full ``rounds`` times with clips in hand."""
    command = [*require("-rm"), sys.executable, "-m", "tests.torture.small_disk", str(folder), str(sources)]
    command += ["--clips", str(clips), "--rounds", str(rounds), "--seed", str(seed), *more]
    path = os.pathsep.join(part for part in (str(HERE), os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=600)
    assert done.returncode == 0, done.stderr


def test_a_disk_that_is_full_holds_the_run_up_and_loses_nothing(tmp_path: Path, demo_sources: Path) -> None:
    on_a_small_disk(tmp_path, demo_sources, "--small", clips=9, rounds=1, seed=0)


@pytest.mark.torture
def test_a_disk_that_is_full_all_the_time_loses_nothing(tmp_path: Path, demo_sources: Path) -> None:
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        on_a_small_disk(folder, demo_sources, clips=40, rounds=8, seed=seed)
