"""How the program starts parts of itself as programs of their own, whatever folder the user is in."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

import kinetics_tui

SEARCH_PATH = "PYTHONPATH"


def python_program(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run ``module`` of ours with this Python.

    Nothing is imported from the folder it is started in: a dataset folder may hold an ``av.py``.
    """
    return [sys.executable, "-P", "-m", module, *arguments], {**os.environ, **_search_path()}


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
