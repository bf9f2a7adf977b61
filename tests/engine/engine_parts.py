"""An engine's parts put together by hand: a real ledger, a clock that stands where it is put, no process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.hosts import Hosts
from kinetics_tui.engine.networks.addresses import network_of
from kinetics_tui.engine.networks.checks import Checks
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.networks.of_hosts import NetworksOfHosts
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.process.initial_events import opening_events
from kinetics_tui.engine.run.archive_turn import ArchiveTurn
from kinetics_tui.engine.run.commands import Commands
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.first_way import FirstWay
from kinetics_tui.engine.run.outcomes import Outcomes
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.engine.run.reports import Reports
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import ToWorker
from kinetics_tui.engine.workers.pool import Pool, Slot
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.events import AnyEvent, Notice
from kinetics_tui.model.network import NetworkKind, Route, Way
from kinetics_tui.model.options import Options
from tests.engine.engine_run import ANSWERED, HOME

NOW = 1_700_000_000.0

_E = TypeVar("_E")


class Line(asyncio.Transport):
    """The line to a worker that is not there: keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[ToWorker] = []

    def write(self, data: Any) -> None:
        self.sent.append(msgspec.json.decode(data, type=ToWorker))


class StillPool(Pool):
    """A pool whose workers are ready at once, and do nothing; ``lines`` holds what they were sent."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.lines: dict[int, Line] = {}

    def _fill(self, number: int) -> None:
        slot = self.slots[number] = Slot(number, self)
        line = self.lines[number] = Line()
        slot.connection_made(line)
        slot.ready = True
        slot.pid = 1000 + number


class Parts:
    """The parts, and the world around them.

    ``now`` is the time, ``network`` where the default route leads, ``answer`` what a check comes to;
    ``asked`` is who was asked, by which route and with which options, ``settled`` which workers let go.
    """

    def __init__(self, ledger: Ledger, dataset: Path) -> None:
        self.now = NOW
        self.network = HOME
        self.answer = ANSWERED
        self.asked: list[tuple[Options, Route, str]] = []
        self.events: list[AnyEvent] = []
        self.notices: list[Notice] = []
        self.settled: list[Hand] = []
        self.ledger = ledger
        self.context = RunContext(
            ledger, dataset, clock=self._clock, broadcast=self.events.append, call=self.notices.append
        )
        for event in opening_events(ledger, dataset, self.now, 1):
            self.context.publish(event)
        ways = Ways(ledger.ways_in_use() or [Way()], ledger.ways(), look=self._look, discover=list)
        self.networks = Networks(self.context, ways, 1)
        self.queue = ClipQueue(ledger)
        self.extraction = Extraction(self.context)
        self.disk = DiskWatch(self.context)
        self.first_way = FirstWay(self.context)
        self.outcomes = Outcomes(self.context, self.queue, self.networks, self.first_way)
        self.pool = StillPool(
            dataset=dataset,
            scratch=dataset / "scratch",
            options=lambda: self.context.options,
            on_message=lambda slot, message: self.reports.heard(slot, message),
            on_started=lambda _slot: None,
            on_gone=lambda _slot, _death: None,
        )
        self.networks_of_hosts = NetworksOfHosts(self.context, self.networks)
        self.hosts = Hosts(
            self.context,
            self.networks,
            self.networks_of_hosts,
            claim=self.queue.claim,
            put_back=self.queue.put_back,
            heard=lambda hand, message: self.reports.heard(hand, message),
            started=lambda hand: self.reports.started(hand),
            gone=lambda hand, death: self.reports.ended(hand, death),
            spoiled=lambda hand, why: self.reports.spoiled(hand, why),
        )
        self.archives = ArchiveTurn(
            self.context,
            self.queue,
            self.disk,
            not_held=self.outcomes.not_held,
            ready=lambda: self.dispatcher.dispatch(),
        )
        self.dispatcher = Dispatcher(
            self.context,
            self.pool,
            self.hosts,
            self.queue,
            self.extraction,
            self.networks,
            self.disk,
            self.first_way,
            self.archives,
        )
        self.reports: Reports = Reports(
            self.context,
            self.outcomes,
            self.extraction,
            self.dispatcher,
            self.disk,
            self.archives,
            self.networks_of_hosts,
            self.settled.append,
        )
        self.checks = Checks(
            self.context,
            self.networks,
            witnesses=lambda: self.outcomes.suspicion.came,
            let_go=lambda name: self.dispatcher.let_go_of_all(name),
            ask=self._ask,
        )
        self.commands = Commands(
            self.context,
            self.pool,
            self.queue,
            self.extraction,
            self.networks,
            self.disk,
            self.dispatcher,
            self.checks,
            self.hosts,
        )
        self.pool.resize(self.context.options.workers)

    def _clock(self) -> float:
        return self.now

    def _look(self, way: Way, given_as: str) -> Network:
        return self.network if way.kind is NetworkKind.DEFAULT_ROUTE else network_of(way, given_as)

    async def _ask(
        self, options: Options, route: Route, youtube_id: str, *, media: bool = False
    ) -> CheckAnswer:
        self.asked.append((options, route, youtube_id))
        await asyncio.sleep(0)  # an answer takes its time
        return self.answer

    def told(self, kind: type[_E]) -> list[_E]:
        """The events of one kind, in the order they came."""
        return [event for event in self.events if isinstance(event, kind)]

    def hand_out(self) -> list[tuple[Slot, ClipRow]]:
        """Hand out what may be handed out; every worker with a clip in its hand, and the clip."""
        self.dispatcher.dispatch()
        return [(slot, slot.row) for slot in self.pool.slots.values() if slot.row is not None]

    def take(self) -> tuple[Slot, ClipRow]:
        """Hand out, and take the first clip that is in hand out of its worker's hand: it is settled next."""
        slot, row = self.hand_out()[0]
        slot.release()
        return slot, row

    def sent(self, number: int) -> list[ToWorker]:
        """What a worker was sent so far."""
        return self.pool.lines[number].sent
