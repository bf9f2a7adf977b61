"""What processes that were killed have left in a dataset's state folder, and nobody needs."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from kinetics_tui.dataset.folder import FAILED_FILE, STATS_FILE, scratch_path, state_folder

HALF_MADE_RECORDS = (f"{STATS_FILE}.*.new", f"{FAILED_FILE}.*.new")
HALF_MADE_LEDGERS = ("ledger-*.new*",)


def sweep(dataset: Path) -> None:
    """Remove clips, records and ledgers in the making. For the holder of the writer's lock alone."""
    shutil.rmtree(scratch_path(dataset), ignore_errors=True)
    _remove(dataset, HALF_MADE_LEDGERS)
    sweep_records(dataset)


def sweep_records(dataset: Path) -> None:
    """Remove records in the making, while nobody makes any."""
    _remove(dataset, HALF_MADE_RECORDS)


def _remove(dataset: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        for path in state_folder(dataset).glob(pattern):
            with suppress(OSError):  # a nuisance, no reason not to work
                path.unlink()
