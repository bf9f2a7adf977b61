"""Networks switched in the middle of a run, seen from YouTube's side: who asks, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import shlex
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from itertools import combinations, cycle, islice

import pytest

from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.demo.youtube import LoopbackYouTube, RequestSeen
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model.commands import SetPace, SwitchNetwork, UseNetworks
from kinetics_tui.model.events import EngineStatus, NetworkChanged, NetworkNews
from kinetics_tui.model.network import public_proxy
from tests.media.proxies import HttpProxy, SocksProxy
from tests.program import Program
from tests.torture.namespaces import ip, own_network

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

SWITCHES = 20
CLIPS = 140
WORKERS = 4
AUTH = ("me", "secret")


@pytest.fixture
def ways() -> Iterator[list[tuple[str, str]]]:
    """Ways out, and the address that YouTube sees behind each."""
    with (
        HttpProxy("127.0.0.5") as http,
        HttpProxy("127.0.0.6", auth=AUTH) as other_http,
        SocksProxy("127.0.0.7") as socks,
    ):
        yield [
            ("127.0.0.2", "127.0.0.2"),
            (http.url, "127.0.0.5"),
            ("127.0.0.3", "127.0.0.3"),
            (socks.url, "127.0.0.7"),
            (other_http.url, "127.0.0.6"),
            ("127.0.0.4", "127.0.0.4"),
        ]


class Watcher:
    """A view of the run that notes which networks it was switched to."""

    def __init__(self, client: EngineClient) -> None:
        self.client = client
        self.switched: list[NetworkChanged] = []
        self.told: list[NetworkChanged] = []

    async def watch(self) -> None:
        while True:
            async for event in self.client.events():
                if isinstance(event, NetworkChanged):
                    self.told.append(event)
                    if event.news is NetworkNews.LEFT:
                        self.switched.append(event)
            await asyncio.sleep(0.1)

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(
    program: Program, demo: Demo, youtube: LoopbackYouTube, *more: str
) -> AsyncIterator[Watcher]:
    """A run on all clips of the demo, and who watches it; ended afterwards."""
    flags = [flag for path in demo.annotations for flag in ("--annotations", str(path))]
    options = ["--pace", "unlimited", "--workers", str(WORKERS), "--trim", "copy", "--headless", *more]
    yt_dlp = f"--yt-dlp={shlex.join(youtube.direct_args())}"
    run = program.start("run", str(program.dataset), *flags, *options, yt_dlp)
    watcher = Watcher(EngineClient(program.dataset))
    watching = asyncio.create_task(watcher.watch())
    try:
        yield watcher
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        run.terminate()
        await asyncio.to_thread(run.communicate)


def settled_once(program: Program, clips: int) -> list[tuple[str, str, int]]:
    """Video, network and bytes of the attempts that settled a clip: one of each of so many clips."""
    with contextlib.closing(sqlite3.connect(ledger_path(program.dataset))) as ledger:
        settled = ledger.execute(
            "SELECT clip_id, youtube_id, networks.name, wire_bytes FROM attempts"
            " JOIN clips ON clips.id = clip_id JOIN networks ON networks.id = network_id"
            " WHERE outcome IN ('done', 'failed')"
        ).fetchall()
    assert len(settled) == len({clip_id for clip_id, *_ in settled}) == clips
    return [tuple(row[1:]) for row in settled]


async def test_after_each_of_20_switches_every_byte_leaves_by_the_new_network(
    program: Program, serve: Serve, ways: list[tuple[str, str]]
) -> None:
    demo, youtube = serve(CLIPS)
    async with running(program, demo, youtube) as watcher:
        state = watcher.client.state
        before = "127.0.0.1"
        await watcher.until(lambda: state.done >= 2)
        for number, (way, address) in enumerate(islice(cycle(ways), SWITCHES)):
            asked = len(youtube.requests)
            reply = await watcher.client.send(SwitchNetwork(way=way, finish=number % 2 == 0))
            assert reply.ok, reply.message
            await watcher.until(lambda wanted=number + 1: len(watcher.switched) == wanted)  # type: ignore[misc]
            switched, done = len(youtube.requests), state.done
            meanwhile = {request.client_address for request in youtube.requests[asked:switched]}
            assert meanwhile <= {before, address}
            await watcher.until(lambda wanted=done + 3: state.done >= wanted)  # type: ignore[misc]
            afterwards = Counter(request.client_address for request in youtube.requests[switched:])
            assert set(afterwards) == {address}, f"switch {number + 1}, to {address}"
            before = address
        await watcher.until(lambda: state.status is EngineStatus.DONE, seconds=120)
    assert (state.done + state.failed, state.left) == (CLIPS, 0)
    assert set(state.failures) <= {"short source"}
    assert {event.network.label for event in watcher.switched} >= {"127.0.0.2", "127.0.0.3", "127.0.0.4"}
    with contextlib.closing(sqlite3.connect(ledger_path(program.dataset))) as ledger:
        settled = ledger.execute(
            "SELECT clip_id, count(*) FROM attempts WHERE outcome IN ('done', 'failed') GROUP BY 1"
        ).fetchall()
        why = [row[0] for row in ledger.execute("SELECT why FROM sessions ORDER BY id")]
        said = "".join(
            str(row) for table in ("networks", "sessions") for row in ledger.execute(f"SELECT * FROM {table}")
        )
    assert len(settled) == CLIPS
    assert {count for _, count in settled} == {1}
    assert why.count("switched networks") == SWITCHES
    assert "secret" not in said
    assert len(list(program.dataset.glob("*/*/*.mp4"))) == state.done


CHANGES = 20


async def test_whatever_set_of_networks_is_in_use_nothing_is_lost_and_a_clip_comes_by_one(
    program: Program, serve: Serve, ways: list[tuple[str, str]]
) -> None:
    demo, youtube = serve(CLIPS)
    first = ("--network", ways[0][0], "--network", ways[1][0])
    async with running(program, demo, youtube, *first) as watcher:
        state, dice = watcher.client.state, random.Random(7)
        await watcher.until(lambda: state.done >= 2)
        assert len(state.in_use) == 2
        for number in range(CHANGES):
            chosen = dice.sample(ways, dice.randint(1, 4))
            use = UseNetworks(ways=tuple(way for way, _ in chosen), finish=number % 2 == 0)
            reply = await watcher.client.send(use)
            assert reply.ok, reply.message
            count, done = len(chosen), state.done
            await watcher.until(lambda wanted=count: len(state.in_use) == wanted)  # type: ignore[misc]
            await watcher.until(lambda wanted=done + 3: state.done >= wanted)  # type: ignore[misc]
        await watcher.until(lambda: state.status is EngineStatus.DONE, seconds=120)
    assert (state.done + state.failed, state.left) == (CLIPS, 0)
    settled = settled_once(program, CLIPS)
    with contextlib.closing(sqlite3.connect(ledger_path(program.dataset))) as ledger:
        of_other_sessions = ledger.execute(
            "SELECT count(*) FROM attempts JOIN sessions ON sessions.id = session_id"
            " WHERE sessions.network_id <> attempts.network_id"
        ).fetchone()
    clips_of = Counter(youtube_id for youtube_id, _, _ in settled)
    assert of_other_sessions == (0,)
    address_of = {public_proxy(way) if "://" in way else way: address for way, address in ways}
    for youtube_id, network, wire_bytes in settled:
        # What was put back was begun again by whichever network; the last bytes are those that were kept.
        media = [seen for seen in youtube.requests if seen.kind == "media" and seen.video_id == youtube_id]
        if wire_bytes and clips_of[youtube_id] == 1:
            assert media[-1].client_address == address_of[network]


HARMS = 50
PER_HOUR = 1200
BURST = PER_HOUR / 60
"""What a bucket holds at this pace: a minute's worth."""
COOLDOWN_S = 4.0
BLOCK_S = 1.5 * COOLDOWN_S
IN_FLIGHT_S = 2.0
"""A request that was let out before a refusal or a change may come so much later."""
RETRANSMITTED_WITHIN_S = 15.0
"""The kernel sends the last request of a connection that was let go once its address is there again."""
REFUSALS = (NetworkNews.THROTTLED, NetworkNews.PROBE_REFUSED)
GONE_AND_BACK = (("198.18.77.1", "198.18.77.1", "lo"), ("kt0", "198.18.77.2", "kt0"))
"""A way, its address, and the interface that has it."""


@pytest.fixture
def own_addresses() -> Iterator[bool]:
    """A network of the test's own, where addresses and interfaces may come and go; False: none to be had."""
    with own_network() as there:
        if there:
            ip("link", "add", "kt0", "type", "veth", "peer", "name", "kt1")
            for _, address, interface in GONE_AND_BACK:
                ip("address", "add", f"{address}/32", "dev", interface)
            ip("link", "set", "kt0", "up")
            ip("link", "set", "kt1", "up")
        yield there


class Refusing:
    """Refuses an address until a time of ``time.monotonic``; ``knocks`` are its refusals, by address."""

    def __init__(self) -> None:
        self.until: dict[str, float] = {}
        self.knocks: defaultdict[str, list[float]] = defaultdict(list)

    def signal(self, client_address: str) -> Failure | None:
        if time.monotonic() >= self.until.get(client_address, 0.0):
            return None
        self.knocks[client_address].append(time.time())
        return Failure(Case.PLAYER_429)


class Harm:
    """Changes the networks of a run in every way that they can change, and notes when each was in use."""

    def __init__(
        self, watcher: Watcher, youtube: LoopbackYouTube, ways: list[tuple[str, str]], *, vanish: bool
    ) -> None:
        self.watcher, self.ways, self.dice = watcher, ways, random.Random(11)
        self.policy = Refusing()
        youtube.policy = self.policy
        self.vanishing = list(GONE_AND_BACK) if vanish else []
        self.address_of = dict(ways) | {way: address for way, address, _ in self.vanishing}
        self.gone: set[str] = set()
        self.came_back: list[tuple[str, float]] = []
        self.chosen = [ways[0][0], ways[1][0]]
        self.used: dict[str, list[list[float]]] = {
            self.address_of[way]: [[0.0, math.inf]] for way in self.chosen
        }
        self.done: Counter[str] = Counter()

    async def change(self) -> None:
        """One change, drawn by chance."""
        kinds = ["add", "remove", "remove now", "switch", "throttle", "throttle"]
        if self.vanishing:
            kinds += ["vanish", "vanish", "come back"]
        kind = self.dice.choice(kinds)
        others = [way for way in self.address_of if way not in self.chosen and way not in self.gone]
        here = [way for way in self.chosen if way not in self.gone]
        match kind:
            case "throttle":
                self.policy.until[self.address_of[self.dice.choice(here)]] = time.monotonic() + BLOCK_S
            case "vanish" if len(here) > 1 and self._in(here):
                way, address, interface = self.dice.choice(self._in(here))
                ip("address", "del", f"{address}/32", "dev", interface)
                self.gone.add(way)
            case "come back" if self.gone:
                self.bring_back(self._in(self.gone)[0])
            case "remove" | "remove now" if len(here) > 1:
                out = self.dice.choice(here)
                await self._use([way for way in self.chosen if way != out], now=kind == "remove now")
            case "switch" if others:
                await self._use([self.dice.choice(others)], now=self.dice.random() < 0.5)
            case _:
                kind = "add"
                added = self.dice.sample(others, min(1, len(others)))
                can_vanish = [way for way, _, _ in self._in(others)][:1]
                await self._use([*self.chosen, *dict.fromkeys([*can_vanish, *added])], now=False)
        self.done[kind] += 1

    def bring_back(self, vanished: tuple[str, str, str]) -> None:
        """Have an address that vanished back."""
        way, address, interface = vanished
        ip("address", "add", f"{address}/32", "dev", interface)
        self.gone.discard(way)
        self.came_back.append((address, time.time()))

    def is_retransmitted(self, request: RequestSeen) -> bool:
        """True if a request may be one from before its address vanished, sent again by the kernel."""
        return any(
            address == request.client_address and 0 <= request.at - at <= RETRANSMITTED_WITHIN_S
            for address, at in self.came_back
        )

    def name_of(self, address: str) -> str:
        """The name that the ledger knows the network by that leads out by this address."""
        way = next(way for way, seen in self.address_of.items() if seen == address)
        return public_proxy(way) if "://" in way else address

    def _in(self, ways: Collection[str]) -> list[tuple[str, str, str]]:
        """Those of these ways that can vanish and come back."""
        return [one for one in self.vanishing if one[0] in ways]

    async def _use(self, ways: list[str], *, now: bool) -> None:
        at = time.time()
        for address in {self.address_of[way] for way in ways} - {self.address_of[way] for way in self.chosen}:
            self.used.setdefault(address, []).append([at, math.inf])
        left = {self.address_of[way] for way in self.chosen} - {self.address_of[way] for way in ways}
        reply = await self.watcher.client.send(UseNetworks(ways=tuple(ways), finish=not now))
        assert reply.ok, reply.message
        self.chosen = ways
        # An interface that is gone took its network with it: of that nothing more is told.
        absent = {self.address_of[way] for way in self.gone if not way[0].isdigit()}
        gone = {self.name_of(address) for address in left - absent}
        await self.watcher.until(
            lambda: gone <= {event.network.name for event in self.watcher.switched if event.at >= at - 0.1}
        )
        for address in left:
            self.used[address][-1][1] = time.time()


@pytest.mark.torture
async def test_50_changes_of_every_kind_lose_no_clip_and_ask_nothing_that_may_not_be_asked(
    program: Program, own_addresses: bool, serve: Serve, ways: list[tuple[str, str]]
) -> None:
    demo, youtube = serve(300)
    first = ("--network", ways[0][0], "--network", ways[1][0])
    paced = ("--pace", str(PER_HOUR), "--cooldown", f"{COOLDOWN_S:.0f}s")
    async with running(program, demo, youtube, *first, *paced) as watcher:
        state = watcher.client.state
        await watcher.until(lambda: state.done >= 2)
        harm = Harm(watcher, youtube, ways, vanish=own_addresses)
        for _ in range(HARMS):
            await harm.change()
            await asyncio.sleep(harm.dice.uniform(0.2, 1.5))
        for vanished in harm._in(harm.gone):
            harm.bring_back(vanished)
        await harm._use(list(harm.address_of), now=False)
        reply = await watcher.client.send(SetPace(per_hour=None))
        assert reply.ok, reply.message
        free = time.time()
        await watcher.until(lambda: state.status is EngineStatus.DONE, seconds=120)
    assert harm.done.total() == HARMS
    assert harm.policy.knocks
    assert set(harm.done) >= {"add", "remove", "remove now", "switch", "throttle"}
    assert not own_addresses or {"vanish", "come back"} <= set(harm.done)
    assert (state.done + state.failed, state.left) == (300, 0)
    assert set(state.failures) <= {"short source"}
    nothing_is_twice_and_each_clip_is_by_one_network(program, youtube, harm)
    asked: defaultdict[str, list[float]] = defaultdict(list)
    retransmitted = 0
    for request in youtube.requests:
        spans = harm.used.get(request.client_address, [])
        if not any(begin <= request.at <= end + IN_FLIGHT_S for begin, end in spans):
            assert harm.is_retransmitted(request), request
            retransmitted += 1
        if request.kind == "player" and request.at < free:
            asked[request.client_address].append(request.at)
    for address, times in asked.items():
        for first_at, last_at in combinations(range(len(times)), 2):
            allowed = BURST + (times[last_at] - times[first_at]) * PER_HOUR / 3600
            assert last_at - first_at + 1 <= allowed + 3, address
    for address in asked:
        for event in watcher.told:
            if event.network.name != harm.name_of(address) or event.news not in REFUSALS:
                continue
            assert event.network.until is not None
            peace = (event.at + IN_FLIGHT_S, event.network.until - 0.1)
            by_it = [request for request in youtube.requests if request.client_address == address]
            meanwhile = [request for request in by_it if peace[0] < request.at < peace[1]]
            assert all(harm.is_retransmitted(request) for request in meanwhile)
            retransmitted += len(meanwhile)
            if event.news is NetworkNews.PROBE_REFUSED:
                probes = [at for at in harm.policy.knocks[address] if abs(event.at - at) < IN_FLIGHT_S]
                assert len(probes) == 1
    assert retransmitted <= WORKERS * len(harm.came_back)


def nothing_is_twice_and_each_clip_is_by_one_network(
    program: Program, youtube: LoopbackYouTube, harm: Harm
) -> None:
    settled = settled_once(program, 300)
    clips_of = Counter(youtube_id for youtube_id, _, _ in settled)
    address_of = {harm.name_of(address): address for address in harm.address_of.values()}
    seen: defaultdict[str, list[RequestSeen]] = defaultdict(list)
    for request in youtube.requests:
        seen[request.video_id].append(request)
        if request.kind == "media":
            assert request.client_address == request.given_to
    for youtube_id, network, wire_bytes in settled:
        if not wire_bytes or clips_of[youtube_id] > 1:
            continue
        # The last request of an attempt that was given back may come late, when its address is there again.
        by_network = [one for one in seen[youtube_id] if one.client_address == address_of[network]]
        resolved = max(number for number, one in enumerate(by_network) if one.kind == "player")
        assert sum(one.sent_bytes for one in by_network[resolved:] if one.kind == "media") >= wire_bytes
