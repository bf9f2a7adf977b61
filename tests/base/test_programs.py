"""Parts of the program as programs of their own."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

import kinetics_tui
from kinetics_tui.base.programs import python_program, run_program
from tests.children import children_running

CHECKOUT = str(Path(kinetics_tui.__file__).parent.parent)


def servers() -> list[psutil.Process]:
    """The programs of the tests below that run."""
    return children_running("http.server")


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: whatever is imported from it leaves the file ``caught`` there."""
    for name in ("av", "msgspec", "json"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'caught')!r}, 'w')\nraise SystemExit(9)\n"
        )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("search_path", [None, "", os.pathsep, f"{os.pathsep}/nowhere"])
def test_nothing_is_imported_from_the_current_folder(
    trap: Path, monkeypatch: pytest.MonkeyPatch, search_path: str | None
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if search_path is not None:
        monkeypatch.setenv("PYTHONPATH", search_path)
    command, environment = python_program("kinetics_tui.demo", "--help")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "loopback" in done.stdout
    assert not (trap / "caught").exists()


def test_the_package_is_found_where_it_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "kinetics_tui").symlink_to(Path(kinetics_tui.__file__).parent)
    code = (
        "import sys, subprocess; from kinetics_tui.base.programs import python_program;"
        "command, environment = python_program('this');"
        "assert environment['PYTHONPATH'].split(':')[0] == sys.argv[1], environment['PYTHONPATH'];"
        "command[command.index('-m'):] = ['-c', 'import kinetics_tui; print(kinetics_tui.__file__)'];"
        "command.insert(1, '-S');"
        "print(subprocess.run(command, env=environment, cwd='/', capture_output=True, text=True).stdout)"
    )
    # Without -S the installed package would be found in any case.
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == str(tmp_path / "kinetics_tui" / "__init__.py"), done.stderr


def test_an_installed_package_leaves_the_search_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("site.getsitepackages", lambda: [CHECKOUT])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/a", "", "b"]))
    _, environment = python_program("kinetics_tui")
    assert environment["PYTHONPATH"] == os.pathsep.join(["/a", str(Path.cwd() / "b")])


def test_the_rest_of_the_environment_and_the_arguments_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "tlh_QO")
    command, environment = python_program("kinetics_tui.engine", "-dataset", "--ready-fd", "7")
    assert command[-4:] == ["kinetics_tui.engine", "-dataset", "--ready-fd", "7"]
    assert environment["LANG"] == "tlh_QO"


async def test_a_program_is_told_and_heard_and_says_how_it_ended() -> None:
    ended = await run_program("kinetics_tui.media.fetch.probe_program", told=b"not what it expects")
    assert (ended.code, ended.out) == (2, b"")
    assert b"CheckRequest" in ended.err


async def test_a_program_that_nobody_waits_for_any_more_is_ended() -> None:
    waiting = asyncio.create_task(run_program("http.server", "0", "--bind", "127.0.0.1"))
    while not (started := servers()):
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not started[0].is_running()


@pytest.mark.parametrize("cancels", [1, 2])
@pytest.mark.parametrize("steps", range(0, 12, 3))
def test_a_loop_that_ends_leaves_neither_the_program_nor_its_pipes(cancels: int, steps: int) -> None:
    files = psutil.Process().num_fds()

    async def leave() -> None:
        running = asyncio.create_task(run_program("http.server", "0", "--bind", "127.0.0.1"))
        for _ in range(steps):
            await asyncio.sleep(0)
        for _ in range(cancels):
            running.cancel()
            await asyncio.sleep(0)

    asyncio.run(leave())
    for thread in threading.enumerate():
        if thread.name == "http.server":
            thread.join()
    gc.collect()
    assert psutil.Process().num_fds() == files
    assert not servers()


async def test_a_program_for_which_there_is_no_thread_is_said_not_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(OSError, match="temporarily unavailable"):
        await run_program("http.server", "0", "--bind", "127.0.0.1")
    assert not servers()
