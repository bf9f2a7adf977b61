"""Exports of a dataset of real clips, for the readers themselves."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.export.make import Exporting, export
from kinetics_tui.model.options import LayoutName
from tests.dataset.export.object_store import bucket, credentials, server  # noqa: F401 - fixtures
from tests.upkeep.conftest import finished  # noqa: F401 - a fixture


@pytest.fixture
def exported(finished: Callable[[LayoutName], Path], tmp_path: Path) -> Callable[..., Path]:  # noqa: F811
    """Exports the dataset for a reader; the folder."""

    def exported(reader: str, release: str = "", to: str = "") -> Path:
        asked = Exporting(reader=reader, to=to or tmp_path / reader, release=release)
        return Path(export(finished(LayoutName.ACTIVITYNET), asked, lambda line: None).folder)

    return exported


def label_map(folder: Path) -> list[dict[str, str]]:
    with (folder / "label_map.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
