"""Ledgers for the bench, as large as that of Kinetics-700."""

from __future__ import annotations

from pathlib import Path

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.workers.messages import Finished
from kinetics_tui.model.options import Options, Selection
from tests.bench.instant import made
from tests.bench.rows import made_clips

NETWORK = "192.168.1.23"
BEGAN_AT = 1_700_000_000.0
EVERY_S = 12.0
"""Between two clips, at the pace of a guest."""
BATCH = 5000


def make_ledger(dataset: Path, clips: int, seed: int, options: Options) -> Path:
    """A ledger whose clips are all pending; returns ``dataset``."""
    make_state_folder(dataset)
    Ledger.create(
        dataset,
        title="Kinetics-700",
        release="",
        selection=Selection(),
        options=options,
        clips=made_clips(clips, seed),
    ).close()
    return dataset


def settle(dataset: Path, clips: int) -> None:
    """Have the first so many clips settled, as by a run of weeks that was stopped."""
    with Ledger.open(dataset) as ledger:
        session = ledger.open_session(NETWORK, BEGAN_AT, pid=1)
        for number in range(1, clips + 1):
            ledger.record(_attempt(number))
            if number % BATCH == 0:
                ledger.flush()
        ledger.close_session(session, BEGAN_AT + clips * EVERY_S, "stopped")


def _attempt(number: int) -> Attempt:
    what = made(number)
    at = BEGAN_AT + number * EVERY_S
    if not isinstance(what, Finished):
        return Attempt(
            clip_id=number,
            at=at,
            network=NETWORK,
            outcome=Outcome.FAILED,
            category=what.category,
            message=what.text,
            spent=what.spent,
        )
    return Attempt(
        clip_id=number,
        at=at,
        network=NETWORK,
        outcome=Outcome.DONE,
        made=what.made,
        spent=what.spent,
    )
