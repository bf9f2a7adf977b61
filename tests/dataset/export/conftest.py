"""A dataset of small made-up files, and exports of it."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.dataset.export.clip_files import Link
from kinetics_tui.dataset.export.make import Exported, Exporting, export
from kinetics_tui.dataset.ledger.files import read_holdings
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName, Options, Selection
from tests.clip_figures import file_of
from tests.dataset.export.object_store import bucket, credentials, server  # noqa: F401 - fixtures

DONE = [
    Clip("aaaaaaaaaaa", 5, 15, "val", "playing organ"),
    Clip("bbbbbbbbbbb", 10.5, 20.5, "val", "massaging person's head"),
    Clip("-cccccccccc", 0, 10, "train", "skiing (not slalom or crosscountry)"),
    Clip("ddddddddddd", 20, 30, "test"),
    Clip("ddddddddddd", 40, 50, "train", "playing organ"),
]
FAILED = Clip("fffffffffff", 1, 11, "train", "archery")
PENDING = Clip("ggggggggggg", 30, 40, "val", "archery")
CLIPS = [*DONE, FAILED, PENDING]

Export = Callable[..., Exported]


def content_of(clip: Clip) -> bytes:
    return f"the clip {clip.name!r}".encode("utf-8", "surrogatepass") * 3


def make_dataset(
    dataset: Path,
    clips: list[Clip],
    done: list[Clip],
    *,
    release: str = "",
    layout: LayoutName = LayoutName.ACTIVITYNET,
    height_px: int = 256,
) -> Path:
    """A dataset where these clips are done, with a file of made-up content each."""
    with Ledger.create(
        dataset,
        title="Custom dataset",
        release=release,
        selection=Selection(release=release),
        options=Options(layout=layout),
        clips=clips,
    ) as ledger:
        settle(dataset, ledger, clips, done, height_px)
    return dataset


def settle(dataset: Path, ledger: Ledger, clips: list[Clip], done: list[Clip], height_px: int = 256) -> None:
    """Have these clips done, the n-th of which the ledger knows by the number n + 1."""
    paths = {}
    numbers = {clip.key: number for number, clip in enumerate(clips, start=1)}
    ledger.flush()
    for holding in read_holdings(ledger._db, ledger.options.layout):
        paths[holding.clip.key] = dataset / holding.path
    for clip in done:
        path = paths[clip.key]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content_of(clip))
        ledger.record(
            Attempt(
                clip_id=numbers[clip.key],
                at=1000.0,
                network="home",
                outcome=Outcome.DONE,
                made=file_of(
                    output_bytes=path.stat().st_size,
                    duration_s=clip.duration_s,
                    width_px=340,
                    height_px=height_px,
                    fps=25.0,
                    sound=True,
                ),
            )
        )


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    dataset = make_dataset(tmp_path / "set", CLIPS, DONE)
    with Ledger.open(dataset) as ledger:
        ledger.record(
            Attempt(
                clip_id=CLIPS.index(FAILED) + 1,
                at=2000.0,
                network="home",
                outcome=Outcome.FAILED,
                category=Category.PRIVATE,
                message="Private video.",
            )
        )
    return dataset


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def exported(dataset: Path, out: Path) -> Export:
    """Exports the dataset to ``out``."""

    def exported(reader: str, link: Link | None = None, release: str = "") -> Exported:
        return export(
            dataset, Exporting(reader=reader, to=out, link=link, release=release), lambda line: None
        )

    return exported


def listing(folder: Path) -> list[str]:
    """Every file and link below a folder, apart from what exports keep for themselves."""
    found = [
        str((Path(place) / name).relative_to(folder))
        for place, folders, names in os.walk(folder)
        for name in [*names, *(one for one in folders if (Path(place) / one).is_symlink())]
    ]
    return sorted(name for name in found if not name.startswith(".kinetics-tui-export/"))


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
