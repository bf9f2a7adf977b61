"""The child processes of a test that are at work."""

from __future__ import annotations

from contextlib import suppress

import psutil


def children_running(program: str) -> list[psutil.Process]:
    """The processes below this one whose command has ``program`` in it; none that has just ended."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # ended meanwhile, or not yet reaped
            if program in " ".join(child.cmdline()):
                found.append(child)
    return found
