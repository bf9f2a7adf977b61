"""Made-up clips for the engine's tests."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import RunContext
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import AnyEvent


def clip(kind: str, number: int = 0, split: str = "val") -> Clip:
    """A clip that comes out as ``kind`` says; see ``scripted_worker``."""
    return Clip(f"{number:010d}{kind}", 1, 11, split, "yoga")


def some_clips(count: int, split: str = "val") -> list[Clip]:
    """Clips of three classes, ids padded to the eleven signs of a real one."""
    return [
        Clip(f"{split[:2]}{number:09d}", 10, 20, split, ("abseiling", "archery", "yoga")[number % 3])
        for number in range(count)
    ]


def context_of(ledger: Ledger, dataset: Path, now: float = 0.0) -> tuple[RunContext, list[AnyEvent]]:
    """What the parts of an engine share, on a clock that stands still, and the events published so far."""
    events: list[AnyEvent] = []
    return RunContext(ledger, dataset, clock=lambda: now, broadcast=events.append), events
