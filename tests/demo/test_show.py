"""Opening a demo: what is a demo's, and what is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import demo_path, make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, NetworkRow, Outcome
from kinetics_tui.demo.show import (
    ANNOUNCED,
    OTHER_NETWORK,
    DemoServer,
    is_demo,
    is_served,
    open_demo,
    serve_demo,
)
from kinetics_tui.engine.client.next_run import read_networks
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import Spent
from kinetics_tui.model.network import NetworkKind, NetworkStatus
from kinetics_tui.model.options import Options, Selection
from tests.clip_figures import file_of


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


def test_the_proxies_of_a_demo_opened_before_are_forgotten_and_their_clips_kept(
    dataset: Path, serve: list[DemoServer]
) -> None:
    opened(dataset)
    with Ledger.open(dataset) as ledger:
        for port in (1, 2):  # as an engine of each opening left them
            name = f"http://127.0.0.1:{port}"
            throttled = NetworkRow(
                name, name, NetworkKind.PROXY, status=NetworkStatus.COOLING, until=time.time() + 9000, step=2
            )
            ledger.save_networks(throttled)
            ledger.open_session(name, float(port), 77)
            made, spent = file_of(output_bytes=800), Spent(total_s=1.0, wire_bytes=1000)
            ledger.record(
                Attempt(clip_id=port, at=1.0, network=name, outcome=Outcome.DONE, made=made, spent=spent)
            )
            ledger.throttled(name, 2.0, Category.SESSION_LIMIT, 2, 1)
            ledger.set_networks_in_use((name,))
    serve.append(serve_demo(dataset))
    said = serve[0].announcement
    state = read_networks(dataset)
    assert [(network.label, network.status) for network in state.networks.values()] == [
        (f"http://127.0.0.1:{said.proxy_port}", NetworkStatus.OPEN),
        (f"{OTHER_NETWORK} {said.other_proxy}", NetworkStatus.OPEN),
    ]
    here = state.networks[f"http://127.0.0.1:{said.proxy_port}"]
    assert (here.sessions, here.clips, here.in_use, here.step) == (2, 2, True, 0)
    with Ledger.open(dataset, read_only=True) as ledger:
        assert ledger.networks_in_use() == (here.name,)
        assert [attempt.attempt.network for attempt in ledger.settled()] == [here.name] * 2


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
