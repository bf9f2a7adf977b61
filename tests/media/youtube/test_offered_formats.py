"""The formats chosen of what YouTube offers, through the real extractor, and the clips made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kinetics_tui.demo.media import Kind, Source
from kinetics_tui.demo.videos import Case, Failure, Offer, Track
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.model.failure import Category
from tests.media.media_studio import Sources, Studio, frame_numbers, made, sound_offset_s

FPS = 10
ORIGINAL = Track("English (United States) original", "en-US.4")
DEFAULT = Track("French", "fr.3", is_default=True)
DUB = Track("German", "de.3")
DESCRIPTIVE = Track("English (United States) descriptive", "en-US.2")


def pictures(width_px: int, height_px: int, kind: Kind = Kind.DASH_VIDEO) -> Source:
    return made(kind, duration_s=20, fps=FPS, crf=34, width_px=width_px, height_px=height_px)


@pytest.fixture(scope="session")
def sound() -> Source:
    return made(Kind.DASH_AUDIO, duration_s=20)


@pytest.fixture(scope="session")
def portrait(sound: Source) -> Sources:
    """A portrait video: each itag has the tier that it has of others, by its shorter side."""
    sizes = {160: (144, 256), 133: (240, 426), 134: (360, 640), 135: (480, 854)}
    return {itag: pictures(*size) for itag, size in sizes.items()} | {140: sound}


@pytest.fixture(scope="session")
def landscape(sound: Source) -> Sources:
    sizes = {160: (256, 144), 133: (426, 240), 134: (640, 360)}
    return {itag: pictures(*size) for itag, size in sizes.items()} | {140: sound}


def clip_of(
    studio: Studio,
    sources: Sources,
    offers: dict[int, Offer] | None = None,
    yt_dlp: tuple[str, ...] = (),
    **options: Any,
) -> tuple[str, tuple[int, int], Path]:
    """The formats and the size of a clip, which is held to be exact, and its file."""
    video = studio.add(sources, offers=offers or {})
    file, path = studio.make(studio.maker(*yt_dlp, **options), video, 5.0, 7.0)
    assert frame_numbers(path) == list(range(5 * FPS, 7 * FPS))
    return file.source_itags, (file.width_px, file.height_px), path


@pytest.mark.parametrize(
    ("height_px", "chosen", "size"),
    [(360, "134+140", (360, 640)), (144, "160+140", (144, 256)), (300, "133+140", (240, 426))],
)
def test_a_portrait_video_comes_in_the_tier_of_its_shorter_side(
    studio: Studio, portrait: Sources, height_px: int, chosen: str, size: tuple[int, int]
) -> None:
    assert clip_of(studio, portrait, height_px=height_px)[:2] == (chosen, size)


def test_the_default_is_the_tier_360p_of_a_portrait_video(studio: Studio, portrait: Sources) -> None:
    assert clip_of(studio, portrait)[:2] == ("134+140", (360, 640))


def test_the_smallest_tier_above_is_taken_where_none_is_within(studio: Studio, portrait: Sources) -> None:
    sources = {itag: source for itag, source in portrait.items() if itag not in (160, 133)}
    assert clip_of(studio, sources, height_px=144)[0] == "134+140"


def test_a_damaged_format_is_passed_over(studio: Studio, landscape: Sources) -> None:
    assert clip_of(studio, landscape, {134: Offer(damaged=True)})[0] == "133+140"
    sounds = {**landscape, 1140: landscape[140]}
    offers = {140: Offer(damaged=True, track=ORIGINAL), 1140: Offer(itag=140, track=DUB)}
    assert clip_of(studio, sounds, offers)[0] == "134+140-1"


def test_a_damaged_format_is_better_than_none(studio: Studio, landscape: Sources) -> None:
    only = {134: landscape[134], 140: landscape[140]}
    assert clip_of(studio, only, {134: Offer(damaged=True)})[0] == "134+140"


def test_an_upscaled_format_is_passed_over(studio: Studio, portrait: Sources) -> None:
    upscaled = {135: Offer(upscaled=True)}
    assert clip_of(studio, portrait, height_px=480)[0] == "135+140"
    assert clip_of(studio, portrait, upscaled, height_px=480)[0] == "134+140"
    only = {135: portrait[135], 140: portrait[140]}
    assert clip_of(studio, only, upscaled, height_px=480)[0] == "135-sr+140"


@pytest.mark.parametrize("tracks", [(ORIGINAL, DEFAULT), (ORIGINAL, DUB), (DEFAULT, DUB), (DUB, DESCRIPTIVE)])
@pytest.mark.parametrize("better_first", [True, False])
def test_the_original_sound_is_taken_then_the_default_and_a_description_last(
    studio: Studio, landscape: Sources, tracks: tuple[Track, Track], better_first: bool
) -> None:
    sources = {134: landscape[134], 140: landscape[140], 1140: landscape[140]}
    better, worse = (140, 1140) if better_first else (1140, 140)
    offers = {better: Offer(itag=140, track=tracks[0]), worse: Offer(itag=140, track=tracks[1])}
    clip_of(studio, sources, offers)
    fetched = {itag for itag, _ in studio.media_requests("video000000")}
    assert fetched == {134, better}


def test_the_original_sound_is_taken_before_a_better_codec(studio: Studio, landscape: Sources) -> None:
    opus = made(Kind.WEBM_AUDIO, duration_s=20)
    sources = {134: landscape[134], 140: landscape[140], 251: opus}
    assert clip_of(studio, sources, {140: Offer(track=DUB), 251: Offer(track=ORIGINAL)})[0] == "134+251"


def test_an_original_that_is_only_in_hls_goes_before_a_dub_in_a_plain_file(
    studio: Studio, landscape: Sources, sound: Source
) -> None:
    sources = {134: landscape[134], 140: sound, 1140: sound}
    offers = {
        140: Offer(track=DUB),
        1140: Offer(itag=140, track=ORIGINAL, only_in_hls=True),
    }
    chosen, _, path = clip_of(studio, sources, offers)
    assert {itag for itag, _ in studio.media_requests("video000000")} == {134, 1140}
    assert chosen.startswith("134+1140")
    assert abs(sound_offset_s(path, 5.0, at_s=0.5)) < 0.025


@pytest.mark.parametrize(
    ("case", "category"),
    [(Case.MEDIA_403, Category.FORBIDDEN), (Case.MEDIA_429, Category.TOO_MANY_REQUESTS)],
)
def test_a_refused_plain_file_beside_pieces_has_its_category(
    studio: Studio, landscape: Sources, sound: Source, case: Case, category: Category
) -> None:
    offers = {140: Offer(track=DUB), 1140: Offer(itag=140, track=ORIGINAL, only_in_hls=True)}
    sources = {134: landscape[134], 140: sound, 1140: sound}
    video = studio.add(sources, offers=offers, failure=Failure(case, itag=134))
    with pytest.raises(ClipFailure) as caught:
        studio.make(studio.maker(), video, 5.0, 7.0)
    assert caught.value.category is category


def test_plain_files_go_before_the_same_in_hls(studio: Studio, landscape: Sources) -> None:
    sources = {**landscape, 1140: landscape[140]}
    offers = {140: Offer(track=ORIGINAL), 1140: Offer(itag=140, track=DUB, only_in_hls=True)}
    assert clip_of(studio, sources, offers)[0] == "134+140"


def test_pictures_come_alone_where_no_sound_is_wanted(studio: Studio, landscape: Sources) -> None:
    sources = {**landscape, 18: pictures(640, 360, Kind.PROGRESSIVE)}
    assert clip_of(studio, sources, audio=False)[0] == "134"


def test_what_the_user_tells_yt_dlp_wins(studio: Studio, landscape: Sources) -> None:
    assert clip_of(studio, landscape, yt_dlp=("-S", "res:144"))[0] == "160+140"
    assert clip_of(studio, landscape, yt_dlp=("-S", "+size"))[0] == "160+140"
    assert clip_of(studio, landscape, yt_dlp=("-f", "133+140"), height_px=144)[0] == "133+140"
