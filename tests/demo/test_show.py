"""Opening a demo: what is a demo's, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo import show
from kinetics_tui.demo.show import FOLDER_NAME, DemoServer, launch, open_demo
from kinetics_tui.engine.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection


@pytest.fixture
def servers(
    tmp_path: Path, sources_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[DemoServer]]:
    """The YouTubes that demos in ``tmp_path / "set"`` start."""
    started: list[DemoServer] = []
    sources_folder.mkdir(exist_ok=True)
    made_up = make_state_folder(tmp_path / "set") / FOLDER_NAME
    made_up.mkdir()
    (made_up / "sources").symlink_to(sources_folder)

    def start(*args: object, **options: object) -> DemoServer:
        started.append(launch(*args, **options))  # type: ignore[arg-type]  # handed on
        return started[-1]

    monkeypatch.setattr(show, "launch", start)
    yield started
    for server in started:
        server.stop()


def opened(dataset: Path, workers: int = 2) -> Options:
    open_demo(dataset, clips=8, workers=workers, tell=lambda line: None)
    with Ledger.open(dataset, read_only=True) as ledger:
        return ledger.options


def test_a_demo_is_opened_again_with_its_new_ports(servers: list[DemoServer], tmp_path: Path) -> None:
    first = opened(tmp_path / "set")
    again = opened(tmp_path / "set", workers=3)
    assert (first.workers, again.workers) == (2, 3)
    assert first.yt_dlp != again.yt_dlp
    assert f"127.0.0.1:{servers[1].announcement.proxy_port}" in again.yt_dlp[1]


def test_a_real_dataset_where_a_demo_failed_before_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> DemoServer:
        made_up.mkdir()
        raise EngineError("The demo's YouTube does not come up.")

    dataset = tmp_path / "set"
    made_up = make_state_folder(dataset) / FOLDER_NAME
    monkeypatch.setattr(show, "launch", fail)
    with pytest.raises(EngineError):
        opened(dataset)
    create(dataset, Selection(), Options(yt_dlp=("-4",)), [Clip("aaaaaaaaaaa", 0, 10, "val", "yoga")])
    with pytest.raises(DatasetError, match="is a real dataset"):
        opened(dataset)
    with Ledger.open(dataset, read_only=True) as ledger:
        assert ledger.options.yt_dlp == ("-4",)
