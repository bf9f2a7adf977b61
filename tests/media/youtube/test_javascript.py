"""Player scripts are fetched once a machine; few solvers run at once, whatever becomes of their workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from kinetics_tui.base.machine import cache_folder
from kinetics_tui.media.youtube import javascript
from kinetics_tui.media.youtube.javascript import KEPT_SCRIPTS, keep_script, kept_script, solver_slot
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.options import Resolve
from tests.media.media_studio import Sources, Studio

SCRIPT = b"var x={signatureTimestamp:20500};"


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_script_is_fetched_once_for_all_processes(studio: Studio, dash: Sources) -> None:
    for _ in range(2):  # a resolver stands for a process: yt-dlp keeps scripts in memory no longer
        resolver = Resolver(studio.youtube.yt_dlp_args(), resolve=Resolve.FULL)
        resolver.resolve(studio.add(dash))
        resolver.close()
    assert studio.youtube.count("script") == 1


def test_only_the_newest_scripts_are_kept() -> None:
    paths = [f"/s/player/{number:08x}/base.js" for number in range(KEPT_SCRIPTS + 3)]
    for path in paths:
        keep_script(path, SCRIPT)
        for file in cache_folder().rglob("*.js"):
            os.utime(file, (time.time(), file.stat().st_mtime - 10))
    assert kept_script(paths[-1]) == SCRIPT
    assert [kept_script(path) for path in paths[:3]] == [None] * 3
    assert len(list(cache_folder().rglob("*.js"))) == KEPT_SCRIPTS


def test_a_page_in_place_of_a_script_is_not_kept() -> None:
    keep_script("/s/player/1/base.js", b"<!DOCTYPE html>Please log in")
    assert kept_script("/s/player/1/base.js") is None


def test_a_folder_that_cannot_be_written_keeps_nothing_and_bounds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    keep_script("/s/player/1/base.js", SCRIPT)
    with solver_slot(time.sleep):
        assert kept_script("/s/player/1/base.js") is None


def test_no_more_solvers_run_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "solvers_at_once", lambda: 2)

    class Waited(Exception):  # noqa: N818 - no error: the test's own way out
        pass

    def wait(_seconds: float) -> None:
        raise Waited

    with solver_slot(wait), solver_slot(wait), pytest.raises(Waited), solver_slot(wait):
        pass
    with solver_slot(wait):
        pass


HOLDER = """
import sys, time
from kinetics_tui.media.youtube import javascript
javascript.solvers_at_once = lambda: 1
with javascript.solver_slot(time.sleep):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_worker_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "solvers_at_once", lambda: 1)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with solver_slot(lambda _seconds: pytest.fail("the place is still taken")):
        pass


def test_places_follow_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "available_cores", lambda: 16)
    little = javascript.SOLVER_BYTES * 3
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=little))
    assert javascript.solvers_at_once() == 3
    monkeypatch.setattr(javascript, "available_cores", lambda: 2)
    assert javascript.solvers_at_once() == 2
