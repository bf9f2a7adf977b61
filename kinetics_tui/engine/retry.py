"""Failed clips made pending again, whether an engine runs or not."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Collection
from pathlib import Path

from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.engine.address import WriterLock
from kinetics_tui.engine.client import ask, is_running, read_state
from kinetics_tui.model.commands import Retry
from kinetics_tui.model.errors import DatasetError, SettingsError
from kinetics_tui.model.failure import Category, Kind


def find_categories(names: Collection[str]) -> tuple[Category, ...]:
    """The categories of these names, in any case; of none: all that may work another time.

    Raises ``SettingsError`` with the nearest names.
    """
    if not names:
        return tuple(category for category in Category if category.kind is not Kind.PERMANENT)
    known = {category.value.lower(): category for category in Category}
    for name in names:
        if name.lower() not in known:
            near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.4) or list(known)
            meant = ", ".join(known[key].value for key in near)
            raise SettingsError(f"There is no failure category {name!r}; there is {meant}.")
    return tuple(known[name.lower()] for name in names)


def retry_failed(dataset: Path, categories: tuple[Category, ...]) -> dict[str, int]:
    """Make the clips that failed for these reasons pending again; counts by category.

    Raises ``DatasetError`` where none has.
    """
    if is_running(dataset):
        failures = read_state(dataset).failures
        asyncio.run(ask(dataset, Retry(categories=categories)))
        return {category.value: failures[category] for category in categories if category in failures}
    counts: dict[str, int] = {}
    # Looked at first without the lock: a folder that is no dataset is left as it is.
    Ledger.open(dataset, read_only=True).close()
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        for (_, category), count in ledger.retry_failed(categories).items():
            counts[category.value] = counts.get(category.value, 0) + count
    if not counts:
        raise DatasetError(f"No clip of {dataset} has failed for that reason; see status.")
    return counts
