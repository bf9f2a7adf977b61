"""How the program starts parts of itself as programs of their own, whatever folder the user is in."""

from __future__ import annotations

import asyncio
import os
import site
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import kinetics_tui

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
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        cwd="/",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate(told)
    except BaseException:
        with suppress(ProcessLookupError):  # it has just ended
            process.kill()
        await process.wait()
        raise
    return Ended(process.returncode or 0, out, err)


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
