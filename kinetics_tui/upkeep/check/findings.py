"""The findings of a check of a dataset, as plain data."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

FIRST = 5
"""So many findings of each kind are named."""
_Kind = TypeVar("_Kind", bound=StrEnum)
_One = TypeVar("_One")


class Fault(StrEnum):
    """A fault of a dataset's files; the value is its name on screen and for scripts."""

    MISSING = "missing"
    UNPLAYABLE = "does not play"
    WRONG_LENGTH = "wrong length"
    WRONG_SOUND = "wrong sound"
    MISPLACED = "another clip's file"
    SIZE_DIFFERS = "size differs"
    FOUND = "found though not done"
    UNREADABLE = "cannot be read"
    SCRATCH = "scratch"
    STRAY = "stray"


class LedgerState(StrEnum):
    """The state in which the ledger was found, and what was done about it."""

    WHOLE = "whole"
    MISSING = "missing"
    DAMAGED = "damaged"
    REBUILT = "rebuilt"


class Finding(msgspec.Struct, frozen=True):
    """One thing found: what is wrong, with which path relative to the dataset folder, and why."""

    fault: Fault
    path: str
    why: str = ""


class Noted(msgspec.Struct, Generic[_Kind, _One], kw_only=True):
    """Things found, of several kinds: all are counted, and only the first of each kind kept."""

    counts: Counter[_Kind] = msgspec.field(default_factory=Counter)
    first: dict[_Kind, list[_One]] = {}

    def keep(self, kind: _Kind, *several: _One) -> None:
        """Keep these if they are among the first of their kind."""
        self.first[kind] = [*self.first.get(kind, []), *several][:FIRST]


class Report(Noted[Fault, Finding], kw_only=True):
    """The findings of a check.

    ``clips`` are those with a file that there is or should be, ``checked`` those looked at, ``whole``
    those in order. ``engine_ran``: an engine was at work meanwhile, and what is its own was left out.
    """

    dataset: str
    ledger: LedgerState = LedgerState.WHOLE
    why: str = ""
    clips: int = 0
    checked: int = 0
    whole: int = 0
    repaired: Counter[Fault] = msgspec.field(default_factory=Counter)
    not_repaired: list[Finding] = []
    quarantined: int = 0
    taken_short: int = 0
    engine_ran: bool = False
    interrupted: bool = False
    repair: bool = False
    quick: bool = False

    def note(self, finding: Finding) -> None:
        """Count a finding."""
        self.counts[finding.fault] += 1
        self.keep(finding.fault, finding)

    def take_over(self, other: Report) -> None:
        """Count the findings of another report too."""
        self.counts += other.counts
        for fault, findings in other.first.items():
            self.keep(fault, *findings)

    @property
    def faults(self) -> int:
        """The number of things that are wrong; stray files are told of and are nobody's fault."""
        return self.counts.total() - self.counts[Fault.STRAY]

    @property
    def left(self) -> int:
        """The number of those that are still so."""
        broken = self.ledger in (LedgerState.MISSING, LedgerState.DAMAGED)
        return self.faults - self.repaired.total() + broken
