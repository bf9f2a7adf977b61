"""Faults of the line and the server while media are fetched: a clip that is right, or none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.fetch.ranges_fetch import RangeReader
from kinetics_tui.media.guard import Guard
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Sources, Studio, frame_numbers

QUICK = ("--socket-timeout", "0.5")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinetics_tui.media.fetch.ranges_fetch.BUSY_WAIT_S", 0.02)


@pytest.mark.parametrize(
    ("case", "category"),
    [
        (Case.MEDIA_403, Category.FORBIDDEN),
        (Case.MEDIA_EXPIRED, Category.FORBIDDEN),
        (Case.MEDIA_404, Category.HTTP_404),
        (Case.MEDIA_429, Category.TOO_MANY_REQUESTS),
        (Case.MEDIA_503, Category.HTTP_503),
        (Case.MEDIA_STALL, Category.TIMEOUT),
        (Case.MEDIA_RESET, Category.TIMEOUT),
        (Case.MEDIA_EARLY_CLOSE, Category.TIMEOUT),
        (Case.MEDIA_CORRUPTED, Category.TRIM_FAILED),
    ],
    ids=lambda value: value.value,
)
def test_lasting_fault_has_its_category_and_leaves_nothing(
    studio: Studio, dash: Sources, case: Case, category: Category
) -> None:
    # What stalls does so before the first byte: otherwise every retry brings a little.
    after_bytes = 100_000 if case is Case.MEDIA_CORRUPTED else 0
    video = studio.add(dash, failure=Failure(case, retry_after_s=33, after_bytes=after_bytes))
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(*QUICK), video, 20.0)
    assert caught.value.category is category
    if case is Case.MEDIA_429:
        assert caught.value.retry_after_s == 33
        assert len(studio.media_requests(video)) == 1
    assert studio.left_over() == []


@pytest.mark.parametrize(
    ("case", "times"),
    [
        (Case.MEDIA_503, 1),
        (Case.MEDIA_STALL, 2),
        (Case.MEDIA_RESET, 3),
        (Case.MEDIA_EARLY_CLOSE, 3),
        (Case.MEDIA_EXPIRED, 1),
        (Case.MEDIA_403, 1),
    ],
    ids=lambda value: str(value),
)
def test_passing_fault_is_overcome(studio: Studio, dash: Sources, case: Case, times: int) -> None:
    video = studio.add(dash, failure=Failure(case, times=times, after_bytes=6_000))
    file, path = studio.make(studio.maker(*QUICK), video, 20.0, 23.0)
    assert frame_numbers(path) == list(range(600, 690))
    assert not file.short


def test_broken_transfer_goes_on_where_it_stopped(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, failure=Failure(Case.MEDIA_EARLY_CLOSE, times=6, after_bytes=40_000))
    clean = studio.add(dash)
    studio.make(studio.maker(), clean, 20.0)
    expected = studio.spent
    studio.make(studio.maker(), video, 20.0)
    assert studio.spent.wire_bytes == expected.wire_bytes
    assert sum(size for _, size in studio.media_requests(video)) <= expected.wire_bytes + 6 * 16_384


def test_refused_address_is_renewed_once_for_both_files(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, failure=Failure(Case.MEDIA_EXPIRED, times=1))
    studio.make(studio.maker(), video, 20.0, 22.0)
    assert studio.youtube.count("player", video) == 2
    refused = [seen for seen in studio.youtube.requests if seen.status == 403]
    assert len(refused) == 2


def test_server_without_ranges_serves_small_files_and_is_refused_for_large_ones(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = studio.add(dash, failure=Failure(Case.MEDIA_RANGE_IGNORED))
    _, path = studio.make(studio.maker(), video, 20.0, 22.0)
    assert frame_numbers(path) == list(range(600, 660))
    assert studio.spent.wire_bytes == dash[134].size_bytes + dash[140].size_bytes
    monkeypatch.setattr("kinetics_tui.media.fetch.ranges_fetch.WHOLE_FILE_BYTES", 10_000)
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), video, 30.0, 32.0)
    assert caught.value.category is Category.MISCELLANEOUS
    assert studio.left_over() == [path]


def reader(studio: Studio, video: str, *yt_dlp: str) -> RangeReader:
    resolver = Resolver((*studio.youtube.yt_dlp_args(), *QUICK, *yt_dlp))
    return RangeReader(resolver.session, resolver.resolve(video).video, Guard())


def test_reader_fetches_each_byte_once(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash)
    data = dash[134].path.read_bytes()
    part = reader(studio, video)
    part.ensure(1000, 3000)
    part.ensure(5000, 6000)
    assert part.read(500, 6000) == data[500:6500]
    assert part.requests == 5
    assert part.wire_bytes == 6000
    assert part.read(len(data) - 10, 100) == data[-10:]
    assert part.missing_bytes(0, 500) == 500


def test_range_behind_the_end_is_empty(studio: Studio, dash: Sources) -> None:
    part = reader(studio, studio.add(dash))
    size = dash[134].size_bytes
    assert part.read(size + 10, 10) == b""
    assert part.requests == 0


def test_long_range_is_asked_for_in_steps(
    studio: Studio, dash: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinetics_tui.media.fetch.ranges_fetch.LONGEST_REQUEST_BYTES", 50_000)
    video = studio.add(dash)
    part = reader(studio, video)
    assert part.read(0, 120_000) == dash[134].path.read_bytes()[:120_000]
    assert [size for _, size in studio.media_requests(video)] == [50_000, 50_000, 20_000]


def test_rate_limit_of_yt_dlp_is_kept(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash)
    part = reader(studio, video, "--limit-rate", "100K")
    started = time.monotonic()
    part.ensure(0, 40_000)
    assert time.monotonic() - started >= 0.35


FILE = bytes(range(256)) * 400


class _TellsNoLength(BaseHTTPRequestHandler):
    """Sends a whole file whatever is asked for, and closes the connection at its end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(FILE)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def no_lengths() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _TellsNoLength) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/piece.ts"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("any_length", [True, False])
def test_a_file_without_a_length_is_read_to_its_end_where_that_may_be(
    studio: Studio, dash: Sources, no_lengths: str, any_length: bool
) -> None:
    stream = Resolver((*studio.youtube.yt_dlp_args(), *QUICK)).resolve(studio.add(dash)).video
    stream = msgspec.structs.replace(stream, url=no_lengths, size_bytes=None)
    part = RangeReader(Resolver(QUICK).session, stream, Guard(), any_length=any_length)
    if not any_length:
        with pytest.raises(ClipFailure):
            part.read(0, 1000)
        return
    assert part.read(0, 1000) == FILE[:1000]
    assert part.read_whole() == FILE
    assert (part.size_bytes, part.requests) == (len(FILE), 1)
