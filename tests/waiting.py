"""Waiting for what another process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from kinetics_tui.base.errors import EngineError
from kinetics_tui.engine.process.address import WriterLock


def until(condition: Callable[[], bool], seconds: float = 60.0, every_s: float = 0.1) -> None:
    """Wait until something is so, looking so often; fails where it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(every_s)


def has_ended(process: psutil.Process) -> bool:
    """Whether a process is gone, or waits only to be collected by whoever inherited it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def is_left(dataset: Path) -> bool:
    """Whether no engine has this dataset any more; one goes a moment after its last view."""
    try:
        with WriterLock(dataset):
            return True
    except EngineError:
        return False
