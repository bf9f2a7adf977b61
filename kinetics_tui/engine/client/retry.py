"""Failed clips made pending again, whether an engine runs or not."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from kinetics_tui.annotations.releases import folded, unknown_name
from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.dataset.ledger.clip_lists import read_labels, read_names
from kinetics_tui.dataset.ledger.counts import failure_counts
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import ask, is_running
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.commands import Retry
from kinetics_tui.model.failure import Category, Kind, by_count

MOST_IDS = 2000
"""So many clips are named in one command: a line to an engine has its bounds."""

TRANSIENT = tuple(category for category in Category if category.kind is not Kind.PERMANENT)
"""The categories that may work another time."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which failed clips are meant, as people name them; what is given narrows the rest.

    ``clips`` are names of clips (``<id>_<start>_<end>``) or ids of videos. ``transient``: those that may
    work another time, which is meant too where nothing is given at all.
    """

    categories: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    transient: bool = False


def find_categories(
    names: Collection[str], standing: Collection[Category] = tuple(Category)
) -> tuple[Category, ...]:
    """The categories of these names, in any case; a part that only one of them has is enough: ``404``.

    Raises ``SettingsError`` with the nearest names, or those of ``standing``, where there is none.
    """
    known = {_plain(category.value): category for category in Category}
    found = []
    for name in names:
        plain = _plain(name)
        having = [plain] if plain in known else [other for other in known if plain and plain in other]
        if len(having) != 1:
            near = having or difflib.get_close_matches(plain, known, n=3, cutoff=0.6)
            meant = " or ".join(known[other].value for other in near)
            there = ", ".join(category.value for category in standing) or "none, no clip has failed"
            hint = f"did you mean {meant}?" if near else f"there is {there}."
            raise SettingsError(f"No failure category {name!r}: {hint}")
        found.append(known[having[0]])
    return tuple(found)


def _plain(name: str) -> str:
    """A name of a category as it is compared: its letters and digits, with one blank between words."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in name.casefold()).split())


def find_failed(dataset: Path, asked: Asked) -> Retry:
    """The command that makes them pending again.

    Raises ``UserError`` for a name that is not known, with the nearest ones, and for a clip that has not
    failed.
    """
    categories: tuple[Category, ...] = ()
    if asked.categories:
        with closing(connect(dataset, read_only=True)) as database:
            standing = [category for category, _ in by_count(failure_counts(database))]
        categories = find_categories(asked.categories, standing)
        if asked.transient:
            categories = tuple(category for category in categories if category in TRANSIENT)
            if not categories:
                raise SettingsError("None of these categories is transient: leave --transient away.")
    elif asked.transient or not (asked.classes or asked.clips):
        categories = TRANSIENT
    with closing(connect(dataset, read_only=True)) as database:
        labels = _labels(asked.classes, read_labels(database)) if asked.classes else ()
        ids = _ids(asked.clips, read_names(database)) if asked.clips else ()
    return Retry(categories=categories, labels=labels, clip_ids=ids)


def retry_failed(dataset: Path, wanted: Retry) -> dict[Category, int]:
    """Make failed clips pending again; how many, by category.

    Raises ``UserError`` where none of those that are meant stands as failed.
    """
    counts: Counter[Category] = Counter()
    # Looked at first without the lock: a folder that is no dataset is left as it is.
    Ledger.open(dataset, read_only=True).close()
    for part in _parts(wanted):
        counts.update(_retry_part(dataset, part))
    if not counts:
        raise DatasetError(f"No clip of {dataset} that was meant stands as failed; see status.")
    return counts


def _retry_part(dataset: Path, part: Retry) -> dict[Category, int]:
    if is_running(dataset):
        return ask(dataset, part).retried
    counts: Counter[Category] = Counter()
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        found = ledger.retry_failed(part.categories, part.labels, part.clip_ids)
    for (_, category), count in found.items():
        counts[category] += count
    return counts


def _parts(wanted: Retry) -> Iterator[Retry]:
    if not wanted.clip_ids:
        yield wanted
    for start in range(0, len(wanted.clip_ids), MOST_IDS):
        yield msgspec.structs.replace(wanted, clip_ids=wanted.clip_ids[start : start + MOST_IDS])


def _labels(names: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    by_folded: dict[str, list[str]] = {}
    for label in known:
        by_folded.setdefault(folded(label), []).append(label)
    for name in names:
        if folded(name) not in by_folded:
            raise unknown_name("class", name, known, " in this dataset")
    return tuple(label for name in names for label in by_folded[folded(name)])


def _ids(names: Collection[str], failed: dict[int, str]) -> tuple[int, ...]:
    """The numbers of the failed clips of these names; ``failed`` are the names by number."""
    numbers: dict[str, list[int]] = {}
    for number, name in failed.items():
        for called in (name, name.rsplit("_", 2)[0]):
            numbers.setdefault(called, []).append(number)
    for name in names:
        if name not in numbers:
            raise _not_failed(name, failed.values())
    return tuple(dict.fromkeys(number for name in names for number in numbers[name]))


def _not_failed(name: str, failed: Collection[str]) -> DatasetError:
    near = difflib.get_close_matches(name, failed, n=3, cutoff=0.6)
    meant = f"did you mean {' or '.join(near)}?" if near else "failed.csv in the dataset lists those that do."
    return DatasetError(f"No clip {name!r} stands as failed: {meant}")
