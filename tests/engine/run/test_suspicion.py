"""When a streak of final failures is held against the network."""

from __future__ import annotations

from kinetics_tui.engine.run.suspicion import LONGEST_STREAK, STREAK, Suspicion
from kinetics_tui.model.network import Stamp

HOME, PHONE = Stamp("192.168.1.23", 1), Stamp("172.20.10.2", 2)


def fail(suspicion: Suspicion, count: int, stamp: Stamp = HOME) -> None:
    for number in range(count):
        suspicion.failed(number, stamp)


def test_ten_final_failures_in_a_row_are_suspicious() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1)
    assert not suspicion.aroused
    fail(suspicion, 1)
    assert suspicion.aroused


def test_a_clip_that_comes_through_ends_the_streak() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1)
    suspicion.came_through("another")
    fail(suspicion, STREAK - 1)
    assert not suspicion.aroused


def test_without_a_clip_that_came_through_there_is_nothing_to_check_by() -> None:
    suspicion = Suspicion()
    fail(suspicion, 100)
    assert not suspicion.aroused
    suspicion.came_through("alive")
    fail(suspicion, STREAK)
    assert suspicion.aroused


def test_a_streak_by_one_network_says_nothing_of_another() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK - 1)
    fail(suspicion, 1, PHONE)
    assert not suspicion.aroused
    assert suspicion.streak == 1


def test_each_streak_that_proves_true_makes_the_next_check_rarer() -> None:
    suspicion, checks = Suspicion(["alive"]), 0
    for _ in range(1000):
        fail(suspicion, 1)
        if suspicion.aroused:
            checks += 1
            suspicion.believe()
    assert checks == 4 + (1000 - 150) // LONGEST_STREAK
    suspicion.came_through("another")
    fail(suspicion, STREAK)
    assert suspicion.aroused


def test_blame_gives_back_the_clips_of_the_streak_and_distrusts_what_was_asked_meanwhile() -> None:
    suspicion = Suspicion(["alive"])
    fail(suspicion, STREAK)
    assert suspicion.blame(HOME) == list(range(STREAK))
    assert suspicion.streak == 0
    assert suspicion.distrusts(HOME)
    assert not suspicion.distrusts(Stamp(HOME.network, HOME.epoch + 1))
    assert not suspicion.distrusts(PHONE)


def test_the_last_two_clips_that_came_through_are_witnesses() -> None:
    suspicion = Suspicion(["old", "older"])
    suspicion.came_through("new")
    suspicion.came_through("new")
    assert list(suspicion.witnesses) == ["older", "new"]
