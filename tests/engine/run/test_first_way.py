"""The way by which YouTube is asked first turns round where lean keeps failing, and back."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, Outcome
from kinetics_tui.engine.run.first_way import (
    TRY_LEAN_EVERY_CLIPS,
    TURN_AFTER_CLIPS,
    FirstWay,
    better_way,
)
from kinetics_tui.model.events import Logged
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import PastThrottle
from kinetics_tui.model.options import Resolve
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import Parts
from tests.engine.engine_run import HOME
from tests.engine.scripted_worker import finished

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


def test_a_ledger_that_cannot_be_used_just_now_stops_no_turn(
    make_parts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = make_parts(some_clips(1))

    def full(*_: object, **__: object) -> None:
        raise DatasetError("The disk is full.")

    monkeypatch.setattr(parts.ledger, "set_first_way", full)
    monkeypatch.setattr(parts.ledger, "network_histories", full)
    way = FirstWay(parts.context)
    for _ in range(TURN_AFTER_CLIPS):
        way.came(FULL)
    way.throttled(HOME.name)
    assert way.next() is FULL


def test_a_clip_found_on_the_disk_says_nothing(make_parts: Make) -> None:
    way = FirstWay(make_parts(some_clips(1)).context)
    for _ in range(2 * TURN_AFTER_CLIPS):
        way.came(FULL)
        way.came(None)
        way.came(LEAN)
    assert way.next() is LEAN


def lean_clips_then_throttle(ledger: Ledger, at: float) -> None:
    """A clip that came lean, and at once an answered throttle."""
    done = finished(1)
    spent = msgspec.structs.replace(done.spent, asked=LEAN, wire_bytes=1)
    ledger.record(
        Attempt(clip_id=1, at=at, network=HOME.name, outcome=Outcome.DONE, made=done.made, spent=spent)
    )
    ledger.flush()
    ledger.throttled(HOME.name, at + 0.5, Category.BOT_CHECK, 1, 1)
    ledger.throttle_ended(HOME.name, at + 0.6)


def after(clips: int, asked: Resolve | None) -> PastThrottle:
    return PastThrottle(at=0.0, signal=Category.BOT_CHECK, clips=clips, asked=asked)


@pytest.mark.parametrize(
    ("throttles", "better"),
    [
        ([], None),
        ([after(900, LEAN), after(850, LEAN)], None),
        ([after(60, LEAN)], None),
        ([after(60, LEAN), after(80, LEAN)], FULL),
        ([after(60, LEAN), after(80, LEAN), after(300, FULL)], FULL),
        ([after(60, LEAN), after(80, LEAN), after(50, FULL)], LEAN),
        ([after(60, None), after(80, None)], None),
    ],
)
def test_the_way_that_lets_more_clips_through_is_the_better_one(
    throttles: list[PastThrottle], better: Resolve | None
) -> None:
    assert better_way(tuple(throttles)) is better


def test_early_throttles_of_lean_turn_to_full_and_lean_is_not_tried_meanwhile(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    way = FirstWay(parts.context)
    for at in (1.0, 2.0):
        lean_clips_then_throttle(parts.ledger, at)
        way.throttled(HOME.name)
    assert [way.next() for _ in range(TRY_LEAN_EVERY_CLIPS)].count(LEAN) == 0
    assert FirstWay(parts.context).next() is FULL
