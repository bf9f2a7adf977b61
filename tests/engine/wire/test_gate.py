"""The gate: its real program between an engine and hosts, what it passes on, takes in and drops."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.engine.wire import gate as gate_module
from kinetics_tui.engine.wire.certificates import Authority
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.wire.gate import Gate, HostLine
from kinetics_tui.engine.wire.gate_frames import HERE_EVERY_S, Came, Frames, Kind
from kinetics_tui.engine.wire.gate_program import MESSAGES
from kinetics_tui.engine.wire.line import MIN_PIECE_BYTES, BadLine, LineLost
from kinetics_tui.engine.wire.listener import bound
from kinetics_tui.engine.wire.messages import Bye, Note, Ping, Resize
from tests.engine.wire.host_echo import PATIENCE_S, until
from tests.torture.host_liar import Liar

FILE = bytes(range(256)) * 3000
LEASE = 1000000007


class Guests:
    """An engine with a gate, which listens to nobody by itself: the lines are in ``lines``."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.folder = folder
        self.lines: list[HostLine] = []
        self.gate: Gate
        self._authority = authority
        self._leave = asyncio.Event()

    async def open(self) -> None:
        dataset = self.folder.parent / "set"
        self.gate = await Gate.open(dataset, self.folder, self._serve, "127.0.0.1", 0)

    async def _serve(self, line: HostLine) -> None:
        self.lines.append(line)
        await self._leave.wait()

    def hang_up(self) -> None:
        """Have nobody at the lines that there are."""
        self._leave.set()

    async def call(self) -> Liar:
        """A host that was let in, and has a line here."""
        before = len(self.lines)
        file = ConnectFile.make(
            title="set",
            folder="/nowhere",
            addresses=(f"127.0.0.1:{self.gate.port}",),
            token="",
            credentials=self._authority.issue(),
        )
        liar = await Liar.call(file)
        await until(lambda: len(self.lines) > before)
        return liar

    @asynccontextmanager
    async def allowed(self) -> AsyncIterator[tuple[HostLine, Liar]]:
        """The first host, which may send its file."""
        async with await self.call() as host:
            [line] = self.lines
            await allow(line, host)
            yield line, host

    def files(self) -> list[str]:
        return sorted(path.suffix for path in self.folder.iterdir())


@pytest.fixture
async def guests(authority: Authority, tmp_path: Path) -> AsyncIterator[Guests]:
    folder = tmp_path / "arrivals"
    folder.mkdir()
    guests = Guests(authority, folder)
    await guests.open()
    yield guests
    await guests.gate.close()
    assert guests.files() in ([], [".mp4"])


async def allow(line: HostLine, host: Liar) -> None:
    """Allow the host its file, and wait until the gate knows."""
    line.allow(LEASE)
    line.send(Ping())
    await host.next(Ping)


async def came(line: HostLine) -> Came:
    """The next word on a file that says more than that some of it came."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            said = await line.read()
            if isinstance(said, Came) and said != Came(said.lease):
                return said


async def heard(line: HostLine, text: str) -> None:
    """Wait until a host has said this."""
    async with asyncio.timeout(PATIENCE_S):
        while await line.read() != Note(text=text):
            pass


async def test_messages_pass_both_ways_in_their_order(guests: Guests) -> None:
    async with await guests.call() as host:
        [line] = guests.lines
        for number in range(200):
            host.say(Note(text=f"{number}"))
            line.send(Resize(workers=number % 64 + 1))
        notes = [said for _ in range(200) if isinstance(said := await line.read(), Note)]
        assert [note.text for note in notes] == [f"{number}" for number in range(200)]
        told = [(await host.next(Resize)).workers for _ in range(200)]
        assert told == [number % 64 + 1 for number in range(200)]
        assert line.address == "127.0.0.1"


async def test_a_file_comes_whole_where_it_is_allowed_and_else_not_at_all(guests: Guests) -> None:
    async with await guests.call() as host:
        [line] = guests.lines
        host.pieces(LEASE, FILE)
        host.say(Note(text="sent"))
        await heard(line, "sent")
        assert guests.files() == []
        await allow(line, host)
        host.pieces(LEASE, FILE)
        whole = await came(line)
        assert (whole.lease, whole.size_bytes, whole.spoiled, whole.errno) == (LEASE, len(FILE), "", 0)
        assert (guests.folder / whole.name).read_bytes() == FILE
        host.pieces(LEASE, FILE)  # once more
        host.say(Note(text="again"))
        await heard(line, "again")
        assert guests.files() == [".mp4"]


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"size_bytes": 100}, "it sent more than it told of"),
        ({"begin": MIN_PIECE_BYTES}, "its pieces do not follow on each other"),
    ],
)
async def test_a_file_that_lies_is_spoiled_and_its_line_goes_on(
    lie: dict[str, int], why: str, guests: Guests
) -> None:
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE, **lie)
        assert await came(line) == Came(LEASE, spoiled=why)
        host.say(Note(text="still here"))
        await heard(line, "still here")
        assert guests.files() == []


@pytest.mark.parametrize("size_bytes", [0, 2**63])
async def test_a_file_of_no_size_that_a_clip_has_is_not_begun(size_bytes: int, guests: Guests) -> None:
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE[: 2 * MIN_PIECE_BYTES], size_bytes=size_bytes)
        host.say(Note(text="sent"))
        await heard(line, "sent")
        assert guests.files() == []


async def test_very_many_files_may_be_begun_and_take_no_descriptors(guests: Guests) -> None:
    async with await guests.call() as host:
        [line] = guests.lines
        for lease in range(LEASE, LEASE + 100):
            line.allow(lease)
        await allow(line, host)
        for lease in range(LEASE, LEASE + 100):
            host.pieces(lease, FILE[:MIN_PIECE_BYTES], size_bytes=len(FILE))
        await until(lambda: len(guests.files()) == 100)
        assert psutil.Process(guests.gate.pid).num_fds() < 40


async def test_one_who_sends_bits_of_files_without_end_is_hung_up_on(guests: Guests) -> None:
    async with await guests.call() as host, await guests.call() as other:
        for _ in range(3 * MESSAGES[0]):
            host.pieces(LEASE, b"bit")
        with pytest.raises(LineLost, match="nobody waits for"):
            await came(guests.lines[0])
        other.say(Note(text="still here"))
        await heard(guests.lines[1], "still here")


async def test_what_has_come_of_a_file_that_is_denied_is_removed(guests: Guests) -> None:
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE[: 2 * MIN_PIECE_BYTES], size_bytes=len(FILE))
        await until(lambda: guests.files() == [".part"])
        line.deny(LEASE)
        await until(lambda: guests.files() == [])
        host.pieces(LEASE, FILE[2 * MIN_PIECE_BYTES :], size_bytes=len(FILE), begin=2 * MIN_PIECE_BYTES)
        host.say(Note(text="the rest"))
        await heard(line, "the rest")
        assert guests.files() == []


async def test_half_a_file_goes_with_its_line(guests: Guests) -> None:
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE[: 2 * MIN_PIECE_BYTES], size_bytes=len(FILE))
        await until(lambda: guests.files() == [".part"])
    with pytest.raises(LineLost):
        await came(line)
    assert guests.files() == []


async def test_a_whole_file_for_which_nobody_is_there_any_more_is_removed(guests: Guests) -> None:
    async with guests.allowed() as (_, host):
        host.pieces(LEASE, FILE)
        await until(lambda: guests.files() == [".mp4"])
        guests.hang_up()
        await until(lambda: guests.files() == [])


async def test_a_file_that_cannot_be_written_says_so_and_leaves_the_line(guests: Guests) -> None:
    guests.folder.rename(guests.folder.with_name("elsewhere"))
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE)
        assert await came(line) == Came(LEASE, errno=errno.ENOENT)
        host.say(Note(text="still here"))
        await heard(line, "still here")
    guests.folder.with_name("elsewhere").rename(guests.folder)


async def test_of_a_file_that_finds_no_room_nothing_is_left(guests: Guests) -> None:
    async with await guests.call() as host:
        [line] = guests.lines
        resource.prlimit(guests.gate.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
        await allow(line, host)
        host.pieces(LEASE, FILE)
        assert await came(line) == Came(LEASE, errno=errno.EFBIG)
        assert guests.files() == []


async def test_something_of_a_slow_file_is_word_of_its_host(guests: Guests) -> None:
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE[:MIN_PIECE_BYTES], size_bytes=len(FILE))
        async with asyncio.timeout(PATIENCE_S):
            assert await line.read() == Came(LEASE)


async def test_what_is_no_message_can_be_answered_before_the_line_ends(guests: Guests) -> None:
    async with await guests.call() as host:
        [line] = guests.lines
        host.say_bytes(b"J", b'{"message": "from the future"}')
        with pytest.raises(BadLine, match="no message"):
            await line.read()
        line.send(Bye(why="What was that?"))
        await line.close()
        assert (await host.next(Bye)).why == "What was that?"
        await host.over.wait()


async def test_what_is_no_frame_ends_the_line_as_bad(guests: Guests) -> None:
    async with await guests.call() as host:
        [line] = guests.lines
        host.say_bytes(b"X", b"{}")
        with pytest.raises(BadLine, match="none of our frames"):
            await line.read()
        await host.over.wait()


async def test_one_who_talks_without_end_is_made_to_wait_and_loses_nothing(guests: Guests) -> None:
    at_once, per_s = MESSAGES
    async with await guests.call() as host, await guests.call() as other:
        line, others = guests.lines
        began = time.monotonic()
        for number in range(2 * at_once):
            host.say(Note(text=f"{number}"))
        other.say(Note(text="meanwhile"))
        await heard(others, "meanwhile")
        notes = [said for _ in range(2 * at_once) if isinstance(said := await line.read(), Note)]
        assert [int(note.text) for note in notes] == list(range(2 * at_once))
        assert time.monotonic() - began >= at_once / per_s * 0.9


async def test_of_one_who_said_too_much_and_is_gone_the_rest_is_not_waited_for(guests: Guests) -> None:
    at_once, _ = MESSAGES
    async with await guests.call() as host:
        for number in range(20 * at_once):
            host.say(Note(text=f"{number}"))
        await heard(guests.lines[0], f"{at_once // 2}")
    with pytest.raises(LineLost):
        await heard(guests.lines[0], f"{10 * at_once}")


async def test_a_gate_that_dies_is_started_again_at_the_same_port(
    guests: Guests, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "AGAIN_S", 0.1)
    async with guests.allowed() as (line, host):
        host.pieces(LEASE, FILE[: 2 * MIN_PIECE_BYTES], size_bytes=len(FILE))
        await until(lambda: guests.files() == [".part"])
        port, pid = guests.gate.port, guests.gate.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(LineLost, match="has ended"):
            await came(line)
        line.send(Ping())  # harmless
        await host.over.wait()
    async with await guests.call() as host:
        assert (guests.gate.port, guests.gate.pid == pid) == (port, False)
        assert guests.files() == []
        host.say(Note(text="back"))
        await heard(guests.lines[-1], "back")
    assert "it is started again" in caplog.text


async def test_a_gate_that_hangs_is_killed_and_started_again(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "SILENT_S", 2 * HERE_EVERY_S)
    async with await guests.call():
        [line] = guests.lines
        pid = guests.gate.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(LineLost, match="has ended"):
            await came(line)
        await until(lambda: guests.gate.pid != pid)
    async with await guests.call() as host:
        host.say(Note(text="back"))
        await heard(guests.lines[-1], "back")


async def test_a_gate_that_stood_still_with_its_engine_does_not_hang(
    guests: Guests, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gate_module, "SILENT_S", 2 * HERE_EVERY_S)
    async with await guests.call() as host:
        os.kill(guests.gate.pid, signal.SIGSTOP)
        time.sleep(3 * HERE_EVERY_S)
        os.kill(guests.gate.pid, signal.SIGCONT)
        await asyncio.sleep(HERE_EVERY_S)
        host.say(Note(text="still here"))
        await heard(guests.lines[0], "still here")
    assert "hangs" not in caplog.text


async def test_a_gate_that_dies_at_once_again_and_again_is_started_less_and_less_often(
    guests: Guests, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gate_module, "AGAIN_S", 0.6)
    program, python = gate_module.PROGRAM, sys.executable
    monkeypatch.setattr(gate_module, "PROGRAM", "kinetics_tui.no_such_program")
    os.kill(guests.gate.pid, signal.SIGKILL)
    await until(lambda: "does not start" in caplog.text)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    await until(lambda: "cannot be started" in caplog.text)
    await until(lambda: "started again in 2 s" in caplog.text)
    monkeypatch.setattr(gate_module, "PROGRAM", program)
    monkeypatch.setattr(sys, "executable", python)
    await until(lambda: psutil.pid_exists(guests.gate.pid) and guests.gate._ready.is_set())
    async with await guests.call() as host:
        host.say(Note(text="back"))
        await heard(guests.lines[-1], "back")


async def test_a_gate_ends_with_its_engine_and_frees_the_port(guests: Guests) -> None:
    gate, port = psutil.Process(guests.gate.pid), guests.gate.port
    async with await guests.call() as host:
        guests.gate._keeper.cancel()  # type: ignore[union-attr]
        guests.gate._frames.close()  # as it is when the engine's process ends
        await host.over.wait()
    await asyncio.to_thread(gate.wait, PATIENCE_S)
    for each in guests.gate._sockets:
        each.close()
    for each in bound("127.0.0.1", port):
        each.close()


_AN_ENGINE = """
import asyncio, sys
from pathlib import Path
from kinetics_tui.engine.wire.gate import Gate

async def main():
    gate = await Gate.open(Path(sys.argv[1]), Path(sys.argv[2]), None, "127.0.0.1", 0)
    print(gate.pid, flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such signal")
def test_a_gate_that_stands_still_ends_with_its_engine_too(authority: Authority, tmp_path: Path) -> None:
    authority.engine_context()
    command = [sys.executable, "-c", _AN_ENGINE, str(tmp_path / "set"), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        gate = psutil.Process(int(engine.stdout.readline()))
        gate.suspend()
        engine.kill()
    gate.wait(PATIENCE_S)


async def test_closing_says_what_is_to_be_said_and_leaves_no_program(guests: Guests) -> None:
    gate, port = psutil.Process(guests.gate.pid), guests.gate.port
    async with await guests.call() as host:
        guests.lines[0].send(Bye(why="x" * 2000))
        await guests.gate.close()
        assert (await host.next(Bye)).why == "x" * 2000
        await host.over.wait()
    assert not gate.is_running()
    for each in bound("127.0.0.1", port):
        each.close()


async def test_strangers_are_told_of_in_the_engines_log(
    guests: Guests, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        _, writer = await asyncio.open_connection("127.0.0.1", guests.gate.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: kinetics.example\r\n\r\n")
        await until(lambda: "turned away 1 connection, the last one 127.0.0.1:" in caplog.text)
        writer.close()
    assert guests.lines == []


async def test_a_gate_that_cannot_start_is_an_error_and_leaves_nothing_open(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "PROGRAM", "kinetics_tui.no_such_program")
    guests = Guests(authority, tmp_path)
    before = psutil.Process().num_fds()
    with pytest.raises(EngineError, match="does not start"):
        await guests.open()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EngineError, match="cannot be started"):
        await guests.open()
    assert psutil.Process().num_fds() <= before + 1


async def test_frames_come_whole_however_they_are_cut() -> None:
    sent: list[bytes] = []
    out = Frames(lambda *_frame: None, lambda: None)

    class Transport(asyncio.Transport):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            sent.append(bytes(data))

        def is_closing(self) -> bool:
            return False

        def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
            pass

    out.connection_made(Transport())
    frames = [(Kind.SAID, 7, b"abc"), (Kind.ENDED, 2**32 - 1, b""), (Kind.CAME, 1, b"x" * 300)]
    for kind, number, body in frames:
        out.send(kind, number, body)
    await until(lambda: sent)
    [data] = sent
    for step in range(1, len(data) + 1):
        got: list[tuple[Kind, int, bytes]] = []
        into = Frames(lambda kind, n, body, got=got: got.append((kind, n, bytes(body))), lambda: None)  # type: ignore[misc]
        for at in range(0, len(data), step):
            into.data_received(data[at : at + step])
        assert got == frames
