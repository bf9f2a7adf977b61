"""A clip costs YouTube one request where that is enough, and yt-dlp's whole default flow where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from kinetics_tui.demo.site import ASKED, AfterClips
from kinetics_tui.demo.videos import Case, Failure
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.media.youtube.resolve import Resolver, lean_client
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import Resolve
from tests.media.media_studio import Sources, Studio, frame_numbers

LEAN, FULL_FIRST = "VISIONOS", "TVHTML5"


@pytest.fixture
def resolver(studio: Studio) -> Iterator[Resolver]:
    resolver = Resolver((*studio.youtube.yt_dlp_args(), "--socket-timeout", "1"))
    yield resolver
    resolver.close()


def asked(studio: Studio) -> list[tuple[str, str]]:
    """Kind and client of each request that YouTube is said to count."""
    return [(seen.kind, seen.client) for seen in studio.youtube.requests if seen.kind in ASKED]


def test_the_lean_client_is_read_from_yt_dlps_own_tables(resolver: Resolver) -> None:
    extractor = resolver.session.get_info_extractor("Youtube")
    assert lean_client(extractor) == extractor._DEFAULT_JSLESS_CLIENTS[0]


def test_where_no_default_client_does_without_javascript_there_is_no_lean_client() -> None:
    extractor = SimpleNamespace(
        is_authenticated=False, _DEFAULT_CLIENTS=("web",), _DEFAULT_JSLESS_CLIENTS=("tv",)
    )
    assert lean_client(extractor) is None
    assert lean_client(SimpleNamespace()) is None


def test_an_account_is_asked_for_only_by_a_client_that_takes_cookies() -> None:
    extractor = SimpleNamespace(is_authenticated=True, _DEFAULT_AUTHED_CLIENTS=("visionos", "tv_samsung"))
    assert lean_client(extractor) is None


def test_twelve_clips_cost_twelve_requests_and_are_exact(studio: Studio, dash: Sources) -> None:
    maker = studio.maker()
    for number in range(12):
        _, path = studio.make(maker, studio.add(dash), number * 4.0, number * 4.0 + 1)
        assert frame_numbers(path) == list(range(number * 120, number * 120 + 30))
    assert asked(studio) == [("player", LEAN)] * 12


@pytest.mark.parametrize("case", [Case.NO_FORMATS, Case.PLAYER_403, Case.MEDIA_403, Case.SABR_ONLY])
@pytest.mark.parametrize(("broken", "most_asked"), [(FULL_FIRST, 12), (LEAN, 12 * 4)])
def test_twelve_clips_come_where_one_client_is_broken(
    studio: Studio, dash: Sources, case: Case, broken: str, most_asked: int
) -> None:
    studio.youtube.client_failures[broken] = Failure(case)
    maker = studio.maker()
    for number in range(12):
        _, path = studio.make(maker, studio.add(dash), number * 4.0, number * 4.0 + 1)
        assert frame_numbers(path) == list(range(number * 120, number * 120 + 30))
    assert len(asked(studio)) <= most_asked


@pytest.mark.parametrize("case", [Case.PRIVATE, Case.REMOVED_BY_USER, Case.COPYRIGHT_CLAIM, Case.TERMS_SPAM])
def test_what_lean_answers_for_good_costs_one_request(
    studio: Studio, dash: Sources, resolver: Resolver, case: Case
) -> None:
    with pytest.raises(ClipFailure):
        resolver.resolve(studio.add(dash, failure=Failure(case)))
    assert asked(studio) == [("player", LEAN)]


def test_what_lean_has_no_format_for_is_asked_for_in_full(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    studio.youtube.client_failures[LEAN] = Failure(Case.NO_FORMATS)
    source = resolver.resolve(studio.add(dash))
    assert source.asked is Resolve.FULL
    assert asked(studio) == [("player", LEAN), ("page", "WEB"), ("player", FULL_FIRST), ("player", LEAN)]


def test_a_video_made_for_kids_is_asked_for_in_full(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    assert resolver.resolve(studio.add(dash, made_for_kids=True)).asked is Resolve.FULL


def test_an_n_challenge_that_lean_cannot_solve_is_solved_in_full(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    assert resolver.resolve(studio.add(dash, failure=Failure(Case.N_CHALLENGE))).asked is Resolve.FULL


def test_clips_that_come_in_full_have_their_challenges_solved(studio: Studio, dash: Sources) -> None:
    maker = studio.maker(resolve=Resolve.FULL)
    _, path = studio.make(maker, studio.add(dash), 20.0, 21.0)
    assert frame_numbers(path) == list(range(600, 630))
    assert {seen.client for seen in studio.youtube.requests if seen.kind == "media"} == {FULL_FIRST}


def test_a_signature_is_solved_too(studio: Studio, progressive: Sources) -> None:
    _, path = studio.make(studio.maker(resolve=Resolve.FULL), studio.add(progressive), 20.0, 21.0)
    assert frame_numbers(path) == list(range(600, 630))


def test_lean_alone_asks_nothing_more(studio: Studio, dash: Sources) -> None:
    resolver = Resolver(studio.youtube.yt_dlp_args(), resolve=Resolve.LEAN)
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(studio.add(dash, made_for_kids=True))
    assert "not available on this app" in caught.value.message
    assert asked(studio) == [("player", LEAN)]
    resolver.close()


def test_clients_that_the_user_chose_are_asked_as_he_said(studio: Studio, dash: Sources) -> None:
    args = (*studio.youtube.yt_dlp_args(), "--extractor-args", "youtube:player_client=tv_samsung")
    resolver = Resolver(args)
    assert resolver.resolve(studio.add(dash)).asked is None
    assert asked(studio) == [("page", "WEB"), ("player", FULL_FIRST)]
    resolver.close()


def test_a_refusal_in_full_after_lean_answered_holds_back_the_clip_alone(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    studio.youtube.client_failures |= {
        LEAN: Failure(Case.NO_FORMATS),
        FULL_FIRST: Failure(Case.BOT_CHECK),
    }
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(studio.add(dash))
    assert caught.value.category is Category.NO_FORMATS
    assert "refused: bot check" in caught.value.message
    assert asked(studio)[-1] == ("player", FULL_FIRST), "nothing is asked after a refusal"


def test_a_network_that_lean_is_refused_by_is_asked_once(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    studio.youtube.policy = policy = AfterClips(0, Failure(Case.BOT_CHECK), 60.0)
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(studio.add(dash))
    assert caught.value.category is Category.BOT_CHECK
    assert policy.knocks == 1


@pytest.mark.parametrize(
    ("case", "category"),
    [
        (Case.PLAYER_RESET, Category.TIMEOUT),
        (Case.PLAYER_STALL, Category.TIMEOUT),
        (Case.PLAYER_403, Category.PLAYER_REFUSED),
        (Case.PLAYER_503, Category.HTTP_503),
        (Case.PLAYER_HTML, Category.OFFLINE),
        (Case.ADDRESS_BLOCKED, Category.ADDRESS_BLOCKED),
    ],
)
def test_the_cause_is_kept_where_only_the_page_came_through(
    studio: Studio, dash: Sources, case: Case, category: Category
) -> None:
    resolver = Resolver((*studio.youtube.yt_dlp_args(), "--socket-timeout", "0.5"), resolve=Resolve.FULL)
    studio.youtube.client_failures |= {LEAN: Failure(case), FULL_FIRST: Failure(case)}
    with pytest.raises(ClipFailure) as caught:
        resolver.resolve(studio.add(dash))
    assert caught.value.category is category
    resolver.close()


def test_a_better_tier_that_lean_only_names_is_asked_for_in_full(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    studio.youtube.client_failures[LEAN] = Failure(Case.SABR_ONLY)
    assert resolver.resolve(studio.add(dash)).asked is Resolve.FULL


def test_visitor_data_of_an_answer_goes_with_the_next_request(
    studio: Studio, dash: Sources, resolver: Resolver
) -> None:
    for _ in range(2):
        resolver.resolve(studio.add(dash))
    first, second = [seen.visitor_data for seen in studio.youtube.requests if seen.kind == "player"]
    assert (first, bool(second)) == ("", True)


def test_another_network_is_another_visitor(studio: Studio, dash: Sources) -> None:
    resolver = Resolver(studio.direct_args())
    resolver.resolve(studio.add(dash))
    assert resolver.session.visitor_data
    from kinetics_tui.model.network import Route

    resolver.switch_network(Route("127.0.0.7"))
    assert not resolver.session.visitor_data
    resolver.close()
