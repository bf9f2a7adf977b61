"""Opening a demo: what is a demo's, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import demo_path, make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.show import ANNOUNCED, DemoServer, is_demo, is_served, open_demo, serve_demo
from kinetics_tui.engine.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection


@pytest.fixture
def dataset(tmp_path: Path, sources_folder: Path) -> Path:
    """Where a demo may be made; its videos are there already."""
    sources_folder.mkdir(exist_ok=True)
    dataset = tmp_path / "set"
    make_state_folder(dataset)
    demo_path(dataset).mkdir()
    (demo_path(dataset) / "sources").symlink_to(sources_folder)
    return dataset


@pytest.fixture
def serve(dataset: Path) -> Iterator[list[DemoServer]]:
    """The YouTubes that a test starts; ended after it."""
    started: list[DemoServer] = []
    yield started
    for server in started:
        server.stop()


def opened(dataset: Path, clips: int | None = 8, workers: int | None = None) -> tuple[str, ...]:
    said: list[str] = []
    open_demo(dataset, clips=clips, workers=workers, tell=said.append)
    return tuple(said)


def names(dataset: Path) -> set[str]:
    return {path.read_text() for path in (demo_path(dataset) / "annotations").iterdir()}


def options(dataset: Path) -> Options:
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.options


def test_a_demo_is_served_at_a_new_address_each_time(dataset: Path, serve: list[DemoServer]) -> None:
    opened(dataset, workers=2)
    assert not is_served(dataset)
    serve.append(serve_demo(dataset))
    first = options(dataset)
    assert is_served(dataset)
    serve[0].stop()
    assert not is_served(dataset)
    serve.append(serve_demo(dataset))
    again = options(dataset)
    assert first.workers == again.workers == 2
    assert first.yt_dlp != again.yt_dlp
    assert f"127.0.0.1:{serve[1].announcement.proxy_port}" in again.yt_dlp[1]


@pytest.mark.parametrize("announced", [True, False])
def test_a_demo_that_is_opened_again_keeps_its_clips_whatever_is_asked(
    dataset: Path, serve: list[DemoServer], announced: bool
) -> None:
    opened(dataset, clips=8)
    serve.append(serve_demo(dataset))
    made_up = names(dataset)
    if not announced:  # as versions before this one left it
        (demo_path(dataset) / ANNOUNCED).unlink()
    assert any("--clips is for a new demo" in line for line in opened(dataset, clips=20))
    assert not any("--clips" in line for line in opened(dataset, clips=None))
    serve.append(serve_demo(dataset))
    assert serve[1].announcement.clips == 8
    assert names(dataset) == made_up


def test_workers_are_kept_where_none_are_asked_for(dataset: Path) -> None:
    opened(dataset, workers=3)
    opened(dataset)
    assert options(dataset).workers == 3
    opened(dataset, workers=5)
    assert options(dataset).workers == 5


def test_the_videos_in_the_making_are_told_of(dataset: Path, serve: list[DemoServer]) -> None:
    opened(dataset, clips=1)
    told: list[tuple[int, int]] = []
    serve.append(serve_demo(dataset, lambda made, of: told.append((made, of))))
    assert told == [(60 * number, 420) for number in range(1, 8)]


def test_a_real_dataset_where_a_demo_failed_before_is_left_alone(dataset: Path) -> None:
    create(dataset, Selection(), Options(yt_dlp=("-4",)), [Clip("aaaaaaaaaaa", 0, 10, "val", "yoga")])
    assert not is_demo(dataset)
    with pytest.raises(DatasetError, match="is a real dataset"):
        opened(dataset)
    assert options(dataset).yt_dlp == ("-4",)
