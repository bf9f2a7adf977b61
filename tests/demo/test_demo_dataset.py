from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from kinetics_tui.annotations.read import read_annotations
from kinetics_tui.demo.dataset import CLASSES, SOURCE_S, Demo, make_demo
from kinetics_tui.demo.videos import Case
from kinetics_tui.model.clip import TEST, TRAIN, VAL


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, sources_folder: Path) -> Demo:
    return make_demo(tmp_path_factory.mktemp("demo"), sources_folder=sources_folder)


def test_the_demo_has_120_clips_in_12_classes_and_3_splits(demo: Demo) -> None:
    splits = Counter(clip.split for clip in demo.clips)
    assert len(demo.clips) == 120
    assert splits == {
        TRAIN: pytest.approx(84, abs=2),
        VAL: pytest.approx(24, abs=2),
        TEST: pytest.approx(12, abs=2),
    }
    assert {clip.label for clip in demo.clips} == set(CLASSES)


def test_the_annotation_files_say_what_the_demo_has(demo: Demo) -> None:
    annotations = read_annotations(demo.annotations)
    assert not annotations.bad_rows
    assert not annotations.duplicate_rows
    assert sorted(annotations.clips, key=str) == sorted(demo.clips, key=str)


def test_two_videos_have_two_clips_and_some_ids_begin_with_a_hyphen(demo: Demo) -> None:
    clips = Counter(clip.youtube_id for clip in demo.clips)
    assert sorted(clips.values())[-3:] == [1, 2, 2]
    assert sum(video.startswith("-") for video in clips) >= 2
    assert all(len(video) == 11 for video in clips)


def test_one_clip_is_cut_short_by_its_video_and_one_starts_behind_it(demo: Demo) -> None:
    cut = [clip for clip in demo.clips if clip.time_start < SOURCE_S < clip.time_end]
    behind = [clip for clip in demo.clips if clip.time_start >= SOURCE_S]
    assert (len(cut), len(behind)) == (1, 1)
    assert demo.videos[cut[0].youtube_id].failure is None
    assert demo.videos[behind[0].youtube_id].failure is None


def test_every_kind_of_failure_turns_up_and_the_write_ups_first_comes_most(demo: Demo) -> None:
    cases = Counter(video.failure.case for video in demo.videos.values() if video.failure)
    assert 19 <= cases.total() <= 23
    not_available = cases.pop(Case.UNAVAILABLE) + cases.pop(Case.NOT_AVAILABLE_ANYMORE)
    assert not_available == 4
    assert cases.pop(Case.AGE) == 2
    assert set(cases) == {
        Case.MEDIA_404,
        Case.COPYRIGHT_CLAIM,
        Case.REMOVED_BY_UPLOADER,
        Case.SOMETHING_WRONG,
        Case.TERMS_GUIDELINES,
        Case.DUPLICATE,
        Case.PLAYER_503,
        Case.PRIVATE,
        Case.ACCOUNT_TERMINATED,
        Case.GEO_COUNTRIES,
        Case.MEMBERS_ONLY,
        Case.PREMIERE,
        Case.NO_FORMATS,
        Case.MEDIA_403,
        Case.MEDIA_STALL,
        Case.MEDIA_CORRUPTED,
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_clip_that_stands_still_comes_early_and_costs_little(
    tmp_path: Path, sources_folder: Path, seed: int
) -> None:
    demo = make_demo(tmp_path, seed=seed, sources_folder=sources_folder)
    train = [demo.videos[clip.youtube_id].failure for clip in demo.clips if clip.split == TRAIN]
    early = [failure for failure in train[:10] if failure and failure.case is Case.MEDIA_STALL]
    # A server that sends nothing is given up after a few requests, one that trickles at the deadline.
    assert [failure.after_bytes for failure in early] == [0]
    splits_of: dict[str, set[str]] = {}
    for clip in demo.clips:
        splits_of.setdefault(clip.youtube_id, set()).add(clip.split)
    assert all(len(splits) == 1 for splits in splits_of.values())


@pytest.mark.parametrize(("clips", "failing"), [(1, 0), (6, 0), (30, 5), (1120, 46)])
def test_other_sizes_fail_in_proportion(
    tmp_path: Path, sources_folder: Path, clips: int, failing: int
) -> None:
    demo = make_demo(tmp_path, clips, sources_folder=sources_folder)
    assert len(demo.clips) == clips
    assert sum(video.failure is not None for video in demo.videos.values()) == failing


def test_the_same_seed_makes_the_same_demo_and_another_another(
    demo: Demo, tmp_path: Path, sources_folder: Path
) -> None:
    again = make_demo(tmp_path / "again", sources_folder=sources_folder)
    other = make_demo(tmp_path / "other", seed=1, sources_folder=sources_folder)
    assert again.clips == demo.clips
    assert again.videos == demo.videos
    assert other.clips != demo.clips


def test_a_demo_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_demo(tmp_path, 0)


def test_the_throttle_comes_once_after_sixty_clips(demo: Demo) -> None:
    policy = demo.policy()
    signals = [policy.signal("127.0.0.1") for _ in range(61)]
    assert signals[:60] == [None] * 60
    assert signals[60] is not None
    assert signals[60].case is Case.SESSION_LIMIT
