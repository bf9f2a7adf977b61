"""The real extractor against the loopback YouTube: every answer ends in the right category."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.youtube.resolve import Resolver
from kinetics_tui.model.failure import Category, Kind
from kinetics_tui.model.network import Route
from tests.media.media_studio import Sources, Studio

CATEGORIES = {
    Case.PRIVATE: Category.PRIVATE,
    Case.REMOVED_BY_UPLOADER: Category.REMOVED_BY_USER,
    Case.REMOVED_BY_USER: Category.REMOVED_BY_USER,
    Case.ACCOUNT_TERMINATED: Category.ACCOUNT_TERMINATED,
    Case.ACCOUNT_CLOSED: Category.ACCOUNT_TERMINATED,
    Case.COPYRIGHT_CLAIM: Category.COPYRIGHT,
    Case.COPYRIGHT_BLOCKED: Category.COPYRIGHT,
    Case.COPYRIGHT_COUNTRY: Category.COPYRIGHT,
    Case.TERMS_GUIDELINES: Category.VIOLATING_TERMS,
    Case.TERMS_OF_SERVICE: Category.VIOLATING_TERMS,
    Case.TERMS_NUDITY: Category.VIOLATING_TERMS,
    Case.TERMS_SPAM: Category.VIOLATING_TERMS,
    Case.AGE: Category.CONTENT_WARNING,
    Case.GEO: Category.GEO_BLOCKED,
    Case.GEO_COUNTRIES: Category.GEO_BLOCKED,
    Case.UNAVAILABLE: Category.VIDEO_NOT_AVAILABLE,
    Case.NOT_AVAILABLE_ANYMORE: Category.VIDEO_NOT_AVAILABLE,
    Case.DUPLICATE: Category.DUPLICATE,
    Case.MEMBERS_ONLY: Category.MEMBERS_ONLY,
    Case.PREMIERE: Category.LIVE_OR_PREMIERE,
    Case.DRM: Category.NO_FORMATS,
    Case.LIVE: Category.LIVE_OR_PREMIERE,
    Case.NO_FORMATS: Category.NO_FORMATS,
    Case.ONLY_IMAGES: Category.NO_FORMATS,
    Case.NOT_ON_THIS_APP: Category.NO_FORMATS,
    Case.RELOAD: Category.NO_FORMATS,
    Case.CONTENT_NOT_AVAILABLE: Category.CONTENT_UNAVAILABLE,
    Case.SABR_ONLY: Category.NO_FORMATS,
    Case.SOMETHING_WRONG: Category.MISCELLANEOUS,
    Case.SESSION_LIMIT: Category.SESSION_LIMIT,
    Case.SESSION_LIMIT_CURLY: Category.SESSION_LIMIT,
    Case.REQUEST_LIMIT: Category.SESSION_LIMIT,
    Case.BOT_CHECK: Category.BOT_CHECK,
    Case.CAPTCHA: Category.CAPTCHA,
    Case.ADDRESS_BLOCKED: Category.ADDRESS_BLOCKED,
    Case.PLAYER_429: Category.TOO_MANY_REQUESTS,
    Case.PLAYER_403: Category.PLAYER_REFUSED,
    Case.PLAYER_404: Category.MISCELLANEOUS,
    Case.PLAYER_503: Category.HTTP_503,
    Case.PLAYER_RESET: Category.TIMEOUT,
    Case.PLAYER_STALL: Category.TIMEOUT,
    Case.PLAYER_HTML: Category.OFFLINE,
}


@pytest.fixture
def resolver(studio: Studio) -> Iterator[Resolver]:
    args = (*studio.youtube.yt_dlp_args(), "--socket-timeout", "0.5")
    resolver = Resolver(args, height_px=360, audio=True)
    yield resolver
    resolver.close()


def test_every_case_of_the_loopback_youtube_is_expected_here() -> None:
    assert {case for case in Case if not case.value.startswith("media ")} == {*CATEGORIES, Case.N_CHALLENGE}


@pytest.mark.parametrize("case", list(CATEGORIES), ids=lambda case: case.value)
def test_failure_has_its_category_and_a_clean_message(
    studio: Studio, dash: Sources, resolver: Resolver, case: Case, capfd: pytest.CaptureFixture[str]
) -> None:
    video = studio.add(dash, failure=Failure(case, retry_after_s=77))
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(video)
    assert caught.value.category is CATEGORIES[case]
    message = caught.value.message
    assert message
    assert not message.startswith(("ERROR", "[youtube]"))
    assert "--cookies" not in message
    assert video not in message
    assert capfd.readouterr() == ("", "")
    if case is Case.PLAYER_429:
        assert caught.value.retry_after_s == 77
    if CATEGORIES[case].kind is Kind.THROTTLE:
        assert studio.youtube.count("player") == 1, "a network that refuses must not be knocked at again"


def test_source_names_the_streams(studio: Studio, dash: Sources, resolver: Resolver) -> None:
    source = resolver.resolve(studio.add(dash))
    assert source.duration_s == 60
    assert source.audio is not None
    assert (source.video.itag, source.audio.itag) == ("134", "140")
    assert source.video.size_bytes == dash[134].size_bytes
    assert (source.video.width_px, source.video.height_px, source.video.fps) == (320, 180, 30)
    assert not source.video.fragmented
    assert source.audio.vcodec is None
    assert studio.youtube.count("player") == 1


def test_one_resolver_goes_on_after_failures(studio: Studio, dash: Sources, resolver: Resolver) -> None:
    bad = studio.add(dash, failure=Failure(Case.PLAYER_RESET))
    good = studio.add(dash)
    for _ in range(3):
        with pytest.raises(ClipFailure):
            resolver.resolve(bad)
        assert resolver.resolve(good).youtube_id == good


def test_nobody_listening_is_offline(studio: Studio, resolver: Resolver) -> None:
    studio.youtube.stop()
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve("abcdefghijk")
    assert caught.value.category is Category.OFFLINE


def test_user_format_wins(studio: Studio, dash: Sources) -> None:
    resolver = Resolver((*studio.youtube.yt_dlp_args(), "-f", "134"))
    source = resolver.resolve(studio.add(dash))
    assert (source.video.itag, source.audio) == ("134", None)
    resolver.close()


@pytest.mark.parametrize("args", [("--nope",), ("-f", "best[[")])
def test_unusable_options_are_a_settings_error(args: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError):
        Resolver(args)


def test_switched_network_is_used_from_the_next_request_on(studio: Studio, dash: Sources) -> None:
    video, resolver = studio.add(dash), Resolver(studio.direct_args())
    resolver.resolve(video)
    resolver.switch_network(Route("127.0.0.7"))
    resolver.resolve(video)
    resolver.switch_network(None)
    resolver.resolve(video)
    assert [seen.client_address for seen in studio.youtube.requests] == [
        "127.0.0.1",
        "127.0.0.7",
        "127.0.0.1",
    ]
    resolver.close()


def test_proxy_that_is_not_there_is_offline(studio: Studio, dash: Sources, resolver: Resolver) -> None:
    resolver.switch_network(Route(proxy="http://me:secret@127.0.0.1:9"))
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(studio.add(dash))
    assert caught.value.category is Category.OFFLINE
    assert "secret" not in caught.value.message
    assert studio.youtube.requests == []
