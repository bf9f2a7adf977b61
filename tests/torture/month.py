"""A month of a run in minutes: the real engine and its real ledger, in a world of virtual time.

Workers are no processes here, they are the far end's. The throttles are those of the 2019 write-up's
record, whatever the client does, with blocks of 12 hours to 5 days.

``python -m tests.torture.month 650000`` lives one through and prints its figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import psutil

from kinetics_tui.dataset.folder import ledger_path, log_path, make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine import engine as engine_module
from kinetics_tui.engine.engine import Engine
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.process.logfile import KEPT, PATIENCE, LogFile, LogHandler, Repeats, older_log
from kinetics_tui.engine.run.stats_writer import StatsWriter
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import AnyEvent, ClipDone, ClipFailed
from kinetics_tui.model.network import Route, Way
from kinetics_tui.model.options import Options, Selection
from kinetics_tui.model.state import RunState
from tests.bench.youtubes import DAY_S, WORKERS
from tests.engine.engine_run import ANSWERED, HOME
from tests.torture.far_end import EPOCH, FarEnd, FarPool, output_bytes
from tests.torture.virtual_time import VirtualLoop

TICK_S = 300.0
"""Of virtual time: the engine looks at the end of a cooldown no more exactly than this."""
LOG_BYTES = 512
"""How large a log file may become here, that it is rotated in a short round too."""
SPLITS = (("train", 0.83), ("val", 0.05), ("test", 0.12))
CLASSES = 700
MOST_KNOCKS = 100
"""With more the run is given up."""


class Month(msgspec.Struct, kw_only=True):
    """What came of it. ``growth_bytes`` is the process's, from a tenth of the clips to nearly all of them.

    ``blocks`` of YouTube's met ``throttles`` steps of cooldowns; ``knocks`` are requests sent into a block
    that the engine knew of. ``faults`` tells in words what is wrong at the end.
    """

    clips: int
    days: float
    clips_per_s: float
    ledger_bytes: int
    growth_bytes: int
    blocks: int
    throttles: int
    knocks: int
    faults: list[str]


# -- a run, from engine to engine --------------------------------------------------------------------


class _Life:
    """A dataset through the lives of its engines."""

    def __init__(self, dataset: Path, clips: int, far: FarEnd) -> None:
        self._dataset = dataset
        self._clips = clips
        self._far = far
        self._goal = 0
        self._reached = asyncio.Event()
        self._state = RunState()
        self.sizes_bytes: list[int] = []
        """Of the process, when a tenth of the clips were settled, and nearly all."""

    async def live(self) -> None:
        """Through five restarts, one of them after a kill, to the last clip."""
        await self._until(0.02)
        await self._until(0.04, killed=True)
        await self._until(0.06)
        await self._until(0.97, measured=True)
        await self._until(0.985)
        await self._until(1.0)

    async def _until(self, share: float, *, killed: bool = False, measured: bool = False) -> None:
        """Have an engine work until so many clips are settled, then end it."""
        with Ledger.open(self._dataset) as ledger:
            engine = Engine(
                self._dataset,
                ledger,
                ways=Ways([Way()], look=lambda way, given_as: HOME, discover=list),
                broadcast=self._hear,
                watchers=lambda: 1,
                clock=self._far.clock,
                make_pool=lambda **given: FarPool(self._far, **given),
                ask=_answered,
            )
            self._state = engine.state
            await engine.open()
            running = asyncio.create_task(engine.run())
            if measured:
                await self._settled(running, 0.1)
                self.sizes_bytes.append(_size_bytes())
            await self._settled(running, share)
            if measured:
                self.sizes_bytes.append(_size_bytes())
            if killed:
                _copy_ledger(self._dataset)
            self._far.silent = killed
            engine.stop()
            await running
        if killed:
            _put_back_ledger(self._dataset)
            self._far.silent = False

    async def _settled(self, running: asyncio.Task[None], share: float) -> None:
        self._goal = round(self._clips * share)
        self._reached.clear()
        waiting = asyncio.create_task(self._reached.wait())
        await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        assert waiting.done(), "the engine ended by itself"
        assert self._far.knocks <= MOST_KNOCKS, "the engine knocks at blocks"

    def _hear(self, event: AnyEvent) -> None:
        if self._far.knocks > MOST_KNOCKS:
            self._reached.set()  # in vain: such a run may never end
        elif isinstance(event, ClipDone | ClipFailed) and self._state.done + self._state.failed >= self._goal:
            self._reached.set()


async def _answered(options: Options, route: Route, youtube_id: str, *, media: bool = False) -> CheckAnswer:
    return ANSWERED


def _size_bytes() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def _ledger_files(dataset: Path) -> list[tuple[Path, Path]]:
    """The ledger and its write-ahead log, each with the name under which a copy of it is kept."""
    path = ledger_path(dataset)
    files = [path, path.with_name(path.name + "-wal")]
    return [(file, file.with_name(f"kept-{file.name}")) for file in files]


def _copy_ledger(dataset: Path) -> None:
    """Keep the ledger as a kill would leave it: what is buffered is lost."""
    for file, kept in _ledger_files(dataset):
        # By another process: closing a file here would let go of SQLite's locks on it.
        subprocess.run(["cp", file, kept], check=True)


def _put_back_ledger(dataset: Path) -> None:
    for file, kept in _ledger_files(dataset):
        kept.replace(file)
    ledger_path(dataset).with_name(ledger_path(dataset).name + "-shm").unlink(missing_ok=True)


def _clips(number: int) -> Iterator[Clip]:
    """As many clips as asked for, in the splits of a release."""
    done = 0
    for split, share in SPLITS:
        last = split == SPLITS[-1][0]
        for _ in range(number - done if last else round(number * share)):
            done += 1
            yield Clip(f"{done:011d}", 10.0, 20.0, split, f"class {done % CLASSES}")


def _finishing_in_real_time(loop: VirtualLoop) -> Callable[[StatsWriter], Awaitable[None]]:
    """The records are written by another process, which virtual time would not wait for."""
    finish = StatsWriter.finish

    async def finish_in_real_time(keeper: StatsWriter) -> None:
        loop.keep_real_time(True)
        await finish(keeper)
        loop.keep_real_time(False)

    return finish_in_real_time


async def _keep_log(handler: LogHandler) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        handler.tend()


def live_through(folder: Path, clips: int, seed: int = 0) -> Month:
    """Live a run on so many clips through, in ``folder``."""
    dataset = folder / "set"
    make_state_folder(dataset)
    Ledger.create(
        dataset,
        title="Kinetics",
        release="",
        selection=Selection(),
        options=Options(workers=WORKERS, pace_per_hour=None),
        clips=_clips(clips),
    ).close()
    loop = VirtualLoop()
    far = FarEnd(clips, seed, lambda: EPOCH + loop.time())
    logger = logging.getLogger("kinetics_tui")
    with (
        asyncio.Runner(loop_factory=lambda: loop) as runner,
        patch.object(engine_module, "TICK_S", TICK_S),
        patch.object(StatsWriter, "finish", _finishing_in_real_time(loop)),
        log_path(dataset).open("ab") as log,
    ):
        handler = LogHandler(
            LogFile(log_path(dataset), descriptor=log.fileno(), max_bytes=LOG_BYTES), Repeats(loop.time)
        )
        logger.addHandler(handler)
        began = time.monotonic()
        life = _Life(dataset, clips, far)
        try:
            runner.run(_all_of_it(life, handler))
        finally:
            logger.removeHandler(handler)
            handler.close()
        took_s = time.monotonic() - began
    before, after = life.sizes_bytes
    return Month(
        clips=clips,
        days=loop.time() / DAY_S,
        clips_per_s=clips / took_s,
        ledger_bytes=ledger_path(dataset).stat().st_size,
        growth_bytes=after - before,
        blocks=far.blocks,
        throttles=len(far.refused_at),
        knocks=far.knocks,
        faults=[*_faults_of_ledger(dataset, far), *_faults_of_log(dataset)],
    )


async def _all_of_it(life: _Life, handler: LogHandler) -> None:
    keeper = asyncio.create_task(_keep_log(handler))
    await life.live()
    keeper.cancel()


# -- what must hold at the end -----------------------------------------------------------------------


def _faults_of_log(dataset: Path) -> Iterator[str]:
    logs = sorted(log_path(dataset).parent.glob("engine.log*"))
    if logs != [log_path(dataset), *(older_log(log_path(dataset), n + 1) for n in range(KEPT))]:
        yield f"the logs are {[path.name for path in logs]}"
    yield from (f"{path.name} is large" for path in logs if path.stat().st_size > PATIENCE * LOG_BYTES)


def _faults_of_ledger(dataset: Path, far: FarEnd) -> Iterator[str]:
    with contextlib.closing(sqlite3.connect(ledger_path(dataset))) as ledger:

        def one(sql: str) -> Any:
            return ledger.execute(sql).fetchone()[0]

        def must_be(what: str, found: object, expected: object) -> Iterator[str]:
            if found != expected:
                yield f"{what}: {found!r} where {expected!r} was to be"

        clips, failing = len(far.on_disk) - 1, {number: c.value for number, c in far.failing.items()}
        yield from must_be("integrity", one("PRAGMA integrity_check"), "ok")
        statuses = dict(ledger.execute("SELECT status, count(*) FROM clips GROUP BY 1"))
        yield from must_be("statuses", statuses, {"done": clips - len(failing), "failed": len(failing)})
        failed = dict(ledger.execute("SELECT id, category FROM clips WHERE status = 'failed'"))
        yield from must_be("failures", failed, failing)
        yield from must_be("files on the disk", sum(far.on_disk), statuses.get("done"))
        settled = "SELECT clip_id FROM attempts WHERE outcome IN ('done', 'failed')"
        twice = ledger.execute(f"{settled} GROUP BY clip_id HAVING count(*) > 1").fetchall()
        yield from must_be("clips settled more than once", twice, [])
        never = one(f"SELECT count(*) FROM clips WHERE id NOT IN ({settled})")
        yield from must_be("clips never settled", never, 0)
        sums = ledger.execute("SELECT wire_bytes, attempts FROM sums").fetchone()
        counted = ledger.execute("SELECT sum(wire_bytes), count(*) FROM attempts").fetchone()
        yield from must_be("sums", sums, counted)
        fetched = one("SELECT count(*) FROM attempts WHERE outcome = 'done' AND wire_bytes > 0")
        yield from must_be("clips of the network", one("SELECT sum(clips) FROM networks"), fetched)
        yield from must_be(
            "bytes on the disk",
            one("SELECT sum(output_bytes) FROM clips"),
            sum(output_bytes(number) for number in range(1, clips + 1) if far.on_disk[number]),
        )
        yield from must_be("open sessions", one("SELECT count(*) FROM sessions WHERE closed_at IS NULL"), 0)
        overlaps = one(
            "SELECT count(*) FROM sessions AS a JOIN sessions AS b ON b.id = a.id + 1"
            " WHERE a.closed_at < a.opened_at OR b.opened_at < a.closed_at"
        )
        yield from must_be("sessions that overlap", overlaps, 0)
        killed = one("SELECT count(*) FROM sessions WHERE why = 'the engine died'")
        yield from must_be("sessions ended by a kill", killed, 1)
        at = [at for (at,) in ledger.execute("SELECT at FROM throttles ORDER BY id")]
        yield from must_be("throttles", at, far.refused_at)
        yield from must_be("cooldowns that ended well", one("SELECT sum(passed) FROM throttles"), far.passed)
        yield from must_be(
            "cooldowns under way", one("SELECT count(*) FROM throttles WHERE ended_at IS NULL"), 0
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        month = live_through(Path(folder), int(sys.argv[1]))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(month)).decode() + "\n")
