"""Annotations leave by the network in use: seen from the server's side."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kinetics_tui.annotations.fetch import Opener, fetch_annotations
from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.annotations.releases import Release
from kinetics_tui.base.errors import AnnotationError, SettingsError
from kinetics_tui.media.youtube.open_address import network_opener
from kinetics_tui.model.network import Route
from tests.annotations.annotation_files import HEADER, ROW, names
from tests.media.proxies import HttpProxy, SocksProxy
from tests.website import Website

CSV = f"{HEADER}\n{ROW}\n".encode()
DIRECT = Route("127.0.0.2", "")


@pytest.fixture
def website() -> Iterator[Website]:
    with Website() as site:
        site.put("/val.csv", CSV)
        yield site


def fetched(website: Website, cache: Path, opener: Opener) -> list[Path]:
    """The validation split of a release of this site: its archive is missing, its mirror is not."""
    release = Release(
        name="kinetics-9",
        title="Kinetics-9",
        splits={"val": 1},
        archive_url=f"{website.url}/k.tar.gz",
        mirror_urls={"val": f"{website.url}/val.csv"},
    )
    return fetch_annotations(release, ("val",), cache, None, opener)


@pytest.mark.parametrize("proxy_class", [None, HttpProxy, SocksProxy])
def test_annotations_are_fetched_by_the_route(
    website: Website, tmp_path: Path, proxy_class: type[HttpProxy] | type[SocksProxy] | None
) -> None:
    if proxy_class is None:
        paths = fetched(website, tmp_path, network_opener((), DIRECT))
        expected = "127.0.0.2"
    else:
        with proxy_class("127.0.0.5", auth=("me", "secret")) as proxy:
            paths = fetched(website, tmp_path, network_opener((), Route(proxy=proxy.url)))
            assert proxy.wait_until_left()
        expected = "127.0.0.5"
    assert names(read_annotations(paths)) == ["AAAAAAAAAAA_000010_000020"]
    assert [visit.path for visit in website.visits] == ["/k.tar.gz", "/val.csv"]
    assert website.visitors == {expected}


@pytest.mark.parametrize(
    ("route", "expected"), [(None, "127.0.0.9"), (Route(), "127.0.0.1"), (DIRECT, "127.0.0.2")]
)
def test_a_route_takes_the_place_of_what_the_options_say(
    website: Website, route: Route | None, expected: str
) -> None:
    stream, total_bytes = network_opener(("--source-address", "127.0.0.9"), route)(f"{website.url}/val.csv")
    assert (stream.read(5), total_bytes) == (CSV[:5], len(CSV))
    stream.close()
    assert website.visitors == {expected}


def test_a_closed_body_leaves_no_connection(website: Website) -> None:
    stream, _ = network_opener((), DIRECT)(f"{website.url}/val.csv")
    stream.read(1)
    stream.close()
    connections = psutil.Process().net_connections("tcp")
    assert not [entry for entry in connections if entry.laddr.ip == "127.0.0.2" and entry.raddr]


def test_headers_and_cookies_of_youtube_go_to_nobody_else(website: Website, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tguest\tsomebody\n")
    args = ("--add-headers", "Authorization: secret", "--cookies", str(cookies))
    stream, _ = network_opener(args, None)(f"{website.url}/val.csv")
    stream.close()
    (visit,) = website.visits
    assert not {"authorization", "cookie"} & set(visit.headers)
    assert visit.headers["accept-encoding"] == "identity"


def test_a_length_that_is_not_announced_is_none(website: Website) -> None:
    website.put("/open", b"text", length=None)
    stream, total_bytes = network_opener((), None)(f"{website.url}/open")
    assert (stream.read(100), total_bytes) == (b"text", None)
    stream.close()


def reason(opener: Opener, url: str) -> str:
    with pytest.raises(OSError, match=r".") as caught:
        opener(url)
    assert "secret" not in str(caught.value)
    return str(caught.value)


def test_failures_have_a_short_reason(website: Website) -> None:
    url = f"{website.url}/val.csv"
    assert reason(network_opener((), None), f"{website.url}/nothing") == "HTTP 404"
    assert reason(network_opener((), None), "file:///etc/passwd") == "not a web address"
    assert reason(network_opener((), None), "http://[nowhere/") != ""
    assert "Cannot assign" in reason(network_opener((), Route("198.51.100.7", "")), url)
    assert "no address of the family" in reason(network_opener((), Route("::1", "")), url)
    with HttpProxy(auth=("me", "other")) as proxy:
        assert reason(network_opener((), Route(proxy=f"http://me:secret@{proxy.host}")), url) == "HTTP 407"
    with SocksProxy(reply=2) as socks:
        said = reason(network_opener((), Route(proxy=socks.url)), url)
        assert said == "No connection by the proxy: connection not allowed by ruleset"
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        proxy_url = f"http://me:secret@127.0.0.1:{taken.getsockname()[1]}"
        said = reason(network_opener((), Route(proxy=proxy_url)), url)
        assert said == "No connection by the proxy: Connection refused"


def test_a_body_that_breaks_off_is_the_fault_of_its_address(website: Website, tmp_path: Path) -> None:
    website.put("/val.csv", CSV[:-9], length=len(CSV))
    with pytest.raises(AnnotationError, match=r"val\.csv: broke off"):
        fetched(website, tmp_path, network_opener((), DIRECT))


def test_options_that_cannot_be_used_are_refused_at_once() -> None:
    with pytest.raises(SettingsError):
        network_opener(("--nope",), None)
