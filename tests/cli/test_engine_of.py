"""What commands do to a dataset, with a real ledger and a real server."""

from __future__ import annotations

import asyncio
import http.server
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.annotations.fetch import Opener
from kinetics_tui.base.errors import DatasetError, SettingsError
from kinetics_tui.cli.commands.networks import read_networks, switch_networks
from kinetics_tui.cli.commands.run import write_plan
from kinetics_tui.cli.engine_of import annotation_opener, make_known
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.next_run import choose_ways, named_networks
from kinetics_tui.engine.process.address import WriterLock, socket_paths
from kinetics_tui.engine.process.server import Server
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import AddNetwork, AnyCommand, Reply, SwitchNetwork
from kinetics_tui.model.options import NamedWay, Options, Selection
from kinetics_tui.model.state import RunState
from kinetics_tui.settings.settings import Settings, load_settings
from kinetics_tui.tui.setup.ports import Plan

NETWORKS = {"here": NamedWay("127.0.0.1"), "office": NamedWay("http://me:secret@127.0.0.1:9")}
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 at hand")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    dataset = tmp_path / "set"
    make_state_folder(dataset)
    Ledger.create(
        dataset,
        title="Custom dataset",
        release="",
        selection=Selection(),
        options=Options(yt_dlp=("--source-address", "127.0.0.1")),
        clips=[Clip("0wR5jVB-WPk", 1, 11, "val", "yoga")],
    ).close()
    return dataset


@pytest.fixture
def whose(tmp_path: Path) -> Iterator[str]:
    """The address of a server that answers each request with the address it came from."""

    class Whose(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.client_address[0].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Whose)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def settings(tmp_path: Path, **flags: object) -> Settings:
    return load_settings(flags, {}, tmp_path / "config.toml")


def fetched(opener: Opener, url: str) -> str:
    stream, _ = opener(url)
    with closing(stream):
        return stream.read(1000).decode()


def test_networks_of_the_settings_are_known_to_the_next_run(dataset: Path) -> None:
    said: list[str] = []
    make_known(dataset, NETWORKS, said.append)
    networks = read_networks(dataset).networks
    assert (networks["127.0.0.1"].given_as, networks["127.0.0.1"].in_use) == ("here", True)
    assert networks["http://127.0.0.1:9"].given_as == "office"
    assert said == []


def test_a_folder_that_is_no_dataset_is_left_as_it_is(tmp_path: Path) -> None:
    make_known(tmp_path / "none", NETWORKS, print)
    with pytest.raises(DatasetError, match="There is no folder"):
        switch_networks(tmp_path / "none", SwitchNetwork(way="office"), tell=print)
    with pytest.raises(DatasetError, match="There is no folder"):
        read_networks(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_networks_that_cannot_be_kept_are_no_reason_to_end(dataset: Path) -> None:
    said: list[str] = []
    with WriterLock(dataset):
        make_known(dataset, NETWORKS, said.append)
    assert len(said) == 1
    assert "secret" not in said[0]


async def test_networks_of_the_settings_are_told_to_the_engine_that_runs(dataset: Path) -> None:
    commands: list[AnyCommand] = []

    def obey(command: AnyCommand) -> Reply:
        assert command.deadline is not None
        commands.append(msgspec.structs.replace(command, deadline=None))
        return Reply(id=command.id, ok=True)

    server = Server(obey, RunState().as_events)
    await server.open(socket_paths(dataset))
    await asyncio.to_thread(make_known, dataset, NETWORKS, print)
    await server.close()
    assert commands == [AddNetwork(way=named.way, given_as=name) for name, named in NETWORKS.items()]


def test_the_next_run_goes_out_by_the_network_that_was_chosen(dataset: Path) -> None:
    make_known(dataset, NETWORKS, print)
    sentence = switch_networks(dataset, SwitchNetwork(way="office"), tell=print)
    assert sentence == "The next run goes out by office http://127.0.0.1:9."
    assert read_networks(dataset).networks["http://127.0.0.1:9"].in_use
    with pytest.raises(SettingsError, match="office"):
        switch_networks(dataset, SwitchNetwork(way="offise"), tell=print)


@ONLY_LINUX
def test_the_networks_of_a_plan_are_those_that_its_run_begins_with(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "[networks]\ndsl = '127.0.0.2'\nvpn = {way = '127.0.0.3', same = 'dsl'}\noffice = '127.0.0.4'\n"
    )
    given, names = settings(tmp_path), ("vpn", "office", "dsl")
    assert named_networks(given.networks, names) == ["vpn 127.0.0.3", "office 127.0.0.4"]
    clips = (Clip("0wR5jVB-WPk", 1, 11, "val", "yoga"),)
    write_plan(Plan(tmp_path / "new", Selection(), Options(), clips, names), given, print)
    with Ledger.open(tmp_path / "new", read_only=True) as ledger:
        assert [way.target for way in ledger.ways_in_use()] == ["127.0.0.3", "127.0.0.4", "127.0.0.2"]
    in_use = [network for network in read_networks(tmp_path / "new").networks.values() if network.in_use]
    assert [(network.name, network.also) for network in in_use] == [
        ("127.0.0.2", ("dsl 127.0.0.2",)),
        ("127.0.0.4", ()),
    ]


@ONLY_LINUX
def test_annotations_are_fetched_by_the_network_in_use(dataset: Path, tmp_path: Path, whose: str) -> None:
    new = tmp_path / "new"
    given = settings(tmp_path, yt_dlp="--source-address 127.0.0.3")
    assert fetched(annotation_opener(new, given), whose) == "127.0.0.3"
    assert fetched(annotation_opener(dataset, settings(tmp_path)), whose) == "127.0.0.1"
    choose_ways(dataset, ["127.0.0.2"])
    assert fetched(annotation_opener(dataset, settings(tmp_path)), whose) == "127.0.0.2"
    # What is said now of the way takes the place of what the dataset keeps.
    assert fetched(annotation_opener(dataset, given), whose) == "127.0.0.3"


def test_options_that_cannot_be_used_are_one_more_reason_why_an_address_does_not_serve(
    tmp_path: Path, whose: str
) -> None:
    opener = annotation_opener(tmp_path / "new", settings(tmp_path, yt_dlp="--no-such-option"))
    with pytest.raises(OSError, match="--no-such-option"):
        opener(whose)
