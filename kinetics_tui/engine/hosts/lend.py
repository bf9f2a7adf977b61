"""The side of the host: a machine that lends its workers and its networks to a run elsewhere.

It runs the same pool as an engine does. The line may be cut and the engine may end and come back: workers go
on with what they have, and what they made is kept until the engine has it in its books.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import shutil
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from kinetics_tui import __version__
from kinetics_tui.base.any_text import JsonReader
from kinetics_tui.base.errors import EngineError, UserError
from kinetics_tui.base.machine import version_on_disk
from kinetics_tui.base.words import counted, duration_text
from kinetics_tui.dataset.folder import token_in
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.hosts.arrivals import results_folder
from kinetics_tui.engine.hosts.deliveries import Deliveries
from kinetics_tui.engine.hosts.host import NO_LEASE
from kinetics_tui.engine.networks.checks import Ask as AskYouTube
from kinetics_tui.engine.networks.checks import ask_youtube
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.line import Line, LineLost
from kinetics_tui.engine.wire.messages import (
    PING_S,
    SILENT_S,
    Ask,
    Bye,
    Checked,
    Got,
    Held,
    Hello,
    HostNetwork,
    Leaving,
    LetGo,
    NetworksNow,
    NewOptions,
    Ping,
    ProgressNow,
    ProgressOf,
    Refused,
    Resize,
    ToHost,
    Welcome,
    Work,
    WorkerGone,
    WorkerUp,
)
from kinetics_tui.engine.wire.reach import CONNECT_S, NotReached, connect
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import (
    Cancelled,
    FromWorker,
    Progress,
    Ready,
    Taken,
)
from kinetics_tui.engine.workers.pool import Death, Pool, Slot
from kinetics_tui.model.network import NO_STAMP, Route, Way
from kinetics_tui.model.options import Options

TICK_S = 0.25
PROGRESS_EVERY_S = 1.0
NETWORKS_EVERY_S = 1.0
REFUSED_S = 2 * SILENT_S
"""One that is refused for now asks so long: by then one of its name that died is known to be gone."""
CALL_AGAIN_S = (0.5, 1.0, 2.0, 5.0)
"""Waits between calls to an engine that is not reached; the last one again and again."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)

_reader = JsonReader[ToHost](ToHost)


class Lender:
    """One host at work. ``say`` is given lines for the one who started it.

    ``spool`` is a folder of its own, for clips in the making; ``behind`` is what the user calls the address
    that all of its networks lead out by (empty: each has its own). It ends where no engine was reached for
    ``give_up_after_s`` (None: it calls for ever).
    """

    def __init__(
        self,
        file: ConnectFile,
        name: str,
        workers: int,
        ways: Ways,
        spool: Path,
        *,
        behind: str = "",
        give_up_after_s: float | None = None,
        say: Callable[[str], None],
        ask: AskYouTube = ask_youtube,
    ) -> None:
        self._file = file
        self._name = name
        self._workers = workers
        self._ways = ways
        self._spool = spool
        self._behind = behind
        self._give_up_after_s = give_up_after_s
        self._say = say
        self._ask = ask
        self._instance = secrets.token_hex(8)
        self._line: Line[ToHost] | None = None
        self._pool: Pool | None = None
        self._options = Options()
        self._leases: dict[int, int] = {}
        """The lease of the clip in each worker's hand."""
        self._progress: dict[int, Progress] = {}
        self._deliveries = Deliveries(spool / "results", lambda: self._line, self._begin)
        self._networks: tuple[HostNetwork, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = ""
        self._refused_at = 0.0
        self._heard_at = 0.0
        self._waiting: asyncio.Future[Any] | None = None
        """What this host waits for while there is no line."""

    @property
    def done(self) -> int:
        """Clips that are in the engine's books."""
        return self._deliveries.done

    @property
    def busy(self) -> int:
        """Workers with a clip in hand."""
        return len(self._leases)

    async def run(self) -> str:
        """Take part until the run is over; the reason why it is.

        Raises UserError where it may not, EngineError where it gives up.
        """
        keeper = asyncio.create_task(self._keep())
        tries = 0
        self._heard_at = time.monotonic()
        told = ""
        try:
            while not self._over:
                try:
                    within_s = min(CONNECT_S, max(1.0, self._left_s))
                    line = await self._unless_left(connect(self._file, _reader, within_s))
                except NotReached as error:
                    if error.refused:
                        raise
                    told = self._say_once(str(error), told)
                    self._give_up_if_due()
                    wait_s = CALL_AGAIN_S[min(tries, len(CALL_AGAIN_S) - 1)]
                    await self._unless_left(asyncio.sleep(min(wait_s, self._left_s)))
                    tries += 1
                    continue
                if line is None:
                    break
                try:
                    told = self._say_once(await self._talk(line), told)
                except (LineLost, TimeoutError) as error:
                    if isinstance(error, LineLost):  # one that stands still was heard last some time ago
                        self._heard_at = time.monotonic()
                    if not self._over:
                        told = self._say_once("The line to the engine is cut: it is called again.", told)
                finally:
                    self._line = None
                    line.abort()
                tries = 0
                if not self._over:
                    await asyncio.sleep(CALL_AGAIN_S[0])
            return self._over
        finally:
            keeper.cancel()
            await self._end()

    @property
    def _left_s(self) -> float:
        """Seconds until this host gives up, if nothing is heard of the engine."""
        after_s = self._give_up_after_s
        return math.inf if after_s is None else after_s - (time.monotonic() - self._heard_at)

    def _give_up_if_due(self) -> None:
        """Raise EngineError where the engine was last heard too long ago."""
        if self._give_up_after_s is not None and self._left_s <= 0:
            after = duration_text(self._give_up_after_s)
            raise EngineError(
                f"No engine was reached for {after}: {self._name} gives up. Where the run "
                "goes on, start this host again."
            )

    async def _end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._pool is not None:
            await self._pool.close()

    async def _unless_left(self, waiting: Coroutine[Any, Any, _T]) -> _T | None:
        """What comes of waiting; None where the user ends this host meanwhile."""
        self._waiting = task = asyncio.create_task(waiting)
        try:
            return await task
        except asyncio.CancelledError:
            if self._over:
                return None
            raise
        finally:
            self._waiting = None

    def leave(self) -> None:
        """Take part no more, as the user wants it."""
        self._over = "You ended it" + ("; its clips are made elsewhere." if self._pool is not None else ".")
        if self._waiting is not None:
            self._waiting.cancel()
        if self._line is not None:
            self._line.send(Leaving())
            line, self._line = self._line, None
            self._begin(line.close())

    def _say_once(self, text: str, told: str) -> str:
        if text and text != told:
            self._say(text)
        return text or told

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- the line ---------------------------------------------------------------------------------

    async def _talk(self, line: Line[ToHost]) -> str:
        """Talk with the engine until it says good-bye, or refuses for now: then why."""
        self._networks = self._look()
        line.send(
            Hello(
                version=__version__,
                yt_dlp=version_on_disk("yt_dlp"),
                name=self._name,
                workers=self._workers,
                networks=self._networks,
                held=self._held(),
                token=token_in(Path(self._file.folder)),
                instance=self._instance,
            )
        )
        async with asyncio.timeout(SILENT_S):
            answer = await line.read()
        self._heard_at = time.monotonic()
        match answer:
            case Refused(why=why, for_good=True):
                raise UserError(f"{why}.")
            case Refused(why=why):
                self._refused_at = self._refused_at or time.monotonic()
                if time.monotonic() - self._refused_at > REFUSED_S:
                    raise UserError(why)
                await self._unless_left(asyncio.sleep(CALL_AGAIN_S[-1]))
                return f"{why.rstrip('.')}; it is tried again for {REFUSED_S:.0f} s."
            case Bye(why=why):
                self._over = why
            case Welcome():
                self._refused_at = 0.0
                self._welcomed(answer, line)
            case _:
                return ""
        while not self._over:
            async with asyncio.timeout(SILENT_S):
                message = await line.read()
            self._heard_at = time.monotonic()
            self._hear(message)
        return ""

    def _held(self) -> tuple[Held, ...]:
        held = [Held(place, lease, self._pid(place)) for place, lease in self._leases.items()]
        held += [Held(one.place, lease, self._pid(one.place)) for lease, one in self._deliveries]
        return tuple(held)

    def _pid(self, place: int) -> int:
        slot = self._pool.slots.get(place) if self._pool is not None else None
        return slot.pid if slot is not None else 0

    def _welcomed(self, welcome: Welcome, line: Line[ToHost]) -> None:
        self._options = welcome.options
        self._check_files()
        kept = set(welcome.keep)
        for place, lease in list(self._leases.items()):
            if lease not in kept:
                self._let_go(place, kill=False)
        self._line = line
        if self._pool is None:
            self._open_pool(in_place=welcome.in_place)
            where = "into the dataset folder" if welcome.in_place else "over the line"
            workers = counted(welcome.workers, "worker")
            self._say(
                f"{self._name} takes part in {welcome.title} at {line.peer}: {workers}, results go {where}."
            )
        else:
            self._say(f"{self._name} takes part again.")
        self._resize(welcome.workers)
        for slot in self._slots():
            self._tell_ready(slot.number)
        self._deliveries.send_again(kept)

    def _open_pool(self, *, in_place: bool) -> None:
        results = self._deliveries.folder
        scratch = self._spool / "scratch"
        self._deliveries.in_place = in_place
        if in_place:
            self._deliveries.folder = results = results_folder(Path(self._file.folder), self._name)
            shutil.rmtree(results, ignore_errors=True)  # of one of this name that died
            scratch = results / f"scratch-{self._instance}"
        results.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._pool = Pool(
            dataset=results,
            scratch=scratch,
            options=lambda: self._options,
            on_message=self._said,
            on_started=lambda _slot: None,
            on_gone=self._gone,
        )

    def _check_files(self) -> None:
        """Raise UserError where the run's options name a file that this machine has not."""
        from kinetics_tui.media.youtube.yt_dlp_options import parse_args

        cookies = parse_args(self._options.yt_dlp).get("cookiefile")
        if cookies and not Path(cookies).expanduser().is_file():
            raise UserError(
                f"The run uses the cookies in {cookies}: copy that file to this machine, at the same place, "
                "or run without --yt-dlp '--cookies ...'."
            )

    def _slots(self) -> list[Slot]:
        return list(self._pool.slots.values()) if self._pool is not None else []

    def _send(self, message: object) -> None:
        if self._line is not None:
            self._line.send(message)

    # -- what the engine says ---------------------------------------------------------------------

    def _hear(self, message: ToHost) -> None:
        match message:
            case Work():
                self._work(message)
            case LetGo(place=place, lease=lease, network_only=network_only, kill=kill):
                if self._leases.get(place, NO_LEASE) == lease:
                    self._let_go(place, network_only=network_only, kill=kill)
                elif kill:  # of what its worker has made already: there is another clip for it
                    self._deliveries.forget(lease)
                    self._tell_ready(place)
            case Got(lease=lease):
                self._deliveries.forget(lease, done=True)
            case Resize(workers=workers):
                self._resize(workers)
            case NewOptions(options=options):
                self._options = options
            case Ask():
                self._begin(self._answer(message))
            case Bye(why=why, removed=True):
                raise UserError(why)
            case Bye(why=why):
                self._over = why
            case _:
                pass

    def _work(self, work: Work) -> None:
        slot = self._pool.slots.get(work.place) if self._pool is not None else None
        if slot is None or slot.pid != work.pid or not slot.idle:  # it went as its clip came
            self._deliveries.add(work.place, work.lease, Cancelled(clip_id=work.assign.clip_id))
            return
        todo = work.assign
        path = self._deliveries.folder / todo.path
        path.unlink(missing_ok=True)
        row = ClipRow(todo.clip_id, todo.clip, todo.path, 0, 0)
        self._leases[work.place] = work.lease
        slot.assign(row, NO_STAMP, self._route(work.network), todo.first)

    def _route(self, key: str) -> Route:
        led = {self._key(way): network.route for way, network in self._ways.networks().items()}
        return led.get(key) or Route(proxy="")

    def _tell_ready(self, place: int) -> None:
        slot = self._pool.slots.get(place) if self._pool is not None else None
        if slot is not None and slot.ready and not slot.dying:
            self._send(WorkerUp(place=place, pid=slot.pid))

    def _let_go(self, place: int, *, network_only: bool = False, kill: bool) -> None:
        slot = self._pool.slots.get(place) if self._pool is not None else None
        if slot is None:
            return
        if kill:
            slot.kill()
        elif slot.row is not None:
            slot.cancel(network_only=network_only, forced=not network_only)

    def _resize(self, workers: int) -> None:
        self._workers = workers
        if self._pool is not None:
            self._pool.resize(workers)

    async def _answer(self, asked: Ask) -> None:
        route = self._route(asked.network)
        answer = await self._ask(self._options, route, asked.youtube_id, media=asked.media)
        self._send(Checked(number=asked.number, answer=answer))

    # -- what the workers say ---------------------------------------------------------------------

    def _said(self, slot: Hand, message: FromWorker) -> None:
        if isinstance(message, Ready):
            self._send(WorkerUp(place=slot.number, pid=slot.pid))
            return
        lease = self._leases.get(slot.number, NO_LEASE)
        if slot.row is None or message.clip_id != slot.row.id or isinstance(message, Taken):
            return
        if isinstance(message, Progress):
            self._progress[slot.number] = message
            return
        slot.release()
        self._leases.pop(slot.number, None)
        self._progress.pop(slot.number, None)
        if lease != NO_LEASE:
            self._deliveries.add(slot.number, lease, message)
        assert self._pool is not None
        if isinstance(slot, Slot):
            self._pool.renew_if_old(slot)

    def _gone(self, slot: Hand, death: Death | None) -> None:
        lease = self._leases.pop(slot.number, NO_LEASE)
        self._progress.pop(slot.number, None)
        meant = death is None or slot.let_go_by is not None
        self._send(
            WorkerGone(
                place=slot.number,
                lease=lease,
                how="" if meant or death is None else death.how,
                from_outside=death is not None and death.from_outside,
            )
        )

    # -- what time brings -------------------------------------------------------------------------

    async def _keep(self) -> None:
        due: dict[str, float] = {}

        def every(what: str, seconds: float) -> bool:
            now = time.monotonic()
            if now < due.get(what, 0.0):
                return False
            due[what] = now + seconds
            return True

        while True:
            await asyncio.sleep(TICK_S)
            for slot in self._slots():
                if slot.let_go_by is not None and time.monotonic() > slot.let_go_by:
                    slot.kill()
            if self._line is None:
                continue
            if every("ping", PING_S):
                self._send(Ping())
            if every("progress", PROGRESS_EVERY_S):
                self._tell_progress()
            if every("networks", NETWORKS_EVERY_S) and (found := self._look()) != self._networks:
                self._networks = found
                self._send(NetworksNow(networks=found))

    def _tell_progress(self) -> None:
        clips = tuple(
            ProgressOf(place, self._leases[place], progress)
            for place, progress in self._progress.items()
            if place in self._leases
        )
        self._progress.clear()
        if clips:
            self._send(ProgressNow(clips=clips))

    def _key(self, way: Way) -> str:
        return next((name for name, known in self._ways.added.items() if known == way), way.public)

    def _look(self) -> tuple[HostNetwork, ...]:
        return tuple(
            HostNetwork(
                key=self._key(way),
                name=network.name,
                label=network.label,
                kind=network.kind,
                family=network.family,
                behind=self._behind,
                present=network.present,
            )
            for way, network in self._ways.networks().items()
        )
