"""Switching the network between clips: each clip leaves by one network, whole, and by no other."""

from __future__ import annotations

import contextlib
import http.cookiejar
import itertools
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psutil
import pytest
from yt_dlp.networking.exceptions import HTTPError

from kinetics_tui.demo import player as hls
from kinetics_tui.demo.videos import Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.fetch.fragments_fetch import NEEDS_ANOTHER_PROGRAM
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route
from tests.media.media_studio import Sources, Studio
from tests.media.proxies import HttpProxy, Proxy, SocksProxy
from tests.website import Website

SWITCHES = 20
HANDLERS = {"requests": (), "urllib": ("--compat-options", "prefer-legacy-http-handler")}


class WayOut(NamedTuple):
    """A route, and the address that the server sees requests come from."""

    route: Route
    address: str
    proxy: Proxy | None = None


@pytest.fixture
def ways_out() -> Iterator[list[WayOut]]:
    """Three addresses of this machine, two HTTP proxies, and a SOCKS proxy."""
    with ExitStack() as stack:
        proxies = [
            stack.enter_context(HttpProxy("127.0.0.5")),
            stack.enter_context(HttpProxy("127.0.0.6", auth=("me", "secret"))),
            stack.enter_context(SocksProxy("127.0.0.7", auth=("me", "secret"))),
        ]
        yield [
            *(WayOut(Route(address, ""), address) for address in ("127.0.0.2", "127.0.0.3", "127.0.0.4")),
            *(WayOut(Route(proxy=proxy.url), proxy.source_address or "", proxy) for proxy in proxies),
        ]


def connections_from(address: str) -> int:
    """How many connections this process holds that left by an address of its own."""
    return sum(
        connection.laddr.ip == address and bool(connection.raddr)
        for connection in psutil.Process().net_connections("tcp")
    )


def test_every_request_of_a_clip_leaves_by_its_route_and_by_no_other(
    studio: Studio, packings: Mapping[str, Sources], ways_out: list[WayOut]
) -> None:
    maker = studio.maker(clients="visionos")
    sources = [(packings["dash"], False), (packings["progressive"], False), (packings["dash"], True)]
    before = None
    for number, way, (packing, pieces) in zip(
        range(SWITCHES), itertools.cycle(ways_out), itertools.cycle([*sources, sources[0]]), strict=False
    ):
        video, seen = studio.add(packing, hls=pieces), len(studio.youtube.requests)
        studio.make(maker, video, 20.0 + number, 21.0 + number, route=way.route)
        requests = studio.youtube.requests[seen:]
        assert {request.client_address for request in requests} == {way.address}
        kinds = {"player", "media"} | ({"manifest"} if pieces else set())
        assert {request.kind for request in requests} == kinds
        assert [request.kind for request in requests].count("player") == 1
        if before is not None:
            assert (
                connections_from(before.address) == 0
                if before.proxy is None
                else before.proxy.wait_until_left()
            )
        before = way


def test_a_clip_by_the_same_route_keeps_the_connection(studio: Studio, dash: Sources) -> None:
    maker = studio.maker(clients="visionos")
    with SocksProxy() as proxy:
        for start_s in (20.0, 30.0):
            studio.make(maker, studio.add(dash), start_s, start_s + 1, route=Route(proxy=proxy.url))
        ports = [port for _, port in proxy.targets]
        assert ports.count(studio.youtube.player_port) == 1
        maker.close()


def test_without_a_route_the_options_hold_again(studio: Studio, dash: Sources) -> None:
    maker = studio.maker("--source-address", "127.0.0.9", clients="visionos")
    for route in (None, Route("127.0.0.2"), None):
        studio.make(maker, studio.add(dash), 20.0, 21.0, route=route)
    players = [seen.client_address for seen in studio.youtube.requests if seen.kind == "player"]
    assert players == ["127.0.0.9", "127.0.0.2", "127.0.0.9"]


def test_a_route_takes_the_place_of_the_whole_of_another(studio: Studio, dash: Sources) -> None:
    # A proxy is connected to from anywhere, an address is left without the proxy of before.
    with HttpProxy("127.0.0.5") as proxy:
        maker = studio.maker("--proxy", proxy.url, "--source-address", "127.0.0.9", clients="visionos")
        studio.make(maker, studio.add(dash), 20.0, 21.0, route=Route("127.0.0.2", ""))
        assert {seen.client_address for seen in studio.youtube.requests} == {"127.0.0.2"}
        assert proxy.connections == 0


@pytest.mark.parametrize("handler", HANDLERS)
def test_proxies_of_the_environment_are_used_only_where_the_route_leaves_it_to_them(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch, handler: str
) -> None:
    maker = studio.maker(*HANDLERS[handler], clients="visionos")
    with HttpProxy("127.0.0.5") as environment, HttpProxy("127.0.0.6") as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, environment.url)
            monkeypatch.setenv(name.upper(), environment.url)
        monkeypatch.delenv("no_proxy", raising=False)
        routes = {
            "127.0.0.2": Route("127.0.0.2", ""),
            "127.0.0.5": Route(),
            "127.0.0.6": Route(proxy=proxy.url),
        }
        for start_s, (address, route) in enumerate(routes.items(), 20):
            seen = len(studio.youtube.requests)
            studio.make(maker, studio.add(dash), start_s, start_s + 1, route=route)
            assert {request.client_address for request in studio.youtube.requests[seen:]} == {address}
        # What the environment excepts from proxies is sent by the route's proxy all the same.
        monkeypatch.setenv("no_proxy", "*")
        seen = len(studio.youtube.requests)
        studio.make(maker, studio.add(dash), 30.0, 31.0, route=Route("127.0.0.1", proxy.url))
        assert {request.client_address for request in studio.youtube.requests[seen:]} == {"127.0.0.6"}
        maker.close()


def test_cookies_and_headers_outlive_a_switch(tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tguest\tsomebody\n")
    args = (
        "--cookies",
        str(cookies),
        "--add-headers",
        "X-Mark: kept",
        "--geo-verification-proxy",
        "http://h:1",
    )
    with Website() as site:
        site.put("/", b"page")
        resolver = Resolver(args)
        for address in ("127.0.0.2", "127.0.0.3"):
            resolver.switch_network(Route(address, ""))
            resolver.session.urlopen(site.url + "/").close()
        assert resolver.session.params["geo_verification_proxy"] == "http://h:1"
        resolver.close()
    assert [visit.client_address for visit in site.visits] == ["127.0.0.2", "127.0.0.3"]
    for visit in site.visits:
        assert visit.headers["x-mark"] == "kept"
        assert "guest=somebody" in visit.headers["cookie"]


def test_a_guest_is_another_one_by_another_network() -> None:
    with Website() as site:
        site.put("/", b"page")
        resolver = Resolver()
        resolver.switch_network(Route("127.0.0.2", ""))
        given = http.cookiejar.Cookie(
            0,
            "visitor",
            "somebody",
            None,
            False,
            "127.0.0.1",
            False,
            False,
            "/",
            True,
            False,
            None,
            True,
            None,
            None,
            {},
        )
        resolver.session.cookiejar.set_cookie(given)
        resolver.session.urlopen(site.url + "/").close()
        resolver.switch_network(Route("127.0.0.3", ""))
        resolver.session.urlopen(site.url + "/").close()
        resolver.close()
    assert ["visitor=somebody" in visit.headers.get("cookie", "") for visit in site.visits] == [True, False]


def test_what_outlives_a_switch_is_closed_at_the_end_alone(studio: Studio) -> None:
    # yt-dlp's makers of tokens have themselves called at the end of their session.
    resolver, closed = Resolver(studio.direct_args()), []
    resolver.session.add_close_hook(lambda: closed.append(True))
    resolver.switch_network(Route("127.0.0.2"))
    assert not closed
    resolver.close()
    assert closed


def test_switches_leave_no_socket_behind(studio: Studio, dash: Sources, ways_out: list[WayOut]) -> None:
    resolver, video = Resolver(studio.direct_args()), studio.add(dash)
    counts = []
    for _ in range(5):
        for way in (*ways_out, *ways_out):
            resolver.switch_network(way.route)
            resolver.resolve(video)
        resolver.switch_network(None)
        for way in ways_out:
            assert way.proxy is None or way.proxy.wait_until_left()
        counts.append(sum(connections_from(way.address) for way in ways_out))
    assert counts == [0] * 5
    resolver.close()


def test_a_route_crosses_json_and_hides_its_proxy_when_printed() -> None:
    route = Route("127.0.0.2", "socks5://me:secret@host:1080")
    assert msgspec.json.decode(msgspec.json.encode(route), type=Route) == route
    assert "secret" not in f"{route} {route!r}"
    assert repr(Route(None, "")) == "Route(source_address=None, proxy='')"


# -- address families --------------------------------------------------------------------------------------


@pytest.fixture
def studio6(tmp_path: Path) -> Iterator[Studio]:
    """A loopback YouTube that listens at ::1 alone."""
    with contextlib.closing(socket.socket(socket.AF_INET6 if socket.has_ipv6 else socket.AF_INET)) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as error:
            pytest.skip(f"this machine has no ::1 ({error})")
    videos: dict[str, Video] = {}
    with LoopbackYouTube(videos, host="::1") as youtube:
        studio = Studio(youtube, videos, tmp_path / "dataset6")
        yield studio
        studio.close()


@pytest.mark.parametrize("pieces", [False, True], ids=["ranges", "pieces"])
def test_a_clip_comes_over_ipv6_from_an_address_and_through_proxies(
    studio6: Studio, dash: Sources, pieces: bool
) -> None:
    maker = studio6.maker(clients="visionos")
    with HttpProxy("::1") as http, SocksProxy("::1", host="::1") as socks:
        routes = [Route("::1", ""), Route("::", ""), Route(proxy=http.url), Route(proxy=socks.url)]
        for start_s, route in enumerate(routes, 20):
            studio6.make(maker, studio6.add(dash, hls=pieces), start_s, start_s + 1, route=route)
        assert {seen.client_address for seen in studio6.youtube.requests} == {"::1"}
        assert http.targets
        assert set(socks.kinds) == {4}
        maker.close()


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("address", ["::", "::1"])
def test_an_address_of_the_other_family_is_local_trouble(
    studio: Studio, dash: Sources, handler: str, address: str
) -> None:
    with pytest.raises(ClipFailure) as caught:
        studio.make(
            studio.maker(*HANDLERS[handler], clients="visionos"),
            studio.add(dash),
            20.0,
            21.0,
            route=Route(address, ""),
        )
    assert caught.value.category is Category.OFFLINE
    assert "no address of the family" in caught.value.message
    assert studio.youtube.requests == []


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("first", [socket.AF_INET, socket.AF_INET6], ids=["IPv4 first", "IPv6 first"])
def test_an_unspecified_address_fixes_the_family(
    studio: Studio,
    studio6: Studio,
    monkeypatch: pytest.MonkeyPatch,
    handler: str,
    first: socket.AddressFamily,
) -> None:
    both = [
        (socket.AF_INET, ("127.0.0.1", studio.youtube.media_port)),
        (socket.AF_INET6, ("::1", studio6.youtube.media_port, 0, 0)),
    ]
    both.sort(key=lambda entry: entry[0] is not first)
    look_up = socket.getaddrinfo

    def look_up_both(host: str, *args: Any, **more: Any) -> list[Any]:
        if host != "both.test":
            return look_up(host, *args, **more)
        return [(family, socket.SOCK_STREAM, 6, "", address) for family, address in both]

    monkeypatch.setattr(socket, "getaddrinfo", look_up_both)
    session = Resolver(HANDLERS[handler]).session
    for address, answers, silent in (("0.0.0.0", studio, studio6), ("::", studio6, studio)):
        session.switch_network(Route(address, ""))
        before = len(answers.youtube.requests), len(silent.youtube.requests)
        with pytest.raises(HTTPError, match="404") as caught:
            session.urlopen("http://both.test/videoplayback?id=nothing&itag=18")
        caught.value.close()
        assert (len(answers.youtube.requests), len(silent.youtube.requests)) == (before[0] + 1, before[1])
    session.close()


# -- other programs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["SAMPLE-AES", "AES-128"])
def test_no_other_program_fetches_pieces(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, method: str
) -> None:
    calls = tmp_path / "calls"
    ffmpeg = tmp_path / "bin" / "ffmpeg"
    ffmpeg.parent.mkdir()
    ffmpeg.write_text(f'#!/bin/sh\necho "$@" >> {calls}\necho ffmpeg version 7.0\n')
    ffmpeg.chmod(ffmpeg.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{ffmpeg.parent}{os.pathsep}{os.environ['PATH']}")
    # As on a machine with ffmpeg and without what yt-dlp decrypts with.
    monkeypatch.setattr("yt_dlp.postprocessor.ffmpeg.FFmpegPostProcessor._version_cache", {None: None})
    monkeypatch.setattr("yt_dlp.dependencies.Cryptodome.AES", None)
    media_playlist = hls.media_playlist

    def encrypted(media_url: str, video: Video, itag: int, address_number: int, seen_as: str) -> str:
        key = f'#EXT-X-KEY:METHOD={method},URI="{media_url}?id=key&itag=134"\n#EXTINF'
        return media_playlist(media_url, video, itag, address_number, seen_as).replace("#EXTINF", key, 1)

    monkeypatch.setattr("kinetics_tui.demo.handler.media_playlist", encrypted)
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(clients="visionos"), studio.add(dash, hls=True), 20.0, 21.0)
    if method == "SAMPLE-AES":
        assert caught.value.category is Category.NO_FORMATS
        assert caught.value.message == NEEDS_ANOTHER_PROGRAM
    asked = calls.read_text() if calls.exists() else ""
    assert "http" not in asked
