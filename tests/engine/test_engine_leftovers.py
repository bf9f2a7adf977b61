"""What killed processes leave in the state folder, and what of it is nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil

from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.hosts.arrivals import arrivals_path
from kinetics_tui.engine.run.stats_writer import WRITER, StatsWriter
from kinetics_tui.model.events import EngineStatus
from tests.children import children_running
from tests.engine.engine_clips import some_clips
from tests.engine.engine_run import Run, Start

LEFT = (
    "stats.csv.123.new",
    "failed.csv.123.new",
    "ledger-ab12.new",
    "ledger-ab12.new-journal",
    "scratch/1-2/x",
)


def records_writers() -> list[psutil.Process]:
    return children_running(WRITER)


async def test_an_engine_begins_with_what_the_dead_left_out_of_the_way(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "set" / ".kinetics-tui"
    (state / "scratch" / "1-2").mkdir(parents=True)
    for name in LEFT:
        (state / name).write_text("half made")
    async with start(some_clips(2)) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert not [name for name in LEFT if (state / name).exists()]
        assert (state / "ledger.sqlite3").exists()


async def test_what_hosts_sent_before_the_first_clip_goes_out_is_not_taken_for_left(
    make_ledger: Callable[..., Ledger], tmp_path: Path
) -> None:
    run = Run(make_ledger(some_clips(2)), tmp_path / "set")
    await run.engine.open()
    sent = arrivals_path(tmp_path / "set") / "1-1-7.part"
    sent.parent.mkdir(parents=True)
    sent.write_bytes(b"half of a clip")
    running = asyncio.create_task(run.engine.run())
    await run.until(lambda: bool(run.state.workers))
    assert sent.exists()
    run.engine.stop()
    await running


async def test_records_whose_writer_is_killed_leave_nothing_half_made(
    make_ledger: Callable[..., Ledger], tmp_path: Path
) -> None:
    make_ledger(some_clips(3))
    dataset = tmp_path / "set"
    half_made = state_folder(dataset) / "stats.csv.123.new"
    half_made.write_text("video_id,")
    keeper = StatsWriter(dataset)
    finishing = asyncio.create_task(keeper.finish())
    while not (writers := records_writers()):
        await asyncio.sleep(0.005)
    writers[0].kill()
    await finishing
    assert not half_made.exists()
    await keeper.finish()
    assert (dataset / "stats.csv").exists()
