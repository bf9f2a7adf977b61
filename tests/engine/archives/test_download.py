"""An archive arrives whole or not at all, whatever its server does."""

from __future__ import annotations

import contextlib
import email.utils
import os
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path

import pytest

from kinetics_tui.demo.youtube import CERTIFICATE
from kinetics_tui.engine.archives.download import Changed, Download, DownloadError, Growing, head, note_of
from tests.engine.archives.mirror import Cut, Hold, Mirror, Say, Swap
from tests.waiting import until

MB = 1_000_000
CONTENT = random.Random(1).randbytes(3 * MB)
OTHER = random.Random(2).randbytes(2 * MB)
ONE = {"ETag": '"one"'}
TWO = {"ETag": '"two"'}
DATE = {"Last-Modified": "Sat, 01 Nov 2025 10:00:00 GMT"}


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror(CONTENT, ONE) as mirror:
        yield mirror


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "archives" / "a.tar.gz.part"


class Waits:
    """Waits that are noted and not waited for."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []
        self.now_s = 0.0

    def sleep(self, wait_s: float) -> None:
        self.waits_s.append(wait_s)
        self.now_s += wait_s

    def clock(self) -> float:
        return self.now_s


def download_of(address: str, part: Path, waits: Waits | None = None, timeout_s: float = 30.0) -> Download:
    waits = waits or Waits()
    return Download(address, part, sleep=waits.sleep, clock=waits.clock, timeout_s=timeout_s)


def fetched(address: str, part: Path, waits: Waits | None = None, timeout_s: float = 30.0) -> Download:
    download = download_of(address, part, waits, timeout_s)
    download.run()
    return download


def half_fetched(mirror: Mirror, part: Path, half_bytes: int = MB) -> None:
    """Leave the beginning of the archive and its note, as a pause does."""
    mirror.script.append(Hold(half_bytes))
    download = download_of(mirror.url, part)
    thread = threading.Thread(target=download.run)
    thread.start()
    until(lambda: download.got_bytes == half_bytes, every_s=0.002)
    download.stop()
    thread.join(60)
    mirror.asked.clear()
    mirror.script.clear()


def assert_whole(download: Download, content: bytes = CONTENT) -> None:
    assert download.error is None
    assert download.done
    assert download.part.read_bytes() == content
    assert download.got_bytes == download.size_bytes == len(content)


def read_all(growing: Growing) -> bytes:
    with growing:
        return b"".join(iter(lambda: growing.read(100_000), b""))


class Reader(threading.Thread):
    """Reads an archive while it comes; ``seen`` is what it got, or what it was told instead."""

    def __init__(self, download: Download) -> None:
        super().__init__(daemon=True)
        self.growing = download.open()
        self.seen: bytes | Exception = b""
        self.start()

    def run(self) -> None:
        try:
            self.seen = read_all(self.growing)
        except (Changed, DownloadError) as error:
            self.seen = error

    def all_seen(self) -> bytes | Exception:
        self.join(20)
        assert not self.is_alive()
        return self.seen


def test_an_archive_comes_whole_and_is_read_while_it_comes(mirror: Mirror, part: Path) -> None:
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert_whole(download)
    assert reader.all_seen() == CONTENT
    assert download.wire_bytes == len(CONTENT)
    assert download.validator == '"one"'
    assert mirror.asked[0].headers["accept-encoding"] == "identity"
    assert read_all(download.open()) == CONTENT


def test_an_empty_archive_is_whole_at_once(mirror: Mirror, part: Path) -> None:
    mirror.content = b""
    assert_whole(fetched(mirror.url, part), b"")


def test_an_archive_of_unknown_size_ends_where_its_chunks_end(mirror: Mirror, part: Path) -> None:
    chunked = {"Transfer-Encoding": "chunked", **ONE}
    mirror.script = [
        Say(200, chunked, b"5\r\nabcde\r\n3\r\nfg"),
        Say(200, chunked, b"5\r\nabcde\r\n0\r\n\r\n"),
    ]
    download = fetched(mirror.url, part)
    assert_whole(download, b"abcde")
    assert mirror.asked[1].headers["range"] == "bytes=7-"
    mirror.content = b"abcde"
    assert fetched(mirror.url, part).wire_bytes == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_line_cut_anywhere_is_gone_on_with_in_the_middle(seed: int, mirror: Mirror, part: Path) -> None:
    chance = random.Random(seed)
    mirror.script = [Cut(chance.choice([0, 1, 511, 65536, chance.randrange(MB)])) for _ in range(4)]
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert_whole(download)
    assert reader.all_seen() == CONTENT
    assert download.wire_bytes == mirror.sent_bytes == len(CONTENT)
    assert all(asked.headers["if-match"] == '"one"' for asked in mirror.asked if "range" in asked.headers)


def test_a_changed_archive_is_refused_by_the_server_and_begun_again(mirror: Mirror, part: Path) -> None:
    mirror.script = [Cut(MB), Swap(OTHER, TWO)]
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert_whole(download, OTHER)
    assert isinstance(reader.all_seen(), Changed)
    assert [asked.headers.get("range") for asked in mirror.asked] == [None, f"bytes={MB}-", None]
    assert download.validator == '"two"'
    assert read_all(download.open()) == OTHER


def part_of(content: bytes, begin: int, **headers: str) -> Say:
    body = content[begin:]
    said = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}", "ETag": '"one"', **headers}
    return Say(206, {"Content-Length": str(len(body)), **said}, body)


@pytest.mark.parametrize(
    "answer",
    [
        part_of(OTHER, MB, ETag='"two"'),
        part_of(OTHER, MB),
        Say(206, {"Content-Range": f"bytes {MB}-{3 * MB - 1}/{3 * MB}", "Content-Length": "9"}, b"x" * 9),
        Say(206, {"ETag": '"one"', "Content-Length": str(2 * MB)}, CONTENT[MB:]),
        part_of(CONTENT, MB - 1),
        part_of(CONTENT, MB, **{"Content-Range": f"bytes {MB}-{3 * MB - 1}/*"}),
        part_of(CONTENT, MB, **{"Content-Range": "nonsense"}),
        Say(416, {"Content-Length": "0"}),
    ],
    ids=["version", "size", "no version", "no range", "begin", "no size", "nonsense", "416"],
)
def test_an_answer_that_does_not_fit_is_never_spliced(answer: Say, mirror: Mirror, part: Path) -> None:
    mirror.script = [Cut(MB), answer]
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert_whole(download)
    assert isinstance(reader.all_seen(), Changed)
    assert [asked.headers.get("range") for asked in mirror.asked] == [None, f"bytes={MB}-", None]


def test_a_server_without_ranges_sends_it_from_the_beginning(mirror: Mirror, part: Path) -> None:
    mirror.ranges = False
    mirror.script = [Cut(MB)] * 6
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert_whole(download)
    assert isinstance(reader.all_seen(), Changed)
    assert download.wire_bytes == 9 * MB


def test_an_archive_that_changes_all_the_time_is_given_up(mirror: Mirror, part: Path) -> None:
    for number in range(4):
        mirror.script += [Cut(MB), Swap(OTHER, {"ETag": f'"{number}"'})]
    download = fetched(mirror.url, part)
    assert str(download.error) == "it changes all the time"
    assert not download.done


def test_an_archive_without_a_version_is_begun_again_after_a_break(mirror: Mirror, part: Path) -> None:
    mirror.headers = {}
    mirror.script = [Cut(MB)]
    download = fetched(mirror.url, part)
    assert_whole(download)
    assert [asked.headers.get("range") for asked in mirror.asked] == [None, None]
    assert fetched(mirror.url, part).wire_bytes == len(CONTENT), "a later run went on with it"


def test_a_line_that_never_gets_farther_is_given_up(mirror: Mirror, part: Path) -> None:
    mirror.headers = {}
    mirror.script = [Cut(MB)] * 30
    download = fetched(mirror.url, part)
    assert str(download.error) == "the line broke off"
    assert len(mirror.asked) <= 10


@pytest.mark.parametrize(
    "version", [DATE, {"ETag": 'W/"one"'}, {"ETag": 'W/"one"', **DATE}, {"ETag": "unquoted"}]
)
def test_a_weak_version_is_compared_in_the_answer(
    version: Mapping[str, str], mirror: Mirror, part: Path
) -> None:
    mirror.headers = version
    mirror.script = [Cut(MB)]
    download = fetched(mirror.url, part)
    assert_whole(download)
    assert download.wire_bytes == len(CONTENT)
    assert "if-match" not in mirror.asked[1].headers
    assert ("if-unmodified-since" in mirror.asked[1].headers) == (version == DATE)


@pytest.mark.parametrize("version", ["ETag", "Last-Modified"])
def test_another_weak_version_is_begun_again(version: str, mirror: Mirror, part: Path) -> None:
    mirror.headers = {version: 'W/"one"'}
    mirror.script = [Cut(MB), Swap(OTHER, {version: 'W/"two"'})]
    assert_whole(fetched(mirror.url, part), OTHER)


def test_a_part_that_is_whole_already_is_asked_for_once_and_not_fetched(mirror: Mirror, part: Path) -> None:
    assert_whole(fetched(mirror.url, part))
    again = fetched(mirror.url, part)
    assert_whole(again)
    assert again.wire_bytes == 0
    assert len(mirror.asked) == 2


def test_a_whole_part_of_an_older_version_is_fetched_again(mirror: Mirror, part: Path) -> None:
    assert_whole(fetched(mirror.url, part))
    mirror.content, mirror.headers = OTHER, TWO
    assert_whole(fetched(mirror.url, part), OTHER)


@pytest.mark.parametrize("spoilt", ["no note", "half a note", "another archive", "no version", "too long"])
def test_a_part_without_a_note_that_fits_is_begun_again(spoilt: str, mirror: Mirror, part: Path) -> None:
    half_fetched(mirror, part)
    note = note_of(part)
    match spoilt:
        case "no note":
            note.unlink()
        case "half a note":
            note.write_bytes(note.read_bytes()[:-1])
        case "another archive":
            note.write_bytes(note.read_bytes().replace(b"a.tar.gz", b"b.tar.gz"))
        case "no version":
            note.write_bytes(note.read_bytes().replace(b'\\"one\\"', b""))
        case "too long":
            part.write_bytes(bytes(len(CONTENT) + 1))
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert_whole(download)
    assert reader.all_seen() == CONTENT
    assert download.wire_bytes == len(CONTENT)
    assert "range" not in mirror.asked[0].headers


def test_bytes_beyond_the_announced_size_are_left_out(mirror: Mirror, part: Path) -> None:
    mirror.script = [Say(200, {"Content-Length": "5", **ONE}, b"abcdefgh")]
    assert_whole(fetched(mirror.url, part), b"abcde")
    longer = part_of(CONTENT, MB)
    headers = {**longer.headers, "Content-Length": str(2 * MB + 3)}
    mirror.script = [Cut(MB), Say(206, headers, longer.body + b"xyz")]
    assert_whole(fetched(mirror.url, part.with_name("b.part")))


def test_a_busy_server_is_asked_again_later_and_its_longer_wait_is_kept(mirror: Mirror, part: Path) -> None:
    at = email.utils.formatdate(time.time() + 1000, usegmt=True)
    for status, retry_after in (
        (503, "40"),
        (429, at),
        (500, ""),
        (503, "1"),
        (503, "999999"),
        (502, "soon"),
    ):
        mirror.script.append(Say(status, {"Retry-After": retry_after, "Content-Length": "0"}))
    waits = Waits()
    assert_whole(fetched(mirror.url, part, waits))
    assert 900 < waits.waits_s.pop(1) <= 1000
    assert waits.waits_s == [40, 5, 15, 3600, 60]


def test_a_wait_says_why_and_how_long_yet(mirror: Mirror, part: Path) -> None:
    mirror.script.append(Say(503, {"Retry-After": "15", "Content-Length": "0"}))
    said: list[str] = []
    download = Download(mirror.url, part, sleep=lambda _s: said.append(download.waiting), clock=lambda: 7.0)
    download.run()
    assert said == ["HTTP 503; again in 15 s"]
    assert download.waiting == ""


def test_waits_grow_and_begin_again_once_a_megabyte_has_come(mirror: Mirror, part: Path) -> None:
    mirror.script = [Cut(1000), Cut(1000), Cut(MB), Cut(1000)]
    waits = Waits()
    assert_whole(fetched(mirror.url, part, waits))
    assert waits.waits_s == [1, 2, 1, 2]


def test_of_a_changed_archive_waits_begin_again_with_its_own_first_megabyte(
    mirror: Mirror, part: Path
) -> None:
    mirror.script = [Cut(2 * MB), Swap(OTHER, TWO), Cut(1000), Cut(MB)]
    waits = Waits()
    assert_whole(fetched(mirror.url, part, waits), OTHER)
    assert waits.waits_s == [1, 2, 1]


def test_a_server_that_stays_busy_is_given_up_when_all_waits_are_over(mirror: Mirror, part: Path) -> None:
    mirror.script = [Say(503, {"Content-Length": "0"})] * 20
    waits = Waits()
    download = fetched(mirror.url, part, waits)
    assert str(download.error) == "HTTP 503"
    assert waits.waits_s == [1, 2, 5, 15, 30, 60, 120, 300]


@pytest.mark.parametrize("status", [401, 403, 404, 410, 400, 204])
def test_an_archive_that_is_not_there_is_given_up_at_once(status: int, mirror: Mirror, part: Path) -> None:
    mirror.script = [Say(status, {"Content-Length": "0"})]
    download = download_of(mirror.url, part)
    reader = Reader(download)
    download.run()
    assert str(download.error) == f"HTTP {status}"
    assert download.error is not None
    assert not download.error.of_disk
    assert str(reader.all_seen()) == f"HTTP {status}"
    assert len(mirror.asked) == 1


def test_what_came_before_it_was_given_up_is_read_first(mirror: Mirror, part: Path) -> None:
    mirror.script = [Cut(MB), Say(404, {"Content-Length": "0"})]
    download = fetched(mirror.url, part)
    with download.open() as growing:
        assert growing.read(2 * MB) == CONTENT[:MB]
        with pytest.raises(DownloadError, match="HTTP 404"):
            growing.read(1)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("host", "why"),
    [("127.0.0.1:{}", "connection refused"), ("nowhere.invalid:{}", "its host is not found")],
)
def test_a_server_that_cannot_be_reached_is_given_up_after_all_waits(host: str, why: str, part: Path) -> None:
    waits = Waits()
    download = fetched(f"http://{host.format(closed_port())}/a.tar", part, waits)
    assert str(download.error) == why
    assert len(waits.waits_s) == 8


def test_a_line_that_stands_still_is_a_broken_one(mirror: Mirror, part: Path) -> None:
    mirror.script = [Hold(MB)]
    download = fetched(mirror.url, part, timeout_s=0.3)
    assert_whole(download)
    assert download.wire_bytes == len(CONTENT)


def test_what_is_no_http_is_no_proper_answer(part: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(b"220 ftp.example ready\r\n")

        threading.Thread(target=babble, daemon=True).start()
        download = fetched(f"http://127.0.0.1:{server.getsockname()[1]}/a", part)
        server.shutdown(socket.SHUT_RDWR)
    assert str(download.error) == "no proper answer"


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://a/b", "nonsense", "http://", "http://a:b:c@d:e/f", "http://[::1/a"],
)
def test_what_is_no_web_address_is_given_up_at_once(address: str, part: Path) -> None:
    download = fetched(address, part)
    assert str(download.error) == "not a web address"
    with pytest.raises(DownloadError, match="not a web address"):
        head(address)


def test_stopped_in_the_middle_it_returns_soon_and_the_next_one_goes_on(mirror: Mirror, part: Path) -> None:
    mirror.script = [Hold(MB)]
    before = set(threading.enumerate())
    download = Download(mirror.url, part)
    reader = Reader(download)
    thread = threading.Thread(target=download.run)
    thread.start()
    until(lambda: download.got_bytes == MB, every_s=0.01)
    download.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert mirror.client_left.wait(20), "its connection is left"
    assert str(reader.all_seen()) == "stopped"
    until(lambda: set(threading.enumerate()) <= before)
    assert (download.done, download.error) == (False, None)
    rest = fetched(mirror.url, part)
    assert_whole(rest)
    assert rest.wire_bytes == len(CONTENT) - MB


def test_stopped_while_the_resolver_hangs_it_returns_soon(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def resolve(*_place: object, **_kind: object) -> list[object]:
        asked.set()
        answered.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    download = Download("http://archives.example/a.tar", part)
    thread = threading.Thread(target=download.run)
    thread.start()
    assert asked.wait(20)
    download.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert download.error is None
    answered.set()


def test_over_tls_it_comes_whole_goes_on_and_is_stopped_as_well(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with (
        resources.as_file(resources.files("kinetics_tui.demo").joinpath(CERTIFICATE)) as pem,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        tls.load_cert_chain(pem)
        with Mirror(CONTENT, ONE, tls) as mirror:
            assert str(fetched(mirror.url, part).error) == "its certificate is not valid"
            monkeypatch.setenv("SSL_CERT_FILE", str(pem))
            half_fetched(mirror, part)
            mirror.script = [Cut(MB)]
            rest = fetched(mirror.url, part)
            assert_whole(rest)
            assert rest.wire_bytes == len(CONTENT) - MB
        shaking_hands = Download(f"https://127.0.0.1:{silent.getsockname()[1]}/a", part)
        thread = threading.Thread(target=shaking_hands.run)
        thread.start()
        with silent.accept()[0] as connection:
            assert connection.recv(1)
            shaking_hands.stop()
            thread.join(20)
            assert not thread.is_alive()


def test_stopped_while_it_waits_connects_or_before_it_began(mirror: Mirror, part: Path) -> None:
    mirror.script = [Say(503, {"Retry-After": "3600", "Content-Length": "0"})]
    waiting = Download(mirror.url, part)
    with socket.socket() as server, contextlib.ExitStack() as queued:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):  # a full queue: who comes now gets no answer at all
            caller = queued.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(server.getsockname())
        connecting = Download(f"http://127.0.0.1:{server.getsockname()[1]}/a", part.with_name("b.part"))
        threads = [threading.Thread(target=download.run) for download in (waiting, connecting)]
        for thread in threads:
            thread.start()
        until(lambda: bool(waiting.waiting), every_s=0.01)
        for download in (waiting, connecting):
            download.stop()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
    early = Download(mirror.url, part)
    reader = Reader(early)
    early.stop()
    assert str(reader.all_seen()) == "stopped"
    early.run()
    assert early.wire_bytes == 0
    assert connecting.error is None


CHILD = """
import sys
from pathlib import Path
from kinetics_tui.engine.archives.download import Download
if len(sys.argv) > 3:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
download = Download(sys.argv[1], Path(sys.argv[2]))
download.run()
print(download.error, download.error and (download.error.of_disk, download.error.full))
"""


@pytest.mark.parametrize("killed_bytes", [1000, MB // 2, 2 * MB])
def test_killed_in_the_middle_the_next_process_goes_on(killed_bytes: int, mirror: Mirror, part: Path) -> None:
    mirror.script = [Hold(killed_bytes)]
    child = subprocess.Popen([sys.executable, "-c", CHILD, mirror.url, str(part)])
    until(lambda: part.exists() and part.stat().st_size == killed_bytes, every_s=0.02)
    child.kill()
    child.wait()
    assert_whole(fetched(mirror.url, part))
    assert mirror.sent_bytes <= 1.02 * len(CONTENT)


def test_it_is_on_the_disk_before_it_is_called_whole(
    mirror: Mirror, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, bool]] = []
    download = download_of(mirror.url, part)
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((os.fstat(file).st_size, download.done)))
    download.run()
    assert synced[-1] == (len(CONTENT), False)
    assert_whole(download)


def test_what_is_read_while_another_version_takes_its_place_does_not_count(
    mirror: Mirror, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.script = [Cut(MB), Swap(OTHER, TWO)]
    waits, go_on = threading.Event(), threading.Event()

    def sleep(_wait_s: float) -> None:
        waits.set()
        go_on.wait(60)

    download = Download(mirror.url, part, sleep=sleep)
    thread = threading.Thread(target=download.run)
    thread.start()
    assert waits.wait(60)
    read = os.pread

    def read_late(*asked: int) -> bytes:
        go_on.set()
        thread.join(60)
        return read(*asked)

    monkeypatch.setattr(os, "pread", read_late)
    with download.open() as growing, pytest.raises(Changed):
        growing.read(1000)
    assert_whole(download, OTHER)


def test_a_full_disk_is_told_as_one_and_what_came_stays(mirror: Mirror, part: Path) -> None:
    command = [sys.executable, "-c", CHILD, mirror.url, str(part), str(MB)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "no room on the disk (True, True)\n"
    rest = fetched(mirror.url, part)
    assert_whole(rest)
    assert rest.wire_bytes == 2 * MB


def test_a_disk_that_cannot_be_written_is_told_as_one(mirror: Mirror, part: Path) -> None:
    part.mkdir(parents=True)
    download = fetched(mirror.url, part)
    assert str(download.error) == "the disk: Is a directory"
    assert download.error is not None
    assert (download.error.of_disk, download.error.full) == (True, False)


def test_a_limit_is_held_to_within_a_twentieth_and_smoothly(mirror: Mirror, part: Path) -> None:
    waits = Waits()
    download = Download(mirror.url, part, max_bytes_per_s=100_000.0, sleep=waits.sleep, clock=waits.clock)
    download.run()
    assert_whole(download)
    assert 0.95 * 30 <= waits.now_s <= 1.05 * 30
    assert max(waits.waits_s) <= 0.25 + 1e-9


def test_blanks_and_brackets_of_an_address_are_quoted_and_what_is_quoted_stays(
    mirror: Mirror, part: Path
) -> None:
    for name in ("playing ukulele.tar.gz", "playing%20ukulele.tar.gz", "tying [a] (b) 5%.tar.gz?x=a b%2F&y"):
        assert_whole(fetched(f"http://127.0.0.1:{mirror.port}/k/{name}", part))
    assert [asked.path for asked in mirror.asked] == [
        "/k/playing%20ukulele.tar.gz",
        "/k/playing%20ukulele.tar.gz",  # the same archive: nothing of it is fetched again
        "/k/tying%20%5Ba%5D%20%28b%29%205%25.tar.gz?x=a%20b%2F&y",
    ]


def test_a_password_in_an_address_is_sent_and_shown_nowhere(mirror: Mirror, part: Path) -> None:
    address = f"http://ann:s3%40cret@127.0.0.1:{mirror.port}/a"
    assert_whole(fetched(address, part))
    assert mirror.asked[0].headers["authorization"] == "Basic YW5uOnMzQGNyZXQ="
    assert b"cret" not in note_of(part).read_bytes()
    for bad in (
        "http://ann:s3cret@a b/",
        f"http://ann:s3cret@127.0.0.1:{closed_port()}/",
        "http://ann:s3c/ret@a/",
    ):
        error = fetched(bad, part).error
        assert error is not None
        assert "s3" not in str(error)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirection_is_followed_and_a_password_stays_with_its_host(
    status: int, mirror: Mirror, part: Path
) -> None:
    with Mirror(CONTENT, ONE) as other:
        mirror.script = [
            Say(status, {"Location": "/b", "Content-Length": "0"}),
            Say(status, {"Location": other.url, "Content-Length": "0"}),
        ]
        assert_whole(fetched(f"http://ann:secret@127.0.0.1:{mirror.port}/a", part))
        assert "authorization" in mirror.asked[1].headers
        assert "authorization" not in other.asked[0].headers
        mirror.script = [Say(status, {"Location": other.url, "Content-Length": "0"})]
        assert head(mirror.url).size_bytes == len(CONTENT)
        assert other.asked[-1].method == "HEAD"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "/a.tar.gz"])
def test_a_redirection_that_leads_nowhere_is_given_up(target: str, mirror: Mirror, part: Path) -> None:
    mirror.script = [Say(302, {"Location": target, "Content-Length": "0"})] * 20
    assert str(fetched(mirror.url, part).error) == "HTTP 302"


def test_a_server_says_size_and_version(mirror: Mirror) -> None:
    found = head(mirror.url)
    assert (found.size_bytes, found.validator) == (len(CONTENT), '"one"')
    mirror.headers = DATE
    assert head(mirror.url).validator == f"Last-Modified: {DATE['Last-Modified']}"
    mirror.headers = {}
    assert head(mirror.url).validator == ""


@pytest.mark.parametrize("status", [403, 405, 501])
def test_where_head_is_refused_the_first_byte_is_asked_for(status: int, mirror: Mirror) -> None:
    for mirror.ranges in (True, False):
        mirror.script = [Say(status, {"Content-Length": "7"})]
        assert head(mirror.url).size_bytes == len(CONTENT)
        assert mirror.asked[-1].headers["range"] == "bytes=0-0"


def test_a_size_that_cannot_be_asked_for_is_an_error(mirror: Mirror) -> None:
    mirror.script = [Say(403, {"Content-Length": "0"})] * 2
    with pytest.raises(DownloadError, match="HTTP 403"):
        head(mirror.url)
    with pytest.raises(DownloadError, match="connection refused"):
        head(f"http://127.0.0.1:{closed_port()}/a")
