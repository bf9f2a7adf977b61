"""A run over several machines, for real: hosts as programs of their own, each by its own address.

They are killed, frozen and cut off; every clip is settled once, by whoever made it.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import av
import pytest
import yt_dlp

import kinetics_tui
from kinetics_tui.dataset.folder import hosts_path, ledger_path, log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import SOURCE_S, Demo
from kinetics_tui.demo.pattern import read_frame_number
from kinetics_tui.demo.site import Open
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.engine.process.address import read_whereabouts
from kinetics_tui.model.commands import Pause, Resume, SetHostWorkers, Stop, UseNetworks
from kinetics_tui.model.network import HostStatus
from tests.host_program import HostPrograms, free_port, run_flags
from tests.program import Program
from tests.torture.namespaces import HUB, machines, own_network
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

QUIET_S = 2.5
"""A host that asks for nothing for so long has heard that it shall not: its requests take far less."""
SOON_S = 10.0
"""What is meant to take 2 s at most; this machine may have other things to do."""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 at hand"),
]


@pytest.fixture
def hosts(program: Program) -> Iterator[HostPrograms]:
    """Hosts over the line; what is left of them at the end is killed."""
    hosts = HostPrograms(program)
    yield hosts
    hosts.close()


def attempts(dataset: Path) -> list[tuple[str, str, int, str]]:
    """Of each clip: its video, its status, how often it was done, and by which network."""
    with closing(sqlite3.connect(ledger_path(dataset))) as database:
        return database.execute(
            "SELECT youtube_id, clips.status, count(attempts.id), coalesce(max(networks.name), '') FROM clips"
            " LEFT JOIN attempts ON clip_id = clips.id AND outcome = 'done'"
            " LEFT JOIN networks ON networks.id = network_id GROUP BY clips.id"
        ).fetchall()


def check_once(program: Program, demo: Demo, youtube: LoopbackYouTube) -> dict[str, int]:
    """Every clip is settled once, frame-exact, by the network that the ledger names; clips by network."""
    found = attempts(program.dataset)
    late = {clip.youtube_id for clip in demo.clips if clip.time_start >= SOURCE_S}  # after its video ends
    assert {(youtube_id in late, status, times) for youtube_id, status, times, _ in found} == {
        (True, "failed", 0),
        (False, "done", 1),
    }
    by: dict[str, int] = {}
    for youtube_id, _, _, network in found:
        if youtube_id in late:
            continue
        by[network] = by.get(network, 0) + 1
        address = network.split()[-1]
        assert address in {r.client_address for r in youtube.requests if r.video_id == youtube_id}
    for clip in [clip for clip in demo.clips if clip.youtube_id not in late]:
        path = program.dataset / clip.split / clip.label / f"{clip.name}.mp4"
        with av.open(str(path)) as container:
            first = next(container.decode(video=0))
            fps = container.streams.video[0].average_rate
        assert fps is not None
        assert read_frame_number(first) == round(clip.time_start * float(fps))
    with Ledger.open(program.dataset, read_only=True) as ledger:
        assert ledger.leases() == []
    return by


def in_hand_of(program: Program, host: str) -> set[str]:
    """The videos of the clips that the workers of a host have in hand."""
    workers = program.state().workers.values()
    return {worker.clip.youtube_id for worker in workers if worker.host == host and worker.clip is not None}


def leftovers(program: Program) -> list[Path]:
    """Files of clips in the making, on the engine's side and on the hosts'."""
    cache = Path(os.environ["XDG_CACHE_HOME"])
    results = hosts_path(program.dataset) / "results"
    return [path for folder in (cache, results) for path in folder.rglob("*.mp4")]


def test_two_hosts_and_the_engine_share_a_run_while_one_is_killed_and_one_is_frozen(
    program: Program, serve: Serve, hosts: HostPrograms
) -> None:
    demo, youtube = serve(60)
    youtube.line.latency_s = 0.3
    view = program.start("run", str(program.dataset), *run_flags(demo, youtube, free_port()))
    until(program.is_running)
    hosts.start("lab2", "127.0.0.2")
    hosts.start("lab3", "127.0.0.3")
    until(lambda: hosts.is_here("lab2") and hosts.is_here("lab3"))
    until(lambda: program.state().done >= 5)
    hosts.kill("lab2")
    hosts.signal("lab3", signal.SIGSTOP)
    until(lambda: not hosts.is_here("lab3"))
    hosts.start("lab2", "127.0.0.2")
    until(lambda: hosts.is_here("lab2"))
    hosts.signal("lab3", signal.SIGCONT)
    until(lambda: hosts.is_here("lab3"))
    youtube.line.latency_s = 0.0
    view.communicate(timeout=120)
    assert view.returncode == 0
    assert hosts.ended() == {"lab2": 0, "lab3": 0}
    by = check_once(program, demo, youtube)
    assert set(by) == {"127.0.0.1", "lab2 127.0.0.2", "lab3 127.0.0.3"}
    assert leftovers(program) == []


@pytest.mark.torture
def test_machines_of_their_own_go_on_by_their_own_addresses_after_their_cables_were_pulled(
    program: Program, serve: Serve, hosts: HostPrograms
) -> None:
    demo, _ = serve(60)
    with own_network() as there:
        if not there:
            pytest.skip("no network of its own")
        with (
            machines(["lab2", "lab3"]) as (lab2, lab3),
            LoopbackYouTube(demo.videos, policy=Open(), host=HUB) as youtube,
        ):
            youtube.line.latency_s = 0.3
            view = program.start(
                "run", str(program.dataset), *run_flags(demo, youtube, free_port(), address=HUB)
            )
            until(program.is_running)
            hosts.start("lab2", "", inside=lab2.inside)
            hosts.start("lab3", "", inside=lab3.inside)
            until(lambda: hosts.is_here("lab2") and hosts.is_here("lab3"))
            until(lambda: program.state().done >= 5)
            held = in_hand_of(program, "lab2")
            lab2.plug(False)
            until(lambda: not hosts.is_here("lab2"))
            until(lambda: in_hand_of(program, "lab2") == set())
            lab2.plug(True)
            until(lambda: hosts.is_here("lab2"), 90)
            lab3.plug(False)
            until(lambda: program.state().done >= 25)
            lab3.plug(True)
            until(lambda: hosts.is_here("lab3"), 90)
            youtube.line.latency_s = 0.0
            view.communicate(timeout=120)
            assert view.returncode == 0
            assert hosts.ended() == {"lab2": 0, "lab3": 0}
            by = check_once(program, demo, youtube)
    assert held
    assert set(by) == {HUB, f"lab2 {lab2.address}", f"lab3 {lab3.address}"}
    assert leftovers(program) == []


def test_an_engine_that_was_killed_comes_back_to_what_its_hosts_made_meanwhile(
    program: Program, serve: Serve, hosts: HostPrograms
) -> None:
    demo, youtube = serve(20)
    youtube.line.latency_s = 0.3
    flags = run_flags(demo, youtube, free_port())
    view = program.start("run", str(program.dataset), *flags)
    until(program.is_running)
    hosts.start("lab2", "127.0.0.2", workers=3)
    until(lambda: hosts.is_here("lab2"))
    until(lambda: program.state().done >= 3)
    until(lambda: len(in_hand_of(program, "lab2")) == 3)
    held = in_hand_of(program, "lab2")
    youtube.line.latency_s = 0.0
    whereabouts = read_whereabouts(program.dataset)
    assert whereabouts is not None
    os.kill(whereabouts.pid, signal.SIGKILL)
    view.communicate(timeout=60)
    again = program("run", str(program.dataset), "--headless", timeout_s=120)
    assert again.returncode == 0, again.stderr
    assert hosts.ended() == {"lab2": 0}
    check_once(program, demo, youtube)
    assert "3 clips of the engine before may still be with hosts" in log_path(program.dataset).read_text()
    asked = [request.video_id for request in youtube.requests if request.kind == "player"]
    assert [asked.count(youtube_id) for youtube_id in held] == [1, 1, 1]


def test_hosts_that_youtube_sees_at_one_address_go_by_one_pace(
    program: Program, serve: Serve, hosts: HostPrograms
) -> None:
    demo, youtube = serve(40)
    flags = [*run_flags(demo, youtube, free_port()), "--pace", "3600"]
    view = program.start("run", str(program.dataset), *flags)
    until(program.is_running)
    for name in ("lab2", "lab3"):
        hosts.start(name, youtube.other_proxy)
    until(lambda: len(networks_of(program)) == 2, 120)
    until(lambda: len(networks_of(program)) == 1, 120)
    before = clips_by_host(program)
    until(lambda: all(clips > before[name] for name, clips in clips_by_host(program).items()))
    assert len(networks_of(program)) == 1
    with Ledger.open(program.dataset, read_only=True) as ledger:
        assert len(ledger.hosts().one) == 1
    assert program("stop", str(program.dataset)).returncode == 0
    view.communicate(timeout=60)
    assert hosts.ended() == {"lab2": 0, "lab3": 0}


def clips_by_host(program: Program) -> dict[str, int]:
    """The clips that each host has made."""
    return {name: host.clips for name, host in program.state().hosts.items()}


def networks_of(program: Program) -> list[str]:
    """The networks of hosts that are in use."""
    networks = program.state().networks.values()
    return [network.name for network in networks if network.in_use and network.name.startswith("lab")]


def test_a_host_of_another_version_ends_with_what_to_type(
    program: Program, serve: Serve, hosts: HostPrograms, tmp_path: Path
) -> None:
    demo, youtube = serve(8)
    youtube.line.latency_s = 1.0
    view = program.start("run", str(program.dataset), *run_flags(demo, youtube, free_port()))
    until(program.is_running)
    file = hosts.connect_file("lab2")
    for package, changed, to_type in (
        (kinetics_tui, "__init__.py", "pip install kinetics-tui=="),
        (yt_dlp, "version.py", "pip install 'yt-dlp[default]=="),
    ):
        elsewhere = as_another_version(package, changed, tmp_path / package.__name__)
        path = os.pathsep.join([str(elsewhere), *sys.path])
        tried = subprocess.run(
            [sys.executable, "-m", "kinetics_tui", "host", "--connect", str(file), "--name", "lab2"],
            env={**os.environ, "PYTHONPATH": path},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert tried.returncode == 2, tried.stderr
        assert to_type in tried.stderr
        assert "this host 1.2.3" in tried.stderr
        assert len(tried.stderr.strip().splitlines()) <= 2
    assert program.state().hosts["lab2"].status is HostStatus.REFUSED
    ask(program.dataset, Stop())
    view.communicate(timeout=60)


def as_another_version(package: ModuleType, changed: str, folder: Path) -> Path:
    """A folder with a package as it is installed, but for its version; all else is linked."""
    assert package.__file__ is not None
    installed, copy = Path(package.__file__).parent, folder / package.__name__
    copy.mkdir(parents=True)
    for path in installed.iterdir():
        if path.name not in (changed, "__pycache__"):
            (copy / path.name).symlink_to(path)
    text = (installed / changed).read_text()
    assert "\n__version__" in text
    (copy / changed).write_text(re.sub(r"(?m)^__version__ = .*$", '__version__ = "1.2.3"', text))
    return folder


@pytest.mark.torture
def test_what_the_user_does_reaches_every_host_within_moments(
    program: Program, serve: Serve, hosts: HostPrograms
) -> None:
    demo, youtube = serve(150)
    youtube.line.latency_s = 0.2
    view = program.start("run", str(program.dataset), *run_flags(demo, youtube, free_port()))
    until(program.is_running)
    addresses = {"lab2": "127.0.0.2", "lab3": "127.0.0.3"}
    for name, address in addresses.items():
        hosts.start(name, address)
    until(lambda: all(hosts.is_here(name) for name in addresses))
    until(lambda: all(clips >= 2 for clips in clips_by_host(program).values()))
    figures = {}

    def last_asked(since: float, *names: str) -> float:
        """Seconds from ``since`` to the last request of these hosts, once they are quiet."""
        wanted = {addresses[name] for name in names}

        def last() -> float:
            return max(r.at for r in youtube.requests if r.client_address in wanted)

        until(lambda: time.time() - last() > QUIET_S)
        return max(0.0, last() - since)

    def asked_again(since: float, *names: str) -> float:
        """Seconds from ``since`` until each of these hosts has asked for something."""

        def first(name: str) -> float | None:
            own = (r.at for r in youtube.requests if r.client_address == addresses[name] and r.at > since)
            return next(own, None)

        until(lambda: all(first(name) is not None for name in names))
        return max(first(name) or 0.0 for name in names) - since

    began = time.time()
    ask(program.dataset, Pause(now=True))
    figures["pause"] = last_asked(began, "lab2", "lab3")
    began = time.time()
    ask(program.dataset, Resume())
    figures["resume"] = asked_again(began, "lab2", "lab3")
    began = time.time()
    ask(program.dataset, SetHostWorkers(host="lab2", workers=4))
    until(lambda: program.state().hosts["lab2"].ready == 4)
    figures["more workers"] = time.time() - began
    began = time.time()
    networks = [network.name for network in program.state().networks.values() if network.in_use]
    without = tuple(name for name in networks if not name.startswith("lab3"))
    ask(program.dataset, UseNetworks(ways=without, finish=False))
    figures["networks --use"] = last_asked(began, "lab3")
    youtube.policy = against = Against(addresses["lab2"])
    until(lambda: against.refused_at > 0)
    figures["cooldown"] = last_asked(against.refused_at, "lab2")
    began = time.time()
    ask(program.dataset, Stop())
    assert set(hosts.ended().values()) == {0}
    figures["stop"] = time.time() - began
    view.communicate(timeout=60)
    print({what: round(seconds, 2) for what, seconds in figures.items()})  # noqa: T201
    assert max(figures.values()) < SOON_S, figures


class Against:
    """Refuses what comes from one address."""

    def __init__(self, address: str) -> None:
        self.refused_at = 0.0
        self._address = address

    def signal(self, client_address: str) -> Failure | None:
        if client_address != self._address:
            return None
        self.refused_at = self.refused_at or time.time()
        return Failure(Case.SESSION_LIMIT)
