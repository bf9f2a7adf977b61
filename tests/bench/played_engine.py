"""``python -m tests.bench.played_engine DATASET``: an engine that fetches nothing and only tells of it.

It serves a real engine's socket with a real engine's ``Server``, for the bench of the screen: so many events
a second of so many workers, of which each takes ``CLIP_S`` seconds a clip. Says ``ready`` once it serves.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import count, cycle
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import state_folder
from kinetics_tui.engine.process.address import READY, socket_paths
from kinetics_tui.engine.process.server import Server
from kinetics_tui.model.commands import AnyCommand, Pause, Reply, Resume, SetWorkers
from kinetics_tui.model.events import (
    AnyEvent,
    ClipFailed,
    ClipProgress,
    ClipStarted,
    EngineStatus,
    Phase,
    RunOpened,
    StatusChanged,
)
from kinetics_tui.model.failure import Category
from kinetics_tui.model.state import RunState
from tests.clip_figures import clip_done
from tests.tui.run_fakes import clip, cooling, opened, paused

KINETICS_400 = 278_373
"""Clips of the run that is played, where nothing else is asked for."""
CLIP_S = 8.0
FAILS_EVERY = 25
"""One clip of so many fails."""
STEP_S = 0.01
"""Events come in handfuls, as they do from workers."""
_PHASES = ((Phase.RESOLVE, 0.1), (Phase.DOWNLOAD, 0.6), (Phase.TRIM, 0.95), (Phase.VERIFY, 1.0))
"""Each with the share of ``CLIP_S`` at which it ends."""


class Standing(StrEnum):
    """Why a run stands still."""

    PAUSED = "paused"
    COOLING = "cooling"


class Worker:
    """One slot's way through clip after clip; ``late_s``: how far it is through the first at ``now``."""

    def __init__(self, slot: int, clips: Iterator[int], now: float, late_s: float) -> None:
        self._slot = slot
        self._clips = clips
        self._number = next(clips)
        self._began = now - late_s
        self._fresh = True

    def event(self, now: float) -> AnyEvent:
        """What it has to say now."""
        held = clip(self._number)
        if self._fresh:
            self._fresh = False
            return ClipStarted(at=now, slot=self._slot, clip=held)
        share = (now - self._began) / CLIP_S
        if share < 1:
            return self._progress(now, share)
        number, self._number = self._number, next(self._clips)
        self._began, self._fresh = now, True
        if number % FAILS_EVERY == 0:
            return ClipFailed(
                at=now,
                slot=self._slot,
                clip=held,
                category=Category.PRIVATE,
                message="Private video",
                settled=True,
            )
        return clip_done(
            at=now,
            slot=self._slot,
            clip=held,
            duration_s=10.0,
            output_bytes=1_100_000 + number % 97 * 4_000,
            wire_bytes=1_400_000,
            total_s=CLIP_S,
        )

    def _progress(self, now: float, share: float) -> ClipProgress:
        at = next(at for at, (_, end) in enumerate(_PHASES) if share < end)
        phase, end = _PHASES[at]
        began = _PHASES[at - 1][1] if at else 0.0
        fetches = phase is Phase.DOWNLOAD
        return ClipProgress(
            at=now,
            slot=self._slot,
            phase=phase,
            fraction=(share - began) / (end - began),
            wire_bytes=int(share * 1_400_000),
            bytes_per_s=250_000 + now % 1 * 50_000 if fetches else 0.0,
        )


class PlayedEngine:
    """Answers views and publishes what its workers have to say."""

    def __init__(self, workers: int, clips: int, standing: Standing | None) -> None:
        now = time.time()
        self.server = Server(self.obey, lambda: self._state.as_events())
        self._state = RunState()
        self._state.apply_all(of_so_many(clips, opened(workers, now)))
        if standing is Standing.PAUSED:
            self._state.apply_all(paused(now))
        elif standing is Standing.COOLING:
            self._state.apply_all(cooling(now + 3600, now))
        numbers = count(1)
        late_s = [slot * 5 % workers / workers * CLIP_S for slot in range(1, workers + 1)]
        self._turn = cycle([Worker(slot, numbers, now, each) for slot, each in enumerate(late_s, start=1)])

    def obey(self, command: AnyCommand) -> Reply:
        """As an engine does what the keys of the bench ask for: it tells at once what changed."""
        now, state = time.time(), self._state
        if isinstance(command, SetWorkers):
            options = msgspec.structs.replace(state.options, at=now, workers=command.workers)
            self._publish(options)
        elif isinstance(command, Pause):
            self._publish(StatusChanged(at=now, status=EngineStatus.PAUSING))
        elif isinstance(command, Resume):
            self._publish(StatusChanged(at=now, status=EngineStatus.RUNNING))
        return Reply(id=command.id, ok=True)

    async def play(self, events_per_s: float) -> None:
        """Publish that many events a second, the workers taking turns, until cancelled."""
        began, told = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * events_per_s)
            for _ in range(due - told):
                self._publish(next(self._turn).event(time.time()))
            told = due
            await asyncio.sleep(STEP_S)

    def _publish(self, event: AnyEvent) -> None:
        self._state.apply(event)
        self.server.broadcast(event)


def of_so_many(clips: int, events: Iterable[AnyEvent]) -> Iterator[AnyEvent]:
    """The same run with so many clips in all, about as far in each split."""
    for event in events:
        if isinstance(event, RunOpened):
            share = clips / sum(split.total for split in event.splits)
            splits = tuple(
                msgspec.structs.replace(
                    split,
                    total=round(share * split.total),
                    done=round(share * split.done),
                    failed=round(share * split.failed),
                )
                for split in event.splits
            )
            yield msgspec.structs.replace(event, splits=splits)
        else:
            yield event


async def serve(
    dataset: Path, workers: int, clips: int, events_per_s: float, standing: Standing | None
) -> None:
    """Serve until killed; a run that stands still has nothing to say."""
    engine = PlayedEngine(workers, clips, standing)
    state_folder(dataset).mkdir(mode=0o700, exist_ok=True)
    await engine.server.open(socket_paths(dataset))
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    await engine.play(0.0 if standing else events_per_s)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.played_engine", description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--clips", type=int, default=KINETICS_400)
    parser.add_argument("--events-per-s", type=float, default=1000.0)
    parser.add_argument("--standing", type=Standing, choices=list(Standing))
    given = parser.parse_args(arguments)
    # Of a view that was ended asyncio warns event by event until the server notices.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    asyncio.run(serve(given.dataset, given.workers, given.clips, given.events_per_s, given.standing))


if __name__ == "__main__":
    main(sys.argv[1:])
