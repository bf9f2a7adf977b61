"""How long to wait after a throttle: what blocks of a made-up length teach."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.base.words import DAY_S, HOUR_S, MINUTE_S
from kinetics_tui.engine.networks.cooldown import CLOSE, OUTDATED_AFTER_S, Waits
from kinetics_tui.model.network import Lessons
from kinetics_tui.model.options import COOLDOWN_STEPS_S

NOW = 1_700_000_000.0


def sit_out(waits: Waits, block_s: float, now: float) -> list[float]:
    """Wait until a block of this length is over; returns the waits that it took."""
    began = now
    waits.began(now)
    taken: list[float] = []
    while True:
        steps = waits.in_hand_s
        taken.append(steps[min(len(taken), len(steps) - 1)])
        now += taken[-1]
        if now - began >= block_s:
            break
        waits.refused(now)
    waits.answered(now)
    waits.over()
    return taken


def taught(*blocks_s: float) -> tuple[Waits, Lessons]:
    lessons = Lessons()
    waits = Waits(COOLDOWN_STEPS_S, lessons)
    for number, block_s in enumerate(blocks_s):
        sit_out(waits, block_s, NOW + number * DAY_S)
    return waits, lessons


def test_without_a_lesson_the_configured_steps_hold() -> None:
    waits, _ = taught()
    assert waits.next_s == waits.in_hand_s == COOLDOWN_STEPS_S


def test_blocks_shorter_than_the_first_step_change_nothing() -> None:
    waits, _ = taught(60.0, 60.0, 600.0)
    assert waits.next_s == COOLDOWN_STEPS_S


def test_the_first_wait_lies_between_what_was_refused_and_what_passed() -> None:
    waits, lessons = taught(HOUR_S)
    assert (lessons.refused_after_s, lessons.passed_after_s) == (15 * MINUTE_S, 75 * MINUTE_S)
    assert waits.next_s[0] == pytest.approx((15 * 75) ** 0.5 * MINUTE_S)
    assert waits.next_s[1:] == COOLDOWN_STEPS_S[1:]


def test_once_the_bounds_are_close_the_first_wait_is_the_one_that_passed() -> None:
    waits, lessons = taught(*[HOUR_S] * 6)
    assert lessons.passed_after_s is not None
    assert lessons.refused_after_s is not None
    assert lessons.passed_after_s <= CLOSE * lessons.refused_after_s
    assert waits.next_s[0] == lessons.passed_after_s
    assert sit_out(waits, HOUR_S, NOW + 10 * DAY_S) == [lessons.passed_after_s]


def test_the_waits_after_a_learned_first_one_are_the_steps_that_are_longer() -> None:
    waits, _ = taught(*[4 * HOUR_S] * 6)
    assert waits.next_s[0] > 4 * HOUR_S
    assert waits.next_s[1:] == COOLDOWN_STEPS_S[3:]


def test_a_block_that_outlasts_what_passed_before_makes_the_bounds_loose_and_is_climbed() -> None:
    waits, lessons = taught(*[HOUR_S] * 6)
    refused = lessons.refused_after_s
    taken = sit_out(waits, 20 * HOUR_S, NOW + 10 * DAY_S)
    assert taken == sorted(taken)
    assert taken[1:] == [3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S]
    assert lessons.passed_after_s == sum(taken)
    assert refused is not None
    assert lessons.refused_after_s == pytest.approx((15 * MINUTE_S * refused) ** 0.5)


def test_an_answer_that_few_clips_follow_is_no_end_of_the_block() -> None:
    waits, lessons = taught()
    waits.began(NOW)
    waits.answered(NOW + 15 * MINUTE_S)
    waits.refused(NOW + 16 * MINUTE_S)
    waits.answered(NOW + 2 * HOUR_S + 16 * MINUTE_S)
    waits.over()
    assert lessons.refused_after_s is None
    assert lessons.passed_after_s == 2 * HOUR_S


def test_the_first_answer_counts_as_the_end_of_the_block() -> None:
    waits, lessons = taught()
    waits.began(NOW)
    waits.answered(NOW + 15 * MINUTE_S)
    waits.answered(NOW + DAY_S)  # back on the network after a switch: a probe once more
    waits.over()
    assert lessons.passed_after_s == 15 * MINUTE_S


def test_after_a_block_that_outlasted_the_others_the_next_one_teaches_again() -> None:
    waits, lessons = taught(*[HOUR_S] * 6)
    sit_out(waits, 20 * HOUR_S, NOW + 10 * DAY_S)
    taken = sit_out(waits, 20 * HOUR_S, NOW + 20 * DAY_S)
    assert lessons.refused_after_s == pytest.approx(sum(taken[:-1]))


def test_a_network_that_answers_sooner_than_it_refused_before_lowers_both_bounds() -> None:
    lessons = Lessons(refused_after_s=10 * HOUR_S, refused_at=NOW, passed_after_s=12 * HOUR_S)
    waits = Waits(COOLDOWN_STEPS_S, lessons)
    waits.began(NOW + DAY_S)
    waits.answered(NOW + DAY_S + HOUR_S)  # the user did not wait
    waits.over()
    assert (lessons.refused_after_s, lessons.passed_after_s) == (15 * MINUTE_S, HOUR_S)


def test_a_refusal_of_long_ago_is_doubted() -> None:
    lessons = Lessons(refused_after_s=10 * HOUR_S, refused_at=NOW, passed_after_s=12 * HOUR_S)
    waits = Waits(COOLDOWN_STEPS_S, lessons)
    waits.began(NOW + OUTDATED_AFTER_S - 1)
    assert waits.in_hand_s[0] == 12 * HOUR_S
    waits.began(NOW + OUTDATED_AFTER_S)
    assert HOUR_S < waits.in_hand_s[0] < 2 * HOUR_S


def test_the_cooldown_in_hand_keeps_its_waits_while_it_teaches_new_ones() -> None:
    waits, lessons = taught(HOUR_S)
    waits.began(NOW + DAY_S)
    in_hand = waits.in_hand_s
    waits.refused(NOW + DAY_S + in_hand[0])
    assert waits.in_hand_s == in_hand
    assert waits.next_s != in_hand
    assert lessons.first_wait_s == in_hand[0]


def test_no_steps_are_no_waits() -> None:
    with pytest.raises(ValueError, match="cooldown step"):
        Waits((), Lessons())


@given(
    blocks_s=st.lists(st.floats(1.0, 10 * DAY_S), max_size=30),
    steps_s=st.lists(st.floats(0.1, 1e6), min_size=1, max_size=8, unique=True).map(sorted),
)
def test_whatever_blocks_last_waits_grow_and_keep_within_the_steps(
    blocks_s: list[float], steps_s: list[float]
) -> None:
    lessons = Lessons()
    now = NOW
    for block_s in blocks_s:
        waits = Waits(steps_s, lessons)
        following = waits.next_s
        assert steps_s[0] <= following[0] <= steps_s[-1]
        assert list(following) == sorted(set(following))
        assert set(following[1:]) <= set(steps_s)
        waits.began(now)
        now += min(block_s, following[0])
        if block_s > following[0]:
            waits.refused(now)
            now += block_s - following[0]
        waits.answered(now)
        waits.over()
        lessons = msgspec.json.decode(msgspec.json.encode(lessons), type=Lessons)
