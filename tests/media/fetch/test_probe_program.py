"""One request by one route: what is asked, what is answered, and that there always is an answer."""

from __future__ import annotations

import subprocess
import time

import msgspec
import pytest

from kinetics_tui.base.programs import python_program
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.fetch.probe_program import NO_REQUEST, CheckAnswer, CheckRequest, ask
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Route
from tests.media.media_studio import Sources, Studio
from tests.media.proxies import HttpProxy, SocksProxy
from tests.media.youtube.test_refusal import CLIENTS, REFUSALS


def request_for(studio: Studio, video: str, *yt_dlp: str, clients: str = "visionos") -> CheckRequest:
    args = (*studio.direct_args(clients), "--socket-timeout", "0.5", *yt_dlp)
    return CheckRequest(yt_dlp=args, route=Route("127.0.0.2", ""), youtube_id=video)


def run(said: bytes) -> subprocess.CompletedProcess[bytes]:
    """The program, told ``said``."""
    command, environment = python_program("kinetics_tui.media.fetch.probe_program")
    return subprocess.run(command, input=said, env=environment, capture_output=True, timeout=60, check=False)


def answer_of(request: CheckRequest) -> tuple[CheckAnswer, subprocess.CompletedProcess[bytes]]:
    done = run(msgspec.json.encode(request))
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 1
    return msgspec.json.decode(done.stdout, type=CheckAnswer), done


def test_a_video_that_is_there_is_an_answer_by_the_route(studio: Studio, dash: Sources) -> None:
    answer, done = answer_of(request_for(studio, studio.add(dash)))
    assert (answer.ok, answer.category, answer.text) == (True, None, "YouTube answers.")
    assert 0 < answer.took_s < 30
    assert done.stderr == b""
    assert [(seen.kind, seen.client_address) for seen in studio.youtube.requests] == [("player", "127.0.0.2")]


@pytest.mark.parametrize("proxy_class", [HttpProxy, SocksProxy])
def test_it_goes_through_a_proxy_and_keeps_its_password(
    studio: Studio, dash: Sources, proxy_class: type[HttpProxy] | type[SocksProxy]
) -> None:
    with proxy_class("127.0.0.5", auth=("me", "secret")) as proxy:
        request = msgspec.structs.replace(request_for(studio, studio.add(dash)), route=Route(proxy=proxy.url))
        assert ask(request).ok
        assert {seen.client_address for seen in studio.youtube.requests} == {"127.0.0.5"}
        wrong = Route(proxy=proxy.url.replace("secret", "wrong-secret"))
        answer, done = answer_of(msgspec.structs.replace(request, route=wrong))
    assert (answer.ok, answer.category) == (False, Category.OFFLINE)
    assert b"secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("case", "category"),
    [
        (Case.PRIVATE, Category.PRIVATE),
        (Case.UNAVAILABLE, Category.VIDEO_NOT_AVAILABLE),
        (Case.GEO, Category.GEO_BLOCKED),
        (Case.LIVE, Category.LIVE_OR_PREMIERE),
    ],
)
def test_what_youtube_says_of_the_video_speaks_not_against_the_network(
    studio: Studio, dash: Sources, case: Case, category: Category
) -> None:
    answer = ask(request_for(studio, studio.add(dash, failure=Failure(case))))
    assert (answer.ok, answer.category) == (True, category)
    assert answer.text.startswith("YouTube answers; of this video it says: ")


@pytest.mark.parametrize("clients", CLIENTS)
@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.value)
def test_a_refused_check_costs_one_player_request(
    studio: Studio, dash: Sources, case: Case, clients: str
) -> None:
    video = studio.add(dash, failure=Failure(case))
    answer = ask(request_for(studio, video, "--extractor-retries", "3", clients=clients))
    assert (answer.ok, answer.category) == (False, REFUSALS[case])
    assert studio.youtube.count("player") == 1


@pytest.mark.parametrize(
    ("case", "category"),
    [
        (Case.PLAYER_503, Category.HTTP_503),
        (Case.PLAYER_403, Category.PLAYER_REFUSED),
        (Case.PLAYER_RESET, Category.TIMEOUT),
        (Case.PLAYER_STALL, Category.TIMEOUT),
        (Case.PLAYER_HTML, Category.OFFLINE),
        (Case.NO_FORMATS, Category.NO_FORMATS),
        (Case.CONTENT_NOT_AVAILABLE, Category.CONTENT_UNAVAILABLE),
        (Case.RELOAD, Category.NO_FORMATS),
    ],
)
def test_an_answer_from_which_nothing_follows_is_asked_for_once_and_not_ok(
    studio: Studio, dash: Sources, case: Case, category: Category
) -> None:
    answer = ask(request_for(studio, studio.add(dash, failure=Failure(case)), "--extractor-retries", "3"))
    assert (answer.ok, answer.category) == (False, category)
    assert studio.youtube.count("player") == 1


def with_media(studio: Studio, video: str) -> CheckAnswer:
    return ask(msgspec.structs.replace(request_for(studio, video), media=True))


def test_the_beginning_of_all_media_is_fetched_where_that_is_asked_for(studio: Studio, dash: Sources) -> None:
    answer = with_media(studio, studio.add(dash))
    assert answer.ok
    media = [seen for seen in studio.youtube.requests if seen.kind == "media"]
    assert {seen.itag for seen in media} == {134, 140}
    assert {seen.client_address for seen in media} == {"127.0.0.2"}
    assert sum(seen.sent_bytes for seen in media) < 100_000


@pytest.mark.parametrize("itag", [None, 140])
@pytest.mark.parametrize(
    ("case", "ok", "category", "said"),
    [
        (Case.MEDIA_403, False, Category.FORBIDDEN, "403 on media"),
        (Case.MEDIA_404, True, Category.HTTP_404, "HTTP Error 404: Not Found"),
        (Case.MEDIA_429, False, Category.TOO_MANY_REQUESTS, "HTTP Error 429: Too Many Requests"),
    ],
)
def test_media_that_do_not_come_are_the_answer(
    studio: Studio, dash: Sources, case: Case, itag: int | None, ok: bool, category: Category, said: str
) -> None:
    answer = with_media(studio, studio.add(dash, failure=Failure(case, itag=itag)))
    assert (answer.ok, answer.category, answer.said) == (ok, category, said)


def test_of_media_in_pieces_no_more_is_fetched_than_their_playlist(studio: Studio, dash: Sources) -> None:
    answer = with_media(studio, studio.add(dash, hls=True))
    assert answer.ok
    assert studio.youtube.count("media") == 0


def test_a_server_that_stands_still_does_not_outlast_the_deadline(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, failure=Failure(Case.PLAYER_STALL))
    request = request_for(studio, video, "--socket-timeout", "600")
    started = time.monotonic()
    answer, _ = answer_of(msgspec.structs.replace(request, deadline_s=5.0))
    assert time.monotonic() - started < 60
    assert (answer.ok, answer.category) == (False, Category.TIMEOUT)
    assert answer.text == "No answer came within 5 s."
    assert studio.youtube.count("player") == 1


def test_options_that_cannot_be_used_are_an_answer_without_them(studio: Studio) -> None:
    request = request_for(studio, "abcdefghijk", "secret-word")
    answer = ask(request)
    assert (answer.ok, answer.category) == (False, None)
    assert "secret" not in answer.text
    assert studio.youtube.requests == []


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"route": {"proxy": "http://me:secret@h"}}'])
def test_what_is_no_request_gets_no_answer(said: bytes) -> None:
    done = run(said)
    assert (done.returncode, done.stdout) == (NO_REQUEST, b"")
    assert b"CheckRequest" in done.stderr
    assert b"secret" not in done.stderr


def test_passing_the_question_on_loads_no_yt_dlp() -> None:
    code = "import sys, kinetics_tui.media.fetch.probe_program; print('yt_dlp' in sys.modules)"
    command, environment = python_program("this")
    done = subprocess.run([command[0], "-P", "-c", code], env=environment, capture_output=True, check=True)
    assert done.stdout == b"False\n"
