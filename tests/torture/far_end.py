"""The far end of a simulated run: YouTube, the workers and the disk, without a process or a socket.

It answers each clip's assignment, after as much virtual time as a clip takes, with what YouTube, the
network or the clip itself would have made of it.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
from collections.abc import Callable
from typing import Any, cast

import msgspec

from kinetics_tui.engine.workers.messages import (
    Assign,
    Cancel,
    Cancelled,
    Failed,
    Finished,
    FromWorker,
    Progress,
    Ready,
    ToWorker,
)
from kinetics_tui.engine.workers.pool import Pool, Slot
from kinetics_tui.model.events import Phase
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.made import MadeFile, Spent
from tests.bench.youtubes import CLIP_S, DAY_S, HOUR_S, RECORD, Sessions

EPOCH = 1_800_000_000.0
REFUSED_S = 1.0
"""What a refusal takes a worker."""
BLOCKS_S = (12 * HOUR_S, 5 * DAY_S)
"""Between these lie the blocks of the write-up; drawn even in their logarithm."""
KNOCK_S = 60.0
"""What a request into a block adds to it."""
FULL = 650_000

FAILED = {
    Category.VIDEO_NOT_AVAILABLE: 10_606,
    Category.CONTENT_WARNING: 2_451,
    Category.HTTP_404: 943,
    Category.COPYRIGHT: 672,
    Category.REMOVED_BY_USER: 337,
    Category.MISCELLANEOUS: 144,
    Category.VIOLATING_TERMS: 134,
    Category.DUPLICATE: 2,
    Category.HTTP_503: 1,
}
"""Clips of the 2019 write-up's 646,984 that failed, by its categories; here they always do."""
OF_CLIPS = 646_984
ONCE = 0.005
"""The share of clips that fail once, in a way that passes."""
CRASHING = 0.004
"""The share of clips that take their worker down the first time."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[ToWorker] = msgspec.json.Decoder(ToWorker)


class FarEnd:
    """YouTube and the disk, as the workers find them: outlives engines.

    A step of a cooldown begins when the engine hears of a refusal of something that it sent after the
    step before. ``refused_at`` is when, ``passed`` counts those that ended with an answer, ``knocks`` the
    refused requests that the engine sent within one step, the first left out: that was the probe.
    """

    def __init__(self, clips: int, seed: int, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.draw = random.Random(seed)
        self.on_disk = bytearray(clips + 1)
        self.failing: dict[int, Category] = {}
        self.once: set[int] = set()
        self.crashing: set[int] = set()
        self.refused_at: list[float] = []
        self.blocks = 0
        self.passed = 0
        self.knocks = 0
        self.silent = False
        """The engine was killed: nobody hears any more what comes of a clip."""
        counts = [max(1, round(count * clips / FULL)) for count in RECORD]
        blocks_s = [math.exp(self.draw.uniform(*map(math.log, BLOCKS_S))) for _ in range(8 * len(RECORD))]
        self._youtube = Sessions(counts, blocks_s, KNOCK_S)
        self._refused_probes: int | None = None
        self._deal(clips)

    def _deal(self, clips: int) -> None:
        """Decide which clips fail, of every kind at least one."""
        counts = {category: max(1, round(n * clips / OF_CLIPS)) for category, n in FAILED.items()}
        once, crashing = max(1, round(clips * ONCE)), max(1, round(clips * CRASHING))
        drawn = iter(self.draw.sample(range(1, clips + 1), sum(counts.values()) + once + crashing))
        self.failing = {next(drawn): category for category, count in counts.items() for _ in range(count)}
        self.once = {next(drawn) for _ in range(once)}
        self.crashing = {next(drawn) for _ in range(crashing)}

    @property
    def step(self) -> int:
        """The number of the step in hand, or of the last one."""
        return len(self.refused_at)

    def request(self) -> bool:
        """Ask YouTube for a video. False: refused."""
        now = self.clock() - EPOCH
        into_block = now < self._youtube.blocked_until
        if self._youtube.request(now):
            return True
        self.blocks += not into_block
        if self._refused_probes is not None:
            self.knocks += self._refused_probes > 0
            self._refused_probes += 1
        return False

    def heard(self, step: int, category: Category | None) -> None:
        """The engine hears what became of a request that it sent in a step; None: the clip is done."""
        if step != self.step:
            return
        if category is Category.SESSION_LIMIT:
            self.refused_at.append(self.clock())
            self._refused_probes = 0
        elif category is None or category.kind is Kind.PERMANENT:
            self.passed += self._refused_probes is not None
            self._refused_probes = None


class _Process:
    """The process of a stand-in worker: it dies when it is killed, or by its clip."""

    def __init__(self, slot: Slot, pool: FarPool) -> None:
        self.exitcode: int | None = None
        self._slot = slot
        self._pool = pool

    def die(self, code: int) -> None:
        if self.exitcode is None:
            self.exitcode = code
            asyncio.get_running_loop().call_soon(self._pool._bury, self._slot)

    def kill(self) -> None:
        self.die(-9)

    def join(self, timeout: float | None = None) -> None:
        pass

    def close(self) -> None:
        pass


class _Worker:
    """The far side of a slot's line."""

    def __init__(self, slot: Slot, process: _Process, far: FarEnd) -> None:
        self._slot = slot
        self._process = process
        self._far = far
        self._in_hand = 0
        self._step: int | None = None
        self._answer: asyncio.TimerHandle | None = None

    def say(self, message: FromWorker) -> None:
        if self._process.exitcode is None:
            self._slot.data_received(_encoder.encode(message) + b"\n")

    def write(self, data: bytes) -> None:
        match _decoder.decode(data):
            case Assign(clip_id=number):
                self._in_hand = number
                self._begin(number)
            case Cancel() if self._answer is not None:
                self._answer.cancel()
                self._step = None
                self._answer_in(0.0, Cancelled(clip_id=self._in_hand))

    def abort(self) -> None:
        if self._answer is not None:
            self._answer.cancel()

    def _answer_in(self, seconds: float, message: FromWorker) -> None:
        self._answer = asyncio.get_running_loop().call_later(seconds, self._tell, message)

    def _tell(self, message: FromWorker) -> None:
        self._answer = None
        if self._far.silent or self._process.exitcode is not None:
            return
        if isinstance(message, Finished):
            self._far.on_disk[message.clip_id] = 1
        if self._step is not None:
            self._far.heard(self._step, message.category if isinstance(message, Failed) else None)
        self.say(message)

    def _begin(self, number: int) -> None:
        far = self._far
        took_s = CLIP_S * far.draw.uniform(0.5, 1.5)
        self._step = None
        if far.on_disk[number]:
            self._answer_in(0.1, _made(number, 0.1, 0))
            return
        self._step = far.step
        if not far.request():
            self._answer_in(REFUSED_S, _not_made(number, Category.SESSION_LIMIT, REFUSED_S))
        elif number in far.crashing:
            far.crashing.discard(number)
            self._answer = asyncio.get_running_loop().call_later(took_s, self._process.die, 1)
        elif number in far.failing:
            self._answer_in(REFUSED_S, _not_made(number, far.failing[number], REFUSED_S))
        elif number in far.once:
            far.once.discard(number)
            self._answer_in(took_s, _not_made(number, Category.TIMEOUT, took_s))
        else:
            self._answer_in(took_s, _made(number, took_s, 1_300_000 + number))
            self.say(
                Progress(clip_id=number, phase=Phase.DOWNLOAD, fraction=0.5, wire_bytes=1, bytes_per_s=1e5)
            )


def output_bytes(number: int) -> int:
    return 1_000_000 + number


def _made(number: int, took_s: float, wire_bytes: int) -> Finished:
    made = MadeFile(
        output_bytes=output_bytes(number),
        duration_s=10.0,
        width_px=340,
        height_px=256,
        fps=25.0,
        sound=True,
        short=False,
        exact=True,
    )
    spent = Spent(
        resolve_s=took_s * 0.1,
        download_s=took_s * 0.8,
        trim_s=took_s * 0.1,
        total_s=took_s,
        wire_bytes=wire_bytes,
    )
    return Finished(clip_id=number, made=made, spent=spent)


def _not_made(number: int, category: Category, took_s: float) -> Failed:
    spent = Spent(total_s=took_s, wire_bytes=7)
    return Failed(clip_id=number, category=category, text=category.value, spent=spent)


class FarPool(Pool):
    """A pool without processes: its slots are the real ones, their lines end at the far end."""

    def __init__(self, far: FarEnd, **given: Any) -> None:
        super().__init__(**given)
        self._far = far
        self._pids = iter(range(1, sys.maxsize))

    async def _start(self, slot: Slot) -> None:
        await asyncio.sleep(0.1)
        process = _Process(slot, self)
        worker = _Worker(slot, process, self._far)
        slot.scratch = self.scratch / str(slot.number)
        slot.pid = next(self._pids)
        slot._process = cast("Any", process)
        slot.connection_made(_Line(worker))
        self._on_started(slot)
        if slot.leaving or slot.dying:
            slot.kill()
        worker.say(Ready())


class _Line(asyncio.Transport):
    """The line from a slot to its stand-in worker."""

    def __init__(self, worker: _Worker) -> None:
        super().__init__()
        self._worker = worker

    def write(self, data: Any) -> None:
        self._worker.write(data)

    def abort(self) -> None:
        self._worker.abort()
