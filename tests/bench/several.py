"""Several networks at once against hidden limits, beside what each of them gives alone; in virtual time.

The parts of the engine are real, its ledger on disk too: they hand out, settle, cool down and learn as in
a run. The whole program then runs for a minute by two addresses of this machine, and by one.
"""

from __future__ import annotations

import heapq
import itertools
import math
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.networks.network import KnownNetwork
from kinetics_tui.engine.workers.pool import Slot
from kinetics_tui.model.commands import UseNetworks
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Options, Selection
from tests.bench.figures import Figure, Figures, ratios, side_by_side, spread
from tests.bench.footage import SHORT_S, clips_of
from tests.bench.limits import Done
from tests.bench.ours import run_ours
from tests.bench.report import Column, Report
from tests.bench.shaped import shaped_youtube
from tests.bench.youtubes import CLIP_S, DAY_S, HOUR_S, WORKERS, HourlyBudget
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts
from tests.engine.scripted_worker import failed, finished

KNOCK_S = 60.0
DAYS = 2
FLUSH_EVERY = 500
"""Clips between two writings of the ledger."""
SETS: tuple[tuple[int, ...], ...] = ((300, 300), (300, 1000), (300, 600, 1000, 2000))
"""Hidden limits in clips an hour, one a network; a further clip blocks the network for an hour."""


class Got(msgspec.Struct):
    """What came of a run: clips, cooldowns and refused requests of each network."""

    clips: list[int]
    cooldowns: list[int]
    refused: list[int]
    most_at_one_go: int


def gone_out_by(limits: tuple[int, ...], days: float = DAYS) -> Got:
    """Have a run go out by a network for each of these limits."""
    youtubes = {
        f"http://10.0.0.{number}:3128": HourlyBudget(limit, HOUR_S, KNOCK_S)
        for number, limit in enumerate(limits, 1)
    }
    clips = sum(limits) * 24 * math.ceil(days) + WORKERS
    with tempfile.TemporaryDirectory(prefix="kt-bench-") as folder:
        make_state_folder(Path(folder))
        options = Options(workers=WORKERS, pace_per_hour=None)
        ledger = Ledger.create(
            Path(folder),
            title="T",
            release="",
            selection=Selection(),
            options=options,
            clips=some_clips(clips),
        )
        try:
            return _Played(Parts(ledger, Path(folder)), youtubes).until(NOW + days * DAY_S)
        finally:
            ledger.close()


class _Played:
    """The parts of an engine at work, whose clips take 10.78 s each."""

    def __init__(self, parts: Parts, youtubes: Mapping[str, HourlyBudget]) -> None:
        self._parts = parts
        self._youtubes = youtubes
        self._done = dict.fromkeys(youtubes, 0)
        self._cooldowns = dict.fromkeys(youtubes, 0)
        self._ends: list[tuple[float, int]] = []
        parts.commands.obey(UseNetworks(ways=tuple(youtubes)))
        parts.networks.settle_switch(parts.now, ())

    def until(self, end: float) -> Got:
        parts, settled = self._parts, 0
        while parts.now < end:
            parts.networks.tick(parts.now)
            self._hand_out()
            parts.now = min(self._next_at(), end)
            while self._ends and self._ends[0][0] <= parts.now:
                _, number = heapq.heappop(self._ends)
                self._finish(parts.pool.slots[number])
                settled += 1
            if settled >= FLUSH_EVERY:
                settled = 0
                parts.ledger.flush()
                parts.events.clear()
                for line in parts.pool.lines.values():
                    line.sent.clear()
        parts.disk.close()
        return Got(
            list(self._done.values()),
            list(self._cooldowns.values()),
            [youtube.refused for youtube in self._youtubes.values()],
            max(youtube.most_at_one_go for youtube in self._youtubes.values()),
        )

    def _hand_out(self) -> None:
        while True:
            before = {slot.number for slot in self._parts.pool.slots.values() if slot.row is not None}
            new = [slot for slot, _ in self._parts.hand_out() if slot.number not in before]
            for slot in new:
                if slot.row is None:
                    continue  # its network was shut a moment ago
                if self._youtubes[slot.stamp.network].request(self._parts.now - NOW):
                    heapq.heappush(self._ends, (self._parts.now + CLIP_S, slot.number))
                else:
                    self._refused(slot)
            if not new:
                return

    def _refused(self, slot: Slot) -> None:
        parts, row, name = self._parts, slot.row, slot.stamp.network
        assert row is not None
        slot.release()
        parts.outcomes.failed(slot, row, failed(row.id, Category.SESSION_LIMIT), parts.now)
        self._cooldowns[name] += 1
        for other in parts.pool.slots.values():
            if other.row is not None and other.stamp.network == name:
                back, other_row = other, other.row
                back.release()
                parts.outcomes.returned(back, other_row, "unfinished", parts.now)
        busy = {other.number for other in parts.pool.slots.values() if other.row is not None}
        self._ends = [(at, number) for at, number in self._ends if number in busy]
        heapq.heapify(self._ends)

    def _finish(self, slot: Slot) -> None:
        row = slot.row
        assert row is not None
        slot.release()
        self._done[slot.stamp.network] += 1
        self._parts.outcomes.finished(slot, row, finished(row.id), self._parts.now)

    def _next_at(self) -> float:
        """When a clip ends, a network's pace allows the next one, or a cooldown is over."""
        times = [self._ends[0][0]] if self._ends else []
        if any(slot.idle for slot in self._parts.pool.slots.values()):
            times += [self._able_at(known) for known in self._parts.networks.in_use]
        later = [at for at in times if at > self._parts.now]
        return min(later, default=math.inf)

    def _able_at(self, known: KnownNetwork) -> float:
        return known.throttle.until or known.pace.next_at(self._parts.now)


PER_HOUR = 1200
BURST = PER_HOUR // 60
"""Clips that a network's bucket holds at first, as it does after every stall."""
EACH = BURST + 16
"""Clips of a network: its burst, and so many one after the other, every three seconds."""
ADDRESSES = ("127.0.0.2", "127.0.0.3")
RUNS = 2
LEAST = 1.9


def for_real() -> Figures:
    """The whole program at a pace by two networks, and by one: as many clips for each."""
    asked: list[int] = []
    with tempfile.TemporaryDirectory() as name, shaped_youtube(SHORT_S) as youtube:
        numbers = itertools.count()

        def run(addresses: Sequence[str]) -> Done:
            before = youtube.served()
            run_name = f"net{next(numbers):02d}"
            clips = clips_of(run_name, EACH * len(addresses), SHORT_S)
            used = [flag for address in addresses for flag in ("--network", address)]
            more = ("--pace", str(PER_HOUR), *used, f"--yt-dlp={shlex.join(youtube.direct_args)}")
            done, _ = run_ours(clips, Path(name) / run_name, youtube, trim="copy", more=more)
            by_address = youtube.served().since(before).asked_by
            if set(by_address) != set(addresses):
                raise AssertionError(f"requests came from {', '.join(by_address)}")
            asked.extend(by_address.values())
            return done

        found = side_by_side(RUNS, {"two": lambda: run(ADDRESSES), "one": lambda: run(ADDRESSES[:1])})
    two, one = ([done.per_minute for done in found[kind]] for kind in ("two", "one"))
    more_often = ratios(two, one)
    return Figures(
        figures=(
            Figure(
                what=f"clips/min, two networks of {PER_HOUR:,} clips/h each",
                ours=spread(two),
                bar=f">= {LEAST}x",
                met=more_often.median >= LEAST,
                form=".1f",
                rival="one network",
                theirs=spread(one),
                ratio=more_often,
            ),
        ),
        notes=(
            f"in real time by two addresses of this machine, {EACH} clips a network and {BURST} of them at "
            f"once; one address asked {min(asked)} to {max(asked)} times.",
        ),
    )


def several(seed: int) -> tuple[Report, Figures]:
    """Sets of networks, each beside the sum of what its networks give alone; and two for real."""
    return against_limits(), for_real()


def against_limits() -> Report:
    """Sets of networks in virtual time."""
    alone = {limit: gone_out_by((limit,)) for limit in sorted({limit for limits in SETS for limit in limits})}
    rows = []
    for limits in SETS:
        together = gone_out_by(limits)
        single = sum(alone[limit].clips[0] for limit in limits)
        rows.append(
            (
                " + ".join(f"{limit:,}" for limit in limits),
                sum(together.clips) / DAYS,
                sum(together.clips) / single,
                sum(together.refused),
                together.most_at_one_go,
            )
        )
    return Report(
        columns=(
            Column("limits an hour, else 1 h", "limits"),
            Column("clips a day", "clips_a_day", ",.0f"),
            Column("of what they give alone", "share", ".1%"),
            Column("refused requests", "refused", ",d"),
            Column("most at one go", "most_at_one_go", ",d"),
        ),
        rows=tuple(rows),
        notes=(f"Virtual time, {DAYS} days, no pace of the user's.", "`python -m tests.bench several`"),
    )
