"""Networks from the shell, for real: a run that is switched while it goes on, and one that has not begun."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.site import Open
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.model.commands import ProbeNow
from kinetics_tui.model.network import NetworkStatus
from tests.program import Program
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

SECOND, THIRD = "127.0.0.2", "127.0.0.3"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 at hand")


class Refuses:
    """A YouTube that refuses everyone."""

    def signal(self, client_address: str) -> Failure | None:
        return Failure(Case.PLAYER_429)


@pytest.fixture
def named(tmp_path: Path) -> None:
    """Settings that name two networks: another address of this machine, and a proxy with a password."""
    folder = tmp_path / "xdg_config_home" / "kinetics-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f"[networks]\nsecond = '{SECOND}'\noffice = 'http://me:secret@127.0.0.1:9'\n"
    )


def flags(demo: Demo, youtube: LoopbackYouTube) -> list[str]:
    return [
        *(flag for path in demo.annotations for flag in ("--annotations", str(path))),
        *("--pace", "unlimited", "--workers", "2"),
        f"--yt-dlp=--source-address 127.0.0.1 {shlex.join(youtube.direct_args())}",
    ]


def listed(program: Program) -> dict[str, dict[str, Any]]:
    done = program("networks", str(program.dataset), "--json")
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr
    return {network["name"]: network for network in json.loads(done.stdout)}


@pytest.mark.usefixtures("named")
def test_a_run_is_switched_to_a_named_network_while_it_goes_on(program: Program, serve: Serve) -> None:
    demo, youtube = serve(16)
    youtube.line.latency_s = 0.1
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().done >= 2)
    before = listed(program)
    assert before["127.0.0.1"]["in_use"]
    assert before[SECOND]["given_as"] == "second"
    assert before["http://127.0.0.1:9"]["given_as"] == "office"
    assert {request.client_address for request in youtube.requests} == {"127.0.0.1"}

    checked = program("networks", str(program.dataset), "--check", "second")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert SECOND in checked.stdout
    assert [request.kind for request in youtube.requests if request.client_address == SECOND] == ["player"]

    switched = program("switch", str(program.dataset), "second")
    assert switched.returncode == 0, switched.stderr
    assert switched.stdout.startswith("Switched from lo 127.0.0.1 to second 127.0.0.2;")
    asked, youtube.line.latency_s = len(youtube.requests), 0.0
    view.communicate(timeout=120)
    assert view.returncode == 0
    assert {request.client_address for request in youtube.requests[asked:]} == {SECOND}
    after = listed(program)
    assert after[SECOND]["in_use"]
    assert sum(network["clips"] for network in after.values()) == program.status()["done"]


@pytest.mark.usefixtures("named")
def test_a_network_that_is_unknown_or_refused_exits_2_with_what_there_is(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(12)
    youtube.line.latency_s = 0.3
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    unknown = program("switch", str(program.dataset), "secnd")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "second" in unknown.stderr
    elsewhere = program("switch", str(program.dataset), "--source-address", "203.0.113.9")
    assert (elsewhere.returncode, elsewhere.stdout) == (2, "")
    refused = program("networks", str(program.dataset), "--check", "office", "--json")
    assert refused.returncode == 1
    assert not json.loads(refused.stdout)["ok"]
    assert "secret" not in refused.stdout + refused.stderr + unknown.stderr
    program("stop", str(program.dataset))
    view.communicate(timeout=60)


def test_two_ways_that_the_user_names_the_same_share_one_pace_and_one_cooldown(
    program: Program, serve: Serve, tmp_path: Path
) -> None:
    demo, youtube = serve(60)
    folder = tmp_path / "xdg_config_home" / "kinetics-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f"learn_pace = false\n[networks]\nphone = {{way = '{THIRD}', same = 'dsl'}}\ndsl = '{SECOND}'\n"
    )
    per_hour = 1200
    both = ("--network", "dsl", "--network", "phone", "--pace", str(per_hour), "--workers", "4")
    view = program.start("run", str(program.dataset), *flags(demo, youtube), *both, "--headless")
    until(lambda: program.is_running() and program.state().done >= 25)
    in_use = [network for network in listed(program).values() if network["in_use"]]
    assert [(network["name"], network["also"]) for network in in_use] == [(SECOND, [f"phone {THIRD}"])]
    asked = [seen.at for seen in youtube.requests if seen.kind == "player"]
    assert len(asked) <= per_hour / 60 + (asked[-1] - asked[0]) * per_hour / 3600 + 2

    youtube.policy = Refuses()
    until(lambda: program.state().network.status is NetworkStatus.COOLING)
    shown = program("networks", str(program.dataset)).stdout.splitlines()
    assert shown[2] == f"= phone {THIRD}"
    until(lambda: not program.state().in_hand)
    sent = len(youtube.requests)
    switched = program("switch", str(program.dataset), "phone")
    assert switched.stdout.startswith(f"Switched from dsl {SECOND} to phone {THIRD}; it cools down until ")
    time.sleep(2)
    assert program.state().network.status is NetworkStatus.COOLING
    assert len(youtube.requests) == sent

    youtube.policy = Open()
    done = program.state().done
    assert ask(program.dataset, ProbeNow()).ok
    until(lambda: program.state().done > done)
    assert {seen.client_address for seen in youtube.requests[:sent]} == {SECOND}
    assert {seen.client_address for seen in youtube.requests[sent:]} == {THIRD}
    program("stop", str(program.dataset))
    view.communicate(timeout=60)


def test_a_switch_tells_what_it_waits_for_and_goes_on_where_its_command_is_interrupted(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(8)
    youtube.line.latency_s = 1.5
    view = program.start("run", str(program.dataset), *flags(demo, youtube), "--headless")
    until(program.is_running)
    until(lambda: program.state().in_hand == 2)
    switching = program.start("switch", str(program.dataset), "--source-address", SECOND)
    assert switching.stderr is not None
    assert switching.stderr.readline().endswith("still in hand.\n")
    switching.send_signal(signal.SIGINT)
    out, said = switching.communicate(timeout=20)
    assert (switching.returncode, out) == (130, "")
    assert said.startswith("The switch goes on without this command;")
    youtube.line.latency_s = 0.0
    until(lambda: program.state().networks[SECOND].clips > 0)
    program("stop", str(program.dataset))
    view.communicate(timeout=60)


@pytest.mark.usefixtures("named")
def test_without_an_engine_the_next_run_begins_with_the_network_that_was_chosen(
    program: Program, serve: Serve
) -> None:
    demo, youtube = serve(4)
    videos = dict(demo.videos)
    demo.videos.clear()
    assert program("run", str(program.dataset), *flags(demo, youtube), "--headless").returncode == 0
    demo.videos.update(videos)
    assert program("retry", str(program.dataset), "--category", "video not available").returncode == 0
    asked = len(youtube.requests)
    assert {"127.0.0.1", SECOND} < set(listed(program))
    chosen = program("switch", str(program.dataset), "second")
    assert chosen.returncode == 0, chosen.stderr
    assert "The next run goes out by second 127.0.0.2" in chosen.stdout
    assert listed(program)[SECOND]["in_use"]
    assert program("run", str(program.dataset), "--headless").returncode == 0
    assert {request.client_address for request in youtube.requests[asked:]} == {SECOND}
