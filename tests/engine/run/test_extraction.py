"""Frames and sound are made of every clip that is done, off the network, and no count is touched by it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, ClipRow, Outcome
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.workers.messages import Taken
from kinetics_tui.engine.workers.pool import Slot
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.commands import Pause, Resume, WantExtras
from kinetics_tui.model.events import ClipDone, ClipExtracted, ClipReturned, EngineStatus
from kinetics_tui.model.options import Extras, FramesKind, SoundFormat, frames_path, sound_path
from tests.clip_figures import file_of
from tests.engine.engine_clips import clip, context_of, some_clips
from tests.engine.engine_run import Start

FRAMES = Extras(frames_fps=5)


def odd(kind: str, number: int = 0) -> Clip:
    """A clip that comes through, and whose frames come out as ``kind`` says; see ``scripted_worker``."""
    return Clip(f"{number:09d}{kind}_", 1, 11, "val", "yoga")


async def test_clips_that_come_get_their_frames_and_count_once(start: Start, tmp_path: Path) -> None:
    async with start(some_clips(6), extras=FRAMES) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (run.state.done, run.state.left) == (6, 0)
        assert len(run.told(ClipDone)) == len(run.told(ClipExtracted)) == 6
        assert len(list((tmp_path / "set" / "frames" / "val").glob("*/*"))) == 6


async def test_they_are_made_while_the_network_cools(start: Start) -> None:
    async with start([odd("C"), *some_clips(3), clip("T")], extras=FRAMES) as run:
        await run.until(lambda: run.state.status is EngineStatus.COOLING)
        assert (run.state.in_hand, run.state.left) == (1, 1)  # the throttle took nothing out of hand
        run.engine.obey(Pause(now=True))
        await run.until(lambda: run.state.in_hand == 0)
        run.engine.obey(Resume())
        await run.until(lambda: run.state.in_hand == 1)
        assert run.state.status is EngineStatus.COOLING
        assert len(run.told(ClipExtracted)) == 3


async def test_a_pause_at_once_takes_them_out_of_hand_and_the_run_goes_on_with_them(
    start: Start, tmp_path: Path
) -> None:
    async with start([odd("C")], extras=FRAMES) as run:
        await run.until(lambda: run.state.done == 1 and run.state.in_hand == 1)
        run.engine.obey(Pause(now=True))
        await run.until(lambda: run.state.status is EngineStatus.PAUSED)
        assert (run.state.done, run.state.in_hand, len(run.told(ClipReturned))) == (1, 0, 1)
        run.engine.obey(Resume())
        await run.until(lambda: run.state.in_hand == 1)


@pytest.mark.parametrize("kind", ["D", "P"])
async def test_a_clip_of_which_nothing_can_be_made_stays_done_and_is_told_of(start: Start, kind: str) -> None:
    async with start([odd(kind), *some_clips(3)], extras=FRAMES) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert (run.state.done, run.state.failed, run.state.left) == (4, 0, 0)
        assert next(event.clip for event in run.told(ClipExtracted) if event.why) == odd(kind)
        assert len(run.told(ClipDone)) == 4


async def test_a_full_disk_is_waited_out(start: Start) -> None:
    async with start([odd("W")], extras=FRAMES) as run:
        await run.until(lambda: run.state.status is EngineStatus.DONE)
        assert [event.frames for event in run.told(ClipExtracted)] == [50]


async def test_what_is_asked_for_while_it_runs_is_made_of_all_clips_and_kept(
    start: Start, tmp_path: Path
) -> None:
    async with start([odd("C"), *some_clips(3)]) as run:
        await run.until(lambda: run.state.done == 4)
        asked = WantExtras(extras=Extras(frames_fps=5, sound=SoundFormat.WAV))
        assert run.engine.obey(asked).ok
        await run.until(lambda: len(run.told(ClipExtracted)) == 3 and run.state.in_hand == 1)
        refused = run.engine.obey(WantExtras(extras=Extras(frames_fps=10)))
        assert (refused.ok, "move it away" in refused.message) == (False, True)
        assert run.engine.obey(WantExtras(extras=Extras())).ok
        run.engine.obey(Pause(now=True))
        run.engine.obey(Resume())
        await run.until(lambda: run.state.status is EngineStatus.DONE)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert ledger.options.extras == Extras(frames_before=FramesKind(5))


# -- which clip has something to be made ---------------------------------------------------------------

Made = Callable[..., Ledger]


def looking(ledger: Ledger, tmp_path: Path, extras: Extras) -> Extraction:
    context, _ = context_of(ledger, tmp_path / "set")
    context.change_options(extras=extras)
    return Extraction(context)


def all_of(extraction: Extraction) -> list[ClipRow]:
    rows = []
    while not extraction.exhausted:
        if (row := extraction.take()) is not None:
            rows.append(row)
    return rows


@pytest.fixture
def ledger(make_ledger: Made, tmp_path: Path) -> Ledger:
    """Four clips of which the first three are done."""
    ledger = make_ledger(some_clips(4))
    for number in (1, 2, 3):
        ledger.record(
            Attempt(clip_id=number, at=1.0, network="x", outcome=Outcome.DONE, made=file_of(output_bytes=5))
        )
    ledger.flush()
    return ledger


def test_clips_that_are_done_and_lack_something_are_handed_out_once(ledger: Ledger, tmp_path: Path) -> None:
    extras = Extras(frames_fps=5, sound=SoundFormat.WAV)
    extraction = looking(ledger, tmp_path, extras)
    first = all_of(extraction)
    assert ([row.id for row in first], extraction.in_hand) == ([1, 2, 3], 3)
    for row, path in ((first[0], frames_path(first[0].path)), (first[1], frames_path(first[1].path))):
        (tmp_path / "set" / path).mkdir(parents=True)
        sound = tmp_path / "set" / sound_path(row.path, SoundFormat.WAV)
        sound.parent.mkdir(parents=True, exist_ok=True)
        if row is first[0]:
            sound.touch()
    assert [row.id for row in all_of(looking(ledger, tmp_path, extras))] == [2, 3]
    assert [row.id for row in all_of(looking(ledger, tmp_path, FRAMES))] == [3]
    shutil.rmtree(tmp_path / "set" / "frames")
    assert [row.id for row in all_of(looking(ledger, tmp_path, FRAMES))] == [1, 2, 3]


def test_clips_gone_through_count_once_whether_they_were_here_or_have_just_come(
    ledger: Ledger, tmp_path: Path
) -> None:
    extraction = looking(ledger, tmp_path, FRAMES)
    rows = ledger.done_clips(0, 3)
    made = tmp_path / "set" / frames_path(rows[0].path)
    made.mkdir(parents=True)
    extraction.add(rows[2])
    assert extraction.through == 0
    assert [row.id for row in all_of(extraction)] == [3, 2]
    assert (extraction.exhausted, extraction.in_hand, extraction.through) == (True, 2, 1)
    slot = cast("Slot", SimpleNamespace(number=1))
    extraction.dropped(slot, rows[2])
    assert extraction.through == 1
    taken = extraction.take()
    assert taken == rows[2]
    for row in rows[1:]:
        extraction.failed(slot, row, "It holds no pictures.")
    assert extraction.through == 3
    extraction.add(rows[1])
    assert extraction.through == 3


def test_where_nothing_is_wanted_nothing_is_looked_for(ledger: Ledger, tmp_path: Path) -> None:
    extraction = looking(ledger, tmp_path, Extras())
    assert extraction.exhausted
    extraction.add(ledger.done_clips(0, 1)[0])
    assert extraction.take() is None


def test_a_clip_in_hand_while_more_is_asked_for_is_looked_at_again(ledger: Ledger, tmp_path: Path) -> None:
    extraction = looking(ledger, tmp_path, FRAMES)
    rows = all_of(extraction)
    extraction._context.change_options(extras=Extras(frames_fps=5, sound=SoundFormat.WAV))
    extraction.restart()
    assert all_of(extraction) == []
    slot = cast("Slot", SimpleNamespace(number=1))
    for row in rows:
        (tmp_path / "set" / frames_path(row.path)).mkdir(parents=True)
        extraction.made(slot, row, Taken(clip_id=row.id, frames=50))
    assert extraction.through == 0
    assert all_of(extraction) == rows
    for row in rows:
        extraction.made(slot, row, Taken(clip_id=row.id, sound=True))
    assert (extraction.through, extraction.exhausted) == (3, True)
