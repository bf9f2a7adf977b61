"""Asking for a sample of videos: the pace, what is counted, and when it ends."""

from __future__ import annotations

import pytest

from kinetics_tui.engine.client.survey import Survey, ask_for, length_s
from kinetics_tui.media.failures import ClipFailure
from kinetics_tui.model.failure import Category

VIDEOS = [f"video{n:06}" for n in range(40)]


class World:
    """A clock that only sleeping moves, and a YouTube whose answers are given."""

    def __init__(self, answers: dict[int, Category] | None = None) -> None:
        self.now = 1000.0
        self.answers = answers or {}
        self.asked: list[float] = []
        self.told = 0
        self.interrupt_at: int | None = None
        self.survey = Survey(videos=400, clips=500, sample=len(VIDEOS))

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)

    def resolve(self, youtube_id: str) -> None:
        number = len(self.asked)
        assert youtube_id == VIDEOS[number]
        if number == self.interrupt_at:
            raise KeyboardInterrupt
        self.asked.append(self.now)
        if number in self.answers:
            raise ClipFailure(self.answers[number], "said so")

    def tell(self, survey: Survey) -> None:
        assert survey is self.survey
        self.told += 1

    def run(self, per_hour: float | None = None) -> Survey:
        ask_for(
            self.survey,
            VIDEOS,
            self.resolve,
            per_hour,
            on_progress=self.tell,
            clock=self.clock,
            sleep=self.sleep,
        )
        return self.survey


def test_no_hour_has_more_requests_than_the_pace_and_the_length_is_foretold() -> None:
    world = World()
    world.run(300.0)
    took = world.asked[-1] - world.asked[0]
    assert took == pytest.approx(length_s(len(VIDEOS), 300.0), rel=0.02)
    assert [at for at in world.asked if at < world.asked[0] + 0.01] == world.asked[:5]
    assert world.told > len(VIDEOS)


def test_without_a_limit_nothing_is_waited_for() -> None:
    world = World()
    world.run()
    assert world.now == 1000.0
    assert length_s(200, None) is None
    assert length_s(3, 300.0) == 0.0


def test_answers_are_counted_by_what_they_say_of_the_video() -> None:
    survey = World(
        {1: Category.PRIVATE, 2: Category.PRIVATE, 3: Category.LIVE_OR_PREMIERE, 4: Category.TIMEOUT}
    ).run()
    assert (survey.there, survey.gone) == (36, {Category.PRIVATE: 2, Category.LIVE_OR_PREMIERE: 1})
    assert survey.unclear == {Category.TIMEOUT: 1}
    assert (survey.judged, survey.asked, survey.ended) == (39, 40, None)
    assert survey.share == pytest.approx(36 / 39)


@pytest.mark.parametrize(
    "signal", [Category.BOT_CHECK, Category.TOO_MANY_REQUESTS, Category.SESSION_LIMIT, Category.CAPTCHA]
)
def test_a_throttle_ends_it_at_once_and_counts_against_no_video(signal: Category) -> None:
    world = World({1: Category.PRIVATE, 7: signal})
    survey = world.run()
    assert len(world.asked) == 8
    assert (survey.there, survey.gone, survey.unclear) == (6, {Category.PRIVATE: 1}, {})
    assert survey.ended is signal


def test_a_line_that_is_down_ends_it_and_a_short_break_does_not() -> None:
    world = World({2: Category.OFFLINE, 3: Category.OFFLINE})
    assert world.run().ended is None
    assert world.survey.asked == 38
    world = World(dict.fromkeys((2, 3, 4), Category.OFFLINE))
    survey = world.run()
    assert (survey.ended, survey.asked, len(world.asked)) == (Category.OFFLINE, 2, 5)


def test_an_interruption_keeps_what_is_known() -> None:
    world = World({0: Category.PRIVATE})
    world.interrupt_at = 4
    survey = world.run()
    assert survey.interrupted
    assert (survey.there, survey.judged) == (3, 4)
