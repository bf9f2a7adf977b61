"""The result of taking over clips from elsewhere, as plain data."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kinetics_tui.upkeep.check.findings import Noted


class LinkMode(StrEnum):
    """The way of a file into the dataset; where it came from it stays as it is either way."""

    HARD = "hard"
    """As a second name of the same file: no room is taken, and both have to lie on one file system."""
    COPY = "copy"


class Fate(StrEnum):
    """The fate of a file on offer; the value is its name on screen and for scripts."""

    TAKEN = "taken"
    THERE = "there already"
    NOT_SELECTED = "not in the selection"
    AMBIGUOUS = "ambiguous"
    ANOTHERS = "another clip's"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    SOUND = "has sound"
    UNPLAYABLE = "does not play"
    NO_MP4 = "no content for .mp4"
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


class Adoption(Noted[Fate, Adopted], kw_only=True):
    """The result as a whole.

    ``files`` are those called like clips, ``settled`` those whose fate is known, ``others`` the rest.
    ``archives`` are those that were read.
    ``rewritten`` are MP4 files made of the content of others. ``found`` lay in their place in the dataset
    already, without the ledger knowing; ``short`` and ``inexact`` are shorter or longer than their segment
    and were taken all the same.
    """

    dataset: str
    source: str
    link: LinkMode
    dry_run: bool = False
    quick: bool = False
    files: int = 0
    others: int = 0
    archives: int = 0
    settled: int = 0
    taken_bytes: int = 0
    rewritten: int = 0
    found: int = 0
    short: int = 0
    inexact: int = 0
    interrupted: bool = False

    @property
    def refused(self) -> int:
        return self.counts.total() - self.counts[Fate.TAKEN] - self.counts[Fate.THERE]

    def note(self, adopted: Adopted) -> None:
        """Count a file."""
        self.settled += 1
        self.counts[adopted.fate] += 1
        self.keep(adopted.fate, adopted)
