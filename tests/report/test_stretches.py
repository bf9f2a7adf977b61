"""Where the time went."""

from __future__ import annotations

import pytest

from kinetics_tui.report.figures import Doing, Stretch
from kinetics_tui.report.gather import Worked, doing_after, stretches


@pytest.mark.parametrize(
    ("why", "doing"),
    [
        ("throttled: bot check", Doing.COOLING),
        ("cooling down", Doing.COOLING),
        ("paused", Doing.PAUSED),
        ("offline", Doing.OFFLINE),
        ("disk full", Doing.DISK_FULL),
        ("switched networks", Doing.SWITCHING),
        ("network changed", Doing.SWITCHING),
        ("stopped", Doing.AWAY),
        ("done", Doing.AWAY),
        ("the engine died", Doing.AWAY),
        ("", Doing.AWAY),
    ],
)
def test_what_follows_on_a_session_follows_from_why_it_ended(why: str, doing: Doing) -> None:
    assert doing_after(why) is doing


def test_sessions_are_work_and_what_is_between_them_is_told_apart() -> None:
    sessions = [
        Worked(0.0, 10.0, "throttled: captcha", 1),
        Worked(30.0, 40.0, "paused", 1),
        Worked(45.0, 50.0, "stopped", 1),
        Worked(90.0, 95.0, "done", 2),
    ]
    assert stretches(sessions, None) == (
        Stretch(Doing.WORKING, 0.0, 10.0),
        Stretch(Doing.COOLING, 10.0, 30.0),
        Stretch(Doing.WORKING, 30.0, 40.0),
        Stretch(Doing.PAUSED, 40.0, 45.0),
        Stretch(Doing.WORKING, 45.0, 50.0),
        Stretch(Doing.AWAY, 50.0, 90.0),
        Stretch(Doing.WORKING, 90.0, 95.0),
    )


def test_a_wait_across_two_engines_is_not_known() -> None:
    sessions = [Worked(0.0, 10.0, "paused", 1), Worked(30.0, 40.0, "done", 2)]
    assert stretches(sessions, None)[1] == Stretch(Doing.UNKNOWN, 10.0, 30.0)


def test_while_an_engine_is_at_work_the_last_wait_reaches_to_now() -> None:
    sessions = [Worked(0.0, 10.0, "offline", 1)]
    assert stretches(sessions, 25.0)[-1] == Stretch(Doing.OFFLINE, 10.0, 25.0)
    assert stretches(sessions, None)[-1] == Stretch(Doing.WORKING, 0.0, 10.0)


def test_sessions_without_a_gap_are_one_stretch_of_work() -> None:
    sessions = [Worked(0.0, 10.0, "switched networks", 1), Worked(10.0, 20.0, "done", 1)]
    assert stretches(sessions, None) == (Stretch(Doing.WORKING, 0.0, 20.0),)


def test_sessions_of_several_networks_at_once_are_one_stretch_and_the_last_says_what_follows() -> None:
    sessions = [
        Worked(0.0, 100.0, "throttled: captcha", 1),
        Worked(10.0, 40.0, "paused", 1),
        Worked(60.0, 90.0, "throttled: captcha", 1),
        Worked(200.0, 230.0, "", 1),
    ]
    assert stretches(sessions, None) == (
        Stretch(Doing.WORKING, 0.0, 100.0),
        Stretch(Doing.COOLING, 100.0, 200.0),
        Stretch(Doing.WORKING, 200.0, 230.0),
    )


def test_no_time_counts_twice_after_a_clock_was_set_back() -> None:
    sessions = [
        Worked(100.0, 200.0, "paused", 1),
        Worked(50.0, 150.0, "paused", 1),
        Worked(180.0, 230.0, "", 1),
    ]
    assert stretches(sessions, None) == (Stretch(Doing.WORKING, 100.0, 230.0),)


def test_without_a_session_there_is_nothing() -> None:
    assert stretches([], 5.0) == ()
