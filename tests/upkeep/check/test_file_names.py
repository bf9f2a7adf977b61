"""Clips and layouts are told by paths, where these say all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.dataset.layout import Naming, clip_path
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import LayoutName
from kinetics_tui.upkeep.check.rebuild import clip_of_path, clips_of_paths, layout_of_clips, layout_of_names

CLIPS = st.builds(
    lambda name, start_ms, length_ms, split, label: Clip(
        name, start_ms / 1000, (start_ms + length_ms) / 1000, split, label
    ),
    st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True),
    st.integers(0, 900_000_000),
    st.integers(1, 600_000),
    st.sampled_from(["train", "val", "test", "all"]),
    st.text(max_size=60),
)


@given(CLIPS, st.sampled_from([Naming.TIMED, Naming.MARKED]), st.sampled_from(list(LayoutName)))
def test_a_clip_told_by_its_path_has_that_path(clip: Clip, naming: Naming, layout: LayoutName) -> None:
    path = str(clip_path(layout, clip, naming))
    told = clip_of_path(path, layout)
    if told is not None:
        assert told.key == clip.key
        assert str(clip_path(layout, told, naming)) == path


def test_usual_names_are_told() -> None:
    clip = Clip("-aaaaaaaaaa", 1.5, 11.5, "val", "air drumming")
    for layout in (LayoutName.ACTIVITYNET, LayoutName.TORCHVISION):
        told = clip_of_path(str(clip_path(layout, clip)), layout)
        assert told is not None
        assert (told.key, told.split) == (clip.key, "val")


@pytest.mark.parametrize(
    "path",
    [
        "aaaaaaaaaaa_000001_000011.mp4",
        "holidays/beach/aaaaaaaaaaa_000001_000011.mp4",
        "val/archery/deeper/aaaaaaaaaaa_000001_000011.mp4",
        "val/archery/aaaaaaaaaaa_000011_000001.mp4",
        "val/archery/aaaaaaaaaaa_000001_009999.mp4",
        "val/archery/aaaaaaaaaaa.mp4",
        "val/archery/aaaaaaaaaaa_000001_000011.mp4.part",
        "val/archery~0123456789ab/aaaaaaaaaaa_000001_000011.mp4",
        "val/archery/aaaaaaaaaaa_000001_000011~0123456789ab.mp4",
    ],
)
def test_other_names_are_no_clips(path: str) -> None:
    assert clip_of_path(path, LayoutName.ACTIVITYNET) is None


def test_marked_names_are_told_apart_from_others() -> None:
    clip, twin = Clip("aaaaaaaaaaa", 1, 11, "val", "archery"), Clip("aaaaaaaaaaA", 1, 11, "val", "archery")
    paths = [
        str(clip_path(LayoutName.ACTIVITYNET, clip)),
        str(clip_path(LayoutName.ACTIVITYNET, twin, Naming.MARKED)),
    ]
    assert list(clips_of_paths(paths, LayoutName.ACTIVITYNET, marked=False)) == [clip]
    assert list(clips_of_paths(paths, LayoutName.ACTIVITYNET, marked=True)) == [twin]


@pytest.mark.parametrize("layout", list(LayoutName))
def test_the_layout_is_told_by_where_the_clips_lie(layout: LayoutName) -> None:
    clips = [Clip(f"{n:011d}", n, n + 10, "val", "air drumming") for n in range(20)]
    paths = [str(clip_path(layout, clip)) for clip in clips[5:]]
    assert layout_of_clips(["stats", *paths], clips, LayoutName.ACTIVITYNET) is layout


def test_where_nothing_tells_the_layout_it_is_the_usual_one() -> None:
    clips = [Clip("aaaaaaaaaaa", 1, 11)]
    assert layout_of_clips([], clips, LayoutName.TORCHVISION) is LayoutName.TORCHVISION
    assert layout_of_names([]) is LayoutName.ACTIVITYNET
