"""What processes that were killed have left in a dataset's state folder, and nobody needs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kinetics_tui.dataset.folder import FAILED_FILE, STATS_FILE, scratch_path, state_folder

STALE_S = 3600.0
"""Who does not hold the writer's lock takes what nobody touched for so long for nobody's."""

LEDGERS = ("ledger-*.new*",)
RECORDS = (f"{STATS_FILE}.*.new", f"{FAILED_FILE}.*.new")
EVERYTHING = (*LEDGERS, *RECORDS, "engine.new")
"""Patterns of files that are given their names when they are whole."""


def half_made(dataset: Path, patterns: tuple[str, ...], untouched_s: float = 0.0) -> Iterator[Path]:
    """Files in the making that nobody touched for so long."""
    before = time.time() - untouched_s
    for path in sorted(path for pattern in patterns for path in state_folder(dataset).glob(pattern)):
        with suppress(OSError):  # it has its name by now
            if path.lstat().st_mtime <= before:
                yield path


def leftovers(dataset: Path, untouched_s: float = 0.0) -> Iterator[Path]:
    """Files of clips that nobody makes any more, and whatever else is half made."""
    for folder, _, names in os.walk(scratch_path(dataset)):
        yield from (Path(folder) / name for name in names)
    yield from half_made(dataset, EVERYTHING, untouched_s)


def remove(paths: Iterator[Path]) -> None:
    """Remove files; one that cannot be removed is a nuisance, and no reason not to work."""
    for path in list(paths):
        with suppress(OSError):
            path.unlink()


def sweep(dataset: Path, untouched_s: float = 0.0) -> None:
    """Remove what ``leftovers`` names. For the holder of the writer's lock alone."""
    shutil.rmtree(scratch_path(dataset), ignore_errors=True)
    remove(half_made(dataset, EVERYTHING, untouched_s))
