"""The way by which YouTube is asked first turns round where lean keeps failing, and back."""

from __future__ import annotations

from collections.abc import Callable

from kinetics_tui.engine.run.first_way import TRY_LEAN_EVERY_CLIPS, TURN_AFTER_CLIPS, FirstWay
from kinetics_tui.model.events import Logged
from kinetics_tui.model.options import Resolve
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts

LEAN, FULL = Resolve.LEAN, Resolve.FULL
Make = Callable[..., Parts]


def turned(make_parts: Make) -> tuple[Parts, FirstWay]:
    """A run whose clips came by the full way alone lately."""
    parts = make_parts(some_clips(1))
    way = FirstWay(parts.context)
    for _ in range(TURN_AFTER_CLIPS):
        assert way.next() is LEAN
        way.came(FULL)
    return parts, way


def test_it_turns_to_full_where_clips_come_only_so_and_says_it_once(make_parts: Make) -> None:
    parts, way = turned(make_parts)
    way.came(FULL)
    assert way.next() is FULL
    (said,) = parts.told(Logged)
    assert said.text.startswith("The last 5 clips came only by asking in full: it comes first for now")


def test_single_clips_that_lean_cannot_give_turn_nothing(make_parts: Make) -> None:
    way = FirstWay(make_parts(some_clips(1)).context)
    for _ in range(3 * TURN_AFTER_CLIPS):
        way.came(FULL)
        way.came(LEAN)
    assert way.next() is LEAN


def test_lean_is_tried_now_and_then_and_comes_first_again_once_it_works(make_parts: Make) -> None:
    _, way = turned(make_parts)
    assert [way.next() for _ in range(TRY_LEAN_EVERY_CLIPS)].count(LEAN) == 1
    way.came(LEAN)
    assert way.next() is LEAN


def test_the_next_run_begins_as_this_one_ended(make_parts: Make) -> None:
    parts, _ = turned(make_parts)
    assert FirstWay(parts.context).next() is FULL


def test_nothing_turns_where_the_user_chose(make_parts: Make) -> None:
    way = FirstWay(make_parts(some_clips(1), resolve=FULL).context)
    for _ in range(2 * TURN_AFTER_CLIPS):
        way.came(FULL)
    assert way.next() is LEAN


def test_a_clip_found_on_the_disk_says_nothing(make_parts: Make) -> None:
    way = FirstWay(make_parts(some_clips(1)).context)
    for _ in range(2 * TURN_AFTER_CLIPS):
        way.came(FULL)
        way.came(None)
        way.came(LEAN)
    assert way.next() is LEAN
