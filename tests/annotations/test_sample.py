"""Which videos are drawn."""

from __future__ import annotations

from collections import Counter

from kinetics_tui.annotations.selection import draw_videos

VIDEOS = [f"video{n:06}" for n in range(1000)]


def test_each_video_is_drawn_once_however_many_clips_it_has() -> None:
    drawn = draw_videos([*VIDEOS, *VIDEOS[:500], *VIDEOS[:500]], 1000, 1)
    assert sorted(drawn) == VIDEOS
    assert draw_videos(VIDEOS[:3], 10, 1) != []


def test_the_draw_hangs_on_the_seed_alone_and_a_larger_one_begins_with_the_smaller() -> None:
    drawn = draw_videos(VIDEOS, 50, 7)
    assert draw_videos(list(reversed(VIDEOS)), 50, 7) == drawn
    assert draw_videos(VIDEOS, 200, 7)[:50] == drawn
    assert set(draw_videos(VIDEOS, 50, 8)) != set(drawn)


def test_every_video_is_as_likely_as_any() -> None:
    counts = Counter(video for seed in range(400) for video in draw_videos(VIDEOS[:20], 5, seed))
    assert min(counts.values()) > 60
    assert max(counts.values()) < 140
