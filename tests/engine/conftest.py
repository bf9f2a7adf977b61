"""A dataset folder with a real ledger, for the engine's parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger import Ledger
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection


@pytest.fixture
def make_ledger(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Makes and opens the ledger of ``tmp_path / "set"``; closed after the test."""
    opened: list[Ledger] = []

    def make(clips: list[Clip], **options: object) -> Ledger:
        dataset = tmp_path / "set"
        make_state_folder(dataset)
        ledger = Ledger.create(
            dataset,
            title="Custom dataset",
            release="",
            selection=Selection(),
            options=Options(**options),  # type: ignore[arg-type]  # as the test types them
            clips=clips,
        )
        opened.append(ledger)
        return ledger

    yield make
    for ledger in opened:
        ledger.close()
