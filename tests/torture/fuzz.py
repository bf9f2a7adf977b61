"""Hostile input, as much of it as one likes, into everything that reads what others wrote.

``python -m tests.torture.fuzz [--inputs N] [--seed S] [--target NAME] [--only NUMBER]``

Each target takes one input and asserts what must hold whatever it is: no other error than a plain
sentence, no path outside the dataset folder, nothing that a terminal would obey. Of the process as a
whole it is asked that no input takes long, and that the memory stays. An input is named by the seed, the
target and its number, and is the same each time.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.torture.fuzz_messages import apply_events, hear_worker, paint_run
from tests.torture.fuzz_readers import read_archive, read_csv_file, read_json_file, read_settings, take_flags
from tests.torture.fuzz_storage import keep_clips, lay_out, print_texts
from tests.torture.hostile import Dice

MOST_S = 20.0
"""No single input may take longer; most take a millisecond."""
MOST_GROWTH_BYTES = 400 << 20
SHORT = 3000
"""Inputs of a short round."""
FULL = 200_000

Target = Callable[[Dice, Path], None]

TARGETS: Mapping[str, tuple[Target, float]] = {
    "csv": (read_csv_file, 0.16),
    "json": (read_json_file, 0.13),
    "archive": (read_archive, 0.08),
    "settings": (read_settings, 0.08),
    "flags": (take_flags, 0.10),
    "layout": (lay_out, 0.15),
    "ledger": (keep_clips, 0.003),
    "printed text": (print_texts, 0.10),
    "events": (apply_events, 0.12),
    "panels": (paint_run, 0.02),
    "worker lines": (hear_worker, 0.06),
}
"""What takes input, with its share of all inputs."""


class Broken(NamedTuple):
    """An input that broke a target, as it is given to the command line again, and how."""

    target: str
    number: int
    how: str


class Tried(NamedTuple):
    """What came of one target."""

    inputs: int
    took_s: float
    slowest_s: float
    grown_bytes: int


class Report(NamedTuple):
    tried: dict[str, Tried]
    broken: list[Broken]

    def __str__(self) -> str:
        lines = [
            f"{name:<14}{tried.inputs:>8,} inputs in {tried.took_s:6.1f} s, the slowest took "
            f"{tried.slowest_s * 1000:6.0f} ms, memory grew by {tried.grown_bytes / 1e6:.0f} MB"
            for name, tried in self.tried.items()
        ]
        return "\n".join(
            [*lines, *(f"BROKEN {name} --only {number}: {how}" for name, number, how in self.broken)]
        )


def fuzz(
    inputs: int, seed: int, folder: Path, targets: Sequence[str] = tuple(TARGETS), only: int | None = None
) -> Report:
    """Give every target its share of so many inputs; ``folder`` is theirs to write in."""
    report = Report({}, [])
    for name in targets:
        target, share = TARGETS[name]
        numbers = range(max(1, round(inputs * share))) if only is None else range(only, only + 1)
        began, before, slowest_s = time.perf_counter(), _peak_bytes(), 0.0
        for number in numbers:
            dice = random.Random(f"{seed}:{name}:{number}")
            started = time.perf_counter()
            try:
                target(dice, folder)
            except Exception:  # noqa: BLE001 -- whatever comes through is what is looked for
                how = traceback.format_exc() if only is not None else _last_words()
                report.broken.append(Broken(name, number, how))
            took_s = time.perf_counter() - started
            slowest_s = max(slowest_s, took_s)
            if took_s > MOST_S:
                report.broken.append(Broken(name, number, f"took {took_s:.0f} s"))
        grown_bytes = _peak_bytes() - before
        if grown_bytes > MOST_GROWTH_BYTES:
            report.broken.append(Broken(name, -1, f"memory grew by {grown_bytes:,} bytes"))
        report.tried[name] = Tried(len(numbers), time.perf_counter() - began, slowest_s, grown_bytes)
    return report


def _last_words() -> str:
    lines = traceback.format_exc().strip().splitlines()
    places = [line.strip() for line in lines if line.lstrip().startswith("File ")]
    return f"{lines[-1][:300]} ({places[-1] if places else ''})"


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> int:
    """Fuzz as the command line says; the exit code is 1 where something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=SHORT)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--only", type=int, help="one input of one target, by its number")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = fuzz(given.inputs, given.seed, Path(folder), given.target or tuple(TARGETS), given.only)
    print(f"seed {given.seed}\n{report}")  # noqa: T201 -- what it is run for
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
