"""Parts of this program started as programs of their own, whatever folder the user is in."""

from __future__ import annotations

import asyncio
import errno
import os
import site
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import kinetics_tui

SEARCH_PATH = "PYTHONPATH"
KILLED_S = 2.0
"""Seconds in which a program that is killed is expected to end."""


def python_program(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run ``module`` of ours with this Python.

    Nothing is imported from the folder it is started in: a dataset folder may hold an ``av.py``.
    """
    return [sys.executable, "-P", "-m", module, *arguments], {**os.environ, **_search_path()}


class Ended(NamedTuple):
    """The end of a program: its exit code (negative: the signal), and what it wrote."""

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
        with suppress(TimeoutError):  # what waits for a dead network disk may not even end of that
            await asyncio.wait_for(asyncio.shield(ended), KILLED_S)
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
