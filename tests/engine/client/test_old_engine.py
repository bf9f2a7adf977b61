"""An engine of an older version that still runs: it can be ended, and whoever looks is told what to do."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kinetics_tui.base.errors import EngineError, EngineSilentError
from kinetics_tui.cli import run_command
from kinetics_tui.cli.command_line import BAD_INPUT, SETTLED
from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.engine.client.ask import ask, read_state, require_running
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.model.commands import Stop
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.options import Options, Selection
from tests.engine.engine_clips import some_clips

AT = 1_700_000_000.0
TOLD = (
    {
        "event": "run-opened",
        "at": AT,
        "dataset": "/d",
        "title": "T",
        "pid": 1,
        "started_at": AT,
        "splits": [],
    },
    {
        "event": "network-changed",
        "at": AT,
        "name": "10.0.0.2",
        "label": "eth0 10.0.0.2",
        "kind": "default route",
        "status": "open",
    },
    {"event": "status-changed", "at": AT, "status": "running", "reason": ""},
    {"event": "log-replayed", "at": AT, "lines": [], "count": 0},
)
"""Lines as version 0.1.0 sent them to a view that begins to look."""


class OldEngine:
    """Answers commands as version 0.1.0 did, on the real socket of a dataset, and ends when told to stop."""

    def __init__(self, dataset: Path) -> None:
        self.commands: list[str] = []
        path = socket_paths(dataset)[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._path = path
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with closing(self._listener):
            while "stop" not in self.commands:
                line, _ = self._listener.accept()
                with line, line.makefile("rb") as said:
                    for raw in said:
                        command = json.loads(raw)
                        self.commands.append(command["command"])
                        told = TOLD if command["command"] == "subscribe" else ()
                        reply = {"event": "reply", "id": command["id"], "ok": True, "message": ""}
                        for answer in (*told, reply):
                            line.sendall(json.dumps(answer).encode() + b"\n")
        self._path.unlink()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    create(tmp_path, Selection(), Options(), some_clips(3))
    whereabouts = {"pid": os.getpid(), "started_at": time.time()}
    (state_folder(tmp_path) / "engine.json").write_text(json.dumps(whereabouts))
    return tmp_path


@pytest.fixture
def engine(dataset: Path) -> Iterator[OldEngine]:
    engine = OldEngine(dataset)
    yield engine
    if engine.thread.is_alive():
        run_command(["stop", str(dataset)])
    engine.thread.join(10)


def test_whoever_looks_is_told_in_one_sentence_what_to_do(
    engine: OldEngine, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineError, match=r"is of version before 0\.2\.0 and this program of"):
        require_running(dataset)
    for command in (["attach", str(dataset), "--headless"], ["run", str(dataset), "--headless"]):
        assert run_command(command) == BAD_INPUT
        said = capsys.readouterr().err
        next_step = f"end it with kinetics-tui stop {dataset}, then continue with kinetics-tui run {dataset};"
        assert f"{next_step} nothing is lost." in said
    assert "subscribe" not in engine.commands


def test_status_tells_from_the_ledger_and_says_why(
    engine: OldEngine, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = read_state(dataset)
    assert (state.status, state.pid, state.left) == (EngineStatus.RUNNING, os.getpid(), 3)
    assert run_command(["status", str(dataset)]) == SETTLED
    assert "3 left. The engine of" in capsys.readouterr().out


def test_it_can_be_paused_and_ended(
    engine: OldEngine, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["pause", str(dataset)]) == SETTLED
    assert "The engine was asked to pause." in capsys.readouterr().out
    assert run_command(["stop", str(dataset)]) == SETTLED
    assert "Stopped: 0 of 3 clips done, 0 failed, 3 left." in capsys.readouterr().out
    assert [command for command in engine.commands if command in ("pause", "stop")] == ["pause", "stop"]
    assert read_state(dataset).status is EngineStatus.STOPPED


def test_a_frozen_one_is_not_sent_what_it_would_carry_out_later(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.engine.client.ask.ANSWER_WITHIN_S", 0.2)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_paths(dataset)[0]))
        listener.listen()
        with pytest.raises(EngineSilentError):
            ask(dataset, Stop())
        line, _ = listener.accept()
        with line, line.makefile("rb") as said:
            assert [json.loads(raw)["command"] for raw in said] == ["ping"]
        assert read_state(dataset).status is EngineStatus.SILENT
