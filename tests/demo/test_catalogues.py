from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import av
import pytest

from kinetics_tui.demo.media import Source, read_frame_number
from kinetics_tui.demo.videos import (
    FAILING_SHARE,
    LENGTHS_S,
    LONG_FPS,
    PERIOD_S,
    Case,
    SyntheticCatalogue,
    catalogue_for,
)
from kinetics_tui.model.clip import Clip


def test_every_id_has_a_video_and_always_the_same(sources: Mapping[int, Source]) -> None:
    first, second = {160: sources[160]}, {18: sources[18]}
    catalogue = SyntheticCatalogue([first, second])
    videos = [catalogue(f"{number:011d}") for number in range(50)]
    assert {tuple(video.sources) for video in videos} == {(160,), (18,)}
    assert videos == [catalogue(video.id) for video in videos]
    assert all(video.failure is None for video in videos)


def test_a_share_of_ids_fails_as_in_the_write_up(sources: Mapping[int, Source]) -> None:
    catalogue = SyntheticCatalogue([sources], failing=FAILING_SHARE)
    failures = [catalogue(f"{number:011d}").failure for number in range(20_000)]
    cases = Counter(failure.case for failure in failures if failure is not None)
    assert cases.total() == pytest.approx(FAILING_SHARE * 20_000, rel=0.15)
    not_available = cases[Case.UNAVAILABLE] + cases[Case.NOT_AVAILABLE_ANYMORE]
    assert not_available / cases.total() == pytest.approx(10_606 / 15_290, abs=0.06)


def test_a_catalogue_for_clips_reaches_as_far_as_each_needs(sources_folder: Path) -> None:
    clips = [Clip("short000000", 0, 10), Clip("longer00000", 311, 321), Clip("longer00000", 5, 15)]
    catalogue = catalogue_for(clips, sources_folder, failing=0)
    assert [catalogue(clip.youtube_id).length_s for clip in clips] == [
        LENGTHS_S[0],
        LENGTHS_S[1],
        LENGTHS_S[1],
    ]


def test_far_into_a_long_source_pictures_are_numbered_by_the_period(sources_folder: Path) -> None:
    video = catalogue_for([Clip("longer00000", 3100, 3110)], sources_folder)("longer00000")
    with av.open(str(video.sources[160].path)) as container:
        container.seek(3_100_000_000)
        frame = next(container.decode(video=0))
    assert frame.time is not None
    assert 3090 <= frame.time <= 3100
    assert read_frame_number(frame) == frame.time * LONG_FPS % (PERIOD_S * LONG_FPS)
