"""From a host to its engine: addresses that lead nowhere, and what is said where none leads on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from kinetics_tui.engine.wire.reach import NotReached, connect
from tests.engine.wire.host_echo import PATIENCE_S, READER, Echo, until


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


async def test_addresses_that_lead_nowhere_are_passed_over(echo: Echo, silent: str, nobody: str) -> None:
    good = f"127.0.0.1:{echo.listener.port}"
    addresses = (silent, nobody, "no-such-host.invalid:1", silent, good, good)
    line = await connect(echo.file(addresses=addresses), READER, PATIENCE_S)
    assert line.peer == good
    await echo.goes_on(line)
    line.abort()


async def test_several_addresses_of_one_engine_make_one_line(echo: Echo) -> None:
    port = echo.listener.port
    line = await connect(echo.file(addresses=(f"127.0.0.1:{port}", f"localhost:{port}")), READER, PATIENCE_S)
    await echo.goes_on(line)
    await until(lambda: len(echo.listener._lines) == 1)
    line.abort()


async def test_it_says_where_it_looked_and_what_came_of_it(echo: Echo, silent: str, nobody: str) -> None:
    addresses = (silent, nobody, "no-such-host.invalid:1")
    with pytest.raises(NotReached) as error:
        await connect(echo.file(addresses=addresses), READER, 2.0)
    assert not error.value.refused
    text = str(error.value)
    assert f"{silent} (no answer)" in text
    assert f"{nobody} (refused: nothing listens there)" in text
    assert "no-such-host.invalid:1 (" in text
    assert text.endswith("see that the run goes on there with --listen, and that no firewall is between.")


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"", b"\x15\x03"])
async def test_another_program_is_not_taken_for_an_engine(said: bytes, echo: Echo) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(NotReached) as error:
        await connect(echo.file(addresses=(address,)), READER, PATIENCE_S)
    assert not error.value.refused
    server.close()
    await server.wait_closed()


async def test_a_try_that_is_given_up_leaves_nothing(echo: Echo, silent: str) -> None:
    trying = asyncio.create_task(connect(echo.file(addresses=(silent, silent)), READER, PATIENCE_S))
    await asyncio.sleep(0.1)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert asyncio.all_tasks() - {asyncio.current_task()} == set(echo.listener._accepting)


async def test_a_file_without_addresses_is_no_endless_search(echo: Echo) -> None:
    with pytest.raises(NotReached):
        await connect(echo.file(addresses=()), READER, PATIENCE_S)
