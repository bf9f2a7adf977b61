"""Small ledgers for the tests of this package."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.dataset.folder import ledger_path, state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName, Options, Selection
from tests.clip_figures import nested

NOBODY = 65534


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
            **nested({"at": 1000.0, "network": "wlan0", **fields}, made=outcome is Outcome.DONE),
        )

    return make


@pytest.fixture
def unwritable() -> Callable[[Callable[[Path], None]], AbstractContextManager[Path]]:
    """Datasets in folders that we may read and not write, as on a read-only file system."""

    @contextmanager
    def made_by(make: Callable[[Path], None]) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as name:
            dataset = Path(name) / "kinetics"
            make(dataset)
            places = [ledger_path(dataset), state_folder(dataset), dataset]
            root = os.geteuid() == 0
            for place in places:
                if root:
                    os.chown(place, NOBODY, -1)
                place.chmod(0o500 if place.is_dir() else 0o400)
            Path(name).chmod(0o755)
            try:
                if root:
                    os.seteuid(NOBODY)  # permissions do not bind root
                yield dataset
            finally:
                if root:
                    os.seteuid(0)
                for place in places:
                    place.chmod(0o700)

    return made_by
