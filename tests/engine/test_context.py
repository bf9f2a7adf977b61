"""The context of an engine: options kept in one place, events told to all, people called once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.model.events import ClipsRetried, EngineStatus, Logged, OptionsChanged, StatusChanged
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LayoutName
from kinetics_tui.model.reasons import Reason, Why
from tests.engine.engine_clips import some_clips
from tests.engine.engine_parts import NOW, Parts

Make = Callable[..., Parts]


def test_options_that_change_are_in_the_ledger_and_known_to_views_and_parts(
    make_parts: Make, tmp_path: Path
) -> None:
    parts = make_parts(some_clips(1), height_px=480)
    parts.context.change_options(workers=5, pace_per_hour=60.0)
    with Ledger.open(tmp_path / "set", read_only=True) as ledger:
        assert ledger.options == parts.context.options
    assert (parts.context.options.workers, parts.context.options.height_px) == (5, 480)
    event = parts.told(OptionsChanged)[-1]
    assert (event.at, event.workers, event.pace_per_hour, event.height_px) == (NOW, 5, 60.0, 480)


def test_options_that_the_ledger_refuses_are_not_in_force(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    before, told = parts.context.options, len(parts.events)
    with pytest.raises(DatasetError):
        parts.context.change_options(layout=LayoutName.SHOWMAX)
    assert (parts.context.options, len(parts.events)) == (before, told)


def test_the_state_is_up_to_date_when_views_hear_of_an_event(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.context.publish(StatusChanged(at=NOW, status=EngineStatus.RUNNING))
    assert parts.context.state.status is EngineStatus.RUNNING
    assert parts.events[-1] == StatusChanged(at=NOW, status=EngineStatus.RUNNING)


def test_people_are_called_once_a_turn(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    full = Reason(Why.PROBLEM, text="The disk is full: make room.")
    parts.context.publish(StatusChanged(at=NOW, status=EngineStatus.DISK_FULL, reason=full))
    parts.context.log("network", "Nothing that anybody is called for.")
    assert [notice.text for notice in parts.notices] == [
        "The run is held up: The disk is full: make room. The run then goes on by itself."
    ]


def test_a_line_for_the_log_has_the_time_of_now(make_parts: Make) -> None:
    parts = make_parts(some_clips(1))
    parts.now = NOW + 5
    parts.context.log("network", "Changed.")
    assert parts.events[-1] == Logged(at=NOW + 5, level="network", text="Changed.")


def test_clips_that_are_pending_again_are_summed_by_split_and_by_category(make_parts: Make) -> None:
    parts = make_parts([*some_clips(3, "train"), *some_clips(3, "val")])
    counts = {
        ("train", Category.PRIVATE): 2,
        ("train", Category.TIMEOUT): 1,
        ("val", Category.PRIVATE): 3,
    }
    assert parts.context.reopen(counts) == {Category.PRIVATE: 5, Category.TIMEOUT: 1}
    (event,) = parts.told(ClipsRetried)
    assert event.by_split == {"train": 3, "val": 3}
    assert event.by_category == {Category.PRIVATE: 5, Category.TIMEOUT: 1}
    assert not parts.context.reopen({})
    assert len(parts.told(ClipsRetried)) == 1
