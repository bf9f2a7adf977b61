"""The line between engine and host: frames, files between messages, and what breaks it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kinetics_tui.base.any_text import to_json
from kinetics_tui.engine.wire import line as line_module
from kinetics_tui.engine.wire.certificates import host_context, knock_of
from kinetics_tui.engine.wire.line import (
    LOST_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_PIECE_BYTES,
    WELCOME,
    BadLine,
    Line,
    LineLost,
)
from tests.engine.wire.host_echo import PATIENCE_S, Echo, Piece, Say, until


@pytest.fixture
async def line(echo: Echo) -> Line[Say]:
    return await echo.host()


@contextlib.asynccontextmanager
async def by_hand(echo: Echo) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A host that was let in, and can say anything at all then."""
    context = host_context(echo.authority.issue())
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.listener.port)
    writer.write(knock_of(context))
    await writer.start_tls(context)
    assert await reader.readexactly(1) == WELCOME
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def stop_reading(writer: asyncio.StreamWriter) -> None:
    assert isinstance(writer.transport, asyncio.Transport)
    writer.transport.pause_reading()


def frame(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body


def piece_head(piece: Piece) -> bytes:
    return b"".join(number.to_bytes(8) for number in (piece.lease, piece.size_bytes, piece.at))


async def test_messages_come_in_their_order(echo: Echo, line: Line[Say]) -> None:
    for number in range(500):
        line.send(Say(number, "ü" * number))
    assert [await line.read() for _ in range(500)] == [Say(number, "ü" * number) for number in range(500)]


async def test_messages_of_any_text_pass(echo: Echo, line: Line[Say]) -> None:
    line.send(Say(1, "\udcff\x00\n"))
    assert await line.read() == Say(1, "\udcff\x00\n")


async def test_files_go_both_ways_and_messages_overtake_them(
    echo: Echo, line: Line[Say], tmp_path: Path
) -> None:
    up, down = tmp_path / "up", tmp_path / "down"
    up.write_bytes(os.urandom(5_000_001))
    down.write_bytes(os.urandom(4_000_003))
    engine = echo.lines[0]

    async def send(side: Line[Say], path: Path) -> None:
        await side.send_file(7, path)
        if side is engine:
            side.send(Say(-1))

    sending = [asyncio.create_task(send(line, up)), asyncio.create_task(send(engine, down))]
    line.send(Say(0))
    data, overtook = bytearray(), 0

    def take(_lease: int, size_bytes: int, at: int, piece: memoryview) -> None:
        assert (size_bytes, at) == (4_000_003, len(data))
        data.extend(piece)

    line.take_piece = take
    while (came := await line.read()) != Say(-1):
        overtook += not all(task.done() for task in sending)
        line.send(Say(came.number + 1))
    await asyncio.gather(*sending)
    await until(lambda: sum(len(piece.data) for piece in echo.pieces) == 5_000_001)
    assert data == down.read_bytes()
    assert b"".join(piece.data for piece in echo.pieces) == up.read_bytes()
    assert {piece.lease for piece in echo.pieces} == {7}
    assert overtook > 1


async def test_frames_of_any_lengths_come_whole_however_they_are_cut(echo: Echo) -> None:
    dice = random.Random(5)
    usual = (1, 300, 65_536, MAX_PIECE_BYTES)
    sizes = [dice.choice((*usual, dice.randrange(1, MAX_PIECE_BYTES))) for _ in range(150)]
    sent = [
        Piece(number, dice.randbytes(size), size_bytes=number + size, at=number)
        for number, size in enumerate(sizes)
    ]
    data = b"".join(frame(b"P", piece_head(piece) + piece.data) for piece in sent)
    async with asyncio.timeout(PATIENCE_S), by_hand(echo) as (_, writer):
        at = 0
        while at < len(data):
            step = dice.choice((1, 7, 5000, 100_000, 1_000_000))
            writer.write(data[at : at + step])
            await writer.drain()
            at += step
        await until(lambda: len(echo.pieces) >= len(sent))
    assert echo.pieces == sent


async def test_several_files_take_turns(echo: Echo, line: Line[Say], tmp_path: Path) -> None:
    contents = {lease: os.urandom(700_000 + lease % 10) for lease in (3, 2**63, 5)}
    for lease, content in contents.items():
        (tmp_path / str(lease)).write_bytes(content)
    await asyncio.gather(*(line.send_file(lease, tmp_path / str(lease)) for lease in contents))
    await echo.goes_on(line)
    for lease, content in contents.items():
        assert b"".join(piece.data for piece in echo.pieces if piece.lease == lease) == content
        places = [(piece.at, piece.size_bytes) for piece in echo.pieces if piece.lease == lease]
        assert places == [(at, len(content)) for at in sorted({at for at, _ in places})]
        assert places[0][0] == 0
    leases = [piece.lease for piece in echo.pieces]
    assert sum(one != next_one for one, next_one in itertools.pairwise(leases)) > 5


async def test_an_empty_file_has_no_piece_and_a_missing_one_leaves_the_line(
    echo: Echo, line: Line[Say], tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    await line.send_file(1, tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        await line.send_file(2, tmp_path / "none")
    await echo.goes_on(line)
    assert not echo.pieces


async def test_reading_may_be_given_up_and_taken_up_again(echo: Echo, line: Line[Say]) -> None:
    whole = frame(b"J", to_json(Say(5, "abc")))
    for part in (whole[:3], whole[3:5], whole[5:9]):
        echo.lines[0]._transport.write(part)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.read(), 0.05)
    echo.lines[0]._transport.write(whole[9:])
    assert await line.read() == Say(5, "abc")


@pytest.mark.parametrize(
    "said",
    [
        frame(b"J", b"{}"),
        frame(b"J", b""),
        frame(b"J", b'{"number": "x"}'),
        frame(b"J", b"[" * 100_000),
        frame(b"J", b"\xff\xfe"),
        frame(b"P", bytes(23)),
        frame(b"P", bytes(24)),
        frame(b"P", bytes(8) + (99_999).to_bytes(8) + bytes(8) + b"x" * 65_535),
        frame(b"Q", b"{}"),
        frame(b"\x80", b"\x04N."),
        (MAX_MESSAGE_BYTES + 1).to_bytes(4) + b"J",
        (MAX_PIECE_BYTES + 25).to_bytes(4) + b"P",
        b"\xff" * 5,
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=[
        "none of ours",
        "empty",
        "of another type",
        "nested",
        "no text",
        "piece without its head",
        "empty piece",
        "crumb",
        "another kind",
        "pickle",
        "message too long",
        "piece too long",
        "all ones",
        "http",
    ],
)
async def test_what_no_host_says_ends_its_line_and_no_other(said: bytes, echo: Echo, line: Line[Say]) -> None:
    async with by_hand(echo) as (reader, writer):
        writer.write(said)
        with contextlib.suppress(OSError):
            assert await reader.read() == b""
        await until(lambda: echo.ended)
        assert isinstance(echo.ended[0], BadLine)
    await echo.goes_on(line)


async def test_the_longest_of_each_kind_passes(echo: Echo, line: Line[Say]) -> None:
    rest = MAX_MESSAGE_BYTES - len(b'{"number":1,"text":""}')
    line.send(Say(1, "x" * rest))
    assert await line.read() == Say(1, "x" * rest)
    with pytest.raises(ValueError, match="too long"):
        line.send(Say(1, "x" * (rest + 1)))
    async with by_hand(echo) as (_, writer):
        writer.write(frame(b"P", bytes(24) + b"x" * MAX_PIECE_BYTES))
        await until(lambda: echo.pieces)
    assert echo.pieces == [Piece(0, b"x" * MAX_PIECE_BYTES)]


async def test_a_piece_that_nobody_takes_ends_the_line(echo: Echo, line: Line[Say], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    await echo.lines[0].send_file(1, tmp_path / "file")
    with pytest.raises(BadLine):
        await line.read()


async def test_what_goes_wrong_with_a_piece_is_raised_to_who_reads(
    echo: Echo, line: Line[Say], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x")

    def take(_lease: int, _size_bytes: int, _at: int, _data: memoryview) -> None:
        raise OSError(28, "No space left on device")

    line.take_piece = take
    reading = asyncio.create_task(line.read())
    await asyncio.sleep(0)
    await echo.lines[0].send_file(1, tmp_path / "file")
    with pytest.raises(OSError, match="No space left"):
        await reading


@pytest.mark.parametrize("said", [b"", b"\x00\x00", frame(b"J", b'{"number": 1}')[:-1]])
async def test_a_line_cut_anywhere_is_lost(said: bytes, echo: Echo) -> None:
    async with by_hand(echo) as (_, writer):
        writer.write(said)
        await writer.drain()
    await until(lambda: echo.ended)
    assert type(echo.ended[0]) is LineLost


async def test_a_side_that_never_reads_messages_is_given_up(echo: Echo, line: Line[Say]) -> None:
    async with by_hand(echo) as (_, writer):
        stop_reading(writer)
        await until(lambda: len(echo.lines) == 2)
        engine = echo.lines[1]
        sent = 0
        while not echo.ended:
            engine.send(Say(1, "x" * 100_000))
            assert engine.waiting_bytes <= LOST_BYTES + 200_000
            sent += 1
            assert sent < 2000
            await asyncio.sleep(0)
        assert str(echo.ended[0]) == "the other side does not read"
        engine.send(Say(1))  # harmless
        with pytest.raises(LineLost):
            await engine.send_file(1, Path(__file__))
    await echo.goes_on(line)


async def test_a_file_for_a_side_that_never_reads_waits_outside_of_memory(
    echo: Echo, line: Line[Say], tmp_path: Path
) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(30_000_000))
    async with by_hand(echo) as (_, writer):
        stop_reading(writer)
        await until(lambda: len(echo.lines) == 2)
        engine = echo.lines[1]
        sending = [asyncio.create_task(engine.send_file(lease, big)) for lease in range(8)]
        for number in range(20):
            await echo.goes_on(line, number)
            assert engine.waiting_bytes < 1_000_000
        assert not any(task.done() for task in sending)
        engine.abort()
        results = await asyncio.gather(*sending, return_exceptions=True)
        assert {type(result) for result in results} == {LineLost}


async def test_what_was_sent_arrives_before_a_line_is_closed(echo: Echo, line: Line[Say]) -> None:
    engine = echo.lines[0]
    for number in range(50):
        engine.send(Say(number, "x" * 10_000))
    closing = asyncio.create_task(engine.close())
    assert [(await line.read()).number for _ in range(50)] == list(range(50))
    with pytest.raises(LineLost, match="hung up"):
        await line.read()
    await closing


async def test_closing_does_not_wait_for_a_side_that_does_not_read(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "CLOSE_WITHIN_S", 0.2)
    async with by_hand(echo) as (_, writer):
        stop_reading(writer)
        await until(lambda: echo.lines)
        for _ in range(70):
            echo.lines[0].send(Say(1, "x" * 100_000))
        async with asyncio.timeout(PATIENCE_S):
            await echo.lines[0].close()
        await until(lambda: echo.ended)


async def test_a_line_that_is_closed_twice_takes_messages_still(echo: Echo, line: Line[Say]) -> None:
    line.abort()
    await line.close()
    await line.close()
    line.send(Say(number=1))
    assert line.waiting_bytes == 0
    with pytest.raises(LineLost):
        await line.read()


async def test_a_line_names_its_other_side(echo: Echo, line: Line[Say]) -> None:
    assert line.peer == f"127.0.0.1:{echo.listener.port}"
    assert echo.lines[0].peer.startswith("127.0.0.1:")


async def test_it_is_encrypted_by_the_newest_tls(echo: Echo, line: Line[Say]) -> None:
    about = line._transport.get_extra_info("ssl_object")
    assert isinstance(about, ssl.SSLObject)
    assert about.version() == "TLSv1.3"
