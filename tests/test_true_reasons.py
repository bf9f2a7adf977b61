"""What stands in a command's way is called by its name: another user's engine or files, no locks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.cli.command_line import BAD_INPUT, SETTLED
from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.options import Options, Selection
from tests.engine.engine_clips import some_clips
from tests.program import Program
from tests.waiting import until

SHIM = Path(__file__).parent / "dataset" / "no_locks.c"
SOMEBODY = 65534
CARRY_OUT = """
import contextlib, io, json, os, sys
from kinetics_tui.cli import run_command

def carry_out():
    ends = []
    for command in json.loads(sys.argv[1]):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run_command(command)
        ends.append([code, said.getvalue()])
    json.dump(ends, sys.stdout)
"""
BECOME_SOMEBODY = f"""
import importlib, pkgutil, psutil, kinetics_tui
for found in pkgutil.walk_packages(kinetics_tui.__path__, "kinetics_tui."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)  # while its file may be read
run_command(["--version"])
os.setgroups([])
os.setgid({SOMEBODY})
os.setuid({SOMEBODY})
os.environ["HOME"] = os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = "/tmp/nobody"
"""
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may enter, with a dataset of this user's."""
    folder = Path(tempfile.mkdtemp(prefix="kinetics-shared-"))
    folder.chmod(0o755)
    create(folder / "own", Selection(), Options(), some_clips(2))
    yield folder
    shutil.rmtree(folder)


def ends_of(commands: Sequence[Sequence[str]], dataset: Path, before: str, **environ: str) -> list[Any]:
    """Exit code and words of each command on a dataset, all in one process that does ``before`` first."""
    given = json.dumps([[name, str(dataset), *more] for name, *more in commands])
    done = subprocess.run(
        [sys.executable, "-c", CARRY_OUT + before + "carry_out()", given],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    ends: list[Any] = json.loads(done.stdout.splitlines()[-1])
    assert len(ends) == len(commands)
    return ends


@AS_ROOT
def test_an_engine_of_another_user_is_named_with_what_to_type(shared: Path) -> None:
    program = Program(shared)
    dataset = str(program.dataset)
    nowhere = ("--proxy", "http://127.0.0.1:9")
    create(program.dataset, Selection(), Options(yt_dlp=nowhere), some_clips(3))
    for path in (program.dataset, *program.dataset.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY)  # it is that user's own, and the run is started with sudo
    view = program.start("run", dataset, "--headless")
    try:
        until(program.is_running)
        pid = program.state().pid
        named = f"An engine of the user root (pid {pid}) runs on {dataset}"
        typed = f"sudo -u root kinetics-tui attach {dataset}"
        commands = [
            *(["status"], ["stop"], ["pause"], ["attach", "--headless"], ["run", "--headless"]),
            *(["check", "--repair"], ["retry", "--category", "private"], ["switch", "default"]),
        ]
        status, *others = ends_of(commands, program.dataset, BECOME_SOMEBODY)
        assert status[0] == SETTLED, status
        assert "running: 0 of 3 clips done" in status[1]
        assert named in status[1]
        assert typed in status[1]
        for code, words in others:
            assert (code, named in words, "No engine runs" in words) == (BAD_INPUT, True, False), words
    finally:
        program("stop", dataset)
        view.communicate(timeout=60)


@AS_ROOT
def test_a_dataset_of_another_user_is_said_to_be_one(shared: Path) -> None:
    dataset = shared / "own"
    commands = [
        *(["status"], ["run", "--headless"], ["report"], ["retry"], ["networks"], ["check"], ["manifest"]),
        *(["export", "--for", "csv"], ["extract", "--frames", "1", "--headless"], ["switch", "default"]),
    ]
    for code, words in ends_of(commands, dataset, BECOME_SOMEBODY):
        assert code == BAD_INPUT, words
        assert f"{dataset} belongs to the user root, who alone may use it" in words
        assert f"sudo -u root kinetics-tui status {dataset}" in words


def test_a_file_system_without_locks_is_said_to_be_one(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler, to take the locks away")
    shim = tmp_path / "no_locks.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim, SHIM, "-ldl"], check=True)
    dataset = tmp_path / "set"
    create(dataset, Selection(), Options(), some_clips(2))
    (state_folder(dataset) / "engine.json").write_text("{}")
    commands = [
        *(["status"], ["run", "--headless"], ["check", "--repair"], ["retry"]),
        *(["export", "--for", "csv"], ["report"]),
    ]
    for code, words in ends_of(commands, dataset, "", LD_PRELOAD=str(shim)):
        assert code == BAD_INPUT, words
        assert f"The file system of {dataset} keeps no locks (No locks available)" in words
        assert "already runs" not in words
        assert "in use by another process" not in words
