"""Lines that repeat are written as a number."""

from __future__ import annotations

import itertools

from kinetics_tui.engine.process.logfile import AT_FIRST, LONGEST_S, MOST_KINDS, SHORTEST_S, Held, Repeats


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_of_a_kind_are_written_and_the_others_counted() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    written = [repeats.admit("died", f"worker {number} died") for number in range(60)]
    assert written == [True] * AT_FIRST + [False] * (60 - AT_FIRST)
    assert repeats.due() == []
    clock.now += SHORTEST_S
    assert repeats.due() == [Held(60 - AT_FIRST, "worker 59 died")]


def test_what_goes_on_is_told_of_ever_more_rarely_but_at_least_once_an_hour() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    told_at: list[float] = []
    for _ in range(24 * 3600):
        repeats.admit("full", "the disk is full")
        told_at += [clock.now] * bool(repeats.due())
        clock.now += 1.0
    gaps = [after - before for before, after in itertools.pairwise(told_at)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST_S
    assert len(told_at) < 30


def test_other_kinds_are_not_held_back_by_one_that_repeats() -> None:
    repeats = Repeats(Clock())
    assert all(repeats.admit(f"kind {number % 7}", "line") for number in range(7 * AT_FIRST))


def test_a_kind_that_was_quiet_for_a_while_is_new() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    for _ in range(AT_FIRST + 1):
        repeats.admit("died", "worker 1 died")
    for _ in range(2):
        clock.now += LONGEST_S
        repeats.due()
    assert repeats.admit("died", "worker 2 died")


def test_what_was_held_back_last_is_told_at_the_end() -> None:
    repeats = Repeats(Clock())
    for _ in range(AT_FIRST + 2):
        repeats.admit("died", "worker 1 died")
    assert repeats.rest() == [Held(2, "worker 1 died")]
    assert repeats.rest() == []


def test_any_number_of_kinds_takes_a_bounded_room_and_loses_no_line() -> None:
    repeats = Repeats(Clock())
    for number in range(MOST_KINDS):
        repeats.admit(f"kind {number}", "line")
    assert all(repeats.admit("one too many", "line") for _ in range(3 * AT_FIRST))


def test_a_clock_that_is_set_back_holds_nothing_back_for_ever() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    for _ in range(AT_FIRST + 1):
        repeats.admit("died", "worker 1 died")
    clock.now -= 10**6
    assert repeats.due() == [Held(1, "worker 1 died")]
