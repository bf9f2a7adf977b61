"""A dataset whose folder has a name that is no UTF-8: every command does what it does elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.cli import run_command
from kinetics_tui.cli.command_line import BAD_INPUT, SETTLED
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from tests.program import Program
from tests.test_run import flags
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    folder = tmp_path / os.fsdecode(b"\xe9t\xe9 \xff")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    return folder


def test_a_run_in_it_is_made_looked_at_and_exported(
    odd: Path, serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    demo, youtube = serve(4)
    moved = [path.replace(odd / path.name) for path in demo.annotations]
    program = Program(odd)
    names = [str(path) for path in demo.annotations]
    given = [str(moved[names.index(flag)]) if flag in names else flag for flag in flags(demo, youtube)]
    view = program.start("run", str(program.dataset), *given, "--headless", "--json")
    until(lambda: view.poll() is not None or (program.is_running() and program.state().done > 0), 120)
    assert program.is_running() or view.poll() == SETTLED
    told, why = view.communicate(timeout=120)
    assert view.returncode == SETTLED, why
    opened = json.loads(told.splitlines()[0])
    assert opened["dataset"] == str(program.dataset)  # no byte of it is lost
    dataset = str(program.dataset)
    for command in (
        ["status", dataset],
        ["status", dataset, "--json"],
        ["report", dataset],
        ["report", dataset, "--json"],
        ["report", dataset, "--html", str(odd / "report.html")],
        ["networks", dataset],
        ["networks", dataset, "--json"],
        ["check", dataset],
        ["check", dataset, "--json"],
        ["manifest", dataset, "--to", str(odd / "manifest.csv")],
        ["compare", dataset, str(odd / "manifest.csv")],
        ["compare", dataset, dataset, "--json"],
        ["export", dataset, "--for", "torchvision"],
        ["export", dataset, "--for", "webdataset"],
        ["export", dataset, "--for", "webdataset"],
        ["adopt", str(odd / "again"), "--from", dataset, "--annotations", *map(str, moved)],
    ):
        assert run_command(command) == SETTLED, (command, capfd.readouterr().err)
    assert program("run", dataset, "--headless").returncode == SETTLED
    for reader in ("csv", "parquet"):
        assert run_command(["export", dataset, "--for", reader]) == BAD_INPUT
        assert "which is not in UTF-8: rename the folder" in capfd.readouterr().err
