"""How the program starts parts of itself as programs of their own, whatever folder the user is in.

What this machine is: cores, programs, what its system does at logout. Sends nothing.

How many files a process may have open at once: enough for an engine, or a plain word at its start.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import shutil
import site
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import kinetics_tui
from kinetics_tui.base.errors import EngineError

SEARCH_PATH = "PYTHONPATH"


def python_program(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run ``module`` of ours with this Python.

    Nothing is imported from the folder it is started in: a dataset folder may hold an ``av.py``.
    """
    return [sys.executable, "-P", "-m", module, *arguments], {**os.environ, **_search_path()}


class Ended(NamedTuple):
    """How a program ended: its exit code (negative: the signal), and what it wrote."""

    code: int
    out: bytes
    err: bytes


async def run_program(module: str, *arguments: str, told: bytes = b"") -> Ended:
    """Run ``module`` of ours to its end, with ``told`` on its standard input.

    Whoever stops waiting for it (a time-out, a cancelled task) ends it. Raises OSError where it cannot be
    started.
    """
    command, environment = python_program(module, *arguments)
    process = subprocess.Popen(
        command,
        env=environment,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Ended] = loop.create_future()

    def tell(result: Ended) -> None:
        if not ended.done():
            ended.set_result(result)

    def converse() -> None:
        with process:
            out, err = process.communicate(told)
        with suppress(RuntimeError):  # the loop is closed: nobody waits for it
            loop.call_soon_threadsafe(tell, Ended(process.returncode, out, err))

    # A thread, not asyncio's own transports: those leave pipes and the process behind where the task is
    # cancelled while they are being set up, or cancelled twice, or where its loop ends first.
    try:
        threading.Thread(target=converse, name=module, daemon=True).start()
    except RuntimeError as error:  # no thread is to be had
        with process:
            process.kill()
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
    try:
        return await asyncio.shield(ended)
    except BaseException:
        process.kill()
        await ended
        raise


def _search_path() -> dict[str, str]:
    # An empty entry stands for the current folder, a relative one for another when that changes.
    entries = [
        str(Path(entry).absolute()) for entry in os.environ.get(SEARCH_PATH, "").split(os.pathsep) if entry
    ]
    ours = Path(kinetics_tui.__file__).absolute().parent.parent
    if str(ours) not in (*site.getsitepackages(), site.getusersitepackages()):
        # Run from a checkout, without being installed: nothing else would find the package there.
        entries.insert(0, str(ours))
    return {SEARCH_PATH: os.pathsep.join(entries)}


PROGRAM_S = 5.0
"""How long another program may take to answer."""


def find_deno(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Path and version of the deno that yt-dlp would take: the environment's own before PATH's."""
    scripts = sysconfig.get_path("scripts")
    path = shutil.which("deno", path=os.pathsep.join((scripts, environ.get("PATH", ""))))
    if path is None:
        return None, ""
    words = _output([path, "--version"]).split()
    return path, words[1] if len(words) > 1 else ""


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def kills_user_processes() -> bool | None:
    """Whether systemd ends a user's processes with the last login; None where there is no answer."""
    busctl = shutil.which("busctl")
    if busctl is None:
        return None
    login = "org.freedesktop.login1"
    answer = _output(
        [busctl, "get-property", login, "/org/freedesktop/login1", f"{login}.Manager", "KillUserProcesses"]
    )
    return {"b true": True, "b false": False}.get(answer.strip())


def lingers() -> bool:
    """Whether systemd keeps the user's processes after the last logout."""
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
"""What an engine without workers, and what one worker, opens at most."""
WORKER_FILES = 4
"""What the engine opens for each worker: its line, its end, and what is open while it is started."""
AMPLE_FILES = 1024


def allow_files(workers: int) -> None:
    """Have this process and those it starts open as many files as so many workers need.

    Raises ``EngineError`` where the system allows fewer: workers would not start, and nothing would say why.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = AMPLE_FILES if hard == resource.RLIM_INFINITY else min(hard, AMPLE_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # what may be had is looked at below
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    needed = BASE_FILES + WORKER_FILES * workers
    if soft != resource.RLIM_INFINITY and soft < needed:
        raise EngineError(
            f"A program may open only {soft} files at once here, and this run needs {needed}: "
            f"raise it with ulimit -n {AMPLE_FILES}."
        )
