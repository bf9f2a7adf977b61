"""JavaScript of YouTube's player: scripts are kept once a machine, and few solvers run at once.

yt-dlp fetches a script of some megabytes in every process, and starts a Deno of some 330 MB for every video.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from kinetics_tui.base.machine import available_cores, cache_folder
from kinetics_tui.base.whole_file import write_whole

SCRIPT_PREFIX = "/s/player/"
"""Addresses below it carry the script's version: its content never changes."""
SCRIPT_SIGN = b"signatureTimestamp"
"""Stands in every player script, and in no page that comes in its place."""
KEPT_SCRIPTS = 8
LARGEST_SCRIPT_BYTES = 32 << 20
SOLVER_BYTES = 400 << 20
"""The memory that one solver may come to take."""
LOOK_EVERY_S = 0.05


def kept_script(path: str) -> bytes | None:
    """The script of an address's path, None where it is not kept."""
    try:
        return _script_file(path).read_bytes()
    except OSError:
        return None


def keep_script(path: str, body: bytes) -> None:
    """Keep a script for every process of this machine; the oldest go. One that cannot be kept is not."""
    if SCRIPT_SIGN not in body or len(body) > LARGEST_SCRIPT_BYTES:
        return
    file = _script_file(path)
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file, body)
        by_age = sorted(file.parent.glob("*.js"), key=lambda kept: kept.stat().st_mtime)
        for old in by_age[:-KEPT_SCRIPTS]:
            old.unlink(missing_ok=True)


def _folder() -> Path:
    return cache_folder() / "players"


def _script_file(path: str) -> Path:
    return _folder() / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.js"


def solvers_at_once() -> int:
    """Solvers that this machine has cores and memory for, over all workers."""
    return max(1, min(available_cores(), int(psutil.virtual_memory().available // SOLVER_BYTES)))


@contextlib.contextmanager
def solver_slot(wait: Callable[[float], None]) -> Iterator[None]:
    """Hold one of the places for a solver; ``wait`` sleeps for so many seconds, and may raise to give up.

    A place is a lock on a file, which the system lets go of with the process that holds it, however that
    ends. Where no lock can be had, nothing is bounded.
    """
    places = solvers_at_once()
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = [os.open(folder / f"solver-{n}.lock", os.O_RDWR | os.O_CREAT, 0o600) for n in range(places)]
    except OSError:
        yield
        return
    try:
        while not any(map(_locked, files)):
            wait(LOOK_EVERY_S)
        yield
    finally:
        for file in files:
            os.close(file)


def _locked(file: int) -> bool:
    """True if the lock was free and is ours now, or if this file system has none."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def bound_solver(extractor: Any, wait: Callable[[float], None]) -> None:
    """Have an extractor of yt-dlp's solve challenges only while it holds a place for a solver."""
    director = getattr(extractor, "_jsc_director", None)
    if director is None:
        return
    solve = director.bulk_solve

    def solve_in_turn(requests: list[Any]) -> Any:
        with solver_slot(wait):
            return solve(requests)

    director.bulk_solve = solve_in_turn
