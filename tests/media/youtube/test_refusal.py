"""A network that YouTube refuses is asked once; what fails in passing is asked again."""

from __future__ import annotations

import gc

import msgspec
import pytest

from kinetics_tui.demo.site import AfterClips
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure, is_player_request
from kinetics_tui.media.youtube.session import refusal_in
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Sources, Studio

REFUSALS = {
    Case.PLAYER_429: Category.TOO_MANY_REQUESTS,
    Case.SESSION_LIMIT: Category.SESSION_LIMIT,
    Case.SESSION_LIMIT_CURLY: Category.SESSION_LIMIT,
    Case.REQUEST_LIMIT: Category.SESSION_LIMIT,
    Case.BOT_CHECK: Category.BOT_CHECK,
    Case.CAPTCHA: Category.CAPTCHA,
    Case.ADDRESS_BLOCKED: Category.ADDRESS_BLOCKED,
}
CLIENTS = ("visionos", "visionos,web", "tv,visionos,web_safari")


@pytest.mark.parametrize("clients", CLIENTS)
@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.value)
def test_a_refused_clip_costs_one_player_request(
    studio: Studio, dash: Sources, case: Case, clients: str
) -> None:
    video = studio.add(dash, failure=Failure(case, retry_after_s=77))
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker("--extractor-retries", "3", clients=clients), video, 20.0, 21.0)
    assert caught.value.category is REFUSALS[case]
    assert caught.value.retry_after_s == (77 if case is Case.PLAYER_429 else None)
    assert [seen.kind for seen in studio.youtube.requests] == ["player"]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.value)
def test_the_next_clip_asks_again(studio: Studio, dash: Sources, case: Case) -> None:
    maker, video = studio.maker(), studio.add(dash, failure=Failure(case, times=1))
    with pytest.raises(ClipFailure):
        studio.make(maker, video, 20.0, 21.0)
    studio.make(maker, video, 20.0, 21.0)


@pytest.mark.parametrize("case", [Case.PLAYER_503, Case.PLAYER_RESET], ids=lambda case: case.value)
def test_what_fails_in_passing_is_asked_again(studio: Studio, dash: Sources, case: Case) -> None:
    studio.make(studio.maker(), studio.add(dash, failure=Failure(case, times=1)), 20.0, 21.0)
    assert studio.youtube.count("player") == 2


def test_a_failure_of_the_video_is_asked_of_every_client(studio: Studio, dash: Sources) -> None:
    with pytest.raises(ClipFailure) as caught:
        studio.make(
            studio.maker(clients="visionos,web"),
            studio.add(dash, failure=Failure(Case.PRIVATE)),
            20.0,
            21.0,
        )
    assert caught.value.category is Category.PRIVATE
    assert studio.youtube.count("player") == 2


def test_a_clip_is_made_of_what_one_client_gave_before_another_was_refused(
    studio: Studio, dash: Sources
) -> None:
    studio.youtube.policy = policy = AfterClips(1, Failure(Case.BOT_CHECK), 60.0)
    studio.make(studio.maker(clients="visionos,web,tv"), studio.add(dash), 20.0, 21.0)
    assert policy.knocks == 1


# yt-dlp leaves its file open where a fragment fails.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_refused_pieces_are_not_asked_for_again(studio: Studio, dash: Sources) -> None:
    video = studio.add(dash, hls=True, failure=Failure(Case.MEDIA_429, retry_after_s=77))
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), video, 20.0, 21.0)
    assert caught.value.category is Category.TOO_MANY_REQUESTS
    assert caught.value.retry_after_s == 77
    assert studio.youtube.count("media") == 1
    del caught
    gc.collect()


ASKED = b'{"videoId": "abcdefghijk"}'


def answer(status: str, **playability: object) -> bytes:
    return msgspec.json.encode(
        {
            "playabilityStatus": {"status": status, **playability},
            "videoDetails": {"videoId": "abcdefghijk"},
        }
    )


@pytest.mark.parametrize(
    ("answered", "category"),
    [
        (answer("LOGIN_REQUIRED", reason="Sign in to confirm you’re not a bot"), Category.BOT_CHECK),
        (answer("LOGIN_REQUIRED", messages=["Sign in to confirm you're not a bot"]), Category.BOT_CHECK),
        (
            answer("ERROR", errorScreen={"x": {"subreason": {"runs": [{"text": "… not a bot"}]}}}),
            None,
        ),
        (
            answer(
                "ERROR",
                errorScreen={"x": {"subreason": {"runs": [{"text": "Sign in to confirm you're not a bot"}]}}},
            ),
            Category.BOT_CHECK,
        ),
        (answer("LOGIN_REQUIRED", reason="Private video"), None),
        (answer("ERROR", errorScreen={"playerCaptchaViewModel": {}}), Category.CAPTCHA),
        (answer("ERROR", reason="Video unavailable", trackingParams="captcha"), None),
        (answer("OK", reason="captcha"), None),
        (answer("ERROR", errorScreen=None), None),
        (b'{"videoDetails": {"videoId": "aQvGIIdgFDM"}}', Category.ADDRESS_BLOCKED),
        (b"{}", None),
        (b'{"playabilityStatus": []}', None),
        (b"<!DOCTYPE html>", None),
        (b"", None),
    ],
)
def test_only_what_refuses_the_network_is_a_refusal(answered: bytes, category: Category | None) -> None:
    assert refusal_in(ASKED, answered) is category


def test_player_requests_are_known_by_their_path() -> None:
    assert is_player_request("https://www.youtube.com/youtubei/v1/player?prettyPrint=false")
    assert not is_player_request("https://www.youtube.com/youtubei/v1/next")
    assert not is_player_request("https://host/videoplayback?x=/youtubei/v1/player")
