"""When failures in a row, or too large a share of them, are not believed."""

from __future__ import annotations

import itertools

import pytest

from kinetics_tui.engine.run.suspicion import (
    LAST_STREAK,
    LONGEST_STREAK,
    SHARE,
    STREAK,
    WINDOW,
    WITNESSES,
    Suspicion,
    Update,
)
from kinetics_tui.media.fetch.probe_program import PUBLIC_VIDEOS
from kinetics_tui.model.network import Stamp

HOME, PHONE = Stamp("192.168.1.23", 1), Stamp("172.20.10.2", 2)


_clip_ids = itertools.count()


def fail(suspicion: Suspicion, count: int, stamp: Stamp = HOME, answered_at: float = 0.0) -> list[int]:
    """So many clips fail; which ones."""
    clip_ids = [next(_clip_ids) for _ in range(count)]
    for clip_id in clip_ids:
        suspicion.failed(clip_id, stamp.network, answered_at)
    return clip_ids


def test_ten_failures_in_a_row_are_suspicious() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1)
    assert not suspicion.aroused(HOME.network)
    fail(suspicion, 1)
    assert suspicion.aroused(HOME.network)


def test_a_clip_that_fails_again_and_again_is_one_clip() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, LAST_STREAK - 2)
    for _ in range(2 * STREAK):
        suspicion.failed(-1, HOME.network, 0.0)
    assert not suspicion.aroused(HOME.network, last=True)


def test_a_clip_that_comes_through_ends_the_streak() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1)
    suspicion.came_through("another", HOME.network, 0.0)
    fail(suspicion, STREAK - 1)
    assert not suspicion.aroused(HOME.network)


def test_a_clip_that_youtube_gave_before_the_others_failed_says_nothing_of_them() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1, answered_at=20.0)
    suspicion.came_through("slow one", HOME.network, 19.0)
    fail(suspicion, 1, answered_at=21.0)
    assert suspicion.aroused(HOME.network)


def test_too_large_a_share_of_failures_is_suspicious_without_any_streak() -> None:
    suspicion = Suspicion(["alive"])
    for number in range(SHARE):
        assert not suspicion.aroused(HOME.network)
        suspicion.failed(number, HOME.network, 0.0)
        if number % 2:
            suspicion.came_through("alive", HOME.network, 0.0)
    assert suspicion.aroused(HOME.network)
    assert suspicion.suspects(HOME.network) == set(range(SHARE))


def test_a_quarter_of_failures_is_not_suspicious() -> None:
    suspicion = Suspicion(["alive"])
    for number in range(10 * WINDOW):
        if number % 4:
            suspicion.came_through("alive", HOME.network, 0.0)
        else:
            suspicion.failed(number, HOME.network, 0.0)
        assert not suspicion.aroused(HOME.network)


def test_at_the_end_of_a_run_a_shorter_streak_is_suspicious_once() -> None:
    suspicion = Suspicion()
    fail(suspicion, LAST_STREAK - 1)
    assert not suspicion.aroused(HOME.network, last=True)
    fail(suspicion, 1)
    assert suspicion.aroused(HOME.network, last=True)
    assert not suspicion.aroused(HOME.network)
    suspicion.believe(HOME.network)
    fail(suspicion, LAST_STREAK)
    assert not suspicion.aroused(HOME.network, last=True)


@pytest.mark.parametrize("came", [[], ["one"], ["one", "two"]])
def test_videos_that_came_through_are_witnesses_before_those_that_everybody_knows(came: list[str]) -> None:
    suspicion = Suspicion()
    for youtube_id in came:
        suspicion.came_through(youtube_id, HOME.network, 0.0)
    assert suspicion.witnesses == [*reversed(came), *PUBLIC_VIDEOS][:WITNESSES]


def test_a_streak_by_one_network_says_nothing_of_another() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1)
    fail(suspicion, 1, PHONE)
    assert not suspicion.aroused(PHONE.network)
    fail(suspicion, STREAK - 1, PHONE)
    assert suspicion.aroused(PHONE.network)
    assert not suspicion.aroused(HOME.network)


def test_clips_that_come_through_by_another_network_do_not_end_a_streak() -> None:
    suspicion = Suspicion(["alive"])
    for _ in range(STREAK):
        assert not suspicion.aroused(PHONE.network)
        fail(suspicion, 1, PHONE)
        suspicion.came_through("by the other", HOME.network, 1.0)
    assert suspicion.aroused(PHONE.network)
    assert not suspicion.aroused(HOME.network)
    assert suspicion.witnesses[0] == "by the other"


def test_what_proves_true_or_not_by_one_network_leaves_the_suspects_of_another() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK)
    by_phone = fail(suspicion, STREAK, PHONE)
    suspicion.believe(HOME.network)
    assert not suspicion.suspects(HOME.network)
    assert suspicion.suspects(PHONE.network) == set(by_phone)
    at_home = fail(suspicion, STREAK)
    assert suspicion.blame(PHONE) == set(by_phone)
    assert not suspicion.distrusts(HOME)
    assert suspicion.suspects(HOME.network) == set(at_home)


def test_each_streak_that_proves_true_makes_the_next_check_rarer() -> None:
    suspicion, checks = Suspicion(["alive"]), 0
    for _ in range(1000):
        fail(suspicion, 1)
        if suspicion.aroused(HOME.network):
            checks += 1
            suspicion.believe(HOME.network)
    assert checks == 4 + (1000 - 150) // LONGEST_STREAK
    suspicion.came_through("another", HOME.network, 0.0)
    fail(suspicion, STREAK)
    assert suspicion.aroused(HOME.network)


def test_blame_gives_back_the_clips_of_the_streak_and_distrusts_what_was_asked_meanwhile() -> None:
    suspicion = Suspicion(["alive"])
    clip_ids = fail(suspicion, STREAK)
    assert suspicion.blame(HOME) == set(clip_ids)
    assert not suspicion.suspects(HOME.network)
    assert suspicion.distrusts(HOME)
    assert not suspicion.distrusts(Stamp(HOME.network, HOME.epoch + 1))
    assert not suspicion.distrusts(PHONE)


def test_the_last_two_clips_that_came_through_are_witnesses() -> None:
    suspicion = Suspicion(["old", "older"])
    suspicion.came_through("new", HOME.network, 0.0)
    suspicion.came_through("new", HOME.network, 0.0)
    assert list(suspicion.came) == ["older", "new"]


class Disk:
    """The packages on the disk, each with its version."""

    def __init__(self) -> None:
        self.versions = {"yt_dlp": "2026.08.19", "kinetics_tui": "0.2.0"}

    def __call__(self, package: str) -> str:
        return self.versions.get(package, "")


def test_another_yt_dlp_is_noticed_once_when_it_is_there_whole() -> None:
    disk = Disk()
    update = Update(disk)
    assert not update.look()
    del disk.versions["yt_dlp"]  # in the middle of an update
    assert not update.look()
    disk.versions["yt_dlp"] = "2026.11.02"
    assert [update.look() for _ in range(4)] == [False, True, False, False]
    assert update.version == "2026.11.02"
    assert update.news.startswith("yt-dlp 2026.11.02 is there now: clips in hand are finished")


def test_with_another_version_of_this_program_nothing_begins_again() -> None:
    disk = Disk()
    update = Update(disk)
    disk.versions.update(yt_dlp="2026.11.02", kinetics_tui="0.3.0")
    assert [update.look() for _ in range(3)] == [False] * 3
    assert "stop this run and run it again" in update.news
