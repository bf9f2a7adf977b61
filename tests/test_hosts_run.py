"""A run over several machines, for real: hosts as programs of their own, each by its own address.

They are killed, frozen and cut off; every clip is settled once, by whoever made it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import av
import pytest

from kinetics_tui.dataset.folder import hosts_path, ledger_path, log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import SOURCE_S, Demo
from kinetics_tui.demo.pattern import read_frame_number
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.process.address import read_whereabouts
from tests.host_program import HostPrograms, free_port, run_flags
from tests.program import Program
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

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
