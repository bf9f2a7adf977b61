"""The word in the header, told from the facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kinetics_tui.engine.status import Facts, status_of
from kinetics_tui.model.events import EngineStatus
from kinetics_tui.model.network import NetworkStatus
from kinetics_tui.model.reasons import Reason, Why, reason_text


def said(facts: Facts) -> tuple[EngineStatus, str]:
    """The status, and its reason in words."""
    status, reason = status_of(facts)
    return status, reason_text(reason)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"left": 5}, EngineStatus.RUNNING),
        ({"left": 5, "paused": True, "in_hand": 2}, EngineStatus.PAUSING),
        ({"left": 5, "paused": True}, EngineStatus.PAUSED),
        ({"left": 5, "disk_problem": "No room.", "disk_full": True}, EngineStatus.DISK_FULL),
        ({"left": 5, "disk_problem": "It is in use."}, EngineStatus.HELD),
        ({"left": 5, "worker_problem": "No worker can be started."}, EngineStatus.HELD),
        ({"left": 5, "network": NetworkStatus.COOLING, "until": 5.0}, EngineStatus.COOLING),
        ({"left": 5, "network": NetworkStatus.PROBING}, EngineStatus.PROBING),
        ({"left": 5, "network": NetworkStatus.OFFLINE, "until": 5.0}, EngineStatus.OFFLINE),
        ({"left": 5, "network": NetworkStatus.RAMPING}, EngineStatus.RUNNING),
        ({"left": 5, "paused": True, "network": NetworkStatus.COOLING}, EngineStatus.PAUSED),
        ({"left": 5, "network": NetworkStatus.HELD}, EngineStatus.HELD),
        ({"left": 5, "network": NetworkStatus.HELD, "paused": True}, EngineStatus.PAUSED),
        ({"left": 5, "suspicious": 10}, EngineStatus.PROBING),
        ({"left": 5, "suspicious": 0, "network": NetworkStatus.PROBING}, EngineStatus.PROBING),
        ({"left": 0, "suspicious": 10}, EngineStatus.PROBING),
        ({"left": 0}, EngineStatus.DONE),
        ({"left": 0, "in_hand": 1}, EngineStatus.RUNNING),
        ({"left": 0, "extracting": True}, EngineStatus.RUNNING),
        ({"left": 0, "extracting": True, "network": NetworkStatus.COOLING}, EngineStatus.RUNNING),
        ({"left": 0, "extracting": True, "paused": True}, EngineStatus.PAUSED),
        ({"left": 5, "extracting": True, "network": NetworkStatus.COOLING}, EngineStatus.COOLING),
        ({"left": 0, "paused": True}, EngineStatus.DONE),
        ({"left": 0, "switched_off": True}, EngineStatus.PAUSED),
        ({"left": 5, "stopping": True, "paused": True}, EngineStatus.STOPPING),
    ],
)
def test_each_fact_has_its_word(facts: dict[str, Any], status: EngineStatus) -> None:
    assert said(Facts(**facts))[0] is status


def test_a_hold_has_its_reason_and_a_check_says_what_it_is_about() -> None:
    refused = Reason(Why.REFUSED, label="403 on media", version="2026.10.26", text="pip")
    assert status_of(Facts(left=5, network=NetworkStatus.HELD, refused=refused))[1] == refused
    assert said(Facts(left=5, suspicious=10))[1].startswith("10 clips failed")
    assert said(Facts(left=5, suspicious=0))[1] == "YouTube is asked for a video that must be there."


def test_a_run_that_cools_down_says_whether_one_network_does_or_several() -> None:
    one, two = (said(Facts(left=5, network=NetworkStatus.COOLING, networks=count))[1] for count in (1, 2))
    assert one.startswith("YouTube refuses this network;")
    assert two.startswith("YouTube refuses the networks in use;")


def test_a_pause_says_when_it_is_safe_to_switch_networks() -> None:
    assert "safe" not in said(Facts(left=5, paused=True, in_hand=1))[1]
    assert said(Facts(left=5, paused=True))[1] == "It is safe to switch networks."


def test_a_time_beyond_the_calendar_is_no_error() -> None:
    assert "unknown" in said(Facts(left=1, network=NetworkStatus.COOLING, until=1e20))[1]


def test_a_run_that_only_waits_for_retries_says_so() -> None:
    told = said(Facts(left=3, only_retries_left=True, next_retry_at=1_700_000_000.0))
    assert told[0] is EngineStatus.RUNNING
    assert "tried again" in told[1]


@pytest.mark.parametrize(
    ("waiting", "grain_s"),
    [
        (lambda at: Facts(left=1, network=NetworkStatus.COOLING, until=at), 10),
        (lambda at: Facts(left=1, only_retries_left=True, next_retry_at=at), 60),
    ],
)
def test_a_wait_that_moves_by_little_is_no_news_and_is_never_told_as_over_too_soon(
    waiting: Callable[[float], Facts], grain_s: float
) -> None:
    minute = 1_700_000_040.0
    assert minute % 60 == 0
    told = status_of(waiting(minute + 0.1))
    assert told[1].at == minute + grain_s
    assert status_of(waiting(minute + grain_s)) == told
    assert status_of(waiting(minute + grain_s + 0.1)) != told


def test_a_machine_that_holds_the_run_up_is_full_only_where_the_disk_is_the_problem() -> None:
    assert said(Facts(left=1, worker_problem="No worker can be started.", disk_full=True)) == (
        EngineStatus.HELD,
        "No worker can be started. The run then goes on by itself.",
    )
