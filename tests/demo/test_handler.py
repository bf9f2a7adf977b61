"""Media requests as HTTP: ranges, and the ways in which they go wrong."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import Source
from kinetics_tui.demo.site import Line
from kinetics_tui.demo.videos import Case, Failure, Video
from kinetics_tui.demo.youtube import LoopbackYouTube

Fetch = Callable[..., http.client.HTTPResponse]
ID = "somevideo00"


class Client:
    """One connection to a loopback YouTube that shows one video."""

    def __init__(
        self, sources: Mapping[int, Source], failure: Failure | None, line: Line | None = None
    ) -> None:
        self.youtube = LoopbackYouTube({ID: Video(ID, "", 12, sources, failure)}, line=line)
        self.youtube.start()
        self.http = http.client.HTTPConnection("127.0.0.1", self.youtube.media_port, timeout=1)

    def get(
        self, asked: str | None = None, path: str = f"/videoplayback?id={ID}&itag=160"
    ) -> tuple[int, bytes]:
        """Status and body."""
        self.http.request("GET", path, headers={} if asked is None else {"Range": f"bytes={asked}"})
        self.response = self.http.getresponse()
        return self.response.status, self.response.read()

    def close(self) -> None:
        self.http.close()
        self.youtube.stop()


@pytest.fixture
def client(request: pytest.FixtureRequest, sources: Mapping[int, Source]) -> Iterator[Client]:
    failure, line = getattr(request, "param", (None, None))
    with closing(Client(sources, failure, line)) as made:
        yield made


@pytest.fixture(scope="session")
def media(sources: Mapping[int, Source]) -> bytes:
    return sources[160].path.read_bytes()


def failing(*failures: Failure) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", [(failure, None) for failure in failures], indirect=True)


def test_without_a_range_all_of_the_file_comes(client: Client, media: bytes) -> None:
    assert client.get() == (200, media)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-99", 0, 99),
        ("1000-1999", 1000, 1999),
        ("5000-", 5000, None),
        ("-10", -10, None),
        ("99-99999999", 99, None),
    ],
)
def test_a_range_comes_as_asked(
    client: Client, media: bytes, asked: str, first: int, last: int | None
) -> None:
    body = media[first:] if last is None else media[first : last + 1]
    assert client.get(asked) == (206, body)
    start = first % len(media)
    expected = f"bytes {start}-{start + len(body) - 1}/{len(media)}"
    assert client.response.headers["Content-Range"] == expected


def test_a_range_behind_the_end_is_refused(client: Client, media: bytes) -> None:
    assert client.get(f"{len(media)}-") == (416, b"")
    assert client.response.headers["Content-Range"] == f"bytes */{len(media)}"


def test_one_connection_serves_many_requests(client: Client) -> None:
    client.get("0-9")
    connection = client.http.sock
    client.get("10-19")
    assert client.http.sock is connection


def test_requests_are_logged_with_what_was_asked_and_sent(client: Client) -> None:
    client.get("100-199")
    (seen,) = client.youtube.requests
    assert (seen.kind, seen.video_id, seen.itag, seen.start, seen.end) == ("media", ID, 160, 100, 199)
    assert (seen.status, seen.sent_bytes, seen.client_address) == (206, 100, "127.0.0.1")
    assert abs(seen.at - time.time()) < 10


@pytest.mark.parametrize(
    "path", ["/", "/videoplayback", f"/videoplayback?id={ID}&itag=999", "/videoplayback?id=other&itag=160"]
)
def test_what_does_not_exist_is_not_found(client: Client, path: str) -> None:
    assert client.get(path=path)[0] == 404


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ((Failure(Case.MEDIA_403, times=1), None), 403),
        ((Failure(Case.MEDIA_404, times=1), None), 404),
        ((Failure(Case.MEDIA_429, times=1, retry_after_s=3), None), 429),
        ((Failure(Case.MEDIA_503, times=1), None), 503),
    ],
    indirect=["client"],
)
def test_a_status_comes_so_many_times(client: Client, status: int) -> None:
    assert client.get("0-9")[0] == status
    assert client.response.headers["Retry-After"] == ("3" if status == 429 else None)
    assert client.get("0-9")[0] == 206


@failing(Failure(Case.MEDIA_403))
def test_a_failure_without_end_goes_on(client: Client) -> None:
    assert {client.get("0-9")[0] for _ in range(5)} == {403}


@failing(Failure(Case.MEDIA_EXPIRED, times=1))
def test_expired_addresses_are_refused_and_later_ones_served(client: Client) -> None:
    path = f"/videoplayback?id={ID}&itag=160&lsig="
    assert client.get("0-9", path + "1")[0] == 403
    assert client.get("0-9", path + "2")[0] == 206
    assert client.get("0-9", path + "1")[0] == 403


@failing(Failure(Case.MEDIA_RANGE_IGNORED))
def test_an_ignored_range_brings_the_whole_file(client: Client, media: bytes) -> None:
    assert client.get("100-199") == (200, media)


@failing(Failure(Case.MEDIA_EARLY_CLOSE, after_bytes=1000))
def test_an_early_close_leaves_the_answer_incomplete(client: Client, media: bytes) -> None:
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.get()
    assert caught.value.partial == media[:1000]


@failing(Failure(Case.MEDIA_RESET, after_bytes=1000))
def test_a_reset_breaks_the_connection(client: Client) -> None:
    with pytest.raises(ConnectionResetError):
        client.get()


@failing(Failure(Case.MEDIA_STALL, after_bytes=1000))
def test_a_stall_sends_no_more_and_holds_the_connection(client: Client) -> None:
    assert client.http.timeout == 1
    client.http.timeout = 0.2
    with pytest.raises(TimeoutError):
        client.get()
    assert client.youtube.requests[0].sent_bytes == 1000


@failing(Failure(Case.MEDIA_CORRUPTED, after_bytes=20_000))
def test_corruption_spares_the_container_but_not_the_pictures(
    client: Client, media: bytes, tmp_path: Path
) -> None:
    _, damaged = client.get()
    assert damaged[:20_000] == media[:20_000]
    assert client.get("30000-30099")[1] == damaged[30_000:30_100]
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged)
    with av.open(str(path)) as container:
        assert sum(packet.size > 0 for packet in container.demux(video=0)) == 12 * 24
    with av.open(str(path)) as container, pytest.raises(av.InvalidDataError):
        list(container.decode(video=0))


@failing(Failure(Case.MEDIA_SCRAMBLED, after_bytes=1500))
def test_scrambling_spares_the_start_and_is_the_same_each_time(client: Client, media: bytes) -> None:
    _, damaged = client.get()
    assert damaged[:1500] == media[:1500]
    assert all(one != other for one, other in zip(damaged[1500:], media[1500:], strict=True))
    assert client.get("20000-20099")[1] == damaged[20000:20100]


@failing(Failure(Case.MEDIA_SLOW, bytes_per_s=100_000))
def test_a_slow_answer_takes_its_time(client: Client) -> None:
    started_at = time.monotonic()
    client.get("0-29999")
    assert time.monotonic() - started_at == pytest.approx(0.3, abs=0.15)


@pytest.mark.parametrize("client", [(None, Line(200_000, 0.1))], indirect=True)
def test_a_shaped_line_adds_latency_and_limits_speed(client: Client) -> None:
    started_at = time.monotonic()
    client.get("0-49999")
    # The last chunk of 16 kB is on its way when it is written.
    assert time.monotonic() - started_at == pytest.approx(0.1 + 0.25, abs=0.15)


def test_stopping_ends_stalled_requests_at_once(sources: Mapping[int, Source]) -> None:
    client = Client(sources, Failure(Case.MEDIA_STALL))
    client.http.request("GET", f"/videoplayback?id={ID}&itag=160")
    client.http.getresponse()
    started_at = time.monotonic()
    client.close()
    assert time.monotonic() - started_at < 1
