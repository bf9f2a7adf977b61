"""What is the fault of a proxy is local trouble: the network's, never the clip's."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.fetch.ranges_fetch import RangeReader
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route
from tests.media.media_studio import Sources, Studio
from tests.media.proxies import HttpProxy, Proxy, SocksProxy

# yt-dlp leaves the socket open where a SOCKS proxy hangs up; the fixture has it collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ME = ("me", "secret")
REFUSING: dict[str, Callable[[], Proxy]] = {
    "407": lambda: HttpProxy(status=407),
    "502": lambda: HttpProxy(status=502),
    "503": lambda: HttpProxy(status=503),
    "504": lambda: HttpProxy(status=504),
    "password asked for": lambda: HttpProxy(auth=ME),
    **{f"SOCKS {code}": partial(SocksProxy, reply=code) for code in range(1, 9)},
    "SOCKS password asked for": lambda: SocksProxy(auth=ME),
    "SOCKS hung": lambda: SocksProxy(hung=True),
}


@pytest.fixture
def resolver(studio: Studio) -> Iterator[Resolver]:
    args = (*studio.direct_args(), "--socket-timeout", "0.3", "--extractor-retries", "0")
    resolver = Resolver(args)
    yield resolver
    resolver.close()
    gc.collect()


def trouble(resolver: Resolver, video: str, proxy: str, *, media: bool = True) -> list[str]:
    """Ask for a video through the proxy, and for its media; returns the messages of both failures."""
    resolver.switch_network(None)
    source = resolver.resolve(video)
    resolver.switch_network(Route(proxy=proxy))
    messages = []
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(video)
    assert caught.value.category is Category.OFFLINE
    messages.append(caught.value.message)
    if media:
        with pytest.raises(ClipFailure) as caught:
            RangeReader(resolver.session, source.video, Guard()).read(0, 100)
        assert caught.value.category is Category.OFFLINE
        messages.append(caught.value.message)
    assert not any(word in message for message in messages for word in ("secret", "wrong", "http://"))
    return messages


@pytest.mark.parametrize("kind", REFUSING)
def test_a_proxy_that_refuses_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver, kind: str
) -> None:
    with REFUSING[kind]() as proxy:
        messages = trouble(resolver, studio.add(dash), f"{proxy.scheme}://{proxy.host}")
        assert proxy.targets == []
    assert studio.youtube.count("player") == 1
    if kind.isdigit():
        assert all(kind in message for message in messages)


@pytest.mark.parametrize("proxy_class", [HttpProxy, SocksProxy])
def test_a_wrong_password_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver, proxy_class: type[HttpProxy] | type[SocksProxy]
) -> None:
    with proxy_class(auth=ME) as proxy:
        trouble(resolver, studio.add(dash), f"{proxy.scheme}://me:wrong@{proxy.host}")


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks4a", "socks5", "socks5h"])
def test_a_proxy_that_is_not_there_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver, scheme: str
) -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        (message, _) = trouble(
            resolver, studio.add(dash), f"{scheme}://me:secret@127.0.0.1:{taken.getsockname()[1]}"
        )
    assert message == "No connection by the proxy: Connection refused"


def test_a_proxy_that_lets_tunnels_hang_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    # Media that it carries in the open look like a server that does not answer.
    with HttpProxy(hung=True) as proxy:
        trouble(resolver, studio.add(dash), proxy.url, media=False)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_takes_no_connection_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver, scheme: str
) -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(contextlib.closing(socket.socket()))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(10):
            waiting = stack.enter_context(contextlib.closing(socket.socket()))
            waiting.settimeout(0.2)
            if waiting.connect_ex(full.getsockname()):
                break
        else:
            pytest.skip("this system takes connections that nobody accepts")
        trouble(resolver, studio.add(dash), f"{scheme}://127.0.0.1:{full.getsockname()[1]}")


@pytest.mark.parametrize("scheme", ["http", "socks4", "socks5"])
def test_a_proxy_that_hangs_up_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver, scheme: str
) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:

        def hang_up() -> None:
            while True:
                connection, _ = server.accept()
                connection.recv(1000)
                connection.close()
                if stopping.is_set():
                    return

        stopping = threading.Event()
        thread = threading.Thread(target=hang_up)
        thread.start()
        trouble(resolver, studio.add(dash), f"{scheme}://127.0.0.1:{server.getsockname()[1]}")
        stopping.set()
        with socket.create_connection(server.getsockname()) as last:
            last.shutdown(socket.SHUT_WR)
        thread.join()


def test_one_kind_of_proxy_taken_for_another_is_local_trouble(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    with SocksProxy() as proxy:
        trouble(resolver, studio.add(dash), f"http://{proxy.host}", media=False)
    with HttpProxy() as proxy:
        trouble(resolver, studio.add(dash), f"socks5://{proxy.host}")


def test_what_the_server_does_is_not_blamed_on_a_proxy(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    with SocksProxy() as proxy:
        resolver.switch_network(Route(proxy=proxy.url))
        source = resolver.resolve(studio.add(dash))
        studio.youtube.line.latency_s = 60.0
        with pytest.raises(ClipFailure) as caught:
            RangeReader(resolver.session, source.video, Guard()).read(0, 100)
        assert caught.value.category is Category.TIMEOUT
        studio.youtube.stopping.set()
        resolver.close()
