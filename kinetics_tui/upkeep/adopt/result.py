"""What came of taking over clips from elsewhere, as plain data."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

import msgspec

FIRST = 5
"""How many files of each fate are named."""


class LinkMode(StrEnum):
    """How a file gets into the dataset; where it came from it stays as it is either way."""

    HARD = "hard"
    """As a second name of the same file: no room is taken, and both have to lie on one file system."""
    COPY = "copy"


class Fate(StrEnum):
    """What became of a file on offer; the value is its name on screen and for scripts."""

    TAKEN = "taken"
    THERE = "there already"
    NOT_SELECTED = "not in the selection"
    AMBIGUOUS = "ambiguous"
    ANOTHERS = "another clip's"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    SOUND = "has sound"
    UNPLAYABLE = "does not play"
    UNREADABLE = "cannot be read"
    NO_NAME = "no clip's name"
    NO_FILE = "no file"
    NOT_PLACED = "cannot be put there"


class Adopted(msgspec.Struct, frozen=True):
    """One file on offer: its path relative to the folder it is in, the clip it is, what became of it and why.

    ``clip`` is the clip's name, empty where it is not known.
    """

    path: str
    fate: Fate
    why: str = ""
    clip: str = ""


class Adoption(msgspec.Struct, kw_only=True):
    """What came of it all. Only the first files of each fate are kept, however many there are.

    ``files`` are those called like clips, ``settled`` those whose fate is known, ``others`` the rest.
    ``found`` lay in their place in the dataset already, without the ledger knowing; ``short`` and
    ``inexact`` are shorter or longer than their segment and were taken all the same.
    """

    dataset: str
    source: str
    link: LinkMode
    dry_run: bool = False
    quick: bool = False
    files: int = 0
    others: int = 0
    settled: int = 0
    counts: Counter[Fate] = msgspec.field(default_factory=Counter)
    first: dict[Fate, list[Adopted]] = {}
    taken_bytes: int = 0
    found: int = 0
    short: int = 0
    inexact: int = 0
    interrupted: bool = False

    @property
    def refused(self) -> int:
        return self.counts.total() - self.counts[Fate.TAKEN] - self.counts[Fate.THERE]

    def note(self, adopted: Adopted) -> None:
        """Count a file, and keep it if it is one of the first of its fate."""
        self.settled += 1
        self.counts[adopted.fate] += 1
        first = self.first.setdefault(adopted.fate, [])
        if len(first) < FIRST:
            first.append(adopted)
