"""Harms a run over several machines at random: its engine, its hosts, their workers, the lines between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.cli.command_line import BAD_INPUT
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.engine.process.address import read_whereabouts
from kinetics_tui.model.commands import AdmitHost, AnyCommand, Pause, RemoveHost, Resume, SetHostWorkers
from tests.host_program import HostPrograms
from tests.program import Program
from tests.relay import Relay
from tests.torture.chaos import family
from tests.waiting import is_left, until

COMES_BACK_WITHIN_S = 90.0
ENDS_WITHIN_S = 60.0

HARMS = {
    "kill a host": 5,
    "kill a host's main process": 3,
    "kill a host's worker": 8,
    "freeze a host": 4,
    "cut a line": 5,
    "stall a line": 4,
    "kill the engine": 3,
    "freeze the engine": 3,
    "kill a worker of the engine": 4,
    "remove a host": 2,
    "set workers": 4,
    "pause": 2,
}
"""All that is done, and how often."""


class HostChaos:
    """A run with hosts, and one who harms it in an order by ``seed``; a context manager.

    The hosts ``in_place`` put their results into the dataset folder, all others send them over the line.
    ``longest_s`` is how long a host is frozen, or its line cut or stalled, at the longest.
    """

    def __init__(
        self,
        program: Program,
        hosts: HostPrograms,
        port: int,
        names: Sequence[str],
        *,
        in_place: Sequence[str],
        seed: int,
        every_s: tuple[float, float],
        longest_s: float,
    ) -> None:
        self.done: Counter[str] = Counter()
        self.starts = 0
        self._program = program
        self._hosts = hosts
        self._port = port
        self._names = names
        self._in_place = in_place
        self._chance = random.Random(seed)
        self._every_s = every_s
        self._longest_s = longest_s
        self._relays: dict[str, Relay] = {}
        self._files: dict[str, Path] = {}
        self._healings: list[tuple[float, str, Callable[[], None]]] = []
        self._view: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = (program.folder / "views.log").open("ab")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for name in self._names:
            self._relays[name] = self._stack.enter_context(Relay(self._port))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if self._view is not None:
            self._view.kill()
            self._view.wait()
        self._log.close()

    # -- the run -------------------------------------------------------------------------------------

    def start(self, *flags: str) -> None:
        """Have the run begin, and all its hosts."""
        self._run(*flags)
        for name in self._names:
            relay = f"127.0.0.1:{self._relays[name].port}"
            self._files[name] = self._hosts.connect_file(name, through=relay, in_place=name in self._in_place)
            self._start_host(name)
        self.all_here()

    def _run(self, *flags: str) -> None:
        self._view = subprocess.Popen(
            [sys.executable, "-m", "kinetics_tui", "run", str(self._program.dataset), "--headless", *flags],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.starts += 1
        until(self._program.is_running, COMES_BACK_WITHIN_S)

    def _start_host(self, name: str) -> None:
        address = f"127.0.0.{self._names.index(name) + 2}"
        self._hosts.start(name, address, file=self._files[name])

    def all_here(self) -> None:
        """Wait until every host is at work."""
        until(lambda: all(self._hosts.is_here(name) for name in self._names), COMES_BACK_WITHIN_S, 0.3)

    def _left(self) -> int:
        try:
            with Ledger.open(self._program.dataset, read_only=True) as ledger:
                return sum(split.left for split in ledger.split_counts())
        except DatasetError:
            return 1

    def _ask(self, command: AnyCommand) -> bool:
        with suppress(EngineError):
            ask(self._program.dataset, command)
            return True
        return False

    # -- the harm ------------------------------------------------------------------------------------

    def rage(self, *, rounds: int | None = None, within_s: float = 3600.0, leave: int = 0) -> None:
        """Do harm so many ``rounds``, or for so long, or until no more than ``leave`` clips are left."""
        deadline = time.monotonic() + within_s
        for harm in islice(self._order(), rounds):
            if time.monotonic() > deadline or self._left() <= leave:
                return
            self._harm(harm)
            self._wait(self._chance.uniform(*self._every_s))

    def _order(self) -> Iterator[str]:
        """Each once, then by chance."""
        yield from self._chance.sample(list(HARMS), len(HARMS))
        while True:
            yield from self._chance.choices(list(HARMS), list(HARMS.values()))

    def _harm(self, harm: str) -> None:
        whole = [name for name in self._names if name not in {whose for _, whose, _ in self._healings}]
        if not whole:
            return
        name = self._chance.choice(whole)
        seconds = self._chance.uniform(1.0, self._longest_s)
        relay = self._relays[name]
        match harm:
            case "kill a host":
                self._hosts.kill(name)
                self._later(self._chance.uniform(0.0, 3.0), name, lambda: self._start_host(name))
            case "kill a host's main process":
                main = self._hosts.running.pop(name)
                main.kill()
                main.wait()
                self._later(self._chance.uniform(0.0, 3.0), name, lambda: self._start_host(name))
            case "kill a host's worker":
                for process in self._hosts.family(name)[-1:]:
                    with suppress(OSError):
                        os.kill(process.pid, signal.SIGKILL)
            case "freeze a host":
                self._hosts.signal(name, signal.SIGSTOP)
                self._later(seconds, name, lambda: self._hosts.signal(name, signal.SIGCONT))
            case "cut a line":
                relay.cut()
                self._later(seconds, name, relay.heal)
            case "stall a line":
                relay.stall()
                self._later(seconds, name, relay.heal)
            case "kill the engine":
                self._kill_engine()
            case "freeze the engine":
                self._freeze_engine(seconds)
            case "kill a worker of the engine":  # one that looks at what comes from hosts, or its own
                workers = [pid for pid, what in family(self._engine()) if what == "worker"]
                with suppress(ProcessLookupError):
                    os.kill(self._chance.choice(workers), signal.SIGKILL)
            case "remove a host":
                self._remove(name)
            case "set workers":
                self._ask(SetHostWorkers(host=name, workers=self._chance.randint(1, 4)))
            case "pause":
                self._ask(Pause(now=self._chance.random() < 0.5))
                self._wait(self._chance.uniform(0.2, 2.0))
                until(lambda: self._ask(Resume()))
        self.done[harm] += 1

    def _engine(self) -> psutil.Process:
        whereabouts = read_whereabouts(self._program.dataset)
        assert whereabouts is not None
        return psutil.Process(whereabouts.pid)

    def _freeze_engine(self, seconds: float) -> None:
        engine = self._engine()
        engine.suspend()
        self._wait(seconds)
        engine.resume()

    def _kill_engine(self) -> None:
        assert self._view is not None
        self._engine().kill()
        self._view.wait(ENDS_WITHIN_S)
        until(lambda: is_left(self._program.dataset))
        self._wait(self._chance.uniform(0.0, 3.0))
        self._run()

    def _remove(self, name: str) -> None:
        if not self._ask(RemoveHost(host=name)):
            return
        process = self._hosts.running.pop(name)
        assert process.wait(ENDS_WITHIN_S) == BAD_INPUT  # it may not take part any more
        until(lambda: self._ask(AdmitHost(host=name)))
        self._start_host(name)

    def _later(self, seconds: float, name: str, heal: Callable[[], None]) -> None:
        self._healings.append((time.monotonic() + seconds, name, heal))

    def _wait(self, seconds: float) -> None:
        """Let time pass, healing what is due."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            due = [healing for healing in self._healings if healing[0] <= now]
            self._healings = [healing for healing in self._healings if healing[0] > now]
            for _, _, heal in due:
                heal()
            if now >= end:
                return
            time.sleep(min(0.05, end - now))

    # -- the end -------------------------------------------------------------------------------------

    def finish(self, within_s: float) -> dict[str, int]:
        """Heal all, and wait until the run and its hosts have ended by themselves: exit codes of hosts."""
        assert self._view is not None
        until(lambda: self._ask(Pause()))  # so that none misses the end
        for _, _, heal in self._healings:
            heal()
        self._healings.clear()
        self.all_here()
        until(lambda: self._ask(Resume()))
        assert self._view.wait(within_s) == 0
        return self._hosts.ended(ENDS_WITHIN_S)
