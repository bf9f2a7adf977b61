"""The hosts of a run: who takes part, which clip is with whom under which lease, and what comes back.

A lease is in the ledger before its clip goes out. A result counts only under the lease that its worker has;
whatever comes late, twice or from another is dropped. A host that nothing is heard of loses its clips, and
nothing is held against them; an engine that comes after this one knows the leases, and gives their hosts time
to call again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence

import msgspec

from kinetics_tui import __version__
from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import for_ledger
from kinetics_tui.base.words import counted
from kinetics_tui.dataset.ledger.rows import ClipRow
from kinetics_tui.engine.context import RunContext
from kinetics_tui.engine.hosts.arrivals import results_folder
from kinetics_tui.engine.hosts.host import NO_LEASE, Host, HostHand, network_of_host
from kinetics_tui.engine.hosts.leases import Leases
from kinetics_tui.engine.hosts.register import Register
from kinetics_tui.engine.hosts.results import Results
from kinetics_tui.engine.networks.network import Network
from kinetics_tui.engine.networks.networks import Networks
from kinetics_tui.engine.networks.of_hosts import NetworksOfHosts
from kinetics_tui.engine.wire.gate import HostLine
from kinetics_tui.engine.wire.gate_frames import Came
from kinetics_tui.engine.wire.line import BadLine, LineLost
from kinetics_tui.engine.wire.messages import (
    MOST_NETWORKS,
    PING_S,
    Ask,
    Bye,
    Checked,
    FromHost,
    Got,
    Hello,
    HostNetwork,
    Leaving,
    NetworksNow,
    NewOptions,
    Note,
    Ping,
    ProgressNow,
    Refused,
    Resize,
    Result,
    Welcome,
    WorkerGone,
    WorkerUp,
)
from kinetics_tui.engine.workers.hand import Hand
from kinetics_tui.engine.workers.messages import Assign, FromWorker
from kinetics_tui.engine.workers.pool import Death
from kinetics_tui.engine.workers.start import WorkerTarget, run_worker
from kinetics_tui.media.fetch.probe_program import CheckAnswer
from kinetics_tui.model.events import WorkerIdle
from kinetics_tui.model.network import HostState, HostStatus, host_way
from kinetics_tui.model.options import WORKERS, Options

FIRST_WORD_S = 10.0
ASK_S = 60.0
SEND_WITHIN_S = 0.05
NETWORKS_EVERY_S = 1.0
"""Of what a host says of its networks within so long the last word counts."""
PROGRESS_A_SECOND = 256
"""The progress of more clips is told less often than hosts tell it; that one has come further, at once."""
BY_THE_USER = "was removed by the user"

log = logging.getLogger(__name__)


class Hosts:
    """Every host that takes part, or has since the engine began.

    ``heard``, ``started``, ``gone`` and ``spoiled`` are told of workers on hosts what a pool tells of its.
    ``claim`` takes a clip out of the queue, if it is there, and ``put_back`` puts it back.
    """

    def __init__(
        self,
        context: RunContext,
        networks: Networks,
        networks_of_hosts: NetworksOfHosts,
        *,
        claim: Callable[[ClipRow], bool],
        put_back: Callable[[ClipRow], None],
        heard: Callable[[Hand, FromWorker], None],
        started: Callable[[Hand], None],
        gone: Callable[[Hand, Death | None], None],
        spoiled: Callable[[Hand, str], None],
        target: WorkerTarget = run_worker,
    ) -> None:
        self._context = context
        self._register = Register(context, lambda: networks_of_hosts.removed)
        self._leases = Leases(context.ledger, claim, put_back)
        self._results = Results(
            context,
            self._register,
            self._leases,
            heard=heard,
            spoiled=spoiled,
            remove=self.remove,
            target=target,
        )
        self._networks = networks
        self._networks_of_hosts = networks_of_hosts
        self._heard = heard
        self._started = started
        self._gone = gone
        self._sending: asyncio.TimerHandle | None = None
        self._answers: dict[int, asyncio.Future[CheckAnswer]] = {}
        self._asked = 0
        self._token = ""
        self._told_options = _for_hosts(context.options)
        self._pinged_at = 0.0
        self._ticked_at = time.monotonic()

    @property
    def hands(self) -> list[HostHand]:
        """The workers on all hosts."""
        return self._register.hands

    def hands_of(self, name: str) -> list[HostHand]:
        """The workers on one host."""
        host = self._register.get(name)
        return list(host.hands.values()) if host is not None else []

    # -- their life -------------------------------------------------------------------------------

    def open(self, token: str) -> None:
        """Let hosts take part from now on. Raises DatasetError.

        ``token`` is in a file of the dataset folder: a host that reads it there sees the folder.
        """
        self._token = token
        if orphans := self._leases.open():
            text = f"{counted(orphans, 'clip')} of the engine before may still be with hosts."
            self._context.log("host", text)
            log.info("%s", text)

    async def close(self, why: str) -> None:
        """Say good-bye to every host; what they still have is void."""
        lines = []
        for host in self._register:
            host.tell(Bye(why=why))
            if host.line is not None:
                lines.append(host.line)
                host.line, host.left = None, True
                self._register.tell(host, "ended with the run")
        await asyncio.gather(*(line.close() for line in lines))
        self._networks_of_hosts.end()
        for answer in self._answers.values():
            answer.cancel()
        await self._results.close()

    def tick(self) -> None:
        """Let time pass: who is silent loses its clips, and who is here hears that the engine is there."""
        options = _for_hosts(self._context.options)
        changed, self._told_options = options != self._told_options, options
        now = time.monotonic()
        due = now - self._pinged_at >= PING_S
        stood_still_s, self._ticked_at = now - self._ticked_at, now
        for host in self._register:
            if changed:
                host.tell(NewOptions(options=options))
            if due:
                host.tell(Ping())
            if stood_still_s > PING_S:  # what hosts said meanwhile is still to be read
                host.heard_at += stood_still_s
            if host.silent and (host.here or host.hands):
                self._away(host, "nothing is heard of it")
                self._take_all(host)
            with contextlib.suppress(DatasetError):  # told of by others; it is tried again
                self._lead_if_due(host)
        if due:
            self._pinged_at = now
        if expired := self._leases.expire():
            self._context.log("host", f"{counted(expired, 'clip')} of hosts that did not call again.")
        self._networks_of_hosts.keep()

    def flushed(self) -> None:
        """The ledger has what is known: hosts may forget the results that are in it. Raises DatasetError."""
        for name, lease in self._leases.flushed():
            if host := self._register.get(name):
                host.tell(Got(lease=lease))

    # -- what goes out ----------------------------------------------------------------------------

    def send(self) -> None:
        """Send the clips that were put into workers' hands. Raises DatasetError; they go out later then."""
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self._leases.send(lambda name, work: self._register[name].give(work))

    def send_soon(self) -> None:
        """The same in a moment, with those that come until then: one writing of the ledger for all."""
        if self._sending is None:
            self._sending = asyncio.get_running_loop().call_later(SEND_WITHIN_S, self._send_or_wait)

    def _send_or_wait(self) -> None:
        with contextlib.suppress(DatasetError):  # told of where it is sent again, within a tick
            self.send()

    def _lease_out(self, hand: HostHand, work: Assign) -> None:
        self._leases.give(hand, work, self._context.clock())

    async def ask(self, way: str, youtube_id: str, *, media: bool = False) -> CheckAnswer:
        """The answer to one request by a network of a host."""
        name, _, key = way.partition("/")
        host = self._register.get(name)
        if host is None or not host.here:
            return CheckAnswer(ok=False, category=None, text=f"The host {name} is away.", took_s=0.0)
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[CheckAnswer] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        host.tell(Ask(number=number, network=key, youtube_id=youtube_id, media=media))
        try:
            async with asyncio.timeout(ASK_S):
                return await answer
        except TimeoutError:
            text = f"The host {name} does not answer."
            return CheckAnswer(ok=False, category=None, text=text, took_s=0.0)
        finally:
            self._answers.pop(number, None)

    # -- what users do ----------------------------------------------------------------------------

    def set_workers(self, name: str, workers: int) -> str:
        """Have a host run so many workers; says why not, else nothing."""
        host = self._register.get(name)
        if host is None or not host.here:
            return f"The host {name} is not here now." if host else f"There is no host {name!r}."
        if not WORKERS[0] <= workers <= WORKERS[1]:
            return f"The number of workers is {WORKERS[0]} to {WORKERS[1]}, not {workers}."
        host.workers = workers
        for hand in host.hands.values():
            hand.leaving = hand.place > workers
        host.tell(Resize(workers=workers))
        self._register.tell(host)
        return ""

    def remove(self, name: str, why: str = BY_THE_USER) -> str:
        """Have a host leave, and let none of its name in any more; says why not, else nothing.

        ``why`` is what is told of it: that it was removed, and by whom or what for.
        """
        host = self._register.get(name)
        if host is None and not self._networks_of_hosts.knows(name):
            removed = name in self._networks_of_hosts.removed
            return f"The host {name} is removed already." if removed else f"There is no host {name!r}."
        if host is not None:
            bye = f"This host {why}; kinetics-tui hosts DATASET --admit {name} lets it in again."
            host.tell(Bye(why=bye, removed=True))
            if host.line is not None:
                host.line.hang_up()
            self._part(host, why)
            self._register.strike(name)
        self._networks_of_hosts.remove(name)
        state = HostState(
            name=name,
            status=HostStatus.REMOVED,
            last_word=why,
            said_at=self._context.clock(),
        )
        self._register.publish(state, "" if host is not None else why)
        return ""

    def admit(self, name: str) -> str:
        """Let a host in again that was removed; says why not, else nothing."""
        if name not in self._networks_of_hosts.removed:
            return f"No host {name!r} was removed."
        self._networks_of_hosts.admit(name)
        listed = self._context.state.hosts.get(name)
        if listed is not None and listed.status.shut_out:
            self._register.publish(listed, removed=True)
        return ""

    # -- who calls --------------------------------------------------------------------------------

    async def serve(self, line: HostLine) -> None:
        """Talk with one who has the dataset's certificate, until the line ends."""
        host: Host | None = None
        try:
            async with asyncio.timeout(FIRST_WORD_S):
                hello = await line.read()
            if not isinstance(hello, Hello):
                return
            if self._context.stopping:
                line.send(Bye(why="The run is being stopped."))
                return
            if refused := self._register.refusal(hello):
                line.send(refused)
                self._register.tell_refused(hello, line.address, refused.why)
                return
            host = self._welcome(hello, line)
            while True:
                message = await line.read()
                if host.line is not line:  # it called again, or was let go of
                    if isinstance(message, Came):
                        self._results.file_came(host, message)
                    return
                host.heard_at = time.monotonic()
                if self._hear(host, message):
                    return
        except BadLine as error:
            log.warning("a host is hung up on: %s", for_ledger(str(error))[:300])
            if host is None:
                why = f"This engine is Kinetics TUI {__version__}: pip install kinetics-tui=={__version__}."
                line.send(Refused(why=why))
        except (LineLost, TimeoutError):
            pass
        except (OSError, DatasetError) as error:  # it calls again, and finds the ledger as it is then
            log.warning("a host is hung up on: %s", error)
        finally:
            with contextlib.suppress(OSError, TimeoutError, LineLost):
                await asyncio.wait_for(line.close(), 1.0)
            if host is not None and host.line is line:
                self._away(host, "the line to it is cut")

    def _welcome(self, hello: Hello, line: HostLine) -> Host:
        name = hello.name
        host = self._register.enter(name, self._ended_by)
        if host.line is not None:
            host.line.abort()
        again = host.instance == hello.instance
        if not again:
            self._take_all(host)
            host.workers = hello.workers
        host.instance, host.line, host.heard_at = hello.instance, line, time.monotonic()
        host.about(line.address, hello.version, hello.yt_dlp)
        host.in_place = bool(self._token) and hello.token == self._token
        if host.in_place:
            results_folder(self._context.dataset, name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._results.open()
        host.left = False
        keep = self._still_held(host, hello)
        for lease in keep:
            line.allow(lease)
        host.tell(
            Welcome(
                options=self._told_options,
                workers=host.workers,
                title=self._context.ledger.title,
                keep=tuple(keep),
                in_place=host.in_place,
            )
        )
        if not again:
            host.networks = {}
            named = {host_way(name, network.key).target for network in hello.networks}
            self._networks_of_hosts.forget(name, keep=named)
        self._lead(host, hello.networks)
        self._register.tell(
            host, "takes part again" if again else f"takes part with {counted(host.workers, 'worker')}"
        )
        log.info("host %s takes part from %s", name, line.peer)
        return host

    def _still_held(self, host: Host, hello: Hello) -> list[int]:
        """The leases of a host that calls again which still hold; all other clips of its go back."""
        held = {(one.place, one.lease): one for one in hello.held}
        keep = []
        for hand in list(host.hands.values()):
            one = held.get((hand.place, hand.lease))
            if one is not None:
                hand.pid = one.pid
                keep.append(hand.lease)
            else:
                hand.leaving = True
                host.taken_from(hand)
        for (place, number), one in held.items():
            orphan = self._leases.adopt(number, host.name) if place not in host.hands else None
            if orphan is None:
                continue
            hand = self._new_hand(host, place, one.pid)
            hand.row, hand.lease, hand.assigned_at = orphan.row, number, time.monotonic()
            hand.stamp = self._networks.stamp_of(orphan.lease.network)
            keep.append(number)
        return keep

    def _new_hand(self, host: Host, place: int, pid: int) -> HostHand:
        hand = HostHand(host.number(place), place, host, self._lease_out)
        hand.pid = pid
        hand.ready = True
        hand.leaving = place > host.workers
        host.hands[place] = hand
        self._started(hand)
        return hand

    def _lead_if_due(self, host: Host) -> None:
        """Have the networks of a host be those that it told last, if that is new. Raises DatasetError."""
        if host.networks_said is not None and host.here and time.monotonic() >= host.networks_due:
            self._lead(host, host.networks_said)
            self._register.tell(host)

    def _lead(self, host: Host, found: Sequence[HostNetwork]) -> None:
        """The networks of a host are these now; those that it had before and names no more are away.

        Raises DatasetError.
        """
        host.networks_due = time.monotonic() + NETWORKS_EVERY_S

        def network(one: HostNetwork) -> Network:
            behind = self._networks_of_hosts.meant(one.behind) if one.behind else ""
            return network_of_host(host.name, host.address, one, behind=behind)

        led = {host_way(host.name, one.key).target: network(one) for one in found}
        gone = {way: away for way, away in host.networks_away.items() if way not in led}
        forgotten = list(gone)[: max(0, len(gone) + len(led) - MOST_NETWORKS)]
        host.networks = {**{way: gone[way] for way in gone if way not in forgotten}, **led}
        if forgotten:
            self._networks_of_hosts.forget(host.name, keep=host.networks)
        self._networks_of_hosts.lead(host.networks)
        host.networks_said = None

    # -- what they say ----------------------------------------------------------------------------

    def _hear(self, host: Host, message: FromHost | Came) -> bool:
        """Take in what a host says; True where it says good-bye."""
        match message:
            case WorkerUp(place=place, pid=pid):
                self._worker_up(host, place, pid)
            case WorkerGone():
                self._worker_gone(host, message)
            case ProgressNow():
                self._hear_progress(host, message)
            case Result():
                self._results.take_in(host, message)
            case Came():
                self._results.file_came(host, message)
            case NetworksNow(networks=networks):
                host.networks_said = networks
                self._lead_if_due(host)
            case Checked(number=number, answer=answer):
                waits = self._answers.get(number)
                if waits is not None and not waits.done():
                    waits.set_result(answer)
            case Note(text=text):
                self._register.note(host, for_ledger(text)[:300])
            case Leaving():
                self._part(host, "left the run")
                self._networks_of_hosts.forget(host.name)
                return True
            case _:
                pass
        return False

    def _hear_progress(self, host: Host, message: ProgressNow) -> None:
        now, shown = time.monotonic(), self._context.state.workers
        due = now >= host.progress_due
        if due:
            far = sum(len(each.hands) for each in self._register)
            if far > PROGRESS_A_SECOND:
                host.progress_due = now + far / PROGRESS_A_SECOND - 0.5  # a host tells it every second
        for one in message.clips:
            hand = host.hands.get(one.place)
            if hand is None or hand.lease != one.lease or one.lease == NO_LEASE:
                continue
            worker = shown.get(hand.number)
            if due or worker is None or worker.phase is not one.progress.phase:
                self._heard(hand, one.progress)

    def _worker_up(self, host: Host, place: int, pid: int) -> None:
        hand = host.hands.get(place)
        if hand is None:
            hand = self._new_hand(host, place, pid)
            self._context.publish(WorkerIdle(at=self._context.clock(), slot=hand.number))
        else:  # the result of the one before is on its way
            hand.pid, hand.ready, hand.gone = pid, True, False
        self._register.tell(host)

    def _worker_gone(self, host: Host, message: WorkerGone) -> None:
        hand = host.hands.get(message.place)
        if hand is None:
            return
        if hand.lease not in (NO_LEASE, message.lease):
            hand.ready, hand.gone = False, True  # what it made is on its way
            self._register.tell(host)
            return
        how = for_ledger(message.how)[:200]
        hand.leaving = hand.leaving or not how
        host.taken_from(hand, Death(how, message.from_outside) if how else None)
        self._register.tell(host)

    # -- who goes ---------------------------------------------------------------------------------

    def _away(self, host: Host, why: str) -> None:
        if host.line is None:
            return
        line, host.line = host.line, None
        line.abort()
        self._networks_of_hosts.lead(host.networks_away)
        self._register.tell(host, f"is away: {why}")

    def _part(self, host: Host, why: str) -> None:
        """A host goes for good: its clips go back at once."""
        host.line, host.left = None, True
        self._take_all(host)
        self._networks_of_hosts.lead(host.networks_away)
        self._register.tell(host, why)

    def _take_all(self, host: Host) -> None:
        for hand in list(host.hands.values()):
            hand.leaving = True  # nothing is held against its clip
            host.taken_from(hand)

    def _ended_by(self, hand: HostHand, death: Death | None) -> None:
        """A worker is gone: what it had is nobody's, and what it sends is void."""
        self._results.drop(hand.lease)
        self._leases.end(hand, in_books=False)
        self._gone(hand, death)


def _for_hosts(options: Options) -> Options:
    """The options as hosts are told them: whom to notify is not their business."""
    return msgspec.structs.replace(options, notify=(), archives=())
