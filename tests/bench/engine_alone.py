"""A real engine whose workers take no time for a clip, as a program of its own.

Its ledger, its event loop, its socket for views, its pool and its worker processes are real; the clips
are not. It waits for all workers and for a view, and when every clip is settled it prints as JSON what
that took.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

import msgspec
import psutil

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import Clock
from kinetics_tui.engine.engine import Engine
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.engine.process.server import Server
from kinetics_tui.model.commands import Pause, Resume, UseNetworks
from kinetics_tui.model.events import AnyEvent, ClipDone, ClipFailed, Phase
from kinetics_tui.model.network import Way
from tests.bench.instant import instant_worker
from tests.bench.memory import peak_bytes

HOME = Network(name="192.168.1.23", label="wlan0 192.168.1.23")
POLL_S = 0.05
LATE_EVERY_S = 0.05


class Took(msgspec.Struct, frozen=True):
    """What the engine took for its clips, from handing out the first to writing the last into its ledger.

    ``cpu_s`` and ``peak_bytes`` are of its process alone, without workers, gate and views.
    """

    clips: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    held_up_s: float = 0.0
    """The longest time that its event loop came late."""
    middle_per_s: float = 0.0
    """Clips a second between the first fifth and the last."""
    gate_cpu_s: float = 0.0
    """What the gate took meanwhile, where hosts come in."""


class _Watch:
    """Hears every event on its way to the views, and ends the engine with the last clip."""

    def __init__(self, server: Server, ledger: Ledger) -> None:
        self.engine: Engine | None = None
        self.clips = 0
        self.held_up_s = 0.0
        self.times: list[float] = []
        self.wall_s = self.cpu_s = 0.0
        self._server = server
        self._ledger = ledger
        self.gate_cpu_s = 0.0
        self._began = (0.0, 0.0)

    def hear(self, event: AnyEvent) -> None:
        self._server.broadcast(event)
        if isinstance(event, ClipDone | ClipFailed):
            self.clips += 1
            self.times.append(time.perf_counter())
            if self.engine is not None and self.engine.state.left == 0:
                self._ledger.flush()
                self.wall_s = time.perf_counter() - self._began[0]
                self.cpu_s = time.process_time() - self._began[1]
                self.gate_cpu_s += _gate_cpu_s()
                self.engine.stop()

    async def begin(self, engine: Engine, workers: int, hosts: int) -> None:
        """Let the clips go when everybody is there, to hosts alone where there are any."""
        while not (self._server.views and _ready(engine) == workers and engine.state.hosts_here == hosts):
            await asyncio.sleep(POLL_S)
        if hosts:
            reply = engine.obey(UseNetworks(ways=tuple(engine.state.hosts)))
            assert reply.ok, reply.message
        self.gate_cpu_s = -_gate_cpu_s()
        self._began = time.perf_counter(), time.process_time()
        engine.obey(Resume())

    async def watch_loop(self) -> None:
        """See how late the event loop comes."""
        while True:
            due = time.perf_counter() + LATE_EVERY_S
            await asyncio.sleep(LATE_EVERY_S)
            if self._began != (0.0, 0.0):
                self.held_up_s = max(self.held_up_s, time.perf_counter() - due)

    @property
    def middle_per_s(self) -> float:
        """Clips a second between the first fifth and the last."""
        fifth = len(self.times) // 5
        took_s = self.times[-fifth - 1] - self.times[fifth]
        return (len(self.times) - 2 * fifth - 1) / took_s if fifth else 0.0


def _gate_cpu_s() -> float:
    """Of the processor's time the share of the gate, if there is one."""
    children = psutil.Process().children()
    gates = [one for one in children if any("gate_program" in word for word in one.cmdline())]
    return sum(one.cpu_times().user + one.cpu_times().system for one in gates)


def _ready(engine: Engine) -> int:
    return sum(worker.phase is Phase.IDLE for worker in engine.state.workers.values())


async def _run(dataset: Path, hosts: int = 0, workers_a_host: int = 0) -> Took:
    clock = Clock()
    with Ledger.open(dataset) as ledger:
        server = Server(lambda command: engine.obey(command), lambda: engine.state.as_events())
        watch = _Watch(server, ledger)
        engine = watch.engine = Engine(
            dataset,
            ledger,
            ways=Ways([Way()], look=lambda way, given_as: HOME, discover=list),
            broadcast=watch.hear,
            watchers=lambda: server.views,
            clock=clock,
            clock_set_by=clock.follow,
            target=instant_worker,
        )
        await engine.open()
        await server.open(socket_paths(dataset))
        engine.obey(Pause())
        everybody = ledger.options.workers + hosts * workers_a_host
        beginning = asyncio.create_task(watch.begin(engine, everybody, hosts))
        watching = asyncio.create_task(watch.watch_loop())
        try:
            await engine.run()
            await beginning
        finally:
            watching.cancel()
            await server.close()
        if engine.state.left:
            raise AssertionError(f"{engine.state.left} clips are left")
    return Took(
        watch.clips,
        watch.wall_s,
        watch.cpu_s,
        peak_bytes(),
        watch.held_up_s,
        watch.middle_per_s,
        watch.gate_cpu_s,
    )


def main() -> None:
    """Run one engine on a dataset whose ledger is there already."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--hosts", type=int, default=0)
    parser.add_argument("--workers-a-host", type=int, default=0)
    given = parser.parse_args()
    took = asyncio.run(_run(given.dataset, given.hosts, given.workers_a_host))
    sys.stdout.write(f"{msgspec.json.encode(took).decode()}\n")
