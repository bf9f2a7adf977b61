"""An engine that is there and does not answer: told from a dead one, and nothing asked of it comes late."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import pytest

from kinetics_tui.cli.command_line import ENGINE_SILENT
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.model.commands import Pause, Reply
from kinetics_tui.model.events import EngineStatus
from tests.program import Program
from tests.terminal_child import TerminalChild
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]


class Frozen:
    """A run of a few slow clips, and its engine that can be stopped and let go on."""

    def __init__(self, program: Program, demo: Demo, youtube: LoopbackYouTube) -> None:
        annotations = (flag for path in demo.annotations for flag in ("--annotations", str(path)))
        self.program = program
        self.view = program.start(
            *("run", str(program.dataset), *annotations, "--workers", "1", "--pace", "60", "--headless"),
            f"--yt-dlp={youtube.yt_dlp_options()}",
        )
        until(program.is_running)
        until(lambda: program.state().status is EngineStatus.RUNNING)
        self.pid = program.state().pid

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@pytest.fixture
def run(program: Program, serve: Serve) -> Iterator[Frozen]:
    run = Frozen(program, *serve(8))
    yield run
    with suppress(ProcessLookupError):
        run.thaw()
    program("stop", str(program.dataset))
    with suppress(subprocess.TimeoutExpired):
        run.view.communicate(timeout=30)
    run.view.kill()
    run.view.communicate()


def test_status_tells_it_from_a_dead_one_and_commands_are_refused(run: Frozen) -> None:
    run.freeze()
    dataset = str(run.program.dataset)
    said = run.program("status", dataset)
    assert said.returncode == ENGINE_SILENT
    assert f"The engine (pid {run.pid}) does not answer since " in said.stdout
    assert f"kill -CONT {run.pid}" in said.stdout
    told = run.program("status", dataset, "--json")
    assert told.returncode == ENGINE_SILENT
    status = json.loads(told.stdout)
    assert (status["state"], status["pid"], status["total"]) == ("not answering", run.pid, 8)
    assert 0 < time.time() - status["silent_since"] < 600
    asked = {
        command: run.program.start(command, dataset, *flags)
        for command, *flags in (
            *(("pause",), ("stop",), ("resume",)),
            *(("attach", "--headless"), ("run", "--headless")),
        )
    }
    for command, program in asked.items():
        _, why = program.communicate(timeout=60)
        assert (program.returncode, "does not answer since" in why) == (ENGINE_SILENT, True), command
    run.thaw()
    until(lambda: run.program.state().status is EngineStatus.RUNNING)
    time.sleep(1)
    state = run.program.state()
    assert (state.status, state.pid) == (EngineStatus.RUNNING, run.pid)
    assert run.program.status()["silent_since"] is None


def test_a_command_that_was_given_up_is_not_carried_out_later(run: Frozen) -> None:
    run.freeze()
    line = socket.socket(socket.AF_UNIX)
    with line:
        line.connect(str(socket_paths(run.program.dataset)[0]))
        line.sendall(msgspec.json.encode(Pause(id=7, deadline=time.monotonic() + 0.2)) + b"\n")
        time.sleep(0.5)
        run.thaw()
        line.settimeout(30)
        reply = msgspec.json.decode(line.recv(65536), type=Reply)
    assert (reply.id, reply.ok) == (7, False)
    assert "nothing was changed" in reply.message
    assert run.program.state().status is EngineStatus.RUNNING


async def test_a_view_notices_it_gives_commands_up_and_goes_on_by_itself(
    run: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def comes(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.05)

    monkeypatch.setattr("kinetics_tui.engine.client.client.REPLY_WITHIN_S", 0.5)
    client = EngineClient(run.program.dataset)
    following = asyncio.create_task(client.follow())
    await comes(lambda: client.state.status is EngineStatus.RUNNING)
    run.freeze()
    frozen_at = time.time()
    assert not (await client.send(Pause())).ok
    await comes(lambda: client.silent_since is not None)
    assert client.silent_since is not None
    assert client.silent_since <= frozen_at + 1
    assert client.connected
    assert "does not answer since" in (await client.send(Pause())).message
    run.thaw()
    await comes(lambda: client.silent_since is None)
    await asyncio.sleep(1)
    assert (client.state.status, client.connected) == (EngineStatus.RUNNING, True)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


def test_a_run_without_a_screen_says_so_and_can_be_left(run: Frozen) -> None:
    run.freeze()
    assert "does not answer since" in _line_with("answer", run)
    run.thaw()
    assert "The engine answers again." in _line_with("answer", run)
    run.freeze()
    assert "does not answer since" in _line_with("answer", run)
    run.view.send_signal(signal.SIGINT)
    _, said = run.view.communicate(timeout=60)
    assert (run.view.returncode, "It was not stopped." in said) == (ENGINE_SILENT, True)


def _line_with(word: str, run: Frozen) -> str:
    """The next line that the view prints with this word in it; empty where none comes."""
    assert run.view.stderr is not None
    too_long = threading.Timer(60, run.view.kill)
    too_long.start()
    try:
        return next((line for line in run.view.stderr if word in line), "")
    finally:
        too_long.cancel()


def test_the_app_says_so_and_goes_on_by_itself(run: Frozen) -> None:
    app = TerminalChild("kinetics_tui", ["attach", str(run.program.dataset)], columns=120, rows=40)
    try:
        app.read_until(b"RUNNING", 60)
        run.freeze()
        app.read_until(b"NOT ANSWERING since ", 60)
        app.read_until(b"ENGINE NOT ANSWERING")
        app.read_for(1.0)  # the rest of that frame, which comes in pieces
        app.forget()
        app.read_for(2.5)
        assert b":" not in app.output  # the clock stands still
        app.type(b" ")
        app.read_until(b"nothing was changed")
        run.thaw()
        app.read_until(b"RUNNING", 60)
        app.forget()
        run.freeze()
        app.read_until(b"NOT ANSWERING since ", 60)
        app.type(b"q")
        assert app.exit_code() == 0
        assert b"The engine does not answer. See why with: kinetics-tui status" in app.output
    finally:
        app.close()
