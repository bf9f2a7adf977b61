from __future__ import annotations

import pytest

from kinetics_tui.tui.parts.line_speed import (
    HOPED_S,
    LATE_ANSWERS_S,
    SILENT_S,
    UNLIMITED_BYTES,
    WINDOW_BYTES,
    LineSpeed,
)

BASE_S = 0.25


class Line:
    """A line of a speed and a round trip, with a clock of its own."""

    def __init__(self, bytes_per_s: float, trip_s: float = 0.1) -> None:
        self.now = 1.0
        self.speed = LineSpeed(BASE_S, lambda: self.now)
        self.oldest_s = 0.0
        self._bytes_per_s = bytes_per_s
        self._trip_s = trip_s
        self._carried_at = 0.0
        self._answer_at: float | None = None
        self.send(10)  # the modes of the terminal, before anything is painted

    def send(self, size: int) -> None:
        self.speed.wrote(size)
        self._carried_at = max(self.now, self._carried_at) + size / self._bytes_per_s
        self.oldest_s = max(self.oldest_s, self._carried_at - self.now)
        self._ask()

    def _ask(self) -> None:
        if self.speed.ask():
            self._answer_at = max(self.now, self._carried_at) + self._trip_s

    def step(self) -> None:
        self.now += 0.01
        if self._answer_at is not None and self._answer_at <= self.now:
            self._answer_at = None
            self.speed.answered()
            self._ask()

    def look_for(self, seconds: float, frame_bytes: int) -> None:
        """Look at a run whose every look paints so many bytes, as far as there is room."""
        end, waiting = self.now + seconds, 0
        while self.now < end:
            if round(self.now * 100) % 25 == 0 and self.speed.due():
                self.speed.looked()
                waiting = frame_bytes
            if waiting and (room := self.speed.room()):
                size = min(waiting, room)
                waiting -= size
                self.send(size)
            self.step()


def test_a_fast_line_is_never_waited_for() -> None:
    line = Line(1e6)
    line.look_for(20, 600)
    assert not line.speed.slow
    assert line.speed.room() >= WINDOW_BYTES[1]


@pytest.mark.parametrize(("bytes_per_s", "every_s"), [(2_400, 0.5), (960, 1.0), (300, 3.0), (30, 5.0)])
def test_a_slow_line_is_looked_at_as_often_as_it_can_carry(bytes_per_s: float, every_s: float) -> None:
    line = Line(bytes_per_s)
    line.look_for(200, 600)
    assert line.speed.slow
    assert line.speed.every_s == every_s


@pytest.mark.parametrize("bytes_per_s", [960, 2_400, 12_000])
def test_what_is_on_its_way_arrives_soon(bytes_per_s: float) -> None:
    line = Line(bytes_per_s)
    line.look_for(60, 600)
    line.oldest_s = 0.0
    for _ in range(20):
        line.look_for(2, 5_000)
    assert line.oldest_s < 1.5


def test_a_line_that_becomes_fast_is_used_again() -> None:
    line = Line(960)
    line.look_for(60, 600)
    assert line.speed.slow
    line._bytes_per_s = 1e6
    line.look_for(120, 600)
    assert not line.speed.slow


def test_a_line_that_stood_still_once_is_not_slow_for_long() -> None:
    line = Line(1e6)
    line.look_for(10, 600)
    line._carried_at = line.now + 5
    line.look_for(15, 600)
    assert not line.speed.slow


def test_a_long_round_trip_is_not_a_slow_line() -> None:
    line = Line(1e6, trip_s=0.6)
    line.look_for(60, 600)
    assert not line.speed.slow


def test_a_terminal_that_never_answers_is_not_waited_for() -> None:
    now = 1.0
    speed = LineSpeed(BASE_S, lambda: now)
    speed.wrote(WINDOW_BYTES[1])
    assert speed.ask()
    assert speed.room() == 0
    now += HOPED_S
    assert speed.room() == UNLIMITED_BYTES
    assert not speed.mute, "a late answer may come"
    now += LATE_ANSWERS_S
    assert speed.mute


def test_a_terminal_that_falls_silent_is_given_up_after_a_while() -> None:
    line = Line(1e6)
    line.look_for(5, 600)
    line._answer_at = None
    line.speed.wrote(WINDOW_BYTES[2])
    line.speed.ask()
    assert line.speed.room() == 0
    line.now += SILENT_S
    assert line.speed.room() == UNLIMITED_BYTES


def test_an_answer_that_comes_after_it_was_given_up_changes_nothing() -> None:
    speed = LineSpeed(BASE_S)
    speed.answered()
    assert not speed.slow


class Looker:
    """A view whose looks cost so much of a core, beside what the events cost all the time."""

    def __init__(self, look_s: float, share: float = 0.0) -> None:
        self.now = self.spent_s = 0.0
        self.look_s, self.share = look_s, share
        self.speed = LineSpeed(BASE_S, lambda: self.now, lambda: self.spent_s)

    def look_for(self, seconds: float) -> float:
        """Looks a second in the later half of a time."""
        looks, half = 0, self.now + seconds / 2
        while self.now < half + seconds / 2:
            self.now += BASE_S
            self.spent_s += self.share * BASE_S
            if self.speed.due():
                self.speed.looked()
                self.spent_s += self.look_s
                looks += self.now > half
        return looks / (seconds / 2)


@pytest.mark.parametrize(
    ("look_s", "share", "looks_a_second"),
    [(0.005, 0.0, 4), (0.010, 0.0, 4), (0.015, 0.0, 2), (0.020, 0.01, 1), (0.2, 0.5, 1)],
)
def test_looks_that_cost_much_come_less_often_but_bars_are_seen_to_move(
    look_s: float, share: float, looks_a_second: float
) -> None:
    looker = Looker(look_s, share)
    assert looker.look_for(60) == pytest.approx(looks_a_second, abs=0.1)
    assert not looker.speed.slow  # that is said of a line


def test_looks_come_as_often_as_before_once_they_cost_less() -> None:
    looker = Looker(0.1)
    assert looker.look_for(20) == pytest.approx(1, abs=0.1)
    looker.look_s = 0.005
    assert looker.look_for(20) == pytest.approx(4, abs=0.1)


def test_a_moment_of_much_work_does_not_slow_the_looks_for_long() -> None:
    looker = Looker(0.005)
    looker.look_for(10)
    looker.spent_s += 0.5  # a screen is opened
    looker.look_for(4)
    assert looker.look_for(10) == pytest.approx(4, abs=0.1)
