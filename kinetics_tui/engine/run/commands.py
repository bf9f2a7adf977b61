"""The commands of users: each is carried out on the parts of the engine, or refused in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kinetics_tui.base.errors import UserError
from kinetics_tui.base.words import DAY_S
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.hosts import Hosts
from kinetics_tui.engine.networks.checks import Checks
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.run.disk import DiskWatch
from kinetics_tui.engine.run.dispatch import Dispatcher
from kinetics_tui.engine.run.extraction import Extraction
from kinetics_tui.engine.run.queue import ClipQueue
from kinetics_tui.engine.workers.pool import Pool
from kinetics_tui.model.commands import (
    AddNetwork,
    AdmitHost,
    AnyCommand,
    CheckNetwork,
    ForgetNetwork,
    Pause,
    Ping,
    ProbeNow,
    RemoveHost,
    Reply,
    Resume,
    Retry,
    SetHostWorkers,
    SetPace,
    SetWorkers,
    Stop,
    Subscribe,
    SwitchNetwork,
    SwitchSplit,
    UseNetworks,
    WaitLonger,
    WantExtras,
)
from kinetics_tui.model.events import SplitSwitched
from kinetics_tui.model.network import check_name, parse_way
from kinetics_tui.model.options import WORKERS, PaceLimit, Preset

LONGEST_WAIT_S = 30 * DAY_S
NONE_FAILED = "No clip that was meant stands as failed."


@dataclass(eq=False)
class Commands:
    """Carries out commands on the parts of an engine; ``paused`` is what they left."""

    _context: RunContext
    _pool: Pool
    _queue: ClipQueue
    _extraction: Extraction
    _networks: Networks
    _disk: DiskWatch
    _dispatcher: Dispatcher
    _checks: Checks
    _hosts: Hosts
    paused: bool = field(default=False, init=False)

    def obey(self, command: AnyCommand) -> Reply:
        """Carry a command out, or say in one sentence why not; nothing is changed then."""
        now = self._context.clock()
        try:
            if isinstance(command, Retry):
                return self._retry(command)
            refusal = self._obey(command, now)
        except UserError as error:
            refusal = str(error)
        self._dispatcher.held = self.paused or self._context.stopping
        return Reply(id=command.id, ok=not refusal, message=refusal)

    def stop(self) -> None:
        """Hand out no more, and end."""
        self._context.stopping = True
        self._dispatcher.held = True

    def _obey(self, command: AnyCommand, now: float) -> str:
        match command:
            case Pause(now=at_once):
                self.paused = True
                if at_once:
                    self._dispatcher.let_go_of_all()
            case Resume():
                self.paused = False
                self._disk.look_again()
                self._dispatcher.try_login()
                self._networks.ask_again(now)
            case Stop():
                self.stop()
            case SetWorkers(workers=workers):
                return self._set_workers(workers)
            case SetPace(per_hour=per_hour):
                return self._set_pace(per_hour, now)
            case WantExtras(extras=wanted):
                self._context.change_options(extras=self._extraction.next_extras(wanted))
                self._extraction.restart()
            case SwitchSplit(split=split, enabled=enabled):
                return self._switch_split(split, enabled, now)
            case ProbeNow(network=name):
                if not self._networks.probe_now(now, name):
                    return "Nothing to probe: the network is not cooling down."
            case WaitLonger(seconds=seconds, network=name):
                if not 0 < seconds <= LONGEST_WAIT_S or not self._networks.wait_longer(seconds, now, name):
                    return "Nothing to wait for: the network is not cooling down."
            case SwitchNetwork(way=text, finish=finish):
                if self._networks.ways.in_use == (self._networks.ways.find(text),):
                    return f"The run goes out by {self._networks.current.label} already."
                return self._use([text], now, finish=finish)
            case UseNetworks(ways=texts, finish=finish):
                return self._use(texts, now, finish=finish)
            case AddNetwork(way=text, given_as=given_as, same=same):
                self._networks.ways.add(parse_way(text), check_name(given_as), same)
                self._networks.keep_ways()
                self._networks.list(now)
            case ForgetNetwork(name=name):
                self._networks.ways.forget(name)
                self._networks.keep_ways()
                self._networks.list(now)
            case CheckNetwork(name=name):
                return self._check_network(name)
            case SetHostWorkers(host=host, workers=workers):
                return self._hosts.set_workers(host, workers)
            case RemoveHost(host=host):
                return self._hosts.remove(host)
            case AdmitHost(host=host):
                return self._hosts.admit(host)
            case Retry() | Subscribe() | Ping():
                pass  # answered by ``obey``, and by the server
        return ""

    def _set_workers(self, workers: int) -> str:
        if not WORKERS[0] <= workers <= WORKERS[1]:
            return f"The number of workers is {WORKERS[0]} to {WORKERS[1]}, not {workers}."
        self._context.change_options(workers=workers)
        self._pool.resize(workers)
        return ""

    def _set_pace(self, pace: PaceLimit, now: float) -> str:
        if not isinstance(pace, Preset | None) and not pace > 0:
            return "The pace is a number of clips an hour above 0."
        self._context.change_options(pace_per_hour=pace)
        self._networks.set_pace(pace, now)
        self._dispatcher.forget_waiting()
        return ""

    def _use(self, texts: Sequence[str], now: float, *, finish: bool) -> str:
        networks = self._networks
        before = networks.routes
        ways = networks.ways.find_all(texts)
        if not ways:
            return "No network is named: a run goes out by one at least."
        if set(ways) == set(networks.ways.in_use):
            return ""
        networks.switch(ways, now)
        if not finish:
            for name, route in before.items():
                if networks.routes.get(name) != route:
                    self._dispatcher.let_go_of_all(name)
        return ""

    def _check_network(self, name: str) -> str:
        ways = self._networks.ways
        network = ways.lead(ways.find(name))
        if not network.present:
            return f"{network.label} leads nowhere now: connect it, then check."
        return self._checks.check(network)

    def _switch_split(self, split: str, enabled: bool, now: float) -> str:
        if split not in self._context.state.splits:
            return (
                f"There is no split {split} in this run; there are {', '.join(self._context.state.splits)}."
            )
        self._context.ledger.set_split_enabled(split, enabled)
        self._context.publish(SplitSwitched(at=now, split=split, enabled=enabled))
        self._queue.restart()
        return ""

    def _retry(self, asked: Retry) -> Reply:
        counts = self._context.ledger.retry_failed(asked.categories, asked.labels, asked.clip_ids)
        if not counts:
            return Reply(id=asked.id, ok=False, message=NONE_FAILED)
        by_category = self._context.reopen(counts)
        self._queue.restart()
        number = by_category.total()
        message = f"{number:,} clips are pending again." if number > 1 else "The clip is pending again."
        return Reply(id=asked.id, ok=True, message=message, retried=dict(by_category))
