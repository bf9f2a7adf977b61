"""The function of a worker process, named without loading it: the engine has no use for yt-dlp and PyAV."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from pathlib import Path

from kinetics_tui.model.options import Options

WORKER_MODULE = "kinetics_tui.engine.workers.worker"

WorkerTarget = Callable[[socket.socket, Options, Path, Path], None]
"""Is given its end of the line, the options, the dataset folder and a scratch folder of its own."""


def run_worker(line: socket.socket, options: Options, dataset: Path, scratch: Path) -> None:
    """Be a worker until the engine is gone; called in a process that has ``WORKER_MODULE`` loaded."""
    from kinetics_tui.engine.workers.worker import worker_main

    gc.freeze()  # what is loaded is shared by all workers, until a collection writes to every object of it
    worker_main(line, options, dataset, scratch)
