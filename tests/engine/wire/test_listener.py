"""Who is let in where hosts come in, and that all others disturb nobody: real sockets, real TLS."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from kinetics_tui.base.errors import EngineError
from kinetics_tui.engine.wire import certificates
from kinetics_tui.engine.wire import listener as listener_module
from kinetics_tui.engine.wire.certificates import Authority, Credentials, host_context, knock_of
from kinetics_tui.engine.wire.line import Line, LineLost
from kinetics_tui.engine.wire.listener import (
    ANOTHER_DATASETS,
    LOGGED_EVERY_S,
    MOST_HANDSHAKES,
    MOST_KNOCKING,
    Allowance,
    Listener,
    bound,
)
from kinetics_tui.engine.wire.reach import NotReached, connect
from tests.engine.wire.host_echo import PATIENCE_S, READER, Echo, Say, until


def server_context(credentials: Credentials) -> ssl.SSLContext:
    """The context of somebody who serves with a host's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(cadata=credentials.authority)
    with (
        certificates._as_file(credentials.certificate) as certificate,
        certificates._as_file(credentials.key) as key,
    ):
        context.load_cert_chain(certificate, key)
    return context


def expired(authority: Authority) -> Credentials:
    """A host's credentials whose certificate expired an hour ago, and do not say so."""
    key = certificates._new_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificates._name("host"))
        .issuer_name(authority._certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=2))
        .not_valid_after(datetime.now(UTC) - timedelta(hours=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
    )
    signed = certificates._pem(builder.sign(authority._key, SHA256()))
    good = authority.issue()
    return good._replace(certificate=signed, key=certificates._key_pem(key))


@contextlib.asynccontextmanager
async def caller(
    echo: Echo, said: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Somebody who comes over plain TCP and says this."""
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.listener.port)
    writer.write(said)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def all_that_comes(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await reader.read()
        except OSError:
            return b""


def knock(echo: Echo) -> bytes:
    return knock_of(host_context(echo.authority.issue()))


async def refusal(echo: Echo, **changes: object) -> NotReached:
    with pytest.raises(NotReached) as error:
        await connect(echo.file(**changes), READER, PATIENCE_S)  # type: ignore[arg-type]
    assert "PRIVATE" not in str(error.value)
    return error.value


async def test_a_host_of_the_dataset_is_let_in_again_and_again(echo: Echo) -> None:
    for _ in range(3):
        line = await echo.host()
        await echo.goes_on(line)
        await line.close()


async def test_a_stranger_who_knows_the_knock_and_has_no_certificate_gets_nothing(echo: Echo) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with caller(echo, knock(echo)) as (reader, writer):
        await writer.start_tls(context)  # our side is done with TLS 1.3 before the engine has judged
        writer.write(b"\x00\x00\x00\x0bJ" + b'{"number":1}')
        assert await all_that_comes(reader) == b""
    assert not echo.lines


async def test_a_certificate_of_another_authority_gets_nothing(echo: Echo, tmp_path: Path) -> None:
    other = Authority.at(tmp_path / "other").issue()
    mixed = echo.authority.issue()._replace(certificate=other.certificate, key=other.key)
    error = await refusal(echo, credentials=mixed)
    assert "it hung up on seeing this certificate" in str(error)
    assert not echo.lines


async def test_another_datasets_connect_file_is_refused_before_any_tls(echo: Echo, tmp_path: Path) -> None:
    error = await refusal(echo, credentials=Authority.at(tmp_path / "other").issue())
    assert error.refused
    assert f"kinetics-tui hosts {tmp_path / 'set'} --connect-file FILE" in str(error)
    async with caller(echo, certificates.KNOCKS + bytes(24)) as (reader, _):
        assert await all_that_comes(reader) == ANOTHER_DATASETS


async def test_a_renewed_connect_file_is_void_when_the_engine_comes_back(echo: Echo) -> None:
    before, port = echo.file(), echo.listener.port
    await echo.listener.close()
    echo.authority.renew()
    await echo.open(port=port)
    with pytest.raises(NotReached, match="its connect file was renewed") as error:
        await connect(before, READER, PATIENCE_S)
    assert error.value.refused
    await echo.goes_on(await echo.host())


async def test_an_expired_certificate_gets_nothing(echo: Echo) -> None:
    error = await refusal(echo, credentials=expired(echo.authority))
    assert "certificate, which may have expired" in str(error)
    assert not echo.lines


async def test_nobody_is_an_engine_by_a_hosts_certificate(echo: Echo) -> None:
    await echo.listener.close()
    await echo.open(server_context(echo.authority.issue()))
    error = await refusal(echo)
    assert error.refused
    assert not echo.lines


async def test_an_engine_with_an_expired_certificate_is_not_believed(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    await echo.listener.close()
    monkeypatch.setattr(certificates, "ENGINE_LASTS", timedelta(hours=-1))
    (Path(echo.folder) / ".kinetics-tui" / "hosts" / "engine.pem").unlink()
    await echo.open(echo.authority.engine_context())
    assert "set the clock right" in str(await refusal(echo))


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\nHost: kinetics.example\r\n\r\n", bytes(64), b"\x16\x03\x01\x02\x00" * 20],
    ids=["http", "zeros", "tls"],
)
async def test_who_does_not_knock_gets_nothing(said: bytes, echo: Echo) -> None:
    async with caller(echo, said) as (reader, _):
        assert await all_that_comes(reader) == b""


async def test_who_says_nothing_or_stops_in_the_middle_is_hung_up_on(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "HANDSHAKE_S", 0.2)
    for said in (b"", knock(echo)[:20], knock(echo), knock(echo) + b"\x16\x03\x01\x02\x00"):
        async with caller(echo, said) as (reader, _):
            assert await all_that_comes(reader) == b""
    assert not echo.lines


async def come_until_let_in(echo: Echo) -> Line[Say]:
    """A host that comes again where there is no place for it at first, as hosts do."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await echo.host()
            except NotReached:
                await asyncio.sleep(0.2)


async def flood(echo: Echo, line: Line[Say], strangers: int, *said: bytes) -> None:
    """Many strangers who say these things in turn and stay; another host comes, and its line goes on."""
    with contextlib.ExitStack() as stack:
        for number in range(strangers):
            stranger = stack.enter_context(socket.socket())
            stranger.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                stranger.connect((echo.address.split(":")[0], echo.listener.port))
            with contextlib.suppress(OSError):
                stranger.send(said[number % len(said)])
            if number % 10 == 0:
                await echo.goes_on(line, number)
                assert len(echo.listener._knocking) <= MOST_KNOCKING
                assert echo.listener._greeted <= MOST_HANDSHAKES
                assert len(echo.listener._visiting) <= listener_module.MOST_VISITORS + len(echo.lines)
        more = await come_until_let_in(echo)
        for number in range(50):
            await echo.goes_on(line, number)
            await echo.goes_on(more, number)
    assert len(echo.lines) == 2


async def test_a_flood_of_strangers_disturbs_no_line_and_keeps_no_host_out(
    echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    line = await echo.host()
    await flood(echo, line, 500, b"", b"GET / HTTP/1.1\r\n", knock(echo)[:9], bytes(99), b"\xff" * 40)
    told = [record for record in caplog.records if "turned away" in record.message]
    assert 1 <= len(told) <= 1 + (time.monotonic() - began) / LOGGED_EVERY_S
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_half_handshakes_of_those_who_know_the_knock_do_no_more(
    echo: Echo, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "HANDSHAKE_S", 1.0)
    line = await echo.host()
    monkeypatch.setattr(listener_module, "MOST_VISITORS", 50)
    await flood(echo, line, 100, knock(echo), knock(echo) + b"\x16\x03\x01\x02\x00")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_many_hosts_that_come_at_once_are_all_let_in(echo: Echo) -> None:
    lines = await asyncio.gather(*(echo.host() for _ in range(64)))
    await asyncio.gather(*(echo.goes_on(line, number) for number, line in enumerate(lines)))
    assert len(echo.lines) == 64


async def test_more_lines_than_there_may_be_are_not_made(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "MOST_LINES", 2)
    first, second = await echo.host(), await echo.host()
    assert not (await refusal(echo)).refused
    first.abort()
    await until(lambda: len(echo.listener._lines) == 1)
    await echo.goes_on(await echo.host())
    await echo.goes_on(second)


async def test_a_full_table_of_descriptors_is_waited_out(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_AGAIN_S", 0.1)
    tries = 0

    def turn_away(self: Listener[Say], why: str) -> None:
        nonlocal tries
        tries += 1

    monkeypatch.setattr(Listener, "_turn_away", turn_away)
    line = await echo.host()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_connection(("127.0.0.1", echo.listener.port)):
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            began = time.monotonic()
            await until(lambda: tries >= 3)
            assert tries <= 1 + (time.monotonic() - began) / 0.1
            await echo.goes_on(line)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await echo.goes_on(await echo.host())


async def test_a_fault_of_ours_ends_one_line_alone(
    echo: Echo, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await echo.host()

    async def broken(line: Line[Say]) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(echo.listener, "_serve", broken)
    line = await echo.host()
    with pytest.raises(LineLost):
        await line.read()
    await echo.goes_on(other)
    assert "by a fault of this program" in caplog.text


async def test_closing_says_what_is_to_be_said_and_ends_all(echo: Echo) -> None:
    line = await echo.host()
    async with caller(echo), caller(echo, knock(echo)):
        await until(lambda: len(echo.listener._visiting) == 3)
        echo.lines[0].send(Say(1, "x" * 200_000))
        closing = asyncio.create_task(echo.listener.close())
        assert await line.read() == Say(1, "x" * 200_000)
        with pytest.raises(LineLost):
            await line.read()
        await closing
    assert not echo.listener._visiting
    assert not (await refusal(echo)).refused


async def test_the_same_port_can_be_had_again_at_once(echo: Echo) -> None:
    port = echo.listener.port
    line = await echo.host()
    await echo.listener.close()
    await echo.open(port=port)
    assert echo.listener.port == port
    line.abort()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1", "another program does so already; choose another port"),
        ("192.0.2.77", "this machine has no such address"),
        ("no-such-host.invalid", "this machine has no such address"),
    ],
)
async def test_where_nothing_can_listen_it_says_why(address: str, said: str, echo: Echo) -> None:
    with pytest.raises(EngineError, match=said):
        bound(address, echo.listener.port)


async def test_everywhere_is_every_family_of_addresses(echo: Echo, authority: Authority) -> None:
    everywhere = Listener(bound("", 0), authority.engine_context(), echo.serve, READER)
    places = [f"127.0.0.1:{everywhere.port}"]
    if socket.has_dualstack_ipv6():
        places.append(f"[::1]:{everywhere.port}")
    for place in places:
        line = await connect(echo.file(addresses=(place,)), READER, PATIENCE_S)
        await echo.goes_on(line)
        line.abort()
    assert echo.lines[0].peer.startswith("127.0.0.1:")
    await everywhere.close()


async def test_so_many_at_once_and_then_so_many_a_second() -> None:
    allowance = Allowance(5, 20.0)
    began = time.monotonic()
    for _ in range(15):
        await allowance.take()
    assert time.monotonic() - began >= 0.45
