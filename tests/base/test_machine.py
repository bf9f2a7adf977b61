"""What is asked of the machine; the limits of open files are real ones, in processes of their own."""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from kinetics_tui import __version__
from kinetics_tui.base.machine import (
    available_cores,
    find_deno,
    kills_user_processes,
    lingers,
    update_command,
    version_on_disk,
)

ASK = """
import resource, sys
from kinetics_tui.base.machine import allow_files
from kinetics_tui.base.errors import EngineError
soft, hard, workers = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
try:
    allow_files(workers)
except EngineError as error:
    print(error)
else:
    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_environments_own_deno_comes_before_the_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"PATH": str(tmp_path / "path")}
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / name))
    assert find_deno(environ) == (None, "")
    elsewhere = program(tmp_path / "path", "deno", "echo deno 2.4.0")
    assert find_deno(environ) == (str(elsewhere), "2.4.0")
    own = program(tmp_path / "scripts", "deno", "echo 'deno 2.9.8 (stable)'")
    assert find_deno(environ) == (str(own), "2.9.8")
    program(tmp_path / "scripts", "deno", "exit 1")
    assert find_deno(environ) == (str(own), "")


@pytest.mark.parametrize(("answer", "kills"), [("b true", True), ("b false", False), ("", None)])
def test_the_login_manager_is_asked_what_it_does_at_logout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, kills: bool | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kills_user_processes() is None
    program(tmp_path, "busctl", f"echo '{answer}'")
    assert kills_user_processes() is kills


def test_the_rest_can_be_asked_anywhere() -> None:
    assert available_cores() >= 1
    assert lingers() in (True, False)


@pytest.mark.parametrize(
    ("soft", "hard", "workers", "said"),
    [
        (100, 2000, 64, "1024"),
        (100, 400, 64, "400"),
        (100, 200, 64, "ulimit -n"),
        (40, 40, 0, "ulimit -n"),
        (1500, 2000, 64, "1500"),
    ],
)
def test_as_many_as_are_needed_are_had_or_asked_for(soft: int, hard: int, workers: int, said: str) -> None:
    command = [sys.executable, "-c", ASK, *map(str, (soft, hard, workers))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said in done.stdout


@pytest.mark.parametrize(
    ("there", "command"),
    [
        ("uv-receipt.toml", "uv tool upgrade tool"),
        ("pipx_metadata.json", 'pipx runpip tool install -U "yt-dlp[default]"'),
        ("conda-meta/yt-dlp-2026.10.26-0.json", "conda update -p {prefix} -c conda-forge yt-dlp"),
        ("packages/pip/__init__.py", '{prefix}/bin/python -m pip install -U "yt-dlp[default]"'),
        ("packages/uv_installed/it.py", 'uv pip install -p {prefix} -U "yt-dlp[default]"'),
    ],
)
def test_each_installation_has_its_own_command_to_update_yt_dlp(
    tmp_path: Path, there: str, command: str
) -> None:
    prefix = tmp_path / "with blank" / "tool"
    (prefix / there).parent.mkdir(parents=True)
    (prefix / there).touch()
    said = update_command(str(prefix), str(prefix / "packages"))
    quoted = shlex.quote(f"{prefix}{'/bin/python' if 'python' in command else ''}")
    assert said == command.replace("{prefix}/bin/python", quoted).replace("{prefix}", quoted)


def test_this_installation_has_a_command_as_well() -> None:
    assert "yt-dlp" in update_command() or "kinetics" in update_command()


def test_the_version_of_a_package_is_that_on_the_disk_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert version_on_disk("kinetics_tui") == __version__
    assert version_on_disk("no_such_package") == ""
    package = tmp_path / "changing"
    package.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    (package / "__init__.py").write_text("")
    assert version_on_disk("changing") == ""
    for version in ("2026.10.26", "2026.11.02.232845"):
        (package / "version.py").write_text(f"# made by hand\n__version__ = '{version}'\n")
        assert version_on_disk("changing") == version
