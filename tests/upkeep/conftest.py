"""A small finished dataset of real clips, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from kinetics_tui.dataset.layout import clip_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.dataset.stats_csv import write_records
from kinetics_tui.demo.media import Kind
from kinetics_tui.media.cut.cut import trim
from kinetics_tui.media.cut.order import Job, Media
from kinetics_tui.media.verify import verify
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.options import LayoutName, Options, Selection, Trim
from tests.media.media_studio import made

DONE = [
    Clip("aaaaaaaaaaa", 5, 7, "val", "air drumming"),
    Clip("bbbbbbbbbbb", 10, 12, "val", "archery"),
    Clip("-cccccccccc", 7.5, 9.5, "train", "archery"),
    Clip("ddddddddddd", 20, 22, "test"),
    Clip("eeeeeeeeeee", 58.5, 61.5, "train", "air drumming"),  # its video ends inside it
]
FAILED = Clip("fffffffffff", 1, 3, "train", "archery")
PENDING = Clip("ggggggggggg", 30, 32, "train", "archery")
CLIPS = [*DONE, FAILED, PENDING]
SHORT = DONE[4]
WIRE_BYTES = 1000


def make_clip(clip: Clip, path: Path, *, audio: bool = True, short_side_px: int | None = 90) -> None:
    """Make a clip's file out of a source of a minute, as a worker would."""
    video, sound = made(Kind.DASH_VIDEO), made(Kind.DASH_AUDIO)
    path.parent.mkdir(parents=True, exist_ok=True)
    job = Job(
        video=Media(open=lambda: av.open(str(video.path))),
        audio=Media(open=lambda: av.open(str(sound.path))) if audio else None,
        start_s=Fraction(clip.time_start),
        end_s=Fraction(clip.time_end),
        mode=Trim.EXACT,
        short_side_px=short_side_px,
    )
    trim(job, path, lambda fraction: None)


def attempt_for(clip_id: int, clip: Clip, path: Path) -> Attempt:
    """The attempt that made this file, as a worker tells of it."""
    return Attempt(
        clip_id=clip_id,
        at=1000.0 + clip_id,
        network="192.168.1.23",
        outcome=Outcome.DONE,
        made=verify(path).made_file(path.stat().st_size, short=clip == SHORT, exact=True),
        spent=Spent(wire_bytes=WIRE_BYTES),
    )


def make_dataset(dataset: Path, layout: LayoutName = LayoutName.ACTIVITYNET) -> None:
    """A dataset after a run: five clips done, one failed, one still pending."""
    with Ledger.create(
        dataset,
        title="Custom dataset",
        release="",
        selection=Selection(annotations=("/nowhere/train.csv",)),
        options=Options(layout=layout, workers=3),
        clips=CLIPS,
    ) as ledger:
        session = ledger.open_session("192.168.1.23", 1000.0, 1)
        for number, clip in enumerate(DONE, start=1):
            path = dataset / clip_path(layout, clip)
            make_clip(clip, path)
            ledger.record(attempt_for(number, clip, path))
        ledger.record(
            Attempt(
                clip_id=len(DONE) + 1,
                at=2000.0,
                network="192.168.1.23",
                outcome=Outcome.FAILED,
                category=Category.PRIVATE,
                message="Private video.",
            )
        )
        ledger.close_session(session, 2000.0, "stopped")
    write_records(dataset)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Callable[[LayoutName], Path]:
    folder = tmp_path_factory.mktemp("finished")

    def finished(layout: LayoutName) -> Path:
        dataset = folder / layout.value
        if not dataset.exists():
            make_dataset(dataset, layout)
        return dataset

    return finished


@pytest.fixture
def dataset(tmp_path: Path, finished: Callable[[LayoutName], Path]) -> Path:
    """A finished dataset of its own for the test."""
    return Path(shutil.copytree(finished(LayoutName.ACTIVITYNET), tmp_path / "set"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A dataset in which nothing is done yet; one clip has failed."""
    dataset = tmp_path / "set"
    with Ledger.create(
        dataset,
        title="Custom dataset",
        release="",
        selection=Selection(),
        options=Options(),
        clips=CLIPS,
    ) as ledger:
        ledger.record(
            Attempt(
                clip_id=1,
                at=1.0,
                network="wlan0",
                outcome=Outcome.FAILED,
                category=Category.PRIVATE,
                message="Private video.",
            )
        )
    return dataset
