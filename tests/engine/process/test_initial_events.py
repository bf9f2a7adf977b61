"""The run as the ledger tells it before anything has happened: every view begins with that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.dataset.ledger.rows import Attempt, NetworkRow, Outcome
from kinetics_tui.engine.process.initial_events import opening_events
from kinetics_tui.model.events import NetworkChanged, RunOpened
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import Lessons, NetworkStatus
from kinetics_tui.model.options import Trim
from kinetics_tui.model.run import CHART_MINUTES
from kinetics_tui.model.state import RunState
from tests.engine.engine_clips import some_clips

NOW = 1_700_000_000.0
HOME = "192.168.1.23"

Make = Callable[..., Ledger]


def told(ledger: Ledger, pid: int = 0) -> RunState:
    """The run as a view sees it first."""
    state = RunState()
    state.apply_all(opening_events(ledger, Path("/data/set"), NOW, pid))
    return state


def settle(
    ledger: Ledger, clip_id: int, outcome: Outcome, at: float, category: Category | None = None
) -> None:
    """Record an attempt."""
    ledger.record(
        Attempt(clip_id=clip_id, at=at, network=HOME, outcome=outcome, category=category, retry_at=at)
    )


def test_a_dataset_that_was_never_run_is_all_left_and_has_no_network(make_ledger: Make) -> None:
    state = told(make_ledger([*some_clips(2, "train"), *some_clips(3, "val")]))
    assert (state.dataset, state.title, state.pid) == ("/data/set", "Custom dataset", 0)
    assert {split.name: (split.total, split.left) for split in state.splits.values()} == {
        "train": (2, 2),
        "val": (3, 3),
    }
    assert (state.done, state.failed, state.left, state.network.name) == (0, 0, 5, "")


def test_the_options_are_those_of_the_ledger(make_ledger: Make) -> None:
    state = told(make_ledger([], workers=7, pace_per_hour=60.0, height_px=720, trim=Trim.COPY, audio=False))
    shown = state.options
    assert (shown.workers, shown.pace_per_hour, shown.height_px, shown.trim, shown.audio) == (
        7,
        60.0,
        720,
        Trim.COPY,
        False,
    )


def test_an_engine_says_who_it_is_and_that_it_began_now(make_ledger: Make) -> None:
    (opened, *_) = opening_events(make_ledger([]), Path("/data/set"), NOW, 4711)
    assert isinstance(opened, RunOpened)
    assert (opened.pid, opened.at, opened.started_at) == (4711, NOW, NOW)


def test_what_became_of_clips_so_far_is_counted(make_ledger: Make) -> None:
    ledger = make_ledger(some_clips(5))
    settle(ledger, 1, Outcome.DONE, NOW - 30)
    settle(ledger, 2, Outcome.FAILED, NOW - 20, Category.PRIVATE)
    settle(ledger, 3, Outcome.RETRY, NOW - 10, Category.TIMEOUT)
    state = told(ledger)
    assert (state.done, state.failed, state.left) == (1, 1, 3)
    assert (state.failures, state.retried) == ({Category.PRIVATE: 1}, {Category.TIMEOUT: 1})


def test_the_chart_reaches_two_hours_back_and_no_further(make_ledger: Make) -> None:
    ledger = make_ledger(some_clips(3))
    edge = NOW - CHART_MINUTES * 60
    for clip_id, at in enumerate((edge - 61, edge + 61, NOW - 1), 1):
        settle(ledger, clip_id, Outcome.DONE, at)
    ledger.throttled(HOME, edge - 61, Category.CAPTCHA, 1, 0)
    ledger.throttled(HOME, edge + 61, Category.CAPTCHA, 2, 0)
    state = told(ledger)
    assert state.done_by_minute == {int((edge + 61) // 60): 1, int((NOW - 1) // 60): 1}
    assert list(state.throttled_at) == [edge + 61]
    assert state.done == 3


def test_the_network_used_last_is_shown_as_it_was_left(make_ledger: Make) -> None:
    ledger = make_ledger([], cooldown_steps_s=(60.0, 120.0))
    ledger.save_networks(NetworkRow("newer, but not used", label="phone"))
    ledger.save_networks(
        NetworkRow(
            HOME,
            label="wlan0 192.168.1.23",
            status=NetworkStatus.COOLING,
            signal=Category.CAPTCHA,
            until=NOW + 60,
            step=1,
            clips_since_throttle=0,
            last_throttle_at=NOW,
        )
    )
    ledger.open_session(HOME, NOW - 600, 1)
    network = told(ledger).network
    assert (network.name, network.label, network.status) == (
        HOME,
        "wlan0 192.168.1.23",
        NetworkStatus.COOLING,
    )
    assert (network.signal, network.until, network.step) == (Category.CAPTCHA, NOW + 60, 1)
    assert network.steps_s == (60.0, 120.0)


def test_the_pace_in_force_is_the_lower_one_of_the_user_s_and_the_learned(make_ledger: Make) -> None:
    ledger = make_ledger([], pace_per_hour=100.0)
    for learned, allowed in ((60.0, 60.0), (300.0, 100.0), (None, 100.0)):
        ledger.save_networks(NetworkRow(HOME, lessons=Lessons(safe_per_hour=learned)))
        network = told(ledger).network
        assert (network.learned_per_hour, network.allowed_per_hour) == (learned, allowed)


def test_where_nothing_is_to_be_learned_no_lesson_counts(make_ledger: Make) -> None:
    ledger = make_ledger([], pace_per_hour=None, learn_pace=False)
    ledger.save_networks(NetworkRow(HOME, lessons=Lessons(safe_per_hour=60.0)))
    (event,) = [
        event
        for event in opening_events(ledger, Path("/data/set"), NOW, 0)
        if isinstance(event, NetworkChanged)
    ]
    assert (event.network.learned_per_hour, event.network.allowed_per_hour) == (None, None)
