"""Hosts that lie, over the real line: nothing of it counts, nothing runs, and the run comes to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import av
import msgspec
import pytest

from kinetics_tui import __version__
from kinetics_tui.dataset.folder import log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.client.ask import ask
from kinetics_tui.engine.hosts.results import SPOILED_IN_A_ROW
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.line import MIN_PIECE_BYTES
from kinetics_tui.engine.wire.messages import (
    MOST_NETWORKS,
    Bye,
    Got,
    HostNetwork,
    Leaving,
    NetworksNow,
    Note,
    ProgressNow,
    ProgressOf,
    Work,
    WorkerGone,
)
from kinetics_tui.engine.workers.messages import Finished, Progress
from kinetics_tui.media.verify import verify
from kinetics_tui.model.commands import AdmitHost
from kinetics_tui.model.events import Phase
from kinetics_tui.model.made import NOTHING_SPENT, MadeFile
from kinetics_tui.model.network import HERE
from tests.host_program import HostPrograms, free_port, run_flags
from tests.program import Program
from tests.torture.host_liar import Liar, hello
from tests.torture.small_videos import shrink
from tests.torture.test_chaos import settled_clips
from tests.waiting import until

Serve = Callable[..., tuple[Demo, LoopbackYouTube]]

SOON_S = 5.0
FINISH_WITHIN_S = 120.0


class Scene(NamedTuple):
    """A run that is under way, what lets hosts in, and a clip as it should be."""

    program: Program
    file: ConnectFile
    good: bytes
    made: MadeFile

    async def done(self) -> int:
        return (await asyncio.to_thread(self.program.state)).done

    async def until(self, condition: Callable[[], bool]) -> None:
        await asyncio.to_thread(until, condition)


@pytest.fixture
async def scene(program: Program, serve: Serve, demo_sources: Path) -> AsyncIterator[Scene]:
    """A run of which the engine itself makes next to nothing; at the end it has to come out well."""
    demo, youtube = serve(30)
    shrink(demo, demo_sources)
    view = program.start("run", str(program.dataset), *run_flags(demo, youtube, free_port()))
    wanted = {f"{clip.split}/{clip.label}/{clip.name}.mp4": clip for clip in demo.clips}

    def whole() -> Path | None:
        """A clip that is done and has all of its 10 s."""
        for name in wanted:
            path = program.dataset / name
            with contextlib.suppress(OSError):
                if verify(path).duration_s > 9.9:
                    return path
        return None

    await asyncio.to_thread(until, lambda: whole() is not None)
    youtube.line.latency_s = 4.0
    path = whole()
    assert path is not None
    hosts = HostPrograms(program)
    file = ConnectFile.read(await asyncio.to_thread(hosts.connect_file, "liar"))
    hosts.close()
    made = verify(path).made_file(path.stat().st_size, short=False, exact=True)
    yield Scene(program, file, path.read_bytes(), made)
    youtube.line.latency_s = 0.0
    await asyncio.to_thread(view.communicate, timeout=FINISH_WITHIN_S)
    assert view.returncode == 0
    for name, status, done, failed in settled_clips(program.dataset):
        assert (done, failed) == ((1, 0) if status == "done" else (0, 1)), name
    with Ledger.open(program.dataset, read_only=True) as ledger:
        assert ledger.leases() == []
    found = {str(path.relative_to(program.dataset)) for path in program.dataset.rglob("*.mp4")}
    assert found <= set(wanted)
    assert list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.part")) == []
    log = log_path(program.dataset).read_text()
    assert "Traceback" not in log
    assert all(line.isprintable() for line in log.splitlines())


def cut_short(data: bytes, folder: Path) -> bytes:
    """The first half of a clip, as a clip that is whole in itself."""
    source, target = folder / "whole.mp4", folder / "half.mp4"
    source.write_bytes(data)
    with av.open(str(source)) as whole, av.open(str(target), "w") as half:
        video = whole.streams.video[0]
        copied = half.add_stream_from_template(video)
        assert video.time_base is not None
        for packet in whole.demux(video):
            if packet.pts is None or packet.dts is None or float(packet.pts * video.time_base) > 5:
                continue
            packet.stream = copied
            half.mux(packet)
    return target.read_bytes()


async def test_a_result_counts_once_and_by_its_own_lease_alone(scene: Scene) -> None:
    async with await Liar.call(scene.file) as one, await Liar.call(scene.file) as other:
        a1, b1 = await one.take_part(hello("one")), await other.take_part(hello("other"))
        before = await scene.done()
        # Of another host's lease, of another clip, of a worker that there is not, of no lease at all.
        one.result(b1, scene.good, scene.made)
        one.pieces(b1.lease, scene.good)
        one.result(a1, scene.good, scene.made, said=_finished(b1.assign.clip_id, scene.made))
        one.result(a1, scene.good, scene.made, place=64)
        one.result(a1, scene.good, scene.made, lease=12345)
        one.pieces(12345, b"for nobody")
        for lease in (b1.lease, a1.lease, a1.lease, 12345):
            await one.next(Got, lambda got, lease=lease: got.lease == lease)  # type: ignore[misc]
        assert await scene.done() == before
        # Pieces of another host in between are not its own.
        other.result(b1, scene.good, scene.made)
        other.pieces(b1.lease, scene.good[:MIN_PIECE_BYTES], size_bytes=len(scene.good))
        one.pieces(b1.lease, b"\0" * 1000)
        rest = scene.good[MIN_PIECE_BYTES:]
        other.pieces(b1.lease, rest, size_bytes=len(scene.good), begin=MIN_PIECE_BYTES)
        await scene.until(lambda: scene.program.state().done == before + 1)
        await other.next(Got, lambda got: got.lease == b1.lease)
        # The same once more, and one after its lease has gone back.
        other.deliver(b1, scene.good, scene.made)
        await other.next(Got, lambda got: got.lease == b1.lease)
        one.say(WorkerGone(place=1, lease=a1.lease, how="killed by signal 9", from_outside=True))
        one.deliver(a1, scene.good, scene.made)
        await one.next(Got, lambda got: got.lease == a1.lease)
        assert await scene.done() == before + 1
        for liar in (one, other):
            liar.say(Leaving())


def _finished(clip_id: int, made: MadeFile) -> Finished:
    return Finished(clip_id=clip_id, made=made, spent=NOTHING_SPENT)


async def test_files_that_are_no_clips_are_made_again_and_whoever_sends_five_is_removed(
    scene: Scene, tmp_path: Path
) -> None:
    half = await asyncio.to_thread(cut_short, scene.good, tmp_path)
    assert verify(tmp_path / "half.mp4").duration_s < 6
    before = await scene.done()
    spoil: list[Callable[[Liar, Any], None]] = [
        lambda liar, work: liar.deliver(work, b"no clip" * 1000, scene.made),
        lambda liar, work: liar.deliver(work, half, scene.made),
        lambda liar, work: liar.deliver(work, scene.good, scene.made, sha256="0" * 64),
        lambda liar, work: liar.deliver(work, scene.good, scene.made, size_bytes=1000),
        lambda liar, work: liar.result(work, scene.good, scene.made, in_place=True),
    ]
    assert len(spoil) == SPOILED_IN_A_ROW
    async with await Liar.call(scene.file) as liar:
        work = await liar.take_part(hello("liar"))
        for number, lie in enumerate(spoil):
            lie(liar, work)
            if number < len(spoil) - 1:
                work = await liar.next(Work)
        bye = await liar.next(Bye)
        assert "--admit liar" in bye.why
    async with await Liar.call(scene.file) as again:
        assert "--admit liar" in await again.refused(hello("liar", instance="another"))
    assert await scene.done() == before
    async with await Liar.call(scene.file) as empty:
        work = await empty.take_part(hello("empty"))
        empty.result(work, b"", scene.made)
        await empty.next(Work)
        empty.result(work, b"", scene.made, size_bytes=2**40)
        await scene.until(lambda: "is no clip" in scene.program.state().hosts["empty"].last_word)
        # Let in again, it takes no place of a host that came after it.
        await asyncio.to_thread(ask, scene.program.dataset, AdmitHost(host="liar"))
        async with await Liar.call(scene.file) as admitted:
            await admitted.take_part(hello("liar", instance="another"))
            workers = scene.program.state().workers.values()
            assert {worker.host for worker in workers} == {HERE, "empty", "liar"}
            admitted.say(Leaving())
        empty.say(Leaving())


class Bomb:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self._path,))


def _odd(**said: Any) -> bytes:
    return msgspec.json.encode({**msgspec.to_builtins(hello("odd")), **said})


async def test_whatever_is_no_message_ends_the_line_and_nothing_of_it_runs(
    scene: Scene, tmp_path: Path
) -> None:
    bomb = tmp_path / "went-off"
    network = {"key": "default", "name": "127.0.0.9", "label": "lo"}
    nonsense = [
        pickle.dumps(Bomb(bomb)),
        b"",
        b"\xff" * 1000,
        b"[" * 100_000,
        b'{"message": "hello"}',
        b'{"message": "run", "command": "touch went-off"}',
        b'{"message": "result", "place": 1, "lease": 99999999999999999999999}',
        msgspec.json.encode({"message": "note", "text": "x" * 200_000}),
        _odd(message="\x1b[2J\r\nengine stops"),
        _odd(name="a\nb"),
        _odd(name="x" * 201),
        _odd(networks=[network] * (MOST_NETWORKS + 1)),
        _odd(networks=[{**network, "name": "\x1b]0;title\x07"}]),
        _odd(networks=[{**network, "kind": "no kind"}]),
        _odd(workers=10**9),
        _odd(held=[[1, 2, 3]] * 1000),
    ]
    for said in nonsense:
        async with await Liar.call(scene.file) as liar:  # as its first word
            liar.say_bytes(b"J", said)
            await asyncio.wait_for(liar.over.wait(), 60)
    for kind, body, length in ((b"J", b"{}", 2**31), (b"J", b"", 2**18 + 1), (b"X", b"?", 1), (b"P", b"", 0)):
        async with await Liar.call(scene.file) as liar:
            liar.say_bytes(kind, body, length=length)
            await asyncio.wait_for(liar.over.wait(), 60)
    for number, said in enumerate(nonsense):
        async with await Liar.call(scene.file) as liar:  # and with clips in hand
            await liar.take_part(hello(f"odd{number}", instance=f"{number}"))
            liar.say_bytes(b"J", said)
            await asyncio.wait_for(liar.over.wait(), 60)
    assert not bomb.exists()
    assert not Path("went-off").exists()


async def test_a_host_with_an_odd_name_is_refused(scene: Scene) -> None:
    for name in ("..", ".", "", "-rf", "a/b", "../../x", "a b", "ä", "\u202eb", "x" * 32, "a;b"):
        async with await Liar.call(scene.file) as liar:
            assert "up to 31 letters" in await liar.refused(hello(name))


async def test_networks_with_odd_names_are_networks_like_others(scene: Scene) -> None:
    names = [
        "",
        "../../x",
        "$(reboot)",
        "\u202etxt",
        "a" * 200,
        "'; DROP TABLE clips; --",
        "http://[",
        "%s%n",
    ]
    networks = tuple(HostNetwork(key=f"way {n}", name=name, label=name) for n, name in enumerate(names))
    async with await Liar.call(scene.file) as liar:
        await liar.take_part(hello("odd", networks=networks))
        listed = await asyncio.to_thread(scene.program, "networks", str(scene.program.dataset))
        assert listed.returncode == 0, listed.stderr
        assert "\u202e" not in listed.stdout
        liar.say(Leaving())


async def test_talk_without_end_disturbs_no_run(scene: Scene) -> None:
    async with await Liar.call(scene.file) as liar, await Liar.call(scene.file) as honest:
        work = await liar.take_part(hello("liar"))
        mine = await honest.take_part(hello("honest"))
        before = await scene.done()
        progress = Progress(
            clip_id=work.assign.clip_id, phase=Phase.DOWNLOAD, fraction=0.5, wire_bytes=1, bytes_per_s=1.0
        )
        flooding = True

        async def flood() -> None:
            number = 0
            while flooding:
                number += 1
                network = HostNetwork(key=f"way {number}", name=f"net {number}", label="lo")
                liar.say(Note(text=f"note {number}"))
                liar.say(ProgressNow(clips=(ProgressOf(1, work.lease, progress),)))
                liar.say(NetworksNow(networks=(network,)))
                liar.pieces(12345, b"\0" * MIN_PIECE_BYTES)
                await liar.line._flows.wait()
                await asyncio.sleep(0)

        task = asyncio.create_task(flood())
        slowest_s = 0.0
        for _ in range(10):
            began = time.monotonic()
            state = await asyncio.to_thread(scene.program.state)
            slowest_s = max(slowest_s, time.monotonic() - began)
            await asyncio.sleep(0.3)
        honest.deliver(mine, scene.good, scene.made)
        await scene.until(lambda: scene.program.state().done == before + 1)
        flooding = False
        await task
        print(f"asked in a flood, the engine answers within {slowest_s:.2f} s")  # noqa: T201
        assert slowest_s < SOON_S
        assert len(state.networks) <= MOST_NETWORKS + 3
        honest.say(Leaving())


async def test_a_host_of_another_version_reads_what_to_type(scene: Scene) -> None:
    ours = f"pip install kinetics-tui=={__version__}"
    for changed, to_type in (
        ({"version": "0.0.1"}, ours),
        ({"yt_dlp": "2020.01.01"}, "pip install 'yt-dlp[default]=="),
    ):
        async with await Liar.call(scene.file) as liar:
            why = await liar.refused(hello("lab2", **changed))
        assert to_type in why
        assert "\n" not in why
