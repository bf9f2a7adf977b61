"""Networks switched in the middle of a run, seen from YouTube's side: who asks, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shlex
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import cycle, islice

import pytest

from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.model.commands import SwitchNetwork, UseNetworks
from kinetics_tui.model.events import EngineStatus, NetworkChanged, NetworkNews
from kinetics_tui.model.network import public_proxy
from tests.media.proxies import HttpProxy, SocksProxy
from tests.program import Program

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

SWITCHES = 20
CLIPS = 140
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

    async def watch(self) -> None:
        while True:
            async for event in self.client.events():
                if isinstance(event, NetworkChanged) and event.news is NetworkNews.LEFT:
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
    options = ["--pace", "unlimited", "--workers", "4", "--trim", "copy", "--headless", *more]
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
    with contextlib.closing(sqlite3.connect(ledger_path(program.dataset))) as ledger:
        settled = ledger.execute(
            "SELECT clip_id, youtube_id, networks.name, wire_bytes FROM attempts"
            " JOIN clips ON clips.id = clip_id JOIN networks ON networks.id = network_id"
            " WHERE outcome IN ('done', 'failed')"
        ).fetchall()
        of_other_sessions = ledger.execute(
            "SELECT count(*) FROM attempts JOIN sessions ON sessions.id = session_id"
            " WHERE sessions.network_id <> attempts.network_id"
        ).fetchone()
    assert len(settled) == len({clip_id for clip_id, *_ in settled}) == CLIPS
    clips_of = Counter(youtube_id for _, youtube_id, _, _ in settled)
    assert of_other_sessions == (0,)
    address_of = {public_proxy(way) if "://" in way else way: address for way, address in ways}
    for _, youtube_id, network, wire_bytes in settled:
        # What was put back was begun again by whichever network; the last bytes are those that were kept.
        media = [seen for seen in youtube.requests if seen.kind == "media" and seen.video_id == youtube_id]
        if wire_bytes and clips_of[youtube_id] == 1:
            assert media[-1].client_address == address_of[network]
