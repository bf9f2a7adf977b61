"""The pool: worker processes in numbered slots, watched, killed and replaced.

Workers come from a forkserver that has yt-dlp and PyAV loaded, so a new one costs milliseconds. Each
has a socket pair of its own: what a killed worker leaves half-written spoils nobody else's line.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from multiprocessing.util import Finalize, get_temp_dir
from pathlib import Path
from typing import NamedTuple

from kinetics_tui.base.any_text import JsonReader, to_json
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Assign, Cancel, FromWorker, Ready, ToWorker
from kinetics_tui.engine.workers.start import WORKER_MODULE, WorkerTarget, run_worker
from kinetics_tui.model.options import Options

RENEW_AFTER_CLIPS = 500
"""A worker is replaced after this many clips: what its libraries leak goes with it."""
MAX_LINE_BYTES = 1 << 20
RESPAWN_STEPS_S = (0.0, 0.0, 0.5, 2.0, 10.0, 30.0)
"""Waits before a slot whose workers die before they are ready is filled again."""

_OWN_FAULTS = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGABRT,
        signal.SIGTRAP,
        signal.SIGSYS,
    }
)
"""The signals that a process brings upon itself; every other signal is sent by somebody else."""
_NOT_KNOWN = 255
"""The exit code that multiprocessing gives a process whose forkserver is gone."""

log = logging.getLogger(__name__)

_decoder = JsonReader[FromWorker](FromWorker)


def load_workers(folder: Path | None) -> None:
    """Begin to load what workers are made from, in the process that they come from; returns at once.

    It takes about as long as the engine itself takes to get ready. The socket that it is asked by is put into
    ``folder``, which goes with this process; None: where the system's settings have it.
    """
    if folder is not None:
        usual, tempfile.tempdir = tempfile.tempdir, str(folder)
        get_temp_dir()  # multiprocessing makes one, once, and removes it at priority -100
        tempfile.tempdir = usual
        Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-101)
    _forkserver()
    with suppress(OSError):  # no process is to be had: the pool tries again, and tells of it
        forkserver.ensure_running()


def _forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WORKER_MODULE])
    return context


def _one_thread() -> ThreadPoolExecutor:
    """The thread that starts workers.

    Multiprocessing keeps its bookkeeping in globals, so one thread does it all.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="start-worker")


class Death(NamedTuple):
    """The end of a worker that nobody asked for, in a few words.

    ``from_outside``: somebody else ended it (a person, the system when memory ran out), which says
    little about the clip in its hand.
    """

    how: str
    from_outside: bool


class Slot(Hand, asyncio.Protocol):
    """One numbered place in the pool: a worker process, its line, and the clip in its hand."""

    def __init__(self, number: int, pool: Pool) -> None:
        super().__init__(number)
        self.outdated = False
        """What it was made from is not the newest any more."""
        self.scratch = pool.scratch
        self._pool = pool
        self._process: ForkServerProcess | SpawnProcess | None = None
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._garbled = False

    def _begin(self, work: Assign) -> None:
        self._send(work)

    def _cancel(self, *, network_only: bool) -> None:
        self._send(Cancel(network_only=network_only))

    def kill(self) -> None:
        """End the process at once; the pool hears of its death and replaces it."""
        self.dying = True
        if self._process is not None:
            self._process.kill()

    def dismiss(self) -> None:
        """Let the process go for good, killing it if need be; nobody replaces it."""
        self.leaving = True
        self.kill()

    def _send(self, message: ToWorker) -> None:
        if self._transport is not None:
            self._transport.write(to_json(message) + b"\n")

    # -- the line ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._garbled:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                message = _decoder.decode(line)
            except (ValueError, RecursionError):  # the msgspec.DecodeError among them
                # A worker that talks nonsense is not to be trusted with a clip.
                self._garbled = True
                self.kill()
                return
            if isinstance(message, Ready):
                self.ready = True
            self._pool.on_message(self, message)
        if len(self._rest) > MAX_LINE_BYTES:
            self._garbled = True
            self.kill()

    # -- the process ------------------------------------------------------------------------------

    def start(self, child: socket.socket, options: Options, dataset: Path) -> None:
        """Start the process (blocking: some milliseconds, the first time as long as the imports take)."""
        self.scratch = self._pool.scratch / f"{self.number}-{time.monotonic_ns()}"
        process = self._pool.context.Process(
            target=self._pool.target, args=(child, options, dataset, self.scratch), daemon=True
        )
        process.start()
        self._process = process
        self.pid = process.pid or 0

    @property
    def sentinel(self) -> int:
        """A descriptor that becomes readable when the process is gone."""
        assert self._process is not None
        return self._process.sentinel

    def bury(self) -> Death:
        """Clean up after the process; says how it ended."""
        assert self._process is not None
        self._process.join(timeout=1.0)
        code = self._process.exitcode
        self._process.close() if code is not None else None
        self._process = None
        if self._transport is not None:
            self._transport.abort()
        shutil.rmtree(self.scratch, ignore_errors=True)
        if code is None or code == _NOT_KNOWN:
            return Death("lost with the process that started it", from_outside=True)
        if code >= 0:
            return Death(f"exit code {code}", from_outside=False)
        return Death(f"killed by signal {-code}", from_outside=-code not in _OWN_FAULTS and not self.dying)


class Pool:
    """Keeps ``size`` workers alive; each begins with the ``options`` that are in force then.

    ``on_message`` is called for every line from a worker, ``on_started`` when a slot has a new
    process, ``on_gone(slot, death)`` when a process ended, with its clip still in ``slot.row``;
    ``death`` is None where it was meant to.
    """

    def __init__(
        self,
        *,
        dataset: Path,
        scratch: Path,
        options: Callable[[], Options],
        on_message: Callable[[Slot, FromWorker], None],
        on_started: Callable[[Slot], None],
        on_gone: Callable[[Slot, Death | None], None],
        target: WorkerTarget = run_worker,
    ) -> None:
        self.scratch = scratch
        self._options = options
        self.on_message = on_message
        self.target = target
        self.slots: dict[int, Slot] = {}
        self.context: ForkServerContext | SpawnContext = _forkserver()
        self._dataset = dataset
        self.size = 0
        self._on_started = on_started
        self._on_gone = on_gone
        self._starter = _one_thread()
        self._tasks: set[asyncio.Task[None]] = set()
        self._early_deaths: dict[int, int] = {}
        self._not_started_why = ""

    @property
    def problem(self) -> str:
        """One plain sentence while there are no workers since none could be started, else empty."""
        return "" if any(slot.ready for slot in self.slots.values()) else self._not_started_why

    def resize(self, size: int) -> None:
        """Run with so many workers. Idle ones beyond go at once, busy ones after their clip."""
        self.size = size
        for number in range(1, size + 1):
            slot = self.slots.get(number)
            if slot is None:
                self._fill(number)
            elif slot.leaving and not slot.dying:
                slot.leaving = False
        for number, slot in list(self.slots.items()):
            if number > size:
                slot.retire()

    def renew(self) -> None:
        """Replace every worker by one that loads its libraries afresh, busy ones after their clip."""
        # The forkserver holds the old ones for ever, and ends all its workers if it is ended itself.
        self.context = multiprocessing.get_context("spawn")
        for slot in list(self.slots.values()):
            slot.outdated = True
            if slot.ready:
                self.renew_if_old(slot)

    def renew_if_old(self, slot: Slot) -> bool:
        """Replace a worker that has made its share of clips, or is outdated. True where it goes."""
        if (slot.outdated or slot.clips >= RENEW_AFTER_CLIPS) and slot.row is None:
            slot.retire()
            return True
        return False

    async def close(self) -> None:
        """End every worker and wait until each is gone."""
        self.size = 0
        for slot in list(self.slots.values()):
            slot.dismiss()
        for _ in range(100):
            if not self.slots and not self._tasks:
                break
            await asyncio.sleep(0.02)
        for task in list(self._tasks):
            task.cancel()
        self._starter.shutdown(wait=False)

    def _fill(self, number: int) -> None:
        slot = Slot(number, self)
        self.slots[number] = slot
        task = asyncio.create_task(self._start(slot))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, slot: Slot) -> None:
        deaths = self._early_deaths.get(slot.number, 0)
        await asyncio.sleep(RESPAWN_STEPS_S[min(deaths, len(RESPAWN_STEPS_S) - 1)])
        loop = asyncio.get_running_loop()
        try:
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    await loop.run_in_executor(
                        self._starter, slot.start, theirs, self._options(), self._dataset
                    )
                except BaseException:
                    ours.close()
                    raise
        except (OSError, EOFError, RuntimeError) as error:  # the last where no thread can be started
            self._not_started(slot, error)
            return
        ours.setblocking(False)
        await loop.create_connection(lambda: slot, sock=ours)
        loop.add_reader(slot.sentinel, self._gone, slot)
        self._on_started(slot)
        if slot.leaving or slot.dying:
            slot.kill()

    def _not_started(self, slot: Slot, error: Exception) -> None:
        log.warning("worker %d cannot be started: %s", slot.number, error)
        if isinstance(error, RuntimeError):
            # Its queue keeps what no thread came for, and would start that for nobody later on.
            self._starter.shutdown(wait=False, cancel_futures=True)
            self._starter = _one_thread()
        self._died_early(slot, f"{error}" or "what starts them has died")
        self._replace(slot)

    def _died_early(self, slot: Slot, why: str) -> None:
        deaths = self._early_deaths[slot.number] = self._early_deaths.get(slot.number, 0) + 1
        if deaths > 1:  # one may have been killed by anybody
            self._not_started_why = (
                f"No worker can be started ({why}): end other programs, or raise ulimit -u; see engine.log."
            )

    def _gone(self, slot: Slot) -> None:
        asyncio.get_running_loop().remove_reader(slot.sentinel)
        # Read what it said last before it is forgotten: the clip may be finished.
        asyncio.get_running_loop().call_soon(self._bury, slot)

    def _bury(self, slot: Slot) -> None:
        meant = slot.leaving
        death = slot.bury()
        if slot.ready:
            self._early_deaths[slot.number] = 0
            self._not_started_why = ""
        elif not meant:
            self._died_early(slot, death.how)
        try:
            self._on_gone(slot, None if meant else death)
        finally:
            self._replace(slot)

    def _replace(self, slot: Slot) -> None:
        if self.slots.get(slot.number) is slot:
            del self.slots[slot.number]
        if slot.number <= self.size:
            with suppress(RuntimeError):  # the loop is closing
                self._fill(slot.number)
