"""Whatever happens to several networks in whatever order, each is asked at its own pace and left in peace."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.networks.network import NO_ROUTE, Network
from kinetics_tui.engine.run.outcomes import Aftermath
from kinetics_tui.engine.workers.pool import Slot
from kinetics_tui.model.commands import UseNetworks
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.options import Options, Selection
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts
from tests.engine.engine_run import HOME, PHONE
from tests.engine.scripted_worker import failed, finished

CLIPS, WORKERS, PER_HOUR = 300, 6, 120.0
BURST = 2
"""What a bucket lets through at once at this pace, within the minute that it holds."""
WAYS = ("default", "http://10.0.0.1:3128", "socks5://10.0.0.2:1080", "http://10.0.0.3:3128")
AWAY = Network(name=NO_ROUTE, label=NO_ROUTE, present=False)


class Schedule(RuleBasedStateMachine):
    """An engine's parts on a clock that moves only by hand; nothing is ever in hand that may not be."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        dataset = Path(self._folder.name)
        make_state_folder(dataset)
        self._ledger = Ledger.create(
            dataset,
            title="T",
            release="",
            selection=Selection(),
            options=Options(workers=WORKERS, pace_per_hour=PER_HOUR),
            clips=some_clips(CLIPS),
        )
        self.parts = Parts(self._ledger, dataset)
        self.parts.networks.changed(self.parts.now)
        self.handed_at: defaultdict[str, list[float]] = defaultdict(list)

    def teardown(self) -> None:
        settled = [one.attempt.clip_id for one in self._ledger.settled()]
        assert len(settled) == len(set(settled)) == self.parts.context.state.done
        self.parts.disk.close()
        self._ledger.close()
        self._folder.cleanup()

    @initialize(ways=st.sets(st.sampled_from(WAYS), min_size=1))
    def begin(self, ways: set[str]) -> None:
        self.parts.commands.obey(UseNetworks(ways=tuple(sorted(ways))))

    @rule()
    def hand_out(self) -> None:
        parts = self.parts
        before = {slot.number for slot in parts.pool.slots.values() if slot.row is not None}
        for slot, _ in parts.hand_out():
            if slot.number not in before:
                self.handed_at[slot.stamp.network].append(parts.now)
                assert parts.networks.uses(slot.stamp.network)
                status = parts.context.state.networks[slot.stamp.network].status
                assert status in (NetworkStatus.OPEN, NetworkStatus.RAMPING, NetworkStatus.PROBING)

    @rule(seconds=st.sampled_from((1.0, 20.0, 61.0, 600.0, 901.0, 3700.0)))
    def time_passes(self, seconds: float) -> None:
        self.parts.now += seconds
        self.parts.networks.tick(self.parts.now)
        self.parts.networks.look(self.parts.now)
        self.parts.networks.settle_switch(self.parts.now, self.parts.dispatcher.in_hand_by())

    @rule(which=st.integers(0, WORKERS - 1), refused=st.sampled_from((False, False, False, True)))
    def clip_ends(self, which: int, refused: bool) -> None:
        busy = [slot for slot in self.parts.pool.slots.values() if slot.row is not None]
        if busy:
            self._end(busy[which % len(busy)], refused=refused)

    def _end(self, slot: Slot, *, refused: bool) -> None:
        parts, row = self.parts, slot.row
        assert row is not None
        slot.release()
        if not refused:
            parts.outcomes.finished(slot, row, finished(row.id), parts.now)
            return
        failure = failed(row.id, Category.TOO_MANY_REQUESTS)
        if parts.outcomes.failed(slot, row, failure, parts.now) is Aftermath.NETWORK_SHUT:
            for other in parts.pool.slots.values():
                if other.row is not None and other.stamp.network == slot.stamp.network:
                    back, other_row = other, other.row
                    back.release()
                    parts.outcomes.returned(back, other_row, "unfinished", parts.now)

    @rule(ways=st.sets(st.sampled_from(WAYS), min_size=1))
    def use(self, ways: set[str]) -> None:
        self.parts.commands.obey(UseNetworks(ways=tuple(sorted(ways))))

    @rule(network=st.sampled_from((HOME, PHONE, AWAY)))
    def default_route_leads_to(self, network: Network) -> None:
        self.parts.network = network

    @invariant()
    def no_clip_is_in_two_hands(self) -> None:
        ids = [slot.row.id for slot in self.parts.pool.slots.values() if slot.row is not None]
        assert len(ids) == len(set(ids))

    @invariant()
    def every_clip_is_counted_once(self) -> None:
        state = self.parts.context.state
        assert state.done + state.failed + state.left == state.total == CLIPS

    @invariant()
    def no_network_is_asked_above_its_pace(self) -> None:
        for times in self.handed_at.values():
            for number, at in enumerate(times):
                within = sum(at <= later < at + 3600 for later in times[number:])
                assert within <= PER_HOUR + BURST + 1


TestSchedule = Schedule.TestCase
TestSchedule.settings = settings(max_examples=25, stateful_step_count=60, deadline=None)
