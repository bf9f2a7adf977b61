"""Kills parts of a run at random, and starts again what people would start again."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import scratch_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.client.ask import is_running
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import read_whereabouts
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.state import RunState
from tests.terminal_child import TerminalChild

MARK = "TORTURED_RUN"
"""In the environment of every process of a tortured run: what has it belongs to the run."""
COMES_UP_WITHIN_S = 60.0
ENDS_WITHIN_S = 30.0
GLANCE_S = 0.0005
MOMENT_WITHIN_S = 1.0

VICTIMS = {
    "worker": 50,
    "worker that writes": 10,
    "workers at a rename": 6,
    "forkserver": 3,
    "resource tracker": 1,
    "record writer": 4,
    "engine": 8,
    "process group": 2,
    "view": 6,
    "app": 6,
    "terminal": 4,
}
"""Who is chosen, and how often. A terminal is closed, everybody else gets a signal."""


class Chaos:
    """Everything that runs on ``dataset``, and one who kills it: with these signals, in an order by ``seed``.

    ``mark`` is what ``MARK`` says in this process' environment. A context manager; at its end the views
    that are left are ended.
    """

    def __init__(
        self,
        dataset: Path,
        *,
        mark: str,
        seed: int,
        signals: Sequence[signal.Signals],
        every_s: tuple[float, float] = (0.2, 1.0),
    ) -> None:
        self.done: Counter[str] = Counter()
        """What was done to whom, and how often: ``SIGKILL worker``."""
        self.starts = 0
        self._dataset = dataset
        self._mark = mark
        self._chance = random.Random(seed)
        self._signals = signals
        self._every_s = every_s
        self._apps: list[TerminalChild] = []
        self._views: list[subprocess.Popen[bytes]] = []
        self._log: IO[bytes] = (dataset.parent / "views.log").open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for app in self._apps:
            app.close()
        for view in self._views:
            view.kill()
            view.wait()
        self._log.close()

    # -- the killing --------------------------------------------------------------------------------

    def rage(self, *, rounds: int | None = None, within_s: float = 3600.0) -> None:
        """Do harm until every clip is settled, or so many ``rounds`` are over, or the time is up."""
        deadline = time.monotonic() + within_s
        for victim in islice(self._victims(), rounds):
            if time.monotonic() > deadline or not self._left():
                return
            self._start_what_is_missing()
            self._harm(victim)
            self._wait(self._chance.uniform(*self._every_s))

    def _victims(self) -> Iterator[str]:
        """Each once, then by chance."""
        yield from self._chance.sample(list(VICTIMS), len(VICTIMS))
        while True:
            yield from self._chance.choices(list(VICTIMS), list(VICTIMS.values()))

    def _harm(self, victim: str) -> None:
        number = self._chance.choice(self._signals)
        if victim == "terminal":
            for app in self._apps[:1]:
                app.hang_up()
                self._note("closed", victim)
                app.exit_code(ENDS_WITHIN_S)
                self._apps.remove(app)
            return
        if victim == "process group":
            if (engine := self.engine()) is not None:
                with suppress(ProcessLookupError):
                    os.killpg(engine.pid, number)  # it leads a session of its own
                    self._note(number.name, victim)
            return
        if victim == "worker that writes":
            self._wait_for(lambda: bool(self._clips_in_the_making()))
        elif victim == "workers at a rename":
            self._wait_for(self._one_was_renamed)
        found = list(self._find(victim))
        if victim != "workers at a rename" and found:
            found = [self._chance.choice(found)]
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
                self._note(number.name, victim)

    def _note(self, harm: str, victim: str) -> None:
        self.done[f"{harm} {victim}"] += 1

    def _find(self, victim: str) -> Iterator[int]:
        """The pids of all such victims."""
        if victim == "app":
            yield from (app.pid for app in self._apps if app.pid)
        elif victim == "view":
            yield from (view.pid for view in self._views if view.poll() is None)
        elif (engine := self.engine()) is not None:
            if victim == "engine":
                yield engine.pid
            else:
                yield from (pid for pid, what in family(engine) if victim.startswith(what))

    def engine(self) -> psutil.Process | None:
        """The engine's process, None where there is none."""
        whereabouts = read_whereabouts(self._dataset)
        if whereabouts is None:
            return None
        with suppress(psutil.Error):
            engine = psutil.Process(whereabouts.pid)
            if "kinetics_tui.engine" in engine.cmdline():
                return engine
        return None

    # -- the right moment ---------------------------------------------------------------------------

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + MOMENT_WITHIN_S
        while not condition() and time.monotonic() < deadline:
            time.sleep(GLANCE_S)

    def _clips_in_the_making(self) -> set[Path]:
        with suppress(OSError):  # folders come and go
            return set(scratch_path(self._dataset).glob("*/*/*.mp4"))
        return set()

    def _one_was_renamed(self) -> bool:
        before = self._clips_in_the_making()
        time.sleep(GLANCE_S)
        return bool(before - self._clips_in_the_making())

    # -- what people would do -----------------------------------------------------------------------

    def _left(self) -> int:
        try:
            with Ledger.open(self._dataset, read_only=True) as ledger:
                return sum(split.left for split in ledger.split_counts())
        except DatasetError:  # a run that was killed before it made its ledger
            return 1

    def _start_what_is_missing(self) -> None:
        self._views = [view for view in self._views if view.poll() is None]
        self._apps = [app for app in self._apps if not _has_ended(app)]
        deadline = time.monotonic() + COMES_UP_WITHIN_S
        while not is_running(self._dataset):
            assert time.monotonic() < deadline, "the engine does not come up again"
            starting = self._view("run")
            self.starts += 1
            while starting.poll() is None and not is_running(self._dataset):
                assert time.monotonic() < deadline, "the engine does not come up again"
                time.sleep(0.02)
        if len(self._views) < 2:
            self._view("attach")
        if not self._apps:
            self._apps.append(TerminalChild("kinetics_tui", ["attach", str(self._dataset)], columns=120))

    def _view(self, command: str) -> subprocess.Popen[bytes]:
        view = subprocess.Popen(
            [sys.executable, "-m", "kinetics_tui", command, str(self._dataset), "--headless"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self._views.append(view)
        return view

    def _wait(self, seconds: float) -> None:
        """Let time pass, looking at what the apps paint."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for app in self._apps:
                with suppress(OSError):  # it has ended
                    app.forget()
            select.select([], [], [], min(left, 0.05))

    # -- the end ------------------------------------------------------------------------------------

    def finish(self, within_s: float) -> RunState:
        """Kill no more: the run as the engine tells it once every clip is settled."""
        deadline = time.monotonic() + within_s
        while True:
            assert time.monotonic() < deadline, f"{self._left()} clips are left"
            self._start_what_is_missing()
            state = asyncio.run(self._follow(deadline - time.monotonic()))
            if state is not None:
                return state

    async def _follow(self, within_s: float) -> RunState | None:
        client = EngineClient(self._dataset)
        async with asyncio.timeout(max(0.1, within_s)):
            async for _ in client.events():
                for app in self._apps:
                    with suppress(OSError):
                        app.forget()
                if client.state.status is EngineStatus.DONE:
                    return client.state
        return None

    def leave(self) -> None:
        """Leave every view: the engine is through, and goes."""
        for app in self._apps:
            app.hang_up()
            app.exit_code(ENDS_WITHIN_S)
        for view in self._views:
            view.wait(ENDS_WITHIN_S)
        self._apps, self._views = [], []
        deadline = time.monotonic() + ENDS_WITHIN_S
        while left := left_behind(self._dataset, self._mark):
            assert time.monotonic() < deadline, f"left behind: {left}"
            time.sleep(0.1)


def family(engine: psutil.Process) -> Iterator[tuple[int, str]]:
    """The pids of the processes below an engine, each with what it is."""
    forkservers = set()
    with suppress(psutil.Error):
        for child in engine.children(recursive=True):  # parents come first
            with suppress(psutil.Error):
                command, parent = " ".join(child.cmdline()), child.ppid()
                if "multiprocessing.forkserver" in command and parent == engine.pid:
                    forkservers.add(child.pid)
                    yield child.pid, "forkserver"
                elif parent in forkservers:  # and not what a worker is about to start, which looks like it
                    yield child.pid, "worker"
                elif "resource_tracker" in command:
                    yield child.pid, "resource tracker"
                elif "kinetics_tui.dataset.stats_csv" in command:
                    yield child.pid, "record writer"


def left_behind(dataset: Path, mark: str) -> list[psutil.Process]:
    """The processes that belong to a run, by their environment or by what they were told."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ours = str(dataset) in process.cmdline() or process.environ().get(MARK) == mark
            if ours and process.pid != os.getpid():
                found.append(process)
    return found


def _has_ended(app: TerminalChild) -> bool:
    pid, _ = os.waitpid(app.pid, os.WNOHANG)
    if pid:
        app.pid = 0
        app.close()
    return bool(pid)
