"""How many files may be open: real limits, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = """
import resource, sys
from kinetics_tui.base.programs import allow_files
from kinetics_tui.base.errors import EngineError
soft, hard, workers = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
try:
    allow_files(workers)
except EngineError as error:
    print(error)
else:
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "workers", "said"),
    [
        (100, 2000, 64, "1024"),
        (100, 400, 64, "400"),
        (100, 200, 64, "ulimit -n"),
        (40, 40, 0, "ulimit -n"),
        (1500, 2000, 64, "1500"),
    ],
)
def test_as_many_as_are_needed_are_had_or_asked_for(soft: int, hard: int, workers: int, said: str) -> None:
    command = [sys.executable, "-c", ASK, *map(str, (soft, hard, workers))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said in done.stdout
