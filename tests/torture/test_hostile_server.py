"""A server that does all it can: what is called done is the right ten seconds, and nothing is left behind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import msgspec
import pytest

from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.media import read_frame_number
from kinetics_tui.demo.videos import Case, Failure, Video
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Studio
from tests.program import Program
from tests.torture.hostile_server import (
    DONE,
    HARMS,
    PASSING,
    attempt,
    offered,
    places,
    tally_damage,
)

# yt-dlp leaves its file open where a piece fails.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PACKINGS = tuple(offered())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinetics_tui.media.fetch.ranges_fetch.BUSY_WAIT_S", 0.02)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    videos: dict[str, Video] = {}
    with LoopbackYouTube(videos) as youtube:
        studio = Studio(youtube, videos, tmp_path / "dataset")
        yield studio
        studio.close()


def once(name: str, spared: int) -> Failure:
    return msgspec.structs.replace(HARMS[name].failure, times=1, spared=spared)


def for_ever(name: str, spared: int) -> Failure:
    return msgspec.structs.replace(HARMS[name].failure, spared=spared)


ALL = list(itertools.product(HARMS, PACKINGS))
# Each harm in one packing, each packing with several harms: the second request, for ever.
SHORT = [(name, PACKINGS[number % len(PACKINGS)]) for number, name in enumerate(HARMS)]


def check_lasting(studio: Studio, name: str, packing: str, spared: int) -> None:
    deadline_s = 1.5 if name == "1 kB a second" else 10.0
    outcome = attempt(studio, packing, for_ever(name, spared), deadline_s=deadline_s)
    assert outcome.category in HARMS[name].outcomes, outcome


def check_passing(studio: Studio, name: str, packing: str, spared: int) -> None:
    outcome = attempt(studio, packing, once(name, spared))
    if HARMS[name].passes:
        assert outcome.category is DONE, outcome
    else:
        assert outcome.category in HARMS[name].outcomes | {DONE}, outcome


@pytest.mark.parametrize(("name", "packing"), SHORT)
def test_what_never_ends_is_named_and_leaves_nothing(studio: Studio, name: str, packing: str) -> None:
    check_lasting(studio, name, packing, spared=1)


@pytest.mark.parametrize("number", range(len(PASSING)))
def test_what_happens_once_is_overcome(studio: Studio, number: int) -> None:
    packing = PACKINGS[number % len(PACKINGS)]
    check_passing(studio, list(PASSING)[number], packing, spared=number % len(places(packing)))


@pytest.mark.torture
@pytest.mark.parametrize(("name", "packing"), ALL)
def test_every_harm_at_every_request_in_every_packing(studio: Studio, name: str, packing: str) -> None:
    for spared in places(packing):
        check_passing(studio, name, packing, spared)
        check_lasting(studio, name, packing, spared)


# -- the deadline ----------------------------------------------------------------------------------------

STANDING_STILL = (Case.MEDIA_NO_ANSWER, Case.MEDIA_STALL, Case.MEDIA_SLOW)


@pytest.mark.parametrize(("case", "packing"), list(zip(STANDING_STILL, ("dash", "hls", "hls"), strict=True)))
def test_a_short_deadline_is_kept_whatever_the_socket_waits_for(
    studio: Studio, case: Case, packing: str
) -> None:
    failure = Failure(case, spared=1, after_bytes=500, bytes_per_s=300)
    outcome = attempt(studio, packing, failure, "--socket-timeout", "60", deadline_s=0.7)
    assert outcome.category is Category.TIMEOUT


@pytest.mark.parametrize("case", [Case.PLAYER_STALL, Case.MEDIA_NO_ANSWER], ids=lambda case: case.value)
def test_a_short_deadline_covers_the_player_and_the_playlists(studio: Studio, case: Case) -> None:
    failure = Failure(case, manifest=case is Case.MEDIA_NO_ANSWER)
    outcome = attempt(studio, "hls", failure, "--socket-timeout", "60", deadline_s=0.7)
    assert outcome.category is Category.TIMEOUT


@pytest.mark.torture
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("case", STANDING_STILL, ids=lambda case: case.value)
@pytest.mark.parametrize("deadline_s", [0.2, 1.0, 3.0])
def test_every_deadline_is_kept(studio: Studio, case: Case, packing: str, deadline_s: float) -> None:
    for spared in places(packing):
        failure = Failure(case, spared=spared, after_bytes=500, bytes_per_s=300)
        outcome = attempt(studio, packing, failure, "--socket-timeout", "60", deadline_s=deadline_s)
        assert outcome.category is Category.TIMEOUT


# -- elsewhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", ["dash", "hls"])
def test_a_redirect_to_another_host_is_followed(studio: Studio, packing: str) -> None:
    sources = offered()[packing]
    # The other host answers for any id.
    with LoopbackYouTube(lambda video_id: Video(video_id, "", 20, sources), host="127.0.0.2") as other:
        failure = Failure(Case.MEDIA_REDIRECT, redirect_to=other.media_url)
        assert attempt(studio, packing, failure).category is DONE
        assert other.count("media") > 0


@pytest.mark.parametrize(
    ("case", "category"),
    [
        (Case.MEDIA_404, {Category.HTTP_404, Category.MISCELLANEOUS, Category.NO_FORMATS}),
        (Case.MEDIA_HTML, {Category.MISCELLANEOUS, Category.NO_FORMATS, Category.TRIM_FAILED}),
        (Case.MEDIA_429, {Category.TOO_MANY_REQUESTS}),
    ],
    ids=lambda value: getattr(value, "value", None),
)
@pytest.mark.parametrize("spared", [0, 1], ids=["all playlists", "those of the formats"])
def test_playlists_that_are_none_have_their_category(
    studio: Studio, case: Case, category: set[Category], spared: int
) -> None:
    outcome = attempt(studio, "hls", Failure(case, manifest=True, spared=spared))
    assert outcome.category in category, outcome


def test_a_file_that_was_there_and_is_not_is_looked_for_once_more(studio: Studio) -> None:
    assert attempt(studio, "dash", Failure(Case.MEDIA_404, spared=2, times=1)).category is DONE
    assert studio.youtube.count("player") == 2


# -- damage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", ["dash", "progressive", "hls"])
def test_damage_never_brings_other_seconds(studio: Studio, packing: str) -> None:
    counts = tally_damage(studio, packing, rounds=10, seed=5)
    assert counts["wrong time"] == 0, counts


@pytest.mark.torture
@pytest.mark.parametrize("packing", ["dash", "progressive", "webm", "hls"])
def test_damage_in_two_hundred_places(studio: Studio, packing: str) -> None:
    counts = tally_damage(studio, packing, rounds=200, seed=7)
    print(packing, dict(counts))  # noqa: T201 - the figures are what the full size is run for
    assert counts["wrong time"] == 0, counts
    # Nothing in a picture's own bytes tells all damage, and of VP9 hardly any: see structure.py.
    assert counts["wrong picture"] <= (200 if packing == "webm" else 40), counts


# -- a whole run -----------------------------------------------------------------------------------------


def test_a_run_against_a_hostile_server_brings_every_clip(
    program: Program, serve: Callable[..., tuple[Demo, LoopbackYouTube]]
) -> None:
    demo, youtube = serve(7)
    names = ["reset in the body", "stall in the body", "html in place of media", "other bytes than it says"]
    for number, video_id in enumerate(list(demo.videos)[: len(names)]):
        harmed = msgspec.structs.replace(demo.videos[video_id], failure=once(names[number], 1))
        demo.videos[video_id] = harmed
    done = program(
        "run",
        str(program.dataset),
        *(flag for path in demo.annotations for flag in ("--annotations", str(path))),
        *("--pace", "unlimited", "--workers", "2", "--retry", "1s,1s", "--headless"),
        f"--yt-dlp={youtube.yt_dlp_options()} --socket-timeout 0.5",
        timeout_s=180,
    )
    assert done.returncode == 0, done.stderr
    status = program.status()
    assert (status["done"], status["pending"]) == (len(demo.clips), 0)
    for clip in demo.clips:
        (path,) = program.dataset.glob(f"*/*/{clip.name}.mp4")
        fps = next(
            source.spec.fps
            for source in demo.videos[clip.youtube_id].sources.values()
            if source.spec.has_video
        )
        with av.open(str(path)) as container:
            numbers = [read_frame_number(frame) for frame in container.decode(video=0)]
        first = round(clip.time_start * fps)
        assert numbers[0] == first
        assert numbers == list(range(first, first + len(numbers)))
        assert len(numbers) == 10 * fps or (len(numbers) < 10 * fps and clip.time_end > 60)
    assert not (program.dataset / ".kinetics-tui" / "scratch").exists()
