"""Watches what an engine and its workers hold while they make clips: descriptors, memory, files."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from kinetics_tui.dataset.folder import log_path, scratch_path
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model.events import EngineStatus
from tests.torture.chaos import family

LOOK_EVERY_S = 0.02
CONNECTS_WITHIN_S = 60.0

_ENGINE = """
import sys
from kinetics_tui.engine.workers import pool
from kinetics_tui.engine.__main__ import main
pool.RENEW_AFTER_CLIPS = {renew_after}
sys.exit(main())
"""


class Held(msgspec.Struct, frozen=True):
    """What one process holds; ``uss_bytes`` is the memory that it shares with nobody."""

    fds: int
    threads: int
    rss_bytes: int
    uss_bytes: int


class Sample(msgspec.Struct, frozen=True):
    """A moment of the run: ``clips`` are settled, ``processes`` live, ``scratch`` files are in the making."""

    clips: int
    engine: Held
    workers: dict[int, Held]
    processes: int
    scratch: int


@contextmanager
def engine_that_renews(dataset: Path, after_clips: int) -> Iterator[psutil.Process]:
    """An engine on ``dataset`` whose workers are renewed after so many clips; killed where it stays."""
    code = _ENGINE.format(renew_after=after_clips)
    with log_path(dataset).open("ab") as log:
        engine = subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(dataset)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield psutil.Process(engine.pid)
    finally:
        with suppress(subprocess.TimeoutExpired):
            engine.wait(30)
        engine.kill()
        engine.wait()


async def watch(dataset: Path, engine: psutil.Process, within_s: float) -> list[Sample]:
    """Follow the run to its end; what was held meanwhile, a sample for each clip where time allows.

    Samples come with the clips and not with the time: a fast machine takes as many as a slow one.
    """
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    samples: list[Sample] = []
    try:
        async with asyncio.timeout(within_s):
            while client.state.status is not EngineStatus.DONE:
                await asyncio.sleep(LOOK_EVERY_S)
                clips = client.state.done + client.state.failed
                if not client.connected or (samples and samples[-1].clips == clips):
                    continue
                pids = [worker.pid for worker in client.state.workers.values()]
                samples.append(_sample(dataset, engine, clips, pids))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return samples


def _sample(dataset: Path, engine: psutil.Process, clips: int, pids: list[int]) -> Sample:
    workers = {}
    for pid in pids:
        with suppress(psutil.Error):  # it was renewed meanwhile
            workers[pid] = _held(psutil.Process(pid))
    # The writer of the records comes and goes.
    processes = sum(what != "record writer" for _, what in family(engine))
    making = 0
    with suppress(OSError):
        making = sum(path.is_file() for path in scratch_path(dataset).rglob("*"))
    return Sample(clips, _held(engine), workers, processes, making)


def _held(process: psutil.Process) -> Held:
    with process.oneshot():
        memory = process.memory_full_info()
        return Held(process.num_fds(), process.num_threads(), memory.rss, memory.uss)


def growth(samples: list[Sample], value: Callable[[Sample], float]) -> float:
    """How much ``value`` grows in 1,000 clips: the slope of the line through the samples."""
    return (
        statistics.linear_regression(
            [sample.clips for sample in samples], [value(sample) for sample in samples]
        ).slope
        * 1000
    )
