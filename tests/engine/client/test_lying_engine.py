"""What answers a dataset's socket may be anything: the views keep their feet."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kinetics_tui.base.errors import EngineError
from kinetics_tui.dataset.folder import make_state_folder
from kinetics_tui.engine.client import ask as asking
from kinetics_tui.engine.client import client
from kinetics_tui.engine.client.ask import ask, is_running
from kinetics_tui.engine.client.client import EngineClient
from kinetics_tui.engine.process.address import socket_paths
from kinetics_tui.model.commands import Pause

LIES = [
    b"\n",
    b"garbage\n",
    b"half a li",
    b"\x00\xff\xfe\n",
    b"[" * 100_000 + b"\n",
    b'{"event":"logged","at":' + b"[" * 100_000 + b"\n",
    b'{"event":"unheard-of","at":1}\n',
    b'{"event":"logged","at":"noon","text":1}\n',
    b'{"event":"logged","at":1e999,"text":""}\n',
    b'{"event":"reply","id":[],"ok":1}\n',
    b'{"event":"disk-measured","at":1,"free_bytes":' + b"9" * 100_000 + b"}\n",
    b"x" * 300_000,
    b"",
]


@contextlib.asynccontextmanager
async def lying(dataset: Path, lie: bytes, *, for_ever: bool = False) -> AsyncIterator[None]:
    """Something that answers every line with a lie; ``for_ever``: and never ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.readline()
            writer.write(lie)
            while for_ever:
                writer.write(lie)
                await writer.drain()
                await asyncio.sleep(0)
            await writer.drain()
        writer.close()

    make_state_folder(dataset)
    server = await asyncio.start_unix_server(serve, socket_paths(dataset)[0])
    yield
    server.close()


@pytest.mark.parametrize("lie", LIES)
async def test_a_command_is_not_answered_by_a_lie(
    tmp_path: Path, lie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_LINE_BYTES", 200_000)
    async with lying(tmp_path, lie):
        with pytest.raises(EngineError, match=r"did not answer; see|went away before it answered"):
            await asyncio.to_thread(ask, tmp_path, Pause())


async def test_a_talk_without_end_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REPLY_WITHIN_S", 0.2)
    async with lying(tmp_path, b'{"event":"logged","at":1,"text":"and"}\n', for_ever=True):
        with pytest.raises(EngineError, match="does not answer"):
            await asyncio.to_thread(ask, tmp_path, Pause())


@pytest.mark.parametrize("lie", LIES)
async def test_a_view_takes_a_lie_for_a_lost_engine(
    tmp_path: Path, lie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_LINE_BYTES", 200_000)
    view = EngineClient(tmp_path)
    async with lying(tmp_path, b'{"event":"logged","at":1,"text":"hello"}\n' + lie):
        async with asyncio.timeout(20):
            told = [event async for event in view.events()]
    assert len(told) == 1
    assert not view.connected


async def test_an_engine_that_takes_no_time_for_a_question_is_there_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "REPLY_WITHIN_S", 0.2)
    make_state_folder(tmp_path)
    path = socket_paths(tmp_path)[0]
    server = await asyncio.start_unix_server(lambda _reader, _writer: None, path, backlog=0)
    waiting = []
    for _ in range(3):  # nobody takes their calls while this loop holds the only thread
        assert is_running(tmp_path)
        waiting.append(asyncio.create_task(asyncio.open_unix_connection(path)))
    with pytest.raises(EngineError, match="does not answer"):
        ask(tmp_path, Pause())
    server.close()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
