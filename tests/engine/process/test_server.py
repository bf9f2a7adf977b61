"""The socket between engine and views: real sockets, both sides."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from kinetics_tui.base.errors import DatasetError, EngineError
from kinetics_tui.dataset.folder import make_state_folder, state_folder
from kinetics_tui.engine.client import client as client_module
from kinetics_tui.engine.client.ask import ask, is_running
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.engine.process.server import MAX_LINE_BYTES, Server
from kinetics_tui.model.commands import AnyCommand, Pause, Reply, SetWorkers
from kinetics_tui.model.events import AnyEvent, EngineStatus, Logged, RunOpened, SplitCounts, StatusChanged
from kinetics_tui.model.state import RunState

AT = 1_700_000_000.0


class Engine:
    """What stands behind the server in these tests: a state, and a memory of commands."""

    def __init__(self) -> None:
        self.state = RunState()
        self.state.apply(
            RunOpened(at=AT, dataset="/d", title="T", pid=1, started_at=AT, splits=(SplitCounts("val", 9),))
        )
        self.commands: list[AnyCommand] = []

    def obey(self, command: AnyCommand) -> Reply:
        self.commands.append(command)
        refused = isinstance(command, SetWorkers)
        return Reply(id=command.id, ok=not refused, message="No." if refused else "")

    def replay(self) -> list[AnyEvent]:
        return self.state.as_events()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    make_state_folder(tmp_path)
    return tmp_path


@pytest.fixture
async def served(dataset: Path) -> AsyncIterator[tuple[Engine, Server]]:
    engine = Engine()
    server = Server(engine.obey, engine.replay)
    await server.open(socket_paths(dataset))
    yield engine, server
    await server.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_view_is_brought_up_to_date_and_then_follows(
    dataset: Path, served: tuple[Engine, Server]
) -> None:
    _, server = served
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    await until(lambda: server.views == 1 and client.connected)
    assert client.state.left == 9
    server.broadcast(StatusChanged(at=AT, status=EngineStatus.RUNNING))
    await until(lambda: client.state.status is EngineStatus.RUNNING)
    following.cancel()


async def test_a_screen_takes_what_comes_within_a_moment_in_one_go(
    dataset: Path, served: tuple[Engine, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "GATHER_S", 0.2)
    _, server = served
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    await until(lambda: server.views == 1 and client.connected)
    before = client.version
    seen: set[int] = set()
    for number in range(20):
        server.broadcast(Logged(at=AT, text=str(number)))
        await asyncio.sleep(0)
        seen.add(client.version - before)
    await until(lambda: client.version == before + 20)
    assert seen == {0}
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_line_that_comes_in_pieces_is_put_together(dataset: Path) -> None:
    lines = b"".join(msgspec.json.encode(Logged(at=AT, text=f"\u00fc{n}")) + b"\n" for n in range(3))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for at in range(0, len(lines), 7):
            writer.write(lines[at : at + 7])
            await asyncio.sleep(0.001)
        writer.close()

    server = await asyncio.start_unix_server(serve, socket_paths(dataset)[0])
    told = [event async for event in EngineClient(dataset).events()]
    server.close()
    assert [event.text for event in told if isinstance(event, Logged)] == ["\u00fc0", "\u00fc1", "\u00fc2"]


async def test_a_view_that_has_left_again_has_looked_once(
    dataset: Path, served: tuple[Engine, Server]
) -> None:
    _, server = served
    assert server.looked() == 0
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    await until(lambda: client.connected)
    assert server.looked() == 1
    following.cancel()
    await until(lambda: server.views == 0)
    assert (server.looked(), server.looked()) == (1, 0)


async def test_two_views_see_the_same(dataset: Path, served: tuple[Engine, Server]) -> None:
    _, server = served
    clients = [EngineClient(dataset), EngineClient(dataset)]
    following = [asyncio.create_task(client.follow()) for client in clients]
    await until(lambda: server.views == 2)
    server.broadcast(Logged(at=AT, text="both hear this"))
    await until(lambda: all(client.state.log for client in clients))
    for task in following:
        task.cancel()


async def test_a_command_is_answered_and_a_refusal_is_an_answer(
    dataset: Path, served: tuple[Engine, Server]
) -> None:
    engine, server = served
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    await until(lambda: server.views == 1)
    assert (await client.send(Pause(now=True))).ok
    reply = await client.send(SetWorkers(workers=99))
    assert (reply.ok, reply.message) == (False, "No.")
    assert isinstance(engine.commands[-2], Pause)
    following.cancel()


async def test_a_lost_engine_is_noticed_and_found_again(dataset: Path) -> None:
    engine = Engine()
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    for _ in range(2):
        server = Server(engine.obey, engine.replay)
        await server.open(socket_paths(dataset))
        await until(lambda: client.connected)
        await server.close()
        await until(lambda: not client.connected)
    assert not (await client.send(Pause())).ok
    following.cancel()


async def test_one_command_from_the_shell(dataset: Path, served: tuple[Engine, Server]) -> None:
    await asyncio.to_thread(ask, dataset, Pause())
    with pytest.raises(EngineError, match=r"No\."):
        await asyncio.to_thread(ask, dataset, SetWorkers(workers=99))


async def test_where_nothing_was_begun_one_sentence_says_so(dataset: Path) -> None:
    assert not is_running(dataset)
    with pytest.raises(EngineError, match="holds no ledger"):
        await asyncio.to_thread(ask, dataset, Pause())


@pytest.mark.parametrize(
    "line", [b"garbage\n", b"[" * 5000 + b"\n", b'{"command":"unheard-of"}\n', b"\x00\xff\n", b"{}\n"]
)
async def test_garbage_is_refused_and_hung_up_on(
    dataset: Path, served: tuple[Engine, Server], line: bytes
) -> None:
    engine, _ = served
    reader, writer = await asyncio.open_unix_connection(str(socket_paths(dataset)[0]))
    writer.write(line)
    reply = msgspec.json.decode(await reader.readline(), type=Reply)
    assert not reply.ok
    assert await reader.read() == b""
    assert engine.commands == []
    writer.close()


async def test_a_line_without_end_is_hung_up_on(dataset: Path, served: tuple[Engine, Server]) -> None:
    reader, writer = await asyncio.open_unix_connection(str(socket_paths(dataset)[0]))
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):  # noqa: PT012 -- any of them may be the one
        for _ in range(100):
            writer.write(b"x" * MAX_LINE_BYTES)
            await writer.drain()
        await reader.readexactly(1)
    writer.close()


async def test_a_view_that_does_not_read_holds_nobody_up(
    dataset: Path, served: tuple[Engine, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.engine.process.server.LOST_BYTES", 1 << 20)
    _, server = served
    reader, writer = await asyncio.open_unix_connection(str(socket_paths(dataset)[0]))
    writer.write(b'{"command":"subscribe"}\n')
    await until(lambda: server.views == 1)
    for _ in range(3000):
        server.broadcast(Logged(at=AT, text="x" * 1000))
        await asyncio.sleep(0)
    assert server.views == 0
    writer.close()
    del reader


async def test_a_socket_that_was_removed_is_put_back(dataset: Path, served: tuple[Engine, Server]) -> None:
    _, server = served
    socket_paths(dataset)[0].unlink()
    await server.restore()
    assert is_running(dataset)


async def test_socket_and_folder_are_for_the_user_alone(dataset: Path, served: tuple[Engine, Server]) -> None:
    path = socket_paths(dataset)[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_removed_folder_is_put_back_with_the_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    make_state_folder(deep)
    engine = Engine()
    server = Server(engine.obey, engine.replay)
    path = await server.open(socket_paths(deep))
    path.unlink()
    await server.restore()
    assert is_running(deep)
    await server.close()


async def test_a_folder_that_takes_no_socket_gets_one_elsewhere(dataset: Path) -> None:
    first, second = socket_paths(dataset)
    first.mkdir()  # in the way, as a file system without sockets would be
    engine = Engine()
    server = Server(engine.obey, engine.replay)
    with contextlib.suppress(OSError):
        assert await server.open(socket_paths(dataset)) == second
        assert is_running(dataset)
    await server.close()


async def test_a_copy_of_a_dataset_does_not_reach_the_engine_of_the_original(
    dataset: Path, served: tuple[Engine, Server], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    make_state_folder(copy)
    (state_folder(copy) / "engine.json").write_bytes(b'{"pid":1,"started_at":0}')
    assert is_running(dataset)
    assert not is_running(copy)


async def test_a_command_that_fails_is_answered_with_its_sentence(dataset: Path) -> None:
    def refuse(command: AnyCommand) -> Reply:
        raise DatasetError("The ledger is full.")

    server = Server(refuse, list)
    await server.open(socket_paths(dataset))
    with pytest.raises(EngineError, match="The ledger is full"):
        await asyncio.to_thread(ask, dataset, Pause())
    await server.close()


def test_a_long_path_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    make_state_folder(deep)
    (path,) = socket_paths(deep)
    assert len(str(path)) <= 100


def test_a_folder_open_to_others_gets_no_socket(tmp_path: Path) -> None:
    make_state_folder(tmp_path).chmod(0o755)
    assert state_folder(tmp_path) not in [path.parent for path in socket_paths(tmp_path)]


async def test_a_command_that_fails_through_a_fault_of_ours_is_answered_and_the_rest_goes_on(
    dataset: Path,
) -> None:
    def stumble(command: AnyCommand) -> Reply:
        raise ZeroDivisionError if isinstance(command, SetWorkers) else DatasetError("No.")

    server = Server(stumble, list)
    await server.open(socket_paths(dataset))
    with pytest.raises(EngineError, match=r"failed at that; see engine\.log"):
        await asyncio.to_thread(ask, dataset, SetWorkers(workers=1))
    with pytest.raises(EngineError, match=r"No\."):
        await asyncio.to_thread(ask, dataset, Pause())
    await server.close()


async def test_one_view_too_many_is_told_so_and_the_others_are_unharmed(
    dataset: Path, served: tuple[Engine, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.engine.process.server.MOST_LINES", 3)
    path = str(socket_paths(dataset)[0])
    there = [await asyncio.open_unix_connection(path) for _ in range(3)]
    for _, writer in there:
        writer.write(b'{"command":"subscribe"}\n')
    await until(lambda: served[1].views == 3)
    with pytest.raises(EngineError, match="3 views look at this run already"):
        await asyncio.to_thread(ask, dataset, Pause())
    served[1].broadcast(Logged(at=AT, text="still there"))
    for reader, writer in there:
        await reader.readuntil(b"still there")
        writer.close()
    await until(lambda: served[1].views == 0)
    await asyncio.to_thread(ask, dataset, Pause())


async def test_who_opens_a_line_and_says_nothing_is_hung_up_on(
    dataset: Path, served: tuple[Engine, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.engine.process.server.SPEAK_WITHIN_S", 0.05)
    reader, writer = await asyncio.open_unix_connection(str(socket_paths(dataset)[0]))
    writer.write(b'{"command":"pau')
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


async def test_an_engine_that_ends_leaves_no_line_half_served(dataset: Path) -> None:
    engine = Engine()
    server = Server(engine.obey, engine.replay)
    await server.open(socket_paths(dataset))
    client = EngineClient(dataset)
    following = asyncio.create_task(client.follow())
    await until(lambda: server.views == 1)
    await server.close()
    assert not [task for task in asyncio.all_tasks() if "Server._serve" in repr(task)]
    following.cancel()
