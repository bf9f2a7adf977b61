"""How many files a process may have open at once: enough for an engine, or a plain word at its start."""

from __future__ import annotations

import contextlib
import resource

from kinetics_tui.model.errors import EngineError

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
