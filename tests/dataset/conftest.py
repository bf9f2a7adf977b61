"""Small ledgers for the tests of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.dataset.ledger import Attempt, Ledger, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName, Options, Selection


@pytest.fixture
def clips() -> list[Clip]:
    return [
        Clip("aaaaaaaaaaa", 0, 10, "val", "abseiling"),
        Clip("bbbbbbbbbbb", 5, 15, "val", "archery"),
        Clip("ccccccccccc", 7, 17, "train", "archery"),
        Clip("ddddddddddd", 9, 19, "test"),
        Clip("eeeeeeeeeee", 1.5, 11.5, "val", "archery"),
    ]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "kinetics"


@pytest.fixture
def make_ledger(dataset: Path) -> Callable[..., Ledger]:
    def make(clips: list[Clip], layout: LayoutName = LayoutName.ACTIVITYNET) -> Ledger:
        return Ledger.create(
            dataset,
            title="Kinetics-400",
            release="kinetics-400",
            selection=Selection(release="kinetics-400"),
            options=Options(layout=layout, workers=3),
            clips=clips,
        )

    return make


@pytest.fixture
def ledger(make_ledger: Callable[..., Ledger], clips: list[Clip]) -> Iterator[Ledger]:
    with make_ledger(clips) as ledger:
        yield ledger


@pytest.fixture
def attempt() -> Callable[..., Attempt]:
    def make(clip_id: int, outcome: Outcome, category: Category | None = None, **fields: Any) -> Attempt:
        return Attempt(
            clip_id=clip_id,
            outcome=outcome,
            category=category,
            **{"at": 1000.0, "network": "wlan0", **fields},
        )

    return make
