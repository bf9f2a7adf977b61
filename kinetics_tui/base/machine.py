"""This machine: its cores, the programs on it, what ends at logout, and how many files may be open at once.

Nothing is sent to find that out.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kinetics_tui import PROGRAM
from kinetics_tui.base.errors import EngineError

PROGRAM_S = 5.0
"""Seconds that another program may take to answer."""


def find_deno(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Path and version of the deno that yt-dlp would take: the environment's own before PATH's."""
    scripts = sysconfig.get_path("scripts")
    path = shutil.which("deno", path=os.pathsep.join((scripts, environ.get("PATH", ""))))
    if path is None:
        return None, ""
    words = _output([path, "--version"]).split()
    return path, words[1] if len(words) > 1 else ""


def cache_folder() -> Path:
    """Where this user's files are that can be fetched again: annotations, player scripts."""
    import platformdirs  # a program that is only started by this module need not have it

    return Path(platformdirs.user_cache_dir(PROGRAM, appauthor=False))


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def kills_user_processes() -> bool | None:
    """True if systemd ends a user's processes with the last login; None where there is no answer."""
    busctl = shutil.which("busctl")
    if busctl is None:
        return None
    login = "org.freedesktop.login1"
    answer = _output(
        [busctl, "get-property", login, "/org/freedesktop/login1", f"{login}.Manager", "KillUserProcesses"]
    )
    return {"b true": True, "b false": False}.get(answer.strip())


def lingers() -> bool:
    """True if systemd keeps the user's processes after the last logout."""
    import psutil  # a program that is only started by this module need not have it

    return Path("/var/lib/systemd/linger", psutil.Process().username()).exists()


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=PROGRAM_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


BASE_FILES = 64
"""Files that an engine without workers, and that one worker, opens at most."""
WORKER_FILES = 4
"""Files that the engine opens for each worker: its line, its end, and what is open while it is started."""
AMPLE_FILES = 1024


def allow_files(workers: int) -> None:
    """Have this process and those it starts open as many files as so many workers need.

    Raises ``EngineError`` where the system allows fewer: workers would not start, and nothing would say why.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = AMPLE_FILES if hard == resource.RLIM_INFINITY else min(hard, AMPLE_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # what may be had is looked at below
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    needed = BASE_FILES + WORKER_FILES * workers
    if soft != resource.RLIM_INFINITY and soft < needed:
        raise EngineError(
            f"A program may open only {soft} files at once here, and this run needs {needed}: "
            f"raise it with ulimit -n {AMPLE_FILES}."
        )
